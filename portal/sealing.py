"""The sealed record: which device passed when, written so that this machine cannot read it.

Each line is a libsodium sealed box: made with a public key, opened only with the secret key,
which was never here (`portal.lawful_keys`). The record has MAC address, addresses in the house,
times, the uplink's address and the block of source ports by which it left; nothing of names or
places visited. One file a day, only ever appended to, and deleted after twelve months.
"""

import asyncio
import base64
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firewall.changes import Admit, Change, Grant, MacAddress, Ports, Usage, Withhold
from firewall.enforcer import Enforcer
from firewall.plan import Plan
from portal.port_blocks import PortBlocks, take_up
from portal.session_store import CLOCK_SET_AFTER, Moment

SEALED_DAYS = 366
"""Twelve months, rounded up."""

_LOOK_SECONDS = 30.0
_RETRY_SECONDS = 5.0
_MOST_WAITING = 20_000

log = logging.getLogger("portal.sealing")


class SealedRecord:
    """The files. Synchronous; `Witness` calls it in a thread."""

    def __init__(self, folder: Path, public_key: str) -> None:
        from nacl.public import PublicKey, SealedBox  # Only this profile carries the library.

        self._box = SealedBox(PublicKey(bytes.fromhex(public_key)))
        self._folder = folder

    def write(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Append `entries`, each with its Unix `time`, to the files of their days.

        Raises:
            OSError: not all could be written.
        """
        days: dict[str, list[bytes]] = {}
        for entry in entries:
            sealed = self._box.encrypt(json.dumps(entry, sort_keys=True).encode())
            days.setdefault(day_of(entry["time"]), []).append(base64.b64encode(sealed))
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for day, lines in days.items():
            # The first line break ends a line that a power cut left half written.
            with (self._folder / f"{day}.sealed").open("ab") as file:
                file.write(b"\n" + b"\n".join(lines) + b"\n")

    def forget_before(self, wall: float) -> None:
        """Delete the files of the days before the one of `wall`."""
        for file in self._folder.glob("????-??-??.sealed"):
            if file.stem < day_of(wall):
                file.unlink()


def day_of(wall: float) -> str:
    """The day (UTC) whose file has what happened at `wall`."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d")


class Witness:
    """An enforcement device that has what it does recorded under seal, and gives each device a
    block of the plan's ports; else it is the one within.

    What happens while the clock is not set waits for it, and gets its true time then.
    """

    def __init__(
        self,
        within: Enforcer,
        record: SealedRecord,
        site: str,
        addresses_of: Callable[[MacAddress], Collection[str]],
        clock: Callable[[], Moment],
        uplink: Callable[[], str | None],
        cut: Callable[[Collection[MacAddress]], Awaitable[None]],
    ) -> None:
        """`uplink` is the IPv4 address by which devices leave; `cut` ends their connections."""
        self._within = within
        self._record = record
        self._site = site
        self._addresses_of = addresses_of
        self._clock = clock
        self._uplink = uplink
        self._cut = cut
        self._blocks: PortBlocks | None = None
        self._none_left = False
        self._waiting: deque[tuple[float, dict[str, Any]]] = deque(maxlen=_MOST_WAITING)
        self._seen: dict[MacAddress, tuple[list[str], str | None]] = {}
        self._wake = asyncio.Event()
        self._failing = False

    async def run(self) -> None:
        """Write what is witnessed, and look for new addresses, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            for mac, known in list(self._seen.items()):
                if (sorted(self._addresses_of(mac)), self._uplink()) != known:
                    self._note("addresses", mac, self._block_of(mac))
            if not await self._write():
                await asyncio.sleep(_RETRY_SECONDS)

    async def _write(self) -> bool:
        now = self._clock()
        if now.wall < CLOCK_SET_AFTER:
            return True
        batch = list(self._waiting)
        entries = [{**what, "time": now.wall - (now.monotonic - at)} for at, what in batch]
        before = now.wall - timedelta(days=SEALED_DAYS).total_seconds()
        try:
            if entries:
                await asyncio.to_thread(self._record.write, entries)
            await asyncio.to_thread(self._record.forget_before, before)
        except OSError as error:
            if not self._failing:
                log.error("the sealed record cannot be written (%s); it waits in memory", error)
            self._failing = True
            return False
        self._failing = False
        written = {id(what) for _, what in batch}
        while self._waiting and id(self._waiting[0][1]) in written:
            self._waiting.popleft()
        return True

    def _note(
        self, what: str, mac: MacAddress, ports: Ports | None, seconds: float | None = None
    ) -> None:
        """`seconds` is how long an admitted device passes, should nobody end that before."""
        addresses, uplink = sorted(self._addresses_of(mac)), self._uplink()
        if what == "withheld":
            self._seen.pop(mac, None)
        else:
            self._seen[mac] = addresses, uplink
        entry = {
            "site": self._site,
            "what": what,
            "mac": mac,
            "addresses": addresses,
            "seconds": seconds,
            "uplink": uplink,
            "ports": None if ports is None else [ports.first, ports.last],
        }
        self._waiting.append((self._clock().monotonic, entry))
        self._wake.set()

    # The enforcement device

    async def check(self, plan: Plan) -> None:
        await self._within.check(plan)

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        if self._blocks is not None:
            held = self._blocks.held
        else:  # What an earlier daemon gave is in the kernel, if nobody removed it.
            there = await self._within.admitted() or {}
            held = {mac: g.ports for mac, g in there.items() if g.ports is not None}
        blocks = take_up(plan.ports, held, grants)
        given = {mac: replace(g, ports=blocks.held.get(mac)) for mac, g in grants.items()}
        await self._within.install(plan, given)
        self._blocks = blocks
        for mac, grant in given.items():
            self._note("admitted", mac, grant.ports, grant.seconds_left)
        await self._settle(given, held)

    async def apply(self, changes: Sequence[Change]) -> None:
        if self._blocks is None:
            await self._within.apply(changes)  # Which refuses, for nothing is installed.
            return
        blocks, held = self._blocks, self._blocks.held
        asked: list[Change] = []
        ports: list[Ports | None] = []
        for change in changes:
            match change:
                case Admit(mac):
                    blocks = blocks.given(mac)
                    ports.append(blocks.held.get(mac))
                    asked.append(replace(change, ports=ports[-1]))
                case Withhold(mac):
                    ports.append(blocks.held.get(mac))
                    blocks = blocks.returned(mac)
                    asked.append(change)
        await self._within.apply(asked)
        self._blocks = blocks
        for change, block in zip(changes, ports, strict=True):
            match change:
                case Admit(mac, seconds):
                    self._note("admitted", mac, block, seconds)
                case Withhold(mac):
                    self._note("withheld", mac, block)
        await self._settle([c.mac for c in changes if isinstance(c, Admit)], held)

    async def _settle(
        self, admitted: Collection[MacAddress], before: Mapping[MacAddress, Ports]
    ) -> None:
        """Say it if blocks ran out; end connections that may leave by another port than theirs."""
        ports = {mac: self._block_of(mac) for mac in admitted}
        without = [mac for mac, block in ports.items() if block is None]
        if without and not self._none_left:
            log.warning(
                "every block of source ports is taken: devices that are let pass now have none,"
                " and a request by port does not find them; the sealed record says so"
            )
        if ports:
            self._none_left = bool(without)
        new = [
            mac for mac, block in ports.items() if block is not None and block != before.get(mac)
        ]
        if new:
            await self._cut(new)

    def _block_of(self, mac: MacAddress) -> Ports | None:
        return None if self._blocks is None else self._blocks.held.get(mac)

    async def admitted(self) -> Mapping[MacAddress, Grant] | None:
        return await self._within.admitted()

    async def usage(self, macs: Collection[MacAddress]) -> Mapping[MacAddress, Usage]:
        return await self._within.usage(macs)

    async def intact(self, macs: Collection[MacAddress] = ()) -> bool:
        return await self._within.intact(macs)

    async def empty_garden(self, turn: int) -> None:
        await self._within.empty_garden(turn)

    async def remove(self) -> None:
        await self._within.remove()

    async def close(self) -> None:
        """Write what still waits, if that can be done, and let go of the device."""
        await self._write()
        await self._within.close()
