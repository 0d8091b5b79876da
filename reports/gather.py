"""What sessions.db and answers.db (`reports.heard`) of this machine know of a period. SQL adds up;
Python sees one row for each day and minute, so that a million sessions take little memory.

A time that cannot be true (before 2026, or after now) is that of a clock nobody had set. Where
the same boot later knew the time, it is counted back from there; elsewhere the row belongs to no
day, and is told of rather than dropped.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final

import sqlite_utils

from portal import hearing, session_store
from portal.schedule import DAY_SECONDS
from reports.facts import (
    Day,
    Devices,
    Item,
    Month,
    Period,
    Place,
    Poll,
    ReportError,
    SiteFacts,
    begins,
    day_at,
    day_number,
    day_of_number,
)
from reports.heard import heard, polls
from reports.outages import Entry, downtime
from reports.tally import DAY, Days, Tally, opened

_LONGEST_TURN_DAYS: Final = 8
_AHEAD_SECONDS: Final = float(DAY_SECONDS)
"""A clock may be so far ahead of ours."""

_SESSIONS: Final = (
    "(SELECT CASE WHEN started_wall BETWEEN :set AND :ahead THEN started_wall ELSE started +"
    " (SELECT difference FROM boot WHERE boot.boot_id = sessions.boot_id) END AS t,"
    " pseudonym, seconds, up_bytes, down_bytes FROM sessions)"
)


def whole_days(period: Period, made: float) -> Period | None:
    """The days of `period` that were over at `made`; None if there is none."""
    yesterday = day_at(made) - timedelta(1)
    return None if yesterday < period.first else Period(period.first, min(period.last, yesterday))


def gather(
    folder: Path,
    place: Place,
    period: Period,
    made: float,
    keep_days: int,
    items: Mapping[str, Item],
    source: str,
) -> SiteFacts:
    """What the databases in `folder` know of a period whose days are all over.

    Raises:
        ReportError: there is no session log, or a file cannot be read.
    """
    log = folder / "sessions.db"
    if not log.exists():
        raise ReportError([f"{log} is not there; no gateway has run with this configuration"])
    days, undated = Days(), Counter[str]()
    with opened(log, session_store.SCHEMA_VERSION) as db:
        times = _Times(db, period, made)
        mended = times.mended()
        undated["sessions"] += times.lost()
        _sessions(times, days)
        undated["sessions"] += _totals(times, days)
        _peaks(times, days)
        devices = tuple(_devices(times))
        down = times.downtime()
    voted: dict[str, Poll] = {}
    if (answers := folder / "answers.db").exists():
        with opened(answers, hearing.SCHEMA_VERSION) as db:
            heard(db, period, days, undated)
            voted = polls(db)
    found = {}
    for day in period:
        if day in days or (day in down and down[day].watched):
            tally = days.get(day, Tally())
            told = {name: getattr(tally, name) for name in Tally.__slots__}
            was = down.get(day)
            if was is not None:
                told |= {name: getattr(was, name) for name in type(was).__slots__}
                told["peak"] = tally.peak if tally.peak is not None or tally.sessions else 0
            found[day] = Day(day=day, **told)
    named = {id for tally in days.values() for id in (*tally.views, *tally.reads)} | voted.keys()
    named |= {quiz for tally in days.values() for quiz, _ in tally.scores}
    return SiteFacts(
        place=place,
        period=period,
        made=made,
        keep_days=keep_days,
        source=source,
        days=tuple(found.values()),
        devices=devices,
        polls=voted,
        items={id: item for id, item in items.items() if id in named},
        undated=dict(+undated),
        mended=mended,
    )


class _Times:
    """Questions to the session log about one period."""

    def __init__(self, db: sqlite_utils.Database, period: Period, made: float) -> None:
        self._db = db
        self.period = period
        self.made = made
        self._values: dict[str, object] = {
            "set": session_store.CLOCK_SET_AFTER,
            "ahead": made + _AHEAD_SECONDS,
            "now": made,
            "begins": period.begins,
            "ends": period.ends,
            "before": period.begins - _LONGEST_TURN_DAYS * DAY_SECONDS,
        }
        db.execute("CREATE TEMP TABLE boot (boot_id TEXT PRIMARY KEY, difference REAL)")
        wrong = "NOT BETWEEN :set AND :ahead LIMIT 1"
        self._doubtful = self.count(
            f"SELECT count(*) FROM (SELECT 1 FROM sessions WHERE started_wall {wrong})"
        )
        """Whether there is a session whose time cannot be true: then all are looked through."""
        if self._doubtful or self.count(
            f"SELECT count(*) FROM (SELECT 1 FROM events WHERE wall {wrong})"
        ):
            # `max` makes SQLite take the other columns from the same row: the newest of a boot.
            self.rows(
                "INSERT INTO boot SELECT boot_id, difference FROM"
                " (SELECT boot_id, wall - monotonic AS difference, max(monotonic) FROM events"
                " WHERE wall BETWEEN :set AND :ahead GROUP BY boot_id)"
            )

    def rows(self, question: str, **values: object) -> Iterator[tuple[Any, ...]]:
        return self._db.execute(question, {**self._values, **values})

    def count(self, question: str) -> int:
        [(number,)] = self.rows(question)
        return int(number)

    def mended(self) -> int:
        """Sessions of the period whose time was counted back."""
        return self._doubtful and self.count(
            "SELECT count(*) FROM (SELECT started_wall, started + difference AS t FROM sessions"
            " JOIN boot USING (boot_id) WHERE started_wall NOT BETWEEN :set AND :ahead)"
            " WHERE t >= :begins AND t < :ends"
        )

    def lost(self) -> int:
        """Sessions that belong to no day."""
        return self._doubtful and self.count(f"SELECT count(*) FROM {_SESSIONS} WHERE t IS NULL")

    def downtime(self) -> Mapping[date, Any]:
        difference = "(SELECT difference FROM boot WHERE boot.boot_id = events.boot_id)"
        wall = (
            "CASE WHEN wall BETWEEN :set AND :ahead THEN wall"
            f" ELSE monotonic + {difference} END AS t"
        )
        entries = [
            Entry(epoch, kind, t, json.loads(detail))
            for epoch, kind, t, detail in self.rows(
                f"SELECT epoch, kind, {wall}, detail FROM events WHERE kind IN ('gateway-started',"
                " 'gateway-stopped', 'outage-began', 'outage-ended') ORDER BY epoch, n"
            )
            if t is not None
        ]
        # Each epoch's last line by the key alone: there may be millions of lines.
        last = {
            epoch: (kind, t)
            for epoch, kind, t in self.rows(
                "WITH RECURSIVE each(epoch) AS (SELECT min(epoch) FROM events UNION ALL SELECT"
                " (SELECT min(epoch) FROM events WHERE epoch > each.epoch) FROM each WHERE"
                " each.epoch IS NOT NULL)"
                f" SELECT events.epoch, kind, {wall} FROM each JOIN events ON events.epoch ="
                " each.epoch AND n = (SELECT max(n) FROM events WHERE epoch = each.epoch)"
            )
            if t is not None
        }
        first = next(self.rows(f"SELECT {wall} FROM events ORDER BY epoch, n LIMIT 1"), (None,))
        [known] = [*self.rows("SELECT wall FROM last_moment WHERE id = 1"), (0.0,)][:1]
        newest = max([wall for _, wall in last.values()], default=0.0)
        return downtime(entries, last, first[0], max(newest, min(known[0], self.made)))


def _sessions(times: _Times, days: Days) -> None:
    for day, minute, n, seconds, up, down in times.rows(
        f"SELECT {DAY} AS day, CAST(seconds / 60 AS INTEGER) AS minute, count(*),"
        " total(seconds), sum(up_bytes), sum(down_bytes)"
        f" FROM {_SESSIONS} WHERE t >= :begins AND t < :ends GROUP BY day, minute"
    ):
        tally = days[day_of_number(day)]
        tally.sessions += n
        tally.seconds += seconds
        tally.up_bytes += up
        tally.down_bytes += down
        if minute is not None:
            tally.minutes[minute] = n


def _totals(times: _Times, days: Days) -> int:
    """What is left of forgotten sessions; returns how many of them belong to no day."""
    undated = 0
    for written, sessions, seconds, up, down in times.rows(
        "SELECT day, sessions, seconds, up_bytes, down_bytes FROM days"
    ):
        day = date.fromisoformat(written)
        believed = begins(day) >= session_store.CLOCK_SET_AFTER - DAY_SECONDS
        if not believed or begins(day) > times.made + _AHEAD_SECONDS:
            undated += sessions
        elif day in times.period:
            tally = days[day]
            tally.sessions += sessions
            tally.seconds += seconds or 0.0
            tally.up_bytes += up or 0
            tally.down_bytes += down or 0
    return undated


def _peaks(times: _Times, days: Days) -> None:
    """The most sessions at once on each day; one that ends when another begins makes room."""
    period, ends = times.period, list[float]()  # A heap: when those that are open will end.
    midnight, most = period.begins, 0
    today = period.first - timedelta(1)

    def end_day() -> None:
        nonlocal midnight, most, today
        if most and today in period:
            days[today].peak = most
        _make_room(ends, midnight)
        midnight, most, today = midnight + DAY_SECONDS, len(ends), today + timedelta(1)

    for began, ended in times.rows(
        f"SELECT t, t + coalesce(seconds, max(0, :now - t)) FROM {_SESSIONS}"
        " WHERE t >= :before AND t < :ends ORDER BY 1"
    ):
        while began >= midnight:
            end_day()
        _make_room(ends, began)
        heappush(ends, ended)
        if len(ends) > most:
            most = len(ends)
    while today <= period.last:
        end_day()


def _make_room(ends: list[float], until: float) -> None:
    while ends and ends[0] <= until:
        heappop(ends)


def _devices(times: _Times) -> Iterator[Devices]:
    """By month of UTC, because that is when the names of devices change."""
    months = times.period.months
    # Faster than strftime, of a million rows. What is left is the end of the month before.
    number = " ".join(
        f"WHEN t >= {_utc(month)} THEN {n}" for n, month in reversed(list(enumerate(months)))
    )
    for n, devices, sessions in times.rows(
        f"SELECT CASE {number} END AS month, count(DISTINCT pseudonym), count(*)"
        f" FROM {_SESSIONS} WHERE t >= :begins AND t < :ends GROUP BY month"
    ):
        if n is not None:
            part = months[n].period.overlap(times.period)
            assert part is not None
            yield Devices(
                month=months[n], part=part, devices=devices, at_most=devices, sessions=sessions
            )


def _utc(month: Month) -> int:
    """The Unix seconds of its first moment in UTC."""
    return day_number(month.first) * DAY_SECONDS
