"""Says what follows when a device appears, or is seen in another place than before."""

import logging
from collections.abc import Callable
from typing import Literal

from firewall.changes import MacAddress
from portal.clock import now
from portal.equipment import Sighting
from portal.events import DeviceImitated, EquipmentSeen
from portal.imitation import Imitations
from portal.runner import Runner
from portal.session import Device
from portal.session_log import SessionLog

log = logging.getLogger("portal")


class Sightings:
    """Hears of every change in the kernel's neighbour table and in the bridge's."""

    def __init__(
        self, runner: Runner, session_log: SessionLog, device: Callable[[MacAddress], Device]
    ) -> None:
        self._runner = runner
        self._session_log = session_log
        self._device = device
        self.imitations = Imitations()

    def appeared(self, mac: MacAddress) -> None:
        """A device is on the network: a session from before a power cut may be its own."""
        if self._runner.state.remembered:
            self._runner.notice(EquipmentSeen(self._device(mac)))

    def seen(self, sighting: Sighting) -> None:
        """Something is at a place. What is open and in two places at once is written down."""
        sessions = [s for mac in sighting.devices if (s := self._runner.session_of(mac))]
        if not sessions or not self.imitations.notice(sighting.thing, sighting.place, now()):
            return
        seen_by: Literal["port", "address"] = (
            "port" if isinstance(sighting.place, int) else "address"
        )
        session = sessions[0]
        self._session_log.append((DeviceImitated(session.pseudonym, seen_by),))
        log.warning(
            "an open device is in two places at once (by %s); device %s",
            seen_by,
            session.pseudonym,
        )
