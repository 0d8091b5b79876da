"""A gateway without a kernel: the real runner and log, a firewall in memory, a clock in hand."""

import sqlite3
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from firewall.changes import Change, Grant, MacAddress, Usage
from firewall.enforcer import EnforcementError
from firewall.memory import MemoryEnforcer
from firewall.plan import Plan
from portal import answers_schema, migrations
from portal.policy import Policy
from portal.runner import Runner
from portal.session import Device, Instant, Pseudonym
from portal.session_log import SessionLog
from portal.session_store import CLOCK_SET_AFTER, Moment, SessionStore

NOVEMBER_2026 = 1795392000.0
CONDITIONS = "2026-11"
POLICY = Policy(session_seconds=14_000.0, conditions=CONDITIONS, max_devices=3)
PLAN = Plan(phones="br-lan", uplink="wan", max_devices=3)


class Clock:
    """True time, and what the machine makes of it: seconds since boot, and a wall clock that
    may be wrong."""

    def __init__(self) -> None:
        self.true = NOVEMBER_2026
        self.booted = NOVEMBER_2026 - 1000.0
        self.wall_error = 0.0

    def now(self) -> Instant:
        return Instant(self.true - self.booted)

    def wall(self) -> float:
        return self.true + self.wall_error

    def wall_if_set(self) -> float | None:
        return self.wall() if self.wall() > CLOCK_SET_AFTER else None

    def moment(self) -> Moment:
        return Moment(self.wall(), self.now())


class Firewall(MemoryEnforcer):
    """In memory, and it can be told to refuse every change."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.now)
        self.refuses = False
        self.cannot_be_read = False

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        self._permit()
        await super().install(plan, grants)

    async def apply(self, changes: Sequence[Change]) -> None:
        if changes:
            self._permit()
        await super().apply(changes)

    async def usage(self, macs: Collection[MacAddress]) -> Mapping[MacAddress, Usage]:
        self._permit()
        return await super().usage(macs)

    async def admitted(self) -> Mapping[MacAddress, Grant] | None:
        if self.cannot_be_read:
            raise EnforcementError("nftables refused: cannot be read")
        return await super().admitted()

    def _permit(self) -> None:
        if self.refuses:
            raise EnforcementError("nftables refused: no buffer space")


def mac(number: int) -> MacAddress:
    return MacAddress(f"02:00:5e:10:00:{number:02x}")


def device(address: MacAddress) -> Device:
    """The device with two names, without keys: what is written down is not tested by this."""
    return Device(address, (Pseudonym(f"month-{address}"), Pseudonym(f"lasting-{address}")))


@cache
def _empty_database(migrate: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrate(path)
        return path.read_bytes()


def new_database(path: Path) -> Path:
    """A migrated database at `path`, without the child process that usually makes one."""
    path.write_bytes(_empty_database(migrations.migrate))
    return path


def new_answers(path: Path) -> Path:
    """The same for answers.db."""
    path.write_bytes(_empty_database(answers_schema.migrate))
    return path


def rows(path: Path, question: str) -> list[tuple[Any, ...]]:
    """What another program reads from the database meanwhile."""
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return reader.execute(question).fetchall()
    finally:
        reader.close()


class World:
    """One daemon's worth of parts, with three phones' places."""

    def __init__(self, folder: Path, policy: Policy = POLICY) -> None:
        self.path = new_database(folder / "sessions.db")
        self.clock = Clock()
        self.firewall = Firewall(self.clock)
        self.store = SessionStore(self.path, "boot-1")
        self.log = SessionLog(self.store, self.clock.moment)
        self.cut: list[MacAddress] = []
        """Whose connections were ended, in `cuts` orders."""
        self.cuts = 0
        self.runner = Runner(policy, PLAN, self.firewall, self.log, self.clock.now, self._note_cut)

    async def start(self) -> None:
        remembered, blocked = self.store.take_over(self.clock.moment())
        await self.runner.start(device, remembered, blocked)

    async def _note_cut(self, macs: Collection[MacAddress]) -> None:
        self.cut += macs
        self.cuts += 1
