"""What the site allows: who may open the network now, and for how long. No clock, no network.

Hours and daily limits are promises about days, so they hold only while the day is known. After
a power cut the clock may be unset until NTP answers: `wall` is None then, the network is open,
and a turn has its usual length. Nobody is sent away by a clock that guesses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portal.schedule import DAY_SECONDS, SITE_OFFSET_SECONDS, Schedule, day_begins
from portal.session import Device, Pseudonym

LEAST_SECONDS = 60.0
"""What is left of a day's limit or of the opening hours and is shorter is not worth a tap."""

Refusal: TypeAlias = Literal["outdated conditions", "full", "blocked", "closed", "daily limit"]


@dataclass(frozen=True, slots=True)
class Spent:
    """How long a device was online on one day at the site. `day` counts from 1970."""

    day: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What the site decided. `session_seconds` is a turn's usual length.

    Without a `schedule` every day is the same: open, and without a limit.
    """

    session_seconds: float
    conditions: str
    max_devices: int
    schedule: Schedule | None = None


def day_of(wall: float) -> int:
    """The number of the day at the site."""
    return int(wall + SITE_OFFSET_SECONDS) // DAY_SECONDS


def turn_seconds(policy: Policy, wall: float | None) -> float:
    """How long a turn is on this day."""
    if policy.schedule is None or wall is None:
        return policy.session_seconds
    return policy.schedule.day(wall).turn_seconds


def allowed_seconds(
    policy: Policy, spent_today: float, wall: float | None
) -> float | Literal["closed", "daily limit"]:
    """How long a turn may be that begins at `wall`, or why there is none."""
    if policy.schedule is None or wall is None:
        return policy.session_seconds
    day = policy.schedule.day(wall)
    closes = policy.schedule.closes_at(wall)
    if closes is None or closes - wall < LEAST_SECONDS:
        return "closed"
    seconds = min(day.turn_seconds, closes - wall)
    if day.limit_seconds is None:
        return seconds
    left = day.limit_seconds - spent_today
    return "daily limit" if left < LEAST_SECONDS else min(seconds, left)


def opens_again(policy: Policy, refusal: Refusal, wall: float) -> float | None:
    """When somebody refused at `wall` may try again; None if that cannot be said."""
    if policy.schedule is None or refusal not in ("closed", "daily limit"):
        return None
    if refusal == "closed":
        return policy.schedule.opens_at(wall)
    midnight = day_begins(wall) + DAY_SECONDS
    open_then = policy.schedule.closes_at(midnight) is not None
    return midnight if open_then else policy.schedule.opens_at(midnight)


def spent_today(spent: Mapping[Pseudonym, Spent], device: Device, wall: float | None) -> float:
    """How long a device was online today in turns that are over."""
    if wall is None:
        return 0.0
    today = day_of(wall)
    known = (spent[name] for name in device.pseudonyms if name in spent)
    return sum(past.seconds for past in known if past.day == today)


def with_turn_of(
    spent: Mapping[Pseudonym, Spent], name: Pseudonym, seconds: float, wall: float
) -> dict[Pseudonym, Spent]:
    """Add a turn of `seconds` that ended at `wall`. What was on other days is forgotten."""
    today = day_of(wall)
    kept = {other: past for other, past in spent.items() if past.day == today}
    before = kept[name].seconds if name in kept else 0.0
    kept[name] = Spent(today, before + since_midnight(seconds, wall))
    return kept


def since_midnight(seconds: float, wall: float) -> float:
    """How much of the `seconds` before `wall` was today."""
    return max(0.0, min(seconds, wall - day_begins(wall)))
