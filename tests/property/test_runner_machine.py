"""The real runner, log and store against a small model, through everything that may happen.

The model thinks in true time, in which a restart, a power cut and a wrong clock are nothing:
a turn ends when it ends. Times are multiples of 0.7 s, so that no two of them are exactly the
leeway apart.
"""

import asyncio
import copy
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firewall.changes import MacAddress
from firewall.enforcer import EnforcementError
from portal.events import (
    AccessGranted,
    ConditionsAccepted,
    EquipmentBlocked,
    EquipmentSeen,
    EquipmentUnblocked,
    Event,
    GatewayStarted,
    GatewayStopped,
    SessionWithdrawn,
    TimePassed,
)
from portal.gateway import LEEWAY_SECONDS, Step, next_deadline
from portal.runner import Runner
from portal.session import Device, Pseudonym
from portal.session_log import SessionLog
from portal.session_store import CLOCK_SET_AFTER, SessionStore
from tests.unit.portal import world
from tests.unit.portal.world import CONDITIONS, PLAN, POLICY, Clock, Firewall, new_database, rows

TICK = 0.7
PHONES = [world.mac(n) for n in range(1, 6)]  # Two more than there are places.
ROUNDING = 0.01

phones = st.sampled_from(PHONES)
moments = st.one_of(st.integers(0, 5), st.integers(0, 25_000)).map(lambda n: n * TICK)


@dataclass(frozen=True)
class Turn:
    """One session of the model; `ends` is true time."""

    mac: MacAddress
    name: str
    ends: float


@dataclass
class Model:
    """Who has a turn, whose turn waits for them, who is shut out, and what the kernel holds."""

    open: dict[MacAddress, Turn] = field(default_factory=dict)
    waiting: dict[str, Turn] = field(default_factory=dict)
    blocked: set[MacAddress] = field(default_factory=set)
    kernel: dict[MacAddress, float] = field(default_factory=dict)
    month: int = 0

    def names(self, mac: MacAddress) -> tuple[str, ...]:
        months = [m for m in (self.month, self.month - 1) if m >= 0]
        return (*(f"{mac} in month {m}" for m in months), f"{mac} for ever")

    def waiting_of(self, mac: MacAddress) -> list[Turn]:
        return [self.waiting[name] for name in self.names(mac) if name in self.waiting]

    def opened(self, mac: MacAddress, now: float, seconds: float) -> "Model":
        if mac in self.blocked or (mac not in self.open and len(self.open) >= POLICY.max_devices):
            return self
        after = copy.deepcopy(self)
        name = self.open[mac].name if mac in self.open else self.names(mac)[0]
        for turn in self.waiting_of(mac) if mac not in self.open else ():
            del after.waiting[turn.name]
        after.open[mac] = Turn(mac, name, now + seconds)
        after.kernel[mac] = now + seconds + LEEWAY_SECONDS
        return after

    def ended(self, mac: MacAddress) -> "Model":
        after = copy.deepcopy(self)
        after.open.pop(mac, None)
        after.kernel.pop(mac, None)
        return after

    def with_blocked(self, mac: MacAddress) -> "Model":
        after = self.ended(mac)
        for turn in self.waiting_of(mac):
            del after.waiting[turn.name]
        after.blocked.add(mac)
        return after

    def unblocked(self, mac: MacAddress) -> "Model":
        after = copy.deepcopy(self)
        after.blocked.discard(mac)
        return after

    def seen(self, mac: MacAddress, now: float) -> "Model":
        turns = self.waiting_of(mac)
        longest = max(turns, key=lambda turn: turn.ends, default=None)
        if (
            longest is None
            or longest.ends <= now
            or mac in self.open
            or mac in self.blocked
            or len(self.open) >= POLICY.max_devices
        ):
            return self
        after = copy.deepcopy(self)
        for turn in turns:
            del after.waiting[turn.name]
        after.open[mac] = longest
        after.kernel[mac] = longest.ends + LEEWAY_SECONDS
        return after

    def at(self, now: float) -> "Model":
        after = copy.deepcopy(self)
        after.open = {mac: turn for mac, turn in self.open.items() if turn.ends > now}
        after.waiting = {name: turn for name, turn in self.waiting.items() if turn.ends > now}
        after.kernel = {mac: after.kernel[mac] for mac in after.open if mac in after.kernel}
        return after

    def taken_over(self, disk: "Disk", now: float) -> "Model":
        """What a new daemon makes of the kernel and of what was written."""
        after = Model(waiting=dict(disk.turns), blocked=set(disk.blocked), month=self.month)
        for mac, kernel_ends in self.kernel.items():
            if kernel_ends <= now:
                continue
            ends = max(now, kernel_ends - LEEWAY_SECONDS)
            known = after.waiting_of(mac)
            for turn in known:
                del after.waiting[turn.name]
            if mac in after.blocked:
                continue
            if known:
                turn = min(known, key=lambda turn: abs(turn.ends - ends))
                if abs(turn.ends - ends) > LEEWAY_SECONDS:
                    turn = replace(turn, ends=ends)
            else:
                turn = Turn(mac, self.names(mac)[0], ends)
            after.open[mac] = turn
        return after.installed(now)

    def installed(self, now: float) -> "Model":
        """The kernel holds who has time left, and nobody who is over."""
        after = copy.deepcopy(self)
        running = (turn for turn in self.open.values() if turn.ends > now)
        after.kernel = {turn.mac: turn.ends + LEEWAY_SECONDS for turn in running}
        return after


@dataclass
class Disk:
    """What was written, and the last moment of which anything was."""

    turns: dict[str, Turn]
    blocked: set[MacAddress]
    true: float
    wall: float


class GatewayMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = new_database(Path(self.folder.name) / "sessions.db")
        self.loop = asyncio.Runner()
        self.clock = Clock()
        self.firewall = Firewall(self.clock)
        self.boots = 1
        self.model = Model()
        self.disk = Disk({}, set(), self.clock.true, self.clock.wall())
        self.sent: Counter[MacAddress] = Counter()

    def teardown(self) -> None:
        self.store.close()
        self.loop.close()
        self.folder.cleanup()

    # The daemon, as `portal.daemon` puts it together

    @initialize()
    def start(self) -> None:
        self.store = SessionStore(self.path, f"boot-{self.boots}")
        self.log = SessionLog(self.store, self.clock.moment)
        self.log.append((GatewayStarted("0"),))
        self.runner = Runner(
            POLICY, PLAN, self.firewall, self.log, self.clock.now, self._cut_nothing
        )
        remembered, blocked = self.store.take_over(self.clock.moment())
        self._written_by_take_over()
        self.loop.run(self.runner.start(self.device, remembered, blocked))
        self.model = self.model.taken_over(self.disk, self.clock.true)

    def _written_by_take_over(self) -> None:
        self.disk = replace(self.disk, true=self.clock.true, wall=self.clock.wall())

    async def _cut_nothing(self, macs: Collection[MacAddress]) -> None:
        pass

    def device(self, mac: MacAddress) -> Device:
        return Device(mac, tuple(map(Pseudonym, self.model.names(mac))))

    async def _ask(self, event: Event | None) -> Step | EnforcementError | None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.runner.run())
            try:
                if event is not None:
                    return await self.runner.submit(event)
                await self.runner.check_enforcement()
            except EnforcementError as error:
                return error
            finally:
                running.cancel()
        return None

    def ask(self, event: Event, expected: Model, *, refused: bool = False) -> None:
        """Submit `event`; if the firewall refuses, nothing may have changed at all."""
        before = self.runner.state
        with self.refusing(refused):
            answer = self.loop.run(self._ask(event))
        if isinstance(answer, EnforcementError):
            assert refused or not self.stands
            assert self.runner.state is before
        else:
            self.model = expected
            if refused:
                assert isinstance(answer, Step)
                assert not answer.changes

    @property
    def stands(self) -> bool:
        return self.loop.run(self.firewall.intact())

    @contextmanager
    def refusing(self, refused: bool) -> Iterator[None]:
        self.firewall.refuses = refused
        yield
        self.firewall.refuses = False

    async def _settle(self) -> None:
        """Let the runner do what is due, as it would by itself."""
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.runner.run())
            for _ in range(20):
                await asyncio.sleep(0)
                deadline = next_deadline(self.runner.state)
                if deadline is None or deadline > self.clock.now():
                    break
            running.cancel()

    # What people do

    @rule(mac=phones, refused=st.booleans())
    def tap(self, mac: MacAddress, refused: bool) -> None:
        after = self.model.opened(mac, self.clock.true, POLICY.session_seconds)
        self.ask(ConditionsAccepted(self.device(mac), CONDITIONS), after, refused=refused)

    @rule(mac=phones)
    def tap_on_an_old_page(self, mac: MacAddress) -> None:
        self.ask(ConditionsAccepted(self.device(mac), "2019-01"), self.model)

    @rule(mac=phones, seconds=st.sampled_from([None, 1000 * TICK]), refused=st.booleans())
    def grant(self, mac: MacAddress, seconds: float | None, refused: bool) -> None:
        length = POLICY.session_seconds if seconds is None else seconds
        after = self.model.opened(mac, self.clock.true, length)
        self.ask(AccessGranted(self.device(mac), seconds), after, refused=refused)

    @rule(mac=phones, by=st.sampled_from(["person", "staff"]), refused=st.booleans())
    def withdraw(self, mac: MacAddress, by: Any, refused: bool) -> None:
        self.ask(SessionWithdrawn(mac, by), self.model.ended(mac), refused=refused)

    @rule(mac=phones, refused=st.booleans())
    def block(self, mac: MacAddress, refused: bool) -> None:
        after = self.model.with_blocked(mac)
        self.ask(EquipmentBlocked(self.device(mac), "noise"), after, refused=refused)

    @rule(mac=phones)
    def unblock(self, mac: MacAddress) -> None:
        self.ask(EquipmentUnblocked(self.device(mac).pseudonyms), self.model.unblocked(mac))

    @rule(mac=phones, refused=st.booleans())
    def reappear(self, mac: MacAddress, refused: bool) -> None:
        after = self.model.seen(mac, self.clock.true)
        self.ask(EquipmentSeen(self.device(mac)), after, refused=refused)

    @rule(mac=phones, size=st.integers(1, 10**9))
    def surf(self, mac: MacAddress, size: int) -> None:
        passed = self.firewall.forward(mac, up_bytes=size, down_bytes=size)

        assert passed == (self.model.kernel.get(mac, 0) > self.clock.true)
        if passed:
            self.sent[mac] += size

    # What time does

    @rule(seconds=moments)
    def time_passes(self, seconds: float) -> None:
        self.clock.true += seconds
        if self.stands:
            self.loop.run(self._settle())
            self.model = self.model.at(self.clock.true)

    @rule(seconds=moments)
    def time_passes_and_the_daemon_is_late(self, seconds: float) -> None:
        """Whatever is asked next overtakes the end of sessions."""
        self.clock.true += seconds

    @rule(seconds=moments)
    def time_passes_and_the_firewall_refuses_to_end_anything(self, seconds: float) -> None:
        self.clock.true += seconds
        if self.model.at(self.clock.true).open != self.model.open:
            self.ask(TimePassed(), self.model, refused=True)

    @rule(hours=st.integers(-30, 30))
    def the_wall_clock_jumps(self, hours: int) -> None:
        self.clock.wall_error += hours * 5000 * TICK

    @precondition(lambda self: all(self._named_today(t) for t in self._turns()))
    @rule()
    def a_month_begins(self) -> None:
        self.model.month += 1

    def _turns(self) -> list[Turn]:
        return [*self.model.open.values(), *self.model.waiting.values(), *self.disk.turns.values()]

    def _named_today(self, turn: Turn) -> bool:
        """No turn is as long as a month, so none is two months old."""
        return turn.name == self.model.names(turn.mac)[0]

    # What the machine does

    @rule()
    def write(self) -> None:
        async def write() -> None:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self.log.run())
                while self.log.waiting:  # noqa: ASYNC110 - the log has no event for it.
                    await asyncio.sleep(0.0005)
                writing.cancel()

        self.loop.run(write())
        self._all_is_written()

    def _all_is_written(self) -> None:
        turns = [*self.model.open.values(), *self.model.waiting.values()]
        # The moment of the newest entry, not of writing it: what happened after is not known.
        [(wall, monotonic)] = rows(self.path, "SELECT wall, monotonic FROM last_moment")
        true = self.clock.booted + monotonic
        assert self.disk.true - ROUNDING <= true <= self.clock.true + ROUNDING
        self.disk = Disk({turn.name: turn for turn in turns}, set(self.model.blocked), true, wall)

    @rule()
    def sample(self) -> None:
        self.loop.run(self.runner.sample_usage())

    @rule()
    def somebody_flushes_the_rules(self) -> None:
        self.firewall.vanish()
        self.model.kernel = {}

    @rule()
    def somebody_empties_the_set(self) -> None:
        self.firewall.flush()
        self.model.kernel = {}

    @rule(refused=st.booleans())
    def the_rules_are_looked_at(self, refused: bool) -> None:
        running = {mac for mac, turn in self.model.open.items() if turn.ends > self.clock.true}
        stood = self.stands and self.model.kernel.keys() >= running
        with self.refusing(refused):
            answer = self.loop.run(self._ask(None))
        if answer is None and not stood:
            self.model = self.model.installed(self.clock.true)
        assert (answer is None) == (stood or not refused)
        assert (self.runner.refusing is None) == (answer is None)

    @rule(seconds=moments, refused=st.booleans())
    def killed_and_started_again(self, seconds: float, refused: bool) -> None:
        """What was not written is lost."""
        self.store.close()
        self.clock.true += seconds
        if refused:
            with self.refusing(True), pytest.raises(EnforcementError):
                self.start()
            self.store.close()
        self.start()
        self.loop.run(self._settle())
        self.model = self.model.at(self.clock.true)

    @rule(seconds=moments)
    def stopped_and_started_again(self, seconds: float) -> None:
        self.sample()
        self.log.append((GatewayStopped(),))
        self.loop.run(self.log.close())
        self._all_is_written()
        self.clock.true += seconds
        self.start()

    @rule(
        seconds=moments,
        clock=st.one_of(st.just("right"), st.just("unset"), st.integers(-30, 30)),
    )
    def the_power_goes(self, seconds: float, clock: str | int) -> None:
        self.store.close()
        self.firewall = Firewall(self.clock)
        self.model.kernel = {}
        self.clock.true += seconds
        self.boots += 1
        self.clock.booted = self.clock.true - 20 * TICK
        if clock == "right":
            self.clock.wall_error = 0.0
        elif clock == "unset":
            self.clock.wall_error = -self.clock.true + 20 * TICK
        else:
            self.clock.wall_error = int(clock) * 5000 * TICK

        away = self.clock.true - self.disk.true
        believed = self.clock.wall() - self.disk.wall
        if believed <= 0 or self.disk.wall <= CLOCK_SET_AFTER:
            believed = 0.0
        later = away - believed
        if clock == "right" and abs(self.disk.wall - self.disk.true) < ROUNDING:
            assert abs(later) < ROUNDING  # Neither longer nor shorter.
        if clock == "unset":
            assert later >= -ROUNDING  # A turn is never cut short by a clock that guesses.
        moved = {n: replace(t, ends=t.ends + later) for n, t in self.disk.turns.items()}
        self.disk.turns = moved
        self.start()

    # What holds at all times

    @invariant()
    def the_kernel_lets_pass_who_the_model_says(self) -> None:
        held = self.loop.run(self.firewall.admitted())
        now = self.clock.true
        expected = {mac: ends - now for mac, ends in self.model.kernel.items() if ends > now}

        assert {m: g.seconds_left for m, g in (held or {}).items()} == near(expected)
        for turn_of in expected:
            assert self.model.open[turn_of].ends + LEEWAY_SECONDS > now - ROUNDING

    @invariant()
    def the_runner_says_what_the_model_says(self) -> None:
        booted, state = self.clock.booted, self.runner.state
        expected = {m: turn.ends - booted for m, turn in self.model.open.items()}

        assert {mac: s.ends for mac, s in state.sessions.items()} == near(expected)
        assert {mac: s.pseudonym for mac, s in state.sessions.items()} == {
            mac: turn.name for mac, turn in self.model.open.items()
        }
        assert {n: s.ends for n, s in state.remembered.items()} == near(
            {name: turn.ends - booted for name, turn in self.model.waiting.items()}
        )
        assert state.blocked == {f"{mac} for ever" for mac in self.model.blocked}
        for phone in PHONES:
            turn = self.model.open.get(phone)
            passes = turn is not None and turn.ends > self.clock.true
            assert (self.runner.session_of(phone) is not None) == passes

    @invariant()
    def the_log_says_what_was_written(self) -> None:
        written = rows(self.path, "SELECT pseudonym, ends FROM sessions WHERE ended_wall IS NULL")
        expected = {name: turn.ends for name, turn in self.disk.turns.items()}

        assert len(written) == len(expected)
        assert {n: ends + self.clock.booted for n, ends in written} == near(expected)
        assert rows(self.path, "SELECT pseudonym FROM blocked ORDER BY 1") == [
            (f"{mac} for ever",) for mac in sorted(self.disk.blocked)
        ]

    @invariant()
    def the_log_never_counts_more_than_was_sent(self) -> None:
        logged: Counter[str] = Counter()
        for name, size in rows(self.path, "SELECT pseudonym, up_bytes FROM sessions"):
            logged[str(name).partition(" ")[0]] += size
        assert all(size <= self.sent[MacAddress(name)] for name, size in logged.items())

    @invariant()
    def events_are_numbered_without_a_gap(self) -> None:
        numbers = rows(self.path, "SELECT epoch, n FROM events ORDER BY rowid")
        expected: dict[object, int] = {}
        for epoch, n in numbers:
            expected[epoch] = expected.get(epoch, 0) + 1
            assert n == expected[epoch]
        assert numbers == sorted(numbers)


def near(expected: dict[Any, float]) -> Any:
    return pytest.approx(expected, abs=ROUNDING)


TestGateway = GatewayMachine.TestCase
TestGateway.settings = settings(
    max_examples=settings().max_examples // 4,  # Each is many steps.
    suppress_health_check=list(HealthCheck),
)
