"""When the line was down and when the gateway was away, out of the event log. Pure.

A stop that nobody announced (no power, a crash) is known to have ended when the next daemon
began; it is taken to have begun with the last thing that was written down, so it counts at most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.schedule import DAY_SECONDS, SITE_OFFSET_SECONDS
from portal.staff.figures import outages
from reports.facts import day_at

Span = tuple[float, float]
"""From and until, Unix seconds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the event log with a time that can be believed."""

    epoch: int
    kind: str
    wall: float
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Downtime:
    """Of one day."""

    watched: float = 0.0
    outages: int = 0
    outage_seconds: float = 0.0
    stops: int = 0
    stopped_seconds: float = 0.0
    down_seconds: float = 0.0


def downtime(
    entries: Sequence[Entry],
    last: Mapping[int, tuple[str, float]],
    since: float | None,
    until: float,
) -> dict[date, Downtime]:
    """What happened on each day.

    `entries` are those about the line and the gateway, in order; `last` has the last thing that
    each epoch wrote (kind and time); `since` and `until` are the first and the last moment that
    anything is known of, `since` None if there is no time for it.
    """
    walls = [entry.wall for entry in entries] + [wall for _, wall in last.values()]
    if not walls:
        return {}
    began = min(walls if since is None else [since, *walls])
    down = [
        (one.span.began, until if one.span.ended is None else one.span.ended)
        for one in outages((entry.kind, entry.wall, dict(entry.detail)) for entry in entries)
    ]
    stopped = list(_stops(entries, last))
    watched = _by_day([(began, max(began, until))])
    outage_seconds, stop_seconds = _by_day(_joined(down)), _by_day(_joined(stopped))
    both = _by_day(_joined([*down, *stopped]))
    days = watched.keys() | outage_seconds.keys() | stop_seconds.keys()
    return {
        day: Downtime(
            watched=watched.get(day, 0.0),
            outages=sum(day_at(one) == day for one, _ in down),
            outage_seconds=outage_seconds.get(day, 0.0),
            stops=sum(day_at(one) == day for one, _ in stopped),
            stopped_seconds=stop_seconds.get(day, 0.0),
            down_seconds=both.get(day, 0.0),
        )
        for day in days
    }


def _stops(entries: Iterable[Entry], last: Mapping[int, tuple[str, float]]) -> Iterator[Span]:
    for entry in entries:
        before = [epoch for epoch in last if epoch < entry.epoch]
        if entry.kind == "gateway-started" and before:
            _, wall = last[max(before)]
            yield wall, max(wall, entry.wall)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same time without what is told twice."""
    found: list[Span] = []
    for began, ended in sorted(spans):
        if found and began <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended))
        else:
            found.append((began, max(began, ended)))
    return found


def _by_day(spans: Iterable[Span]) -> dict[date, float]:
    """Seconds on each day."""
    found: dict[date, float] = {}
    for began, ended in spans:
        while began < ended:
            number = (began + SITE_OFFSET_SECONDS) // DAY_SECONDS
            midnight = (number + 1) * DAY_SECONDS - SITE_OFFSET_SECONDS
            until = min(ended, midnight)
            day = day_at(began)
            found[day] = found.get(day, 0.0) + until - began
            began = until
    return found
