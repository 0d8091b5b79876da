"""The one loop: firewall first, memory second, log third, and one thing at a time.

What follows from many events in any order is in tests/property/test_runner_machine.py.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firewall.changes import Grant, MacAddress, Usage
from firewall.enforcer import EnforcementError
from portal import runner
from portal.events import (
    ConditionsAccepted,
    EquipmentSeen,
    SessionWithdrawn,
    TimePassed,
)
from portal.gateway import LEEWAY_SECONDS
from portal.runner import Overloaded
from portal.session import Instant, Pseudonym, Session
from tests.unit.portal.world import CONDITIONS, POLICY, World, device, mac, rows

PHONE, OTHER = mac(1), mac(2)
TAP = ConditionsAccepted(device(PHONE), CONDITIONS)
LEAVES = SessionWithdrawn(PHONE, "person")


@pytest.fixture
async def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    await world.start()
    return world


@asynccontextmanager
async def running(world: World) -> AsyncIterator[asyncio.TaskGroup]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(world.runner.run())
        yield tasks
        task.cancel()


async def refused(asking: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(EnforcementError) as error:
        await asking
    return str(error.value)


async def test_a_refused_tap_leaves_everything_as_it_was(world: World) -> None:
    before, waiting = world.runner.state, world.log.waiting
    world.firewall.refuses = True

    async with running(world):
        assert await refused(world.runner.submit(TAP)) == "nftables refused: no buffer space"

    assert world.runner.state is before
    assert await world.firewall.admitted() == {}
    assert world.log.waiting == waiting


async def test_a_device_passes_before_anybody_is_told_so(world: World) -> None:
    async with running(world):
        step = await world.runner.submit(TAP)

    assert step.refusal is None
    assert world.firewall.forward(PHONE)
    assert world.runner.session_of(PHONE) == step.state.sessions[PHONE]


async def test_a_browser_that_hangs_up_in_the_middle_of_a_tap_changes_nothing(
    world: World,
) -> None:
    async with running(world) as tasks:
        tap = tasks.create_task(world.runner.submit(TAP))
        await asyncio.sleep(0)
        tap.cancel()
        await world.runner.submit(SessionWithdrawn(OTHER, "staff"))  # Its turn comes after.

    assert set(world.runner.state.sessions) == set(await world.firewall.admitted() or {}) == {PHONE}


async def test_a_refusal_nobody_waits_for_is_said_and_the_loop_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(Pseudonym(f"month-{PHONE}"), Instant(0.0), Instant(5000.0))
    world.runner.state = replace(world.runner.state, remembered={session.pseudonym: session})
    world.firewall.refuses = True

    async with running(world):
        world.runner.notice(EquipmentSeen(device(PHONE)))
        await asyncio.sleep(0.01)
        world.firewall.refuses = False
        await world.runner.submit(TAP)

    assert "nftables refused: no buffer space" in caplog.messages


async def test_a_full_inbox_turns_people_away_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(runner.INBOX_PLACES):
        world.runner.notice(LEAVES)

    with pytest.raises(Overloaded):
        await world.runner.submit(TAP)
    world.runner.notice(LEAVES)

    assert caplog.messages == ["the inbox is full; SessionWithdrawn was not heard"]
    async with running(world):
        await asyncio.sleep(0.2)  # It is worked off, and there is room again.
        await world.runner.submit(TAP)


async def test_a_session_ends_by_itself(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.clock.true += POLICY.session_seconds
        assert world.runner.session_of(PHONE) is None  # Captive at once, whoever asks.
        await world.runner.submit(SessionWithdrawn(OTHER, "staff"))
        await asyncio.sleep(0.01)

    assert world.runner.state.sessions == {}
    assert await world.firewall.admitted() == {}
    assert world.cut == [PHONE]
    assert list(world.runner.lately_expired) == [PHONE]


async def test_connections_of_all_whose_turn_ends_are_cut_together(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        await world.runner.submit(ConditionsAccepted(device(OTHER), CONDITIONS))
        world.clock.true += POLICY.session_seconds
        await world.runner.submit(TimePassed())

    assert (world.cut, world.cuts) == ([PHONE, OTHER], 1)


async def test_a_session_that_cannot_be_ended_is_ended_by_the_kernel(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.clock.true += POLICY.session_seconds
        world.firewall.refuses = True
        await refused(world.runner.submit(TimePassed()))
        world.clock.true += LEEWAY_SECONDS

    assert not world.firewall.forward(PHONE)
    assert world.runner.session_of(PHONE) is None


async def test_the_list_of_those_whose_turn_ran_out_is_bounded(world: World) -> None:
    for n in range(10):
        async with running(world):
            await world.runner.submit(ConditionsAccepted(device(mac(n + 1)), CONDITIONS))
            world.clock.true += POLICY.session_seconds
            await world.runner.submit(TimePassed())

    assert list(world.runner.lately_expired) == [mac(8), mac(9), mac(10)]


async def test_what_a_session_used_is_written_when_it_ends(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.firewall.forward(PHONE, up_bytes=10, down_bytes=200)
        await world.runner.submit(LEAVES)
    await world.log.close()

    assert rows(world.path, "SELECT up_bytes, down_bytes FROM sessions") == [(10, 200)]


async def test_what_open_sessions_used_is_sampled(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.firewall.forward(PHONE, up_bytes=10, down_bytes=200)
        await world.runner.sample_usage()
    await world.log.close()

    assert rows(world.path, "SELECT up_bytes, down_bytes, ended_wall FROM sessions") == [
        (10, 200, None)
    ]


async def test_counters_that_cannot_be_read_are_read_another_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.firewall.cannot_be_read = True

    await world.runner.sample_usage()

    assert caplog.messages == ["the counters could not be read: nftables refused: cannot be read"]


async def test_counters_that_somebody_removed_are_not_forgotten(world: World) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.firewall.forward(PHONE, up_bytes=10)
        await world.runner.sample_usage()
        world.firewall.vanish()
        await world.runner.sample_usage()

        await world.runner.check_enforcement()

    assert await world.firewall.usage([PHONE]) == {PHONE: Usage(10, 0)}


async def test_counters_of_the_turn_before_are_not_those_of_a_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = world.firewall.admitted

    async def read_slowly() -> Mapping[MacAddress, Grant] | None:
        counted = await read()
        await world.runner.submit(LEAVES)
        world.clock.true += 1
        await world.runner.submit(TAP)
        return counted

    async with running(world):
        await world.runner.submit(TAP)
        world.firewall.forward(PHONE, up_bytes=10)
        monkeypatch.setattr(world.firewall, "admitted", read_slowly)
        await world.runner.sample_usage()
    await world.log.close()

    assert rows(world.path, "SELECT up_bytes FROM sessions ORDER BY id") == [(10,), (0,)]


async def test_rules_that_vanish_stand_again_with_their_sessions_and_counters(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(world):
        await world.runner.submit(TAP)
        world.firewall.forward(PHONE, up_bytes=10)
        await world.runner.sample_usage()
        world.clock.true += 100
        before = await world.firewall.admitted()
        world.firewall.vanish()

        await world.runner.check_enforcement()

    assert await world.firewall.admitted() == before
    assert await world.firewall.usage([PHONE]) == {PHONE: Usage(10, 0)}
    assert "100.0 s" in caplog.messages[0]


async def test_rules_that_stand_are_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def install(*_: object) -> None:
        raise AssertionError("nothing is wrong")

    monkeypatch.setattr(world.firewall, "install", install)
    async with running(world):
        await world.runner.check_enforcement()


async def test_rules_that_cannot_be_put_up_are_said_once_until_they_stand(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    world.firewall.vanish()
    world.firewall.refuses = True

    async with running(world):
        for _ in range(3):
            await refused(world.runner.check_enforcement())
        assert str(world.runner.refusing) == "nftables refused: no buffer space"
        assert len(caplog.messages) == 1
        world.firewall.refuses = False
        await world.runner.check_enforcement()

    assert world.runner.refusing is None
    assert await world.firewall.intact()


async def test_a_daemon_that_may_not_start_changes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.firewall.refuses = True

    with pytest.raises(EnforcementError):
        await world.start()

    assert world.log.waiting == 0
    assert await world.firewall.admitted() is None
