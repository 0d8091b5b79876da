"""What is in the session log's file after what happened, and what a new daemon reads there."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.sqlite_files import BrokenStore, NewerStore
from firewall.changes import Usage
from portal import session_store
from portal.events import (
    DeviceBlocked,
    DeviceUnblocked,
    EnforcementRestored,
    Fact,
    GatewayStarted,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
    SessionRestored,
)
from portal.session import Instant, Pseudonym, Session
from portal.session_store import (
    CLOCK_SET_AFTER,
    SCHEMA_VERSION,
    Entry,
    Moment,
    SessionStore,
    in_this_boot,
    kind,
    last_known,
)
from tests.unit.portal.world import NOVEMBER_2026, new_database, rows

DAY = 86400.0
WALL = NOVEMBER_2026
START = Moment(WALL, Instant(1000.0))
PHONE, OTHER = Pseudonym("a" * 32), Pseudonym("b" * 32)
SESSION = Session(PHONE, started=Instant(1000.0), ends=Instant(4600.0))


def later(seconds: float) -> Moment:
    return Moment(START.wall + seconds, Instant(START.monotonic + seconds))


def entries(*facts: Fact, at: Moment = START) -> list[Entry]:
    return [Entry(at, fact, n) for n, fact in enumerate(facts, 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return new_database(tmp_path / "sessions.db")


@pytest.fixture
def store(path: Path) -> Any:
    store = SessionStore(path, "boot-1")
    yield store
    store.close()


def sessions(path: Path, *columns: str) -> list[tuple[Any, ...]]:
    return rows(path, f"SELECT {', '.join(columns)} FROM sessions ORDER BY id")


def test_a_session_that_opened_is_a_row_without_an_end(store: SessionStore, path: Path) -> None:
    store.write(entries(SessionOpened(SESSION, "person", "2026-11")))

    assert sessions(path, "pseudonym", "conditions", "boot_id", "started", "ends") == [
        (PHONE, "2026-11", "boot-1", 1000.0, 4600.0)
    ]
    assert sessions(path, "started_wall", "ended_wall", "end_reason", "up_bytes") == [
        (WALL, None, None, 0)
    ]


def test_a_renewed_session_stays_one_row(store: SessionStore, path: Path) -> None:
    renewed = replace(SESSION, ends=Instant(9000.0))

    store.write(entries(SessionOpened(SESSION, "person"), SessionRenewed(renewed, "person")))

    assert sessions(path, "started", "ends", "ended_wall") == [(1000.0, 9000.0, None)]


def test_an_ended_session_says_when_how_long_and_why(store: SessionStore, path: Path) -> None:
    store.write(entries(SessionOpened(SESSION, "person")))
    store.write([Entry(later(600), SessionEnded(SESSION, "left"), 2)])

    assert sessions(path, "ended_wall", "seconds", "end_reason") == [(WALL + 600, 600.0, "left")]


def test_a_session_that_is_ended_late_was_no_longer_for_that(
    store: SessionStore, path: Path
) -> None:
    store.write(entries(SessionOpened(SESSION, "person")))
    store.write([Entry(later(9999), SessionEnded(SESSION, "expired"), 2)])

    assert sessions(path, "seconds") == [(3600.0,)]


def test_a_second_session_of_a_device_is_a_second_row(store: SessionStore, path: Path) -> None:
    again = Session(PHONE, started=Instant(2000.0), ends=Instant(5600.0))

    store.write(entries(SessionOpened(SESSION, "person"), SessionEnded(SESSION, "left")))
    store.write([Entry(later(1000), SessionOpened(again, "staff"), 3)])

    assert sessions(path, "end_reason", "started") == [("left", 1000.0), (None, 2000.0)]


def test_usage_is_kept_with_the_open_session_only(store: SessionStore, path: Path) -> None:
    store.write(entries(SessionOpened(SESSION, "person"), SessionEnded(SESSION, "left")))
    again = Session(PHONE, started=Instant(2000.0), ends=Instant(5600.0))
    store.write([Entry(later(1000), SessionOpened(again, "person"), 3)])

    store.write([Entry(later(1100), usage={PHONE: Usage(10, 20), OTHER: Usage(1, 1)})])

    assert sessions(path, "up_bytes", "down_bytes") == [(0, 0), (10, 20)]


def test_an_event_says_what_happened_and_when(store: SessionStore, path: Path) -> None:
    store.write(
        entries(
            GatewayStarted("1.0"),
            SessionOpened(SESSION, "person", "2026-11"),
            DeviceBlocked(OTHER, "ồn ào"),
        )
    )

    assert rows(path, "SELECT epoch, n, kind, wall, monotonic, boot_id, pseudonym FROM events") == [
        (1, 1, "gateway-started", WALL, 1000.0, "boot-1", None),
        (1, 2, "session-opened", WALL, 1000.0, "boot-1", PHONE),
        (1, 3, "device-blocked", WALL, 1000.0, "boot-1", OTHER),
    ]
    assert [json.loads(d) for (d,) in rows(path, "SELECT detail FROM events")] == [
        {"version": "1.0"},
        {"started": 1000.0, "ends": 4600.0, "by": "person", "conditions": "2026-11"},
        {"reason": "ồn ào"},
    ]


def test_each_start_is_a_new_epoch(store: SessionStore, path: Path) -> None:
    store.write(entries(GatewayStarted("1.0")))

    second = SessionStore(path, "boot-1")

    assert (store.epoch, second.epoch) == (1, 2)
    second.close()


def test_all_of_a_batch_is_written_or_nothing(store: SessionStore, path: Path) -> None:
    twice_the_same_number = [*entries(GatewayStarted("1.0")), *entries(GatewayStarted("1.0"))]

    with pytest.raises(sqlite3.IntegrityError):
        store.write([Entry(START, SessionOpened(SESSION, "person"), 7), *twice_the_same_number])

    assert sessions(path, "id") == []
    assert rows(path, "SELECT * FROM last_moment") == []


def test_blocked_devices_are_listed_until_they_are_unblocked(
    store: SessionStore, path: Path
) -> None:
    store.write(entries(DeviceBlocked(PHONE, "noise"), DeviceBlocked(OTHER, "")))
    store.write([Entry(START, DeviceUnblocked(PHONE), 3)])

    assert store.take_over(later(1))[1] == {OTHER}


# Taking over


def test_a_restart_finds_open_sessions_as_they_were(store: SessionStore, path: Path) -> None:
    store.write(entries(SessionOpened(SESSION, "person")))
    ended = replace(SESSION, pseudonym=OTHER)
    store.write([Entry(START, SessionOpened(ended, "person"), 2)])
    store.write([Entry(START, SessionEnded(ended, "left"), 3)])

    assert SessionStore(path, "boot-1").take_over(later(60)) == ([SESSION], frozenset())


def after_power_cut(path: Path, away: float, wall: float | None = None) -> list[Session]:
    """What a daemon finds that starts 20 s after a boot."""
    now = Moment(WALL + 600 + away if wall is None else wall, Instant(20.0))
    store = SessionStore(path, "boot-2")
    found, _ = store.take_over(now)
    store.close()
    return found


@pytest.fixture
def cut_off(store: SessionStore, path: Path) -> Path:
    """600 s into a session of an hour."""
    store.write(entries(SessionOpened(SESSION, "person")))
    store.write([Entry(later(600), usage={PHONE: Usage(100, 200)})])
    store.close()
    return path


def test_after_a_power_cut_the_time_without_power_counts(cut_off: Path) -> None:
    assert after_power_cut(cut_off, away=1000) == [
        Session(PHONE, started=Instant(20.0 - 1600), ends=Instant(20.0 + 2000))
    ]


def test_a_clock_that_nobody_set_costs_nobody_time(cut_off: Path) -> None:
    assert after_power_cut(cut_off, away=1000, wall=20.0) == [
        Session(PHONE, started=Instant(20.0 - 600), ends=Instant(20.0 + 3000))
    ]


def test_after_two_power_cuts_the_time_is_still_right(cut_off: Path) -> None:
    after_power_cut(cut_off, away=1000)

    store = SessionStore(cut_off, "boot-3")
    found, _ = store.take_over(Moment(WALL + 600 + 1000 + 500, Instant(5.0)))

    assert found == [Session(PHONE, started=Instant(5.0 - 2100), ends=Instant(5.0 + 1500))]


def test_counters_go_on_from_where_they_were_before_the_power_cut(cut_off: Path) -> None:
    after_power_cut(cut_off, away=10)

    store = SessionStore(cut_off, "boot-2")
    store.write([Entry(Moment(WALL + 700, Instant(90.0)), usage={PHONE: Usage(1, 2)})])

    assert sessions(cut_off, "up_bytes", "down_bytes") == [(101, 202)]


def test_a_file_that_can_only_be_read_tells_the_same(cut_off: Path) -> None:
    now = Moment(WALL + 1600, Instant(20.0))

    known = last_known(cut_off, "boot-2", now)

    assert known == SessionStore(cut_off, "boot-2").take_over(now)


clocks = st.floats(CLOCK_SET_AFTER + 1, CLOCK_SET_AFTER + 10 * 365 * DAY)
uptimes = st.floats(0, 1000 * DAY)


@given(then_wall=clocks, away=st.floats(1, 30 * DAY), then=uptimes, now=uptimes)
def test_with_good_clocks_no_turn_is_longer_or_shorter_for_a_power_cut(
    then_wall: float, away: float, then: float, now: float
) -> None:
    session = Session(PHONE, started=Instant(then - 600), ends=Instant(then + 3000))

    moved = in_this_boot(
        session, Moment(then_wall, Instant(then)), Moment(then_wall + away, Instant(now))
    )

    assert moved.ends - now == pytest.approx(3000 - away, abs=1e-3)
    assert moved.ends - moved.started == pytest.approx(3600, abs=1e-3)


@given(then_wall=clocks, now_wall=st.floats(0, CLOCK_SET_AFTER), then=uptimes, now=uptimes)
def test_with_a_clock_that_went_back_no_turn_is_shortened(
    then_wall: float, now_wall: float, then: float, now: float
) -> None:
    session = Session(PHONE, started=Instant(then - 600), ends=Instant(then + 3000))

    moved = in_this_boot(session, Moment(then_wall, Instant(then)), Moment(now_wall, Instant(now)))

    assert moved.ends - now == pytest.approx(3000, abs=1e-3)


def test_before_the_clock_was_ever_set_no_turn_is_shortened() -> None:
    session = Session(PHONE, started=Instant(0.0), ends=Instant(3600.0))

    moved = in_this_boot(session, Moment(100.0, Instant(100.0)), Moment(WALL, Instant(20.0)))

    assert moved.ends - 20.0 == 3500.0


# Forgetting


def test_old_sessions_become_totals_of_the_day_they_began(store: SessionStore, path: Path) -> None:
    vietnamese_midnight = 17 * 3600.0  # UTC+7
    for n, start in enumerate([vietnamese_midnight - 60, vietnamese_midnight + 60, 20 * 3600.0]):
        at = Moment(WALL + start, Instant(1000.0 + start))
        session = Session(PHONE, started=at.monotonic, ends=Instant(at.monotonic + 3600))
        end = Moment(at.wall + 600, Instant(at.monotonic + 600))
        store.write(
            [
                Entry(at, SessionOpened(session, "person"), 3 * n + 1),
                Entry(at, usage={PHONE: Usage(10, 100)}),
                Entry(end, SessionEnded(session, "left"), 3 * n + 2),
            ]
        )

    store.forget_before(WALL + 2 * DAY)

    assert sessions(path, "id") == []
    assert rows(path, "SELECT * FROM days ORDER BY day") == [
        ("2026-11-23", 1, 600.0, 10, 100),
        ("2026-11-24", 2, 1200.0, 20, 200),
    ]


def test_totals_of_a_day_are_added_up_over_several_rounds(store: SessionStore, path: Path) -> None:
    for n in range(2):
        session = replace(SESSION, started=Instant(1000.0 + n))
        at = later(n)
        store.write([Entry(at, SessionOpened(session, "person"), 2 * n + 1)])
        store.write([Entry(at, SessionEnded(session, "left"), 2 * n + 2)])
        store.forget_before(WALL + DAY)

    assert rows(path, "SELECT sessions FROM days") == [(2,)]


def test_open_and_young_sessions_are_not_forgotten(store: SessionStore, path: Path) -> None:
    young = replace(SESSION, pseudonym=OTHER)
    store.write(entries(SessionOpened(SESSION, "person"), SessionOpened(young, "person")))
    store.write([Entry(later(100), SessionEnded(young, "left"), 3)])

    store.forget_before(WALL + 100)

    assert sessions(path, "pseudonym") == [(PHONE,), (OTHER,)]


def test_events_of_the_newest_epoch_stay_so_that_no_number_is_used_twice(path: Path) -> None:
    for _ in range(2):
        store = SessionStore(path, "boot-1")
        store.write(entries(GatewayStarted("1.0")))

    store.forget_before(WALL + DAY)

    assert rows(path, "SELECT epoch FROM events") == [(2,)]


# The file


def test_a_new_file_is_made_by_a_program_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new.db"

    store = SessionStore(path, "boot-1")
    store.write(entries(EnforcementRestored(1.5), SessionRestored(SESSION)))

    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    store.close()


def test_an_empty_file_is_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()

    assert SessionStore(path, "boot-1").epoch == 1


def test_a_file_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        SessionStore(tmp_path / "no such folder" / "sessions.db", "boot-1")


@pytest.mark.parametrize("size", [1, 16, 100, 1000])
def test_a_file_of_something_else_is_broken(tmp_path: Path, size: int) -> None:
    path = tmp_path / "sessions.db"
    path.write_bytes(b"not a database, that is for sure; " * size)

    with pytest.raises(BrokenStore):
        SessionStore(path, "boot-1")


def test_a_file_cut_in_half_is_broken(store: SessionStore, path: Path) -> None:
    store.write(entries(SessionOpened(SESSION, "person")))
    store.close()
    path.write_bytes(path.read_bytes()[: 4096 * 3])

    with pytest.raises(BrokenStore):
        SessionStore(path, "boot-1").take_over(later(1))


def test_a_file_of_a_newer_portal_is_not_touched(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    before = path.read_bytes()

    with pytest.raises(NewerStore, match="newer portal"):
        SessionStore(path, "boot-1")

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("fact", "name"),
    [
        (GatewayStarted("1"), "gateway-started"),
        (SessionEnded(SESSION, "left"), "session-ended"),
        (EnforcementRestored(1.0), "enforcement-restored"),
    ],
)
def test_a_kind_is_written_with_dashes(fact: Fact, name: str) -> None:
    assert kind(fact) == name


def test_the_boot_has_a_name() -> None:
    assert len(session_store.boot_id()) == 36
