"""When the network is open, and how long a turn and a day's use may be. No clock.

Times of day are those of the site, Asia/Ho_Chi_Minh: seven hours ahead of UTC all year, so no
time zone database is needed on the router. `wall` is Unix seconds. Hours that run across
midnight (`22:00-06:00`) belong to the day they begin on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from typing import Final

SITE_OFFSET_SECONDS: Final = 7 * 3600
SITE_TIME: Final = timezone(timedelta(seconds=SITE_OFFSET_SECONDS))
DAY_SECONDS = 86400
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday.
_LOOK_AHEAD_DAYS = 8


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds after midnight. `closes` may lie on the next day, past `DAY_SECONDS`."""

    opens: int
    closes: int


ALWAYS = Hours(0, DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class Day:
    """What holds on one day of the week. None: closed all day, or no daily limit."""

    turn_seconds: float
    hours: Hours | None = ALWAYS
    limit_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A week, Monday first."""

    days: tuple[Day, ...]

    def day(self, wall: float) -> Day:
        return self.days[weekday(wall)]

    def closes_at(self, wall: float) -> float | None:
        """When the network closes if it is open at `wall`; None if it is closed.

        Infinity if it does not close within the week.
        """
        for opens, closes in self._periods(wall):
            if opens <= wall < closes:
                return closes if closes < wall + (_LOOK_AHEAD_DAYS - 1) * DAY_SECONDS else INFINITY
        return None

    def opens_at(self, wall: float) -> float | None:
        """When the network next opens if it is closed at `wall`; None if it never does."""
        return next((opens for opens, _ in self._periods(wall) if opens > wall), None)

    def _periods(self, wall: float) -> Iterator[tuple[float, float]]:
        """The times the network is open around `wall`, in order; neighbours are joined."""
        midnight = day_begins(wall)
        running: tuple[float, float] | None = None
        for offset in range(-1, _LOOK_AHEAD_DAYS):
            begins = midnight + offset * DAY_SECONDS
            hours = self.day(begins).hours
            if hours is None:
                continue
            opens, closes = begins + hours.opens, begins + hours.closes
            if running is None:
                running = (opens, closes)
            elif opens <= running[1]:
                running = (running[0], max(running[1], closes))
            else:
                yield running
                running = (opens, closes)
        if running is not None:
            yield running


INFINITY = float("inf")


def weekday(wall: float) -> int:
    """The day of the week at the site: 0 is Monday."""
    return (int(wall + SITE_OFFSET_SECONDS) // DAY_SECONDS + _EPOCH_WEEKDAY) % 7


def day_begins(wall: float) -> float:
    """The midnight at the site that `wall` follows."""
    return (wall + SITE_OFFSET_SECONDS) // DAY_SECONDS * DAY_SECONDS - SITE_OFFSET_SECONDS


def time_of_day(wall: float) -> str:
    """`21:40`, at the site."""
    minutes = int(wall - day_begins(wall)) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def day_of_month(wall: float) -> str:
    """`22/11/2026`, at the site."""
    day = date.fromordinal(_EPOCH + int(wall + SITE_OFFSET_SECONDS) // DAY_SECONDS)
    return f"{day:%d/%m/%Y}"


def parse_hours(text: object) -> Hours | None:
    """`05:00-23:00`, `22:00-06:00` (until the next day), or `closed`.

    Raises:
        ValueError: with what to write instead.
    """
    if text == "closed":
        return None
    match = (
        re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", text)
        if isinstance(text, str)
        else None
    )
    if match is None or (match[3] == "24" and match[4] != "00"):
        raise ValueError('not opening hours; write "05:00-23:00" or "closed"')
    opens, closes = (
        int(hour) * 3600 + int(minute) * 60
        for hour, minute in (match.group(1, 2), match.group(3, 4))
    )
    if closes == opens:
        raise ValueError('opens and closes at the same time; write "00:00-24:00" for all day')
    return Hours(opens, closes if closes > opens else closes + DAY_SECONDS)
