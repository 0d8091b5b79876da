"""Several tellings of one site become one. Pure; nothing is counted twice.

Exports overlap, and a gateway knows less of a day the longer ago it was. Every number of a day is
the largest that any source has: they all counted the same day, and none can have seen more than
there was. What cannot be told apart is said in a note.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final, TypeVar

from reports.facts import Day, Devices, Period, SiteFacts
from splash.content import Words

K = TypeVar("K")

_MOST_NAMED: Final = 5


def merge(sources: Sequence[SiteFacts], period: Period) -> SiteFacts:
    """All that `sources`, one at least and all of one site, know of `period`."""
    newest_last = sorted(sources, key=lambda one: one.made)
    newest = newest_last[-1]
    days: dict[date, Day] = {}
    told: dict[date, list[tuple[str, Day]]] = {}
    for one in newest_last:
        for day in one.days:
            if day.day in period:
                told.setdefault(day.day, []).append((one.source, day))
                days[day.day] = _larger(days[day.day], day) if day.day in days else day
    return SiteFacts(
        place=newest.place,
        period=period,
        made=newest.made,
        keep_days=min(one.keep_days for one in sources),
        source=", ".join(one.source for one in newest_last),
        days=tuple(days[day] for day in sorted(days)),
        devices=tuple(_devices(newest_last, period)),
        polls={id: poll for one in newest_last for id, poll in one.polls.items()},
        items={id: item for one in newest_last for id, item in one.items.items()},
        # Each source tells of all it has: the same rows again, in a later one.
        undated=_largest(one.undated for one in sources),
        mended=max(one.mended for one in sources),
        notes=(
            *(note for one in newest_last for note in one.notes),
            *_renamed(newest_last),
            *_contradictions(told),
        ),
    )


def _larger(one: Day, other: Day) -> Day:
    more = max(one, other, key=lambda day: (day.detailed, day.sessions))
    seen = max(one, other, key=lambda day: day.watched)
    peaks = [peak for peak in (one.peak, other.peak) if peak is not None]
    return Day(
        day=one.day,
        sessions=max(one.sessions, other.sessions),
        seconds=max(one.seconds, other.seconds),
        up_bytes=max(one.up_bytes, other.up_bytes),
        down_bytes=max(one.down_bytes, other.down_bytes),
        minutes=more.minutes,
        peak=max(peaks, default=None),
        watched=seen.watched,
        outages=seen.outages,
        outage_seconds=seen.outage_seconds,
        stops=seen.stops,
        stopped_seconds=seen.stopped_seconds,
        down_seconds=seen.down_seconds,
        faults=_largest((one.faults, other.faults)),
        faults_done=max(one.faults_done, other.faults_done),
        questions=max(one.questions, other.questions),
        answered=max(one.answered, other.answered),
        views=_largest((one.views, other.views)),
        scores=_largest((one.scores, other.scores)),
        reads=_largest((one.reads, other.reads)),
        clicks=_largest((one.clicks, other.clicks)),
        votes=_largest((one.votes, other.votes)),
    )


def _largest(tellings: Iterable[Mapping[K, int]]) -> dict[K, int]:
    found: dict[K, int] = {}
    for told in tellings:
        for key, n in told.items():
            found[key] = max(n, found.get(key, 0))
    return found


def _devices(sources: Sequence[SiteFacts], period: Period) -> Iterable[Devices]:
    """One count for each month; where parts of a month were counted apart, at least and at most."""
    counted = sorted(
        (one for source in sources for one in source.devices if one.part.overlap(period)),
        key=lambda one: (one.month, -one.sessions, -one.part.days, one.part.first),
    )
    for month, group in groupby(counted, key=lambda one: one.month):
        kept: list[Devices] = []
        for one in group:
            if not any(other.part.overlap(one.part) == one.part for other in kept):
                kept.append(one)
        yield Devices(
            month=month,
            part=Period(min(one.part.first for one in kept), max(one.part.last for one in kept)),
            devices=max(one.devices for one in kept),
            at_most=sum(one.at_most for one in kept),
            sessions=max(one.sessions for one in kept),
        )


def _renamed(sources: Sequence[SiteFacts]) -> Iterable[Words]:
    names = list(dict.fromkeys(one.place.name for one in sources))
    if len(names) > 1:
        newest, before = names[-1], ", ".join(names[:-1])
        yield Words(
            f"{newest} (mã {sources[-1].place.id}) trước đây tên là {before}; vẫn là một địa điểm.",
            f"{newest} (id {sources[-1].place.id}) was called {before} before; it is one site.",
        )


def _contradictions(told: Mapping[date, Sequence[tuple[str, Day]]]) -> Iterable[Words]:
    """Days of which two sources say different numbers of sessions."""
    differ = [
        (day, tellings)
        for day, tellings in sorted(told.items())
        if len({one.sessions for _, one in tellings}) > 1
    ]
    for day, tellings in differ[:_MOST_NAMED]:
        vi = "; ".join(f"{source}: {one.sessions} lượt" for source, one in tellings)
        en = "; ".join(f"{source}: {one.sessions} sessions" for source, one in tellings)
        yield Words(
            f"Ngày {day:%d/%m/%Y} các nguồn ghi khác nhau ({vi}); báo cáo lấy số lớn nhất.",
            f"On {day} the sources differ ({en}); the report takes the largest.",
        )
    if (more := len(differ) - _MOST_NAMED) > 0:
        yield Words(
            f"Còn {more} ngày nữa các nguồn ghi khác nhau.", f"So do they on {more} more days."
        )
