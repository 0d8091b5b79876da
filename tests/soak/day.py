"""What happens in a house, from a seed: who comes, taps and leaves, and what goes wrong.

Times are simulated seconds from the beginning. A plan only: some of it will not apply when its
time comes (a device that was blocked meanwhile), and the soak passes over that.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

TURN_SECONDS = 240 * 60.0
_HOUR = 3600.0

What: TypeAlias = Literal[
    "tap",
    "look",
    "leave",
    "away",
    "back",
    "grant",
    "grant a minute",
    "revoke",
    "block",
    "unblock",
    "flush",
    "line down",
    "line up",
    "stop",
    "kill",
    "start",
]


@dataclass(frozen=True, slots=True, order=True)
class Step:
    at: float
    what: What
    device: int = -1
    """Which of the crowd, from 0; -1 where it is not about one device."""


def day(seed: int, hours: float, devices: int) -> list[Step]:
    """A plan for so many hours, in the order of time."""
    chance = random.Random(seed)
    until = hours * _HOUR
    steps = [step for number in range(devices) for step in _person(chance, number, until)]
    steps += _shifts(chance, until, devices)
    steps += _staff(chance, until, devices)
    steps += _mishaps(chance, until)
    steps += _restarts(until)
    return sorted(step for step in steps if step.at < until)


def _person(chance: random.Random, device: int, until: float) -> Iterator[Step]:
    """Taps, renews, leaves or lets the time run out, goes away and comes back."""
    at = chance.uniform(0, min(_HOUR, until / 4))
    while at < until:
        yield Step(at, "tap", device)
        kind = chance.random()
        if kind < 0.35:
            for _ in range(chance.choice((1, 1, 2, 3))):
                at += chance.uniform(0.2, 0.9) * TURN_SECONDS
                yield Step(at, "tap", device)
        elif kind < 0.5:
            at += chance.uniform(0.1, 0.9) * TURN_SECONDS
            yield Step(at, "leave", device)
            at -= TURN_SECONDS  # Captive from now on, not at the end of the turn.
        elif kind < 0.65:
            gone = at + chance.uniform(0.1, 0.9) * TURN_SECONDS
            yield Step(gone, "away", device)
            at = gone + chance.uniform(0.1, 2) * _HOUR
            yield Step(at, "back", device)
            at -= chance.uniform(0, TURN_SECONDS)
        at += TURN_SECONDS
        looks = at + chance.uniform(0, 0.2) * _HOUR
        yield Step(looks, "look", device)  # The splash page, and the screen goes dark.
        at = looks + chance.expovariate(1 / (0.3 * _HOUR))


def _shifts(chance: random.Random, until: float, devices: int) -> Iterator[Step]:
    """A fifth of the house comes home in the same minute, three times a day."""
    at = min(0.3 * _HOUR, until / 5)
    while at < until:
        for device in chance.sample(range(devices), devices // 5):
            yield Step(at + chance.uniform(0, 60), "tap", device)
        at += 8 * _HOUR


def _staff(chance: random.Random, until: float, devices: int) -> Iterator[Step]:
    for what, hours in (("grant", 0.5), ("grant a minute", 2.0), ("revoke", 0.4)):
        for at in _now_and_then(chance, until, hours * _HOUR):
            yield Step(at, what, chance.randrange(devices))  # type: ignore[arg-type]
    for at in _now_and_then(chance, until, 0.6 * _HOUR):
        device = chance.randrange(devices)
        yield Step(at, "block", device)
        yield Step(at + chance.uniform(0.2, 3) * _HOUR, "unblock", device)


def _mishaps(chance: random.Random, until: float) -> Iterator[Step]:
    """Somebody removes all rules; the line is lost."""
    for at in _now_and_then(chance, until, 1.2 * _HOUR):
        yield Step(at, "flush")
    at = 0.0
    while (at := at + chance.uniform(1, 4) * _HOUR) < until:
        yield Step(at, "line down")
        at += chance.uniform(0.1, 0.4) * _HOUR
        yield Step(at, "line up")


def _restarts(until: float) -> Iterator[Step]:
    """Early and late, so that one daemon lives half of the day: its memory is looked at."""
    for share, how, away_hours in (
        (0.08, "stop", 0.02),
        (0.16, "kill", 0.02),
        (0.24, "stop", 0.15),
        (0.32, "kill", 0.1),
        (0.86, "kill", 0.02),
        (0.93, "stop", 0.05),
    ):
        yield Step(share * until, how)  # type: ignore[arg-type]
        yield Step(share * until + away_hours * _HOUR, "start")


def _now_and_then(chance: random.Random, until: float, mean: float) -> Iterator[float]:
    at = 0.0
    while (at := at + chance.expovariate(1 / mean)) < until:
        yield at
