"""Turns what was recorded into what the overview shows. No clock, no database.

Days are those of the site. A session (lượt) is not a person, and no device appears here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final

from portal.schedule import DAY_SECONDS, SITE_OFFSET_SECONDS

HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when somebody was online, or the line was down. Unix seconds."""

    began: float
    ended: float | None
    """None: it goes on."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without a line. `fault` is a `portal.uplink.Fault`."""

    span: Span
    fault: str

    def seconds(self, now: float) -> float:
        return (now if self.span.ended is None else self.span.ended) - self.span.began


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day. `most` is how many devices were online at once in it."""

    hour: int
    opened: int
    most: int


def hours(spans: Sequence[Span], midnight: float, now: float) -> list[Hour]:
    """The hours of the day that began at `midnight`, up to `now`."""
    found = []
    for hour in range(24):
        begins = midnight + hour * HOUR_SECONDS
        ends = begins + HOUR_SECONDS
        if begins > now:
            break
        opened = sum(begins <= span.began < ends for span in spans)
        found.append(Hour(hour, opened, most_at_once(spans, begins, min(ends, now))))
    return found


def most_at_once(spans: Iterable[Span], begins: float, ends: float) -> int:
    """The most spans that held at one moment between `begins` and `ends`."""
    steps: list[tuple[float, int]] = []
    for span in spans:
        over = ends + 1 if span.ended is None else span.ended
        if span.began <= ends and over > begins:
            steps += [(max(span.began, begins), 1), (over, -1)]
    # One that ends when another begins makes room for it.
    return max(accumulate(step for _, step in sorted(steps)), default=0)


def day_names(now: float, days: int) -> list[str]:
    """The last `days` days with today, as `2026-11-23`, the oldest first."""
    today = int(now + SITE_OFFSET_SECONDS) // DAY_SECONDS
    return [
        datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%Y-%m-%d")
        for day in range(today - days + 1, today + 1)
    ]


def day_name(wall: float) -> str:
    """The day at the site, as `2026-11-23`."""
    return day_names(wall, 1)[0]


def by_day(counted: Iterable[tuple[str, int]], names: Sequence[str]) -> list[tuple[str, int]]:
    """How many on each of these days; days that nothing is known of have 0."""
    found: Counter[str] = Counter()
    for day, n in counted:
        found[day] += n
    return [(name, found[name]) for name in names]


def minutes_down(
    outages: Iterable[Outage], names: Sequence[str], now: float
) -> list[tuple[str, int]]:
    """For how many minutes the line was down on each of these days."""
    found: Counter[str] = Counter()
    for outage in outages:
        begins = outage.span.began
        ends = begins + outage.seconds(now)
        while begins < ends:
            midnight = (int(begins + SITE_OFFSET_SECONDS) // DAY_SECONDS + 1) * DAY_SECONDS
            until = min(ends, midnight - SITE_OFFSET_SECONDS)
            found[day_name(begins)] += round(until - begins)
            begins = until
    return [(name, round(found[name] / 60)) for name in names]


def outages(events: Iterable[tuple[str, float, dict[str, object]]]) -> list[Outage]:
    """Outages out of the session log's events (kind, wall, detail), in their order.

    A daemon that ended during an outage never saw its end: it is taken to be when the next one
    started, which says so again if the line is still down.
    """
    found: list[Outage] = []
    running: tuple[float, str] | None = None
    for kind, wall, detail in events:
        if running is not None and kind in ("outage-began", "outage-ended", "gateway-started"):
            found.append(Outage(Span(running[0], wall), running[1]))
            running = None
        if kind == "outage-began":
            before = detail.get("seconds_before", 0.0)
            began = wall - (before if isinstance(before, int | float) else 0.0)
            running = (began, str(detail.get("fault", "")))
    if running is not None:
        found.append(Outage(Span(running[0], None), running[1]))
    return found
