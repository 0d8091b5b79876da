"""What is read of the databases when they are not what one would wish."""

from datetime import date
from pathlib import Path

import pytest
import sqlite_utils

from portal.events import GatewayStarted, SessionEnded, SessionOpened
from portal.session import Instant, Pseudonym, Session
from portal.session_store import Entry, Moment, SessionStore
from reports.facts import Day, Period, Place, ReportError, SiteFacts, begins
from reports.gather import gather, whole_days
from reports.merge import merge
from tests.unit.portal.world import new_database

HOUSE = Place(id="hp-001", name="Khu trọ Hồng Phong")
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
AFTER = begins(date(2026, 4, 2))
NOON = begins(date(2026, 3, 10)) + 12 * 3600.0


def told(folder: Path, period: Period = MARCH, made: float = AFTER) -> SiteFacts:
    return gather(folder, HOUSE, period, made, 90, {}, "here")


def turn(store: SessionStore, wall: float, monotonic: float, n: int = 1) -> None:
    session = Session(Pseudonym("a"), Instant(monotonic), Instant(monotonic + 600))
    over = Moment(wall + 600, Instant(monotonic + 600))
    store.write(
        [
            Entry(Moment(wall, Instant(monotonic)), SessionOpened(session, "person", "1"), n),
            Entry(over, SessionEnded(session, "expired"), n + 1),
        ]
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return new_database(tmp_path / "sessions.db")


def test_a_session_of_an_unset_clock_is_counted_back_once_the_boot_knows_the_time(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    turn(store, 946_684_900.0, 100.0)
    store.close()
    store = SessionStore(log, "boot-1")
    store.write([Entry(Moment(NOON, Instant(5100.0)), GatewayStarted("1"), 1)])
    store.close()

    facts = told(tmp_path)

    assert [(day.day, day.sessions) for day in facts.days if day.sessions] == [
        (date(2026, 3, 10), 1)
    ]
    assert facts.mended == 1
    assert facts.undated == {}


def test_a_session_of_a_clock_that_was_never_set_belongs_to_no_day_and_is_told(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    turn(store, 946_684_900.0, 100.0)
    store.close()

    facts = told(tmp_path)

    assert facts.days == ()
    assert facts.undated == {"sessions": 1}


def test_a_session_dated_in_the_future_belongs_to_no_day_and_is_told(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    turn(store, AFTER + 400 * 86400, 100.0)
    store.close()

    assert told(tmp_path).undated == {"sessions": 1}


def test_the_length_of_a_session_does_not_depend_on_the_clock_on_the_wall(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    session = Session(Pseudonym("a"), Instant(100.0), Instant(9000.0))
    store.write([Entry(Moment(NOON, Instant(100.0)), SessionOpened(session, "person"), 1)])
    # NTP put the clock back by an hour meanwhile.
    store.write([Entry(Moment(NOON - 3000, Instant(700.0)), SessionEnded(session, "left"), 2)])
    store.close()

    [day] = [day for day in told(tmp_path).days if day.sessions]

    assert (day.seconds, day.minutes, day.peak) == (600.0, {10: 1}, 1)


def test_a_session_still_open_counts_and_its_length_does_not(log: Path, tmp_path: Path) -> None:
    store = SessionStore(log, "boot-1")
    session = Session(Pseudonym("a"), Instant(100.0), Instant(900_000.0))
    store.write([Entry(Moment(NOON, Instant(100.0)), SessionOpened(session, "person"), 1)])
    store.close()

    days = {day.day.day: day for day in told(tmp_path).days}

    assert (days[10].sessions, days[10].minutes) == (1, {})
    assert days[11].peak == 1


def test_a_session_over_midnight_counts_once_and_is_there_on_both_days(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    turn(store, begins(date(2026, 3, 11)) - 300, 100.0)
    store.close()

    days = {day.day: day for day in told(tmp_path).days}

    assert [days[date(2026, 3, n)].sessions for n in (10, 11)] == [1, 0]
    assert [days[date(2026, 3, n)].peak for n in (10, 11)] == [1, 1]


def test_only_days_that_are_over_are_reported() -> None:
    assert whole_days(MARCH, begins(date(2026, 3, 15)) + 5) == Period(
        MARCH.first, date(2026, 3, 14)
    )
    assert whole_days(MARCH, AFTER) == MARCH
    assert whole_days(MARCH, begins(date(2026, 3, 1)) + 5) is None


def test_a_day_of_which_nothing_was_recorded_is_not_a_day_without_sessions(
    log: Path, tmp_path: Path
) -> None:
    store = SessionStore(log, "boot-1")
    turn(store, NOON, 100.0)
    turn(store, NOON + 2 * 86400, 200_000.0, n=3)
    store.close()

    assert [day.day.day for day in told(tmp_path).days] == [10, 11, 12]


def test_without_a_session_log_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"sessions\.db is not there; no gateway has run"):
        told(tmp_path)


def test_a_file_that_is_no_database_is_said(log: Path, tmp_path: Path) -> None:
    log.write_bytes(b"not a database, but long enough to be looked at" * 9)

    with pytest.raises(ReportError, match=r"sessions\.db cannot be read: file is not a database"):
        told(tmp_path)


def test_the_log_of_another_version_is_not_read(log: Path, tmp_path: Path) -> None:
    db = sqlite_utils.Database(log)
    db.conn.execute("PRAGMA user_version = 9")
    db.close()

    with pytest.raises(ReportError, match="has schema 9, not 1"):
        told(tmp_path)


def test_a_day_known_from_two_sources_is_one_day() -> None:
    def source(name: str, made: float, sessions: int, called: str = "Khu trọ A") -> SiteFacts:
        return SiteFacts(
            place=Place(id="hp-001", name=called),
            period=MARCH,
            made=made,
            keep_days=90,
            source=name,
            days=(Day(day=date(2026, 3, 5), sessions=sessions, views={"x": 2}),),
        )

    same = merge([source("a", 1, 20), source("b", 2, 20)], MARCH)
    other = merge([source("a", 1, 20), source("b", 2, 18, "Khu trọ B")], MARCH)

    assert [(day.sessions, day.views) for day in same.days] == [(20, {"x": 2})]
    assert same.notes == ()
    assert [day.sessions for day in other.days] == [20]
    assert [note.vi for note in other.notes] == [
        "Khu trọ B (mã hp-001) trước đây tên là Khu trọ A; vẫn là một địa điểm.",
        "Ngày 05/03/2026 các nguồn ghi khác nhau (a: 20 lượt; b: 18 lượt); báo cáo lấy số lớn"
        " nhất.",
    ]
