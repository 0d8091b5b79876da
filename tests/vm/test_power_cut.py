"""The power goes while phones are online and staff publish, and comes back."""

import json
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.vm.machine import Disk, Machine
from tests.vm.one_life import LEAVES, STAYS

pytestmark = pytest.mark.vm

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
NOBODY_SET_THE_CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
DARK = timedelta(minutes=10)
SERVICE_SECONDS = 45
"""Half of what a router has from power to service (90 s): the rest is its own boot."""


def live(disk: Disk, life: str, clock: datetime, chance: random.Random) -> dict[str, Any]:
    """What one life told, the last of each fact.

    The power is cut while staff publish; the `last` life ends by itself.
    """
    command = f"PORTAL_LAB_PATIENCE=10 .venv/bin/python -m tests.vm.one_life {life}"
    with Machine(command, disk=disk, clock=clock) as machine:
        if life == "last":
            result = machine.result(seconds=1200)
            assert result.code == 0, result.output
        else:
            releases = chance.randint(2, 4)
            machine.wait_until_said("publishing", times=releases, seconds=1200)
            time.sleep(chance.uniform(0, 2))
            machine.cut_power()
        said = machine.said
    told: dict[str, Any] = {}
    for line in said.splitlines():
        if line.startswith("fact "):
            told |= json.loads(line.removeprefix("fact "))
    midway = said.endswith("publishing\n")
    print(f"\n{clock:%Y-%m-%d %H:%M} {told}{', cut in the midst of a release' * midway}")
    return told


def import_seconds() -> float:
    """How long the host takes to load the daemon, at best."""
    took = []
    for _ in range(3):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", "import portal.daemon"], check=True)
        took.append(time.monotonic() - begun)
    return min(took)


def test_after_a_power_cut_everything_is_there(tmp_path: Path) -> None:
    chance = random.Random(6)
    disk = Disk(tmp_path)

    first = live(disk, "first", NOON, chance)
    lives = [first]
    clock = NOON
    for life in ("desk", "desk", "again"):
        clock += DARK
        lives.append(live(disk, life, clock, chance))
    again = lives[-1]
    last = live(disk, "last", NOBODY_SET_THE_CLOCK, chance)

    for before, after in zip(lives, [*lives[1:], last], strict=True):
        assert after["damaged"] == {}
        assert after["kept_aside"] == []
        assert after["faults"] == {}
        assert after["shown"] in (before["published"], before["published"] + 1)
        assert after["recorded"] in (after["shown"] - 1, after["shown"])

    assert set(first["turns"]) == {STAYS, LEAVES}
    assert set(again["turns"]) == set(last["turns"]) == {STAYS}
    then, now, later = (told["turns"][STAYS] for told in (first, again, last))
    assert then["name"] == now["name"] == later["name"], "it is the same turn"
    # The dark counts, where both clocks can be believed; elsewhere the turn stops meanwhile.
    assert then["left"] - now["left"] == pytest.approx(now["at"] - then["at"], abs=10)
    assert now["left"] - 60 < later["left"] <= again["restored"][STAYS]["left"] + 5
    assert last["events"] > again["events"] > first["events"]

    factor = last["import"] / import_seconds()
    print(f"\nloading the daemon takes {factor:.0f} times as long as on the host of this machine")
    for told in (first, again, last):
        assert max(told["rules"], told["first_packet"], told["first_page"]) < SERVICE_SECONDS
