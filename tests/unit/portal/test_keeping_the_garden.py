"""The daemon empties one half of the garden by name at every turn."""

import asyncio
from contextlib import suppress

import pytest

from firewall.enforcer import EnforcementError
from firewall.memory import MemoryEnforcer
from portal import upkeep

TURN_SECONDS = 0.1


class Device(MemoryEnforcer):
    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__(lambda: 0.0)
        self.turns: list[int] = []
        self._refuses = refuses

    async def empty_garden(self, turn: int) -> None:
        self.turns.append(turn)
        if self._refuses:
            raise EnforcementError("not today")


async def keep(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "GARDEN_TURN_SECONDS", TURN_SECONDS)
    with suppress(TimeoutError):
        async with asyncio.timeout(4.5 * TURN_SECONDS):
            await upkeep.keep_garden(device)


@pytest.mark.slow
async def test_each_turn_has_the_next_number(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()

    await keep(device, monkeypatch)

    assert len(device.turns) >= 2
    assert device.turns == sorted(set(device.turns))


@pytest.mark.slow
async def test_a_refusal_is_said_and_the_next_turn_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device(refuses=True)

    await keep(device, monkeypatch)

    assert len(device.turns) >= 2
    assert "the garden by name was not emptied, and keeps old addresses: not today" in caplog.text
