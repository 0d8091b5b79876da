"""Enforces by nftables, whatever carries the text there and back.

The text is made and read by `firewall.ruleset` and `firewall.commands`; a `Carrier` brings it
to the kernel. What is here is only which text, and in which order.
"""

import re
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from firewall.changes import Admit, Change, Grant, MacAddress, Ports, Usage
from firewall.commands import read_grants, received_bytes, render_changes, render_elements
from firewall.enforcer import EnforcementError
from firewall.kernel import (
    INET,
    NETDEV,
    counter,
    fingerprint,
    generation,
    keys_in_both,
    verdicts,
)
from firewall.netlink import open_socket
from firewall.plan import Plan
from firewall.ports import MAP, ports_of
from firewall.ruleset import (
    DOWNLOADS,
    GARDENS_BY_NAME,
    GRANTED,
    REMOVE,
    TABLE,
    UPLOADS,
    empty_garden,
    render,
)


class NothingThereError(EnforcementError):
    """What was asked for does not exist."""


class Carrier(Protocol):
    """Carries nft text to the kernel, and its answer back."""

    async def run(self, script: str, *, check: bool = False) -> str:
        """What nft printed. With `check`, nothing is changed.

        Raises:
            NothingThereError: something named in `script` does not exist.
            EnforcementError: nft refused; nothing was changed.
        """

    async def close(self) -> None:
        """Give back what the carrier holds. The ruleset stays."""


class NftEnforcer:
    """The enforcement device of a real gateway."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._installed: bytes | None = None
        self._phones = ""
        self._given: dict[MacAddress, Ports] = {}
        # The kernel's generation when all was last known to be as we made it, and the number of
        # the phones' interface: what goes with an interface is told by no generation.
        self._intact_at: tuple[int, int] | None = None
        self._kernel: socket.socket | None = None  # Opened by the first question, then kept.

    async def check(self, plan: Plan) -> None:
        _must_exist(plan.phones)
        await self._carrier.run(render(plan), check=True)

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        _must_exist(plan.phones)
        self._phones = plan.phones
        self._intact_at = self._stands_at()
        await self._carrier.run(render(plan, grants) + await self._garden_by_name())
        self._installed = _fingerprint()
        self._given = {mac: g.ports for mac, g in grants.items() if g.ports is not None}
        self._only_ours()

    async def apply(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        used = await self.usage({change.mac for change in changes if isinstance(change, Admit)})
        held = self._ports_held()
        await self._carrier.run(render_changes(changes, used, held))
        for change in changes:
            self._given.pop(change.mac, None)
            if isinstance(change, Admit) and change.ports is not None:
                self._given[change.mac] = change.ports
        self._only_ours()

    async def admitted(self) -> Mapping[MacAddress, Grant] | None:
        try:
            uploads = await self._carrier.run(f"list set {UPLOADS}")
            downloads = await self._carrier.run(f"list set {DOWNLOADS}")
        except NothingThereError:
            return None
        try:
            grants = read_grants(uploads, downloads)
        except ValueError as error:
            raise EnforcementError(str(error)) from None
        held = self._ports_held()
        return {mac: replace(grant, ports=held.get(mac)) for mac, grant in grants.items()}

    async def usage(self, macs: Collection[MacAddress]) -> Mapping[MacAddress, Usage]:
        try:
            counted = {mac: self._counted(mac) for mac in macs}
        except OSError as error:
            raise EnforcementError(f"the kernel does not tell its counters: {error}") from error
        return {mac: usage for mac, usage in counted.items() if usage is not None}

    async def intact(self, macs: Collection[MacAddress] = ()) -> bool:
        if self._installed is None:
            return False
        now = self._stands_at()
        if now == self._intact_at:
            return True  # Nobody has changed anything at all.
        if _fingerprint() != self._installed or not _hold(macs):
            return False
        given = {mac: self._given[mac] for mac in macs if mac in self._given}
        if given and not given.items() <= self._ports_held().items():
            return False
        if macs:
            self._intact_at = now
        return True

    async def empty_garden(self, turn: int) -> None:
        await self._carrier.run(empty_garden(turn))
        self._only_ours()

    async def remove(self) -> None:
        await self._carrier.run(REMOVE)
        self._installed = None

    async def close(self) -> None:
        """Let go of the kernel. Grants stay and run out by themselves."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None
        await self._carrier.close()

    def _only_ours(self) -> None:
        """Go on knowing that all is well, if our transaction was the only one meanwhile."""
        if self._intact_at is not None:
            generation_before, interface = self._intact_at
            ours = (generation_before + 1, interface)
            self._intact_at = ours if self._stands_at() == ours else None

    def _stands_at(self) -> tuple[int, int]:
        try:
            return generation(self._socket()), _interface_number(self._phones)
        except OSError as error:
            raise EnforcementError(f"the kernel does not speak of its rules: {error}") from error

    async def _garden_by_name(self) -> str:
        """What dnsmasq has added: it would not add it again before its own cache runs out."""
        script = ""
        for where in chain.from_iterable(GARDENS_BY_NAME):
            try:
                listing = await self._carrier.run(f"list set {where}")
            except NothingThereError:
                continue
            script += render_elements(where, listing)
        return script

    def _counted(self, mac: MacAddress) -> Usage | None:
        up = counter(self._socket(), INET, TABLE, GRANTED, _key(mac))
        down = counter(self._socket(), NETDEV, TABLE, GRANTED, _key(mac))
        if up is None:
            return None
        return Usage(up.bytes, received_bytes(down.packets, down.bytes) if down else 0)

    def _ports_held(self) -> dict[MacAddress, Ports]:
        """The blocks of ports that the kernel's map holds."""
        try:
            found = verdicts(self._socket(), TABLE, MAP)
            return {MacAddress(key.hex(":")): ports_of(chain) for key, chain in found.items()}
        except (OSError, ValueError) as error:
            raise EnforcementError(f"the kernel does not tell its blocks: {error}") from error

    def _socket(self) -> socket.socket:
        if self._kernel is None:
            self._kernel = open_socket()
        return self._kernel


def _fingerprint() -> bytes | None:
    try:
        return fingerprint(TABLE) or None
    except InterruptedError:
        return None  # Somebody changes rules without end: what stands now, nobody can say.
    except OSError as error:
        raise EnforcementError(f"the kernel does not list its nftables rules: {error}") from error


def _hold(macs: Collection[MacAddress]) -> bool:
    """Whether both sets hold all of `macs`: somebody may flush a set and leave the rules."""
    try:
        held = keys_in_both(TABLE, GRANTED)
    except OSError:
        return False
    return all(_key(mac) in held for mac in macs)


def _key(mac: MacAddress) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _interface_number(name: str) -> int:
    """As the kernel counts; 0 while there is none of this name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _must_exist(interface: str) -> None:
    # Linux 6.16 takes a table for an interface that is not there yet, and earlier ones refuse it
    # without a name: "No such file or directory".
    if not _interface_number(interface):
        raise EnforcementError(
            f"the phones' interface {interface!r} does not exist; `ip link` lists those that do"
        )


_MAC_TAIL = re.compile(r"\b((?:[0-9a-f]{2}:){3})(?:[0-9a-f]{2}:){2}[0-9a-f]{2}\b")
_ASKED_MAX = 2000


def refusal(who: str, said: str, asked: str) -> EnforcementError:
    """The whole story of a refusal, with a hint where there is one.

    Addresses of devices are cut short: this text ends in a log, and the log is kept.
    """
    said = _MAC_TAIL.sub(r"\1…", said.strip()) or "(nothing)"
    if len(asked) > _ASKED_MAX:
        asked = f"{asked[:_ASKED_MAX]}… ({len(asked)} characters)"
    asked = _MAC_TAIL.sub(r"\1…", asked.strip())
    if "Operation not permitted" in said:
        return EnforcementError(f"{who}: no permission; needs CAP_NET_ADMIN\n{said}")
    if "Too many open files in system" in said:  # ENFILE: how the kernel says a set is full
        said += "\nThe set is full: more devices are admitted than [session] max_devices allows."
    kind = NothingThereError if "No such file or directory" in said else EnforcementError
    return kind(f"{who} refused: {said}\nwe asked: {asked}")
