"""What operators ask of a running daemon, and what they are told."""

import asyncio
import json
import os
import stat
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from firewall.changes import MacAddress, Usage
from portal import control, runner
from portal.control import Answer, Control, NotRunning, Refused
from portal.machine import StartError
from portal.technician import Window
from tests.unit.portal.world import World, device, mac, rows

PHONE, OTHER = mac(1), mac(2)
AWAY = mac(9)


@pytest.fixture
async def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    await world.start()
    return world


@pytest.fixture
def operator(world: World) -> Control:
    async def usage() -> Mapping[MacAddress, Usage]:
        return {m: g.usage for m, g in (await world.firewall.admitted() or {}).items()}

    async def metrics() -> str:
        return "portal_open_devices 0\n"

    return Control(
        world.runner,
        device,
        lambda mac: frozenset() if mac == AWAY else frozenset({"192.0.2.7", "fe80::7"}),
        usage,
        lambda: {"site": "hp-001", "open_devices": len(world.runner.state.sessions)},
        metrics,
        Window("hp-001", world.clock.now),
    )


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(world.runner.run())
        yield
        task.cancel()


async def ask(world: World, operator: Control, *questions: Any) -> Answer:
    """The answer to the last of `questions`."""
    answer: Answer = {}
    async with running(world):
        for question in questions:
            answer = await operator.answer(question)
    return answer


def tell(command: str, mac: str = PHONE, **more: object) -> dict[str, object]:
    return {"command": command, "mac": mac, **more}


async def test_status_is_the_daemons(world: World, operator: Control) -> None:
    assert await ask(world, operator, {"command": "status"}) == {
        "ok": True,
        "site": "hp-001",
        "open_devices": 0,
    }


async def test_a_grant_opens_the_usual_length(world: World, operator: Control) -> None:
    answer = await ask(world, operator, tell("grant", "02-00-5E-10-00-01"))

    assert answer == {
        "ok": True,
        "done": "granted",
        "mac": PHONE,
        "here": True,
        "seconds_left": 14_000,
    }
    assert set(await world.firewall.admitted() or {}) == {PHONE}


async def test_a_grant_may_have_another_length(world: World, operator: Control) -> None:
    answer = await ask(world, operator, tell("grant", minutes=5))

    assert answer["seconds_left"] == 300


@pytest.mark.parametrize("minutes", [0, -1, 10081, 1.5, True, "5", [], float("nan"), 10**400])
async def test_a_grant_of_no_length_is_refused(
    world: World, operator: Control, minutes: object
) -> None:
    answer = await ask(world, operator, tell("grant", minutes=minutes))

    assert answer["ok"] is False
    assert "is not a number of minutes from 1 to 10080" in answer["error"]
    assert world.runner.state.sessions == {}


async def test_a_device_that_is_not_there_may_be_granted_beforehand(
    world: World, operator: Control
) -> None:
    assert (await ask(world, operator, tell("grant", AWAY)))["here"] is False


async def test_revoking_ends_the_session_and_its_connections(
    world: World, operator: Control
) -> None:
    answer = await ask(world, operator, tell("grant"), tell("revoke"))

    assert answer == {"ok": True, "done": "revoked", "mac": PHONE, "here": True}
    assert await world.firewall.admitted() == {}
    assert world.cut == [PHONE]


async def test_blocking_holds_back_and_unblocking_lets_be(world: World, operator: Control) -> None:
    refused = await ask(world, operator, tell("block", reason="noise"), tell("grant"))
    granted = await ask(world, operator, tell("unblock"), tell("grant"))

    assert refused == {"ok": False, "error": f"{PHONE} is blocked; unblock it first"}
    assert granted["done"] == "granted"


async def test_the_metrics_are_the_daemons(world: World, operator: Control) -> None:
    answer = await ask(world, operator, {"command": "metrics"})

    assert answer == {"ok": True, "text": "portal_open_devices 0\n"}


async def test_a_device_may_be_told_by_the_name_it_is_online_under(
    world: World, operator: Control
) -> None:
    name = device(PHONE).pseudonym
    blocked = await ask(
        world, operator, tell("grant"), {"command": "block", "pseudonym": name, "reason": "noise"}
    )
    still = await ask(world, operator, tell("grant"))
    [kept] = world.runner.state.blocked
    unblocked = await ask(world, operator, {"command": "unblock", "pseudonym": kept})
    ended = await ask(world, operator, tell("grant"), {"command": "revoke", "pseudonym": name})

    assert (blocked["done"], unblocked["done"], ended["done"]) == (
        "blocked",
        "unblocked",
        "revoked",
    )
    assert "is blocked" in still["error"]
    assert await world.firewall.admitted() == {}


@pytest.mark.parametrize("reason", [None, 7, "ồn ào", "\udcff", "x" * 4000])
async def test_any_reason_can_be_kept(world: World, operator: Control, reason: object) -> None:
    await ask(world, operator, tell("block", reason=reason))
    await world.log.close()

    assert len(rows(world.path, "SELECT reason FROM blocked")) == 1


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (tell("revoke"), f"{PHONE} has no session"),
        (
            tell("revoke", AWAY),
            f"{AWAY} has no session; no device with this address is on the network",
        ),
        (tell("unblock"), f"{PHONE} is not blocked"),
        (
            tell("unblock", AWAY),
            f"{AWAY} is not blocked; no device with this address is on the network",
        ),
        (
            tell("grant", "phone"),
            "'phone' is not a MAC address; write it like 02:00:5e:10:00:01",
        ),
        (
            tell("block", "01:00:5e:00:00:01"),
            "'01:00:5e:00:00:01' is not the address of one device",
        ),
        ({"command": "revoke", "pseudonym": "x"}, "the device has no session any more"),
        ({"command": "block", "pseudonym": "x"}, "the device has no session any more"),
        ({"command": "unblock", "pseudonym": "x"}, "the device is not blocked"),
        ({"command": "grant", "pseudonym": "x"}, "unknown command"),
        ({"command": "grant", "mac": 7}, "unknown command"),
        ({"command": "grant"}, "unknown command"),
        ({"command": "reboot"}, "unknown command"),
        ({}, "unknown command"),
        ([], "unknown command"),
        (None, "unknown command"),
    ],
)
async def test_what_cannot_be_done_is_said(
    world: World, operator: Control, question: Any, error: str
) -> None:
    assert await ask(world, operator, question) == {"ok": False, "error": error}


async def test_a_full_house_is_said(world: World, operator: Control) -> None:
    grants = [tell("grant", mac(n)) for n in range(1, 5)]

    assert await ask(world, operator, *grants) == {
        "ok": False,
        "error": "3 devices are open, as session.max_devices says",
    }


async def test_a_firewall_that_refuses_is_quoted(world: World, operator: Control) -> None:
    world.firewall.refuses = True

    assert await ask(world, operator, tell("grant")) == {
        "ok": False,
        "error": "nftables refused: no buffer space",
        "by_firewall": True,
    }


async def test_too_much_at_once_is_said(
    world: World, operator: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def submit(event: object) -> None:
        raise runner.Overloaded

    monkeypatch.setattr(world.runner, "submit", submit)

    assert await operator.answer(tell("grant")) == {
        "ok": False,
        "error": "too much is waiting; try again in a moment",
    }


async def test_sessions_are_listed_by_their_end(world: World, operator: Control) -> None:
    await ask(world, operator, tell("grant", OTHER), tell("grant", PHONE, minutes=10))
    world.clock.true += 60
    world.firewall.forward(PHONE, up_bytes=10, down_bytes=200)

    answer = await ask(world, operator, {"command": "sessions"})

    assert [row["mac"] for row in answer["sessions"]] == [PHONE, OTHER]
    assert answer["sessions"][0] == {
        "mac": PHONE,
        "addresses": ["192.0.2.7", "fe80::7"],
        "pseudonym": f"month-{PHONE}",
        "seconds_so_far": 60,
        "seconds_left": 540,
        "up_bytes": 10,
        "down_bytes": 200,
    }


# Over the socket


@asynccontextmanager
async def served(path: Path, operator: Control) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(control.serve(path, operator.answer))
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - it appears when bound.
            await asyncio.sleep(0.001)
        yield
        serving.cancel()


async def say(path: Path, line: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(line)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_question_and_its_answer_are_one_line_each(
    world: World, operator: Control, tmp_path: Path
) -> None:
    path = tmp_path / "control.sock"
    async with served(path, operator):
        answer = await asyncio.to_thread(control.ask, path, {"command": "status"})

    assert answer == {"site": "hp-001", "open_devices": 0}


async def test_a_refusal_comes_over_the_socket(
    world: World, operator: Control, tmp_path: Path
) -> None:
    path = tmp_path / "control.sock"
    world.firewall.refuses = True
    async with served(path, operator), running(world):
        with pytest.raises(Refused, match="no buffer space") as refused:
            await asyncio.to_thread(control.ask, path, tell("grant"))

    assert refused.value.by_firewall


@pytest.mark.parametrize("line", [b"", b"\n", b"\xff\n", b"{" * 2000 + b"\n", b"[" * 4000 + b"\n"])
async def test_a_question_that_is_none_is_answered_too(
    operator: Control, tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "control.sock"
    async with served(path, operator):
        answer = await say(path, line)

    assert json.loads(answer) == {"ok": False, "error": "unknown command"}


async def test_a_question_too_long_is_not_read(operator: Control, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path, operator):
        assert await say(path, b"x" * 10_000) == b""
        assert await say(path, b"{}\n") != b""  # And the next is.


async def test_the_socket_is_for_root_and_the_group(operator: Control, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path, operator):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


async def test_a_socket_left_by_a_killed_daemon_is_replaced(
    operator: Control, tmp_path: Path
) -> None:
    path = tmp_path / "control.sock"
    control._bound(path).close()
    with pytest.raises(NotRunning, match="no portal is running"):
        control.ask(path, {"command": "status"})

    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(control.serve(path, operator.answer))
        await asyncio.sleep(0.05)
        assert await say(path, b"{}\n") != b""
        serving.cancel()


def test_a_gateway_that_goes_away_meanwhile_is_said(tmp_path: Path) -> None:
    listening = control._bound(tmp_path / "control.sock")
    listening.listen()

    def leave() -> None:
        listening.accept()[0].close()  # With the question unread, so that the reading is reset.

    leaving = threading.Thread(target=leave)
    leaving.start()
    try:
        with pytest.raises(Refused, match="went away without an answer"):
            control.ask(tmp_path / "control.sock", {"command": "status"})
    finally:
        leaving.join()
        listening.close()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="nobody listens at"):
        control.ask(tmp_path / "none.sock", {"command": "status"})


async def test_a_socket_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be listened on"):
        control._bound(tmp_path / "none" / "control.sock")
