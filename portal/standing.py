"""How the running gateway stands: what `portal status` and `/metrics` say."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from firewall.changes import MacAddress, Usage
from firewall.enforcer import EnforcementError, Enforcer
from firewall.shaper import Shaper
from portal import __version__, clock, readings
from portal.config import Config
from portal.content_source import ContentSource
from portal.imitation import Imitations
from portal.listeners import Listeners
from portal.metrics import Metric, by, gauges, render
from portal.runner import Runner
from portal.session_log import SessionLog
from portal.showing import Showing
from portal.technician import Window
from portal.uplink_watch import UplinkWatch
from splash.edition import Edition

log = logging.getLogger("portal")


class Standing:
    """Asks the parts, and changes nothing."""

    def __init__(
        self,
        config: Config,
        runner: Runner,
        enforcer: Enforcer,
        session_log: SessionLog,
        phones: Listeners,
        imitations: Imitations,
        shaper: Shaper,
        uplink: UplinkWatch,
        shown: Counter[str],
        showing: Showing,
        source: ContentSource | None,
        window: Window,
    ) -> None:
        """`shown` counts the pages, by kind; `source` is where content is fetched from, if any."""
        self._config = config
        self._runner = runner
        self._enforcer = enforcer
        self._session_log = session_log
        self._phones = phones
        self._imitations = imitations
        self._shaper = shaper
        self._uplink = uplink
        self._shown = shown
        self._showing = showing
        self._source = source
        self._window = window

    def status(self) -> dict[str, Any]:
        """What `portal status` says (docs/commands.md)."""
        state, connections = self._runner.state, self._phones.connections
        return {
            "site": self._config.site.id,
            "version": __version__,
            "open_devices": len(state.sessions),
            "waiting_sessions": len(state.remembered),
            "blocked_devices": len(state.blocked),
            "imitated_devices": self._imitations.noticed,
            "firewall": self._runner.refusing or "stands",
            "line": self._shaper.failing or self._shaper.way or "not shared",
            **content(self._showing.now.shelf.edition, self._source, clock.wall()),
            "log": self._session_log.failing or "written",
            "lost_log_entries": self._session_log.lost,
            "connections": len(connections),
            "refused_connections": connections.refused,
            "technician_seconds": self._window.seconds_left,
        }

    async def usage(self) -> Mapping[MacAddress, Usage]:
        """What each open device has used.

        Raises:
            EnforcementError: the kernel's counters cannot be read.
        """
        admitted = await self._enforcer.admitted() or {}
        return {mac: grant.usage for mac, grant in admitted.items()}

    async def measure(self) -> list[Metric]:
        """What `/metrics` says (docs/health.md)."""
        try:
            running: Collection[Usage] = (await self.usage()).values()
        except EnforcementError as error:
            log.warning("the counters could not be read: %s", error)
            running = ()
        return [
            *gauges(
                self.status(),
                self._uplink.line,
                readings.read(self._config.storage.data_dir),
                readings.own_memory_bytes(),
            ),
            *self._session_log.tally.metrics(running),
            by("portal_pages_total", "page", "Pages shown.", self._shown),
        ]

    async def metrics(self) -> str:
        """The same, as Prometheus reads it."""
        return render(await self.measure())


def content(edition: Edition, source: ContentSource | None, wall: float | None) -> dict[str, Any]:
    """Which release is shown, how old it is, and whether a newer one could be had.

    `wall` is None while nobody has set the clock: nobody can tell the age then.
    """
    age = None if edition.made is None or wall is None else max(0, int(wall - edition.made))
    return {
        "content_release": edition.release,
        "content_age_seconds": age,
        "content_source": "none" if source is None else source.failing or "answers",
    }
