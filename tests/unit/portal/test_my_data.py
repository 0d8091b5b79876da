"""What the log holds about one device: found under all its names, shown in words, forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firewall.changes import Usage
from portal import my_data
from portal.device_record import DeviceRecord, Turn
from portal.events import DeviceBlocked, Fact, SessionEnded, SessionOpened
from portal.session import Instant, Pseudonym, Session
from portal.session_store import Entry, Moment, SessionStore
from splash import views
from tests.unit.portal.world import NOVEMBER_2026, new_database, rows

OLD, NEW, LASTING, OTHER = (Pseudonym(name * 32) for name in "abcd")
DEVICE = (NEW, OLD, LASTING)
DAY = 86400.0


class Writer:
    def __init__(self, path: Path) -> None:
        self.store = SessionStore(path, "boot-1")
        self.n = 0

    def write(self, wall: float, fact: Fact, usage: Usage | None = None) -> None:
        self.n += 1
        at = Moment(wall, Instant(wall - NOVEMBER_2026))
        session = getattr(fact, "session", None)
        used = {session.pseudonym: usage} if session and usage else {}
        self.store.write([Entry(at, usage=used), Entry(at, fact, self.n)])

    def turn(self, name: Pseudonym, wall: float) -> None:
        began = Instant(wall - NOVEMBER_2026)
        session = Session(name, began, Instant(began + 600))
        self.write(wall, SessionOpened(session, "person", "1.0"))
        self.write(wall + 600, SessionEnded(session, "expired"), Usage(1000, 5000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return new_database(tmp_path / "sessions.db")


@pytest.fixture
def log(path: Path) -> Iterator[Writer]:
    log = Writer(path)
    yield log
    log.store.close()


def test_a_device_is_found_under_all_its_names_and_no_others(log: Writer) -> None:
    log.turn(OLD, NOVEMBER_2026 - 20 * DAY)
    log.turn(NEW, NOVEMBER_2026)
    log.turn(OTHER, NOVEMBER_2026)
    log.write(NOVEMBER_2026 + 700, DeviceBlocked(LASTING, "noise"))

    record = log.store.record_of(DEVICE)

    assert record == DeviceRecord(
        (
            Turn(NOVEMBER_2026, NOVEMBER_2026 + 600, "1.0", 1000, 5000),
            Turn(NOVEMBER_2026 - 20 * DAY, NOVEMBER_2026 - 20 * DAY + 600, "1.0", 1000, 5000),
        ),
        events=5,
        blocked_since=NOVEMBER_2026 + 700,
    )


def test_what_is_erased_is_counted_and_in_no_file_any_more(log: Writer, path: Path) -> None:
    log.turn(NEW, NOVEMBER_2026)
    log.turn(OTHER, NOVEMBER_2026)

    log.store.erase(DEVICE)

    assert log.store.record_of(DEVICE) == DeviceRecord()
    assert rows(path, "SELECT pseudonym FROM sessions") == [(OTHER,)]
    assert rows(path, "SELECT * FROM days") == [("2026-11-23", 1, 600.0, 1000, 5000)]
    assert rows(path, "SELECT count(*) FROM events") == [(4,)]
    for file in path.parent.iterdir():
        assert NEW.encode() not in file.read_bytes(), file


def test_a_block_outlives_deletion(log: Writer) -> None:
    log.write(NOVEMBER_2026, DeviceBlocked(LASTING, "noise"))

    log.store.erase(DEVICE)

    assert log.store.record_of(DEVICE) == DeviceRecord(blocked_since=NOVEMBER_2026)


def test_erasing_what_is_not_there_writes_nothing(log: Writer, path: Path) -> None:
    log.turn(OTHER, NOVEMBER_2026)
    journal = path.with_name(path.name + "-wal")
    before = journal.read_bytes()

    log.store.erase(DEVICE)

    assert journal.read_bytes() == before


def test_a_daemon_that_runs_for_months_forgets_events_too(log: Writer, path: Path) -> None:
    log.turn(OLD, NOVEMBER_2026 - 100 * DAY)
    log.turn(NEW, NOVEMBER_2026)

    log.store.forget_before(NOVEMBER_2026 - 90 * DAY)

    assert rows(path, "SELECT pseudonym FROM events") == [(NEW,), (NEW,)]


def test_the_number_of_the_last_event_is_never_used_twice(log: Writer, path: Path) -> None:
    log.turn(OLD, NOVEMBER_2026 - 100 * DAY)

    log.store.forget_before(NOVEMBER_2026)

    assert rows(path, "SELECT n, pseudonym FROM events") == [(2, None)]


def test_the_record_in_words() -> None:
    record = DeviceRecord(
        (Turn(NOVEMBER_2026, None, None, 0, 12_345_678), Turn(10.0, 20.0, "1.0", 999, 1_500)),
        events=3,
    )

    assert my_data.shown(record, "vi") == views.MyData(
        (
            views.Turn("23/11/2026 07:00", None, None, "0 B", "12,3 MB"),
            views.Turn(None, "?", "1.0", "999 B", "1,5 kB"),
        ),
        all_turns=2,
        events=3,
    )


def test_a_page_has_the_newest_turns_and_the_copy_all() -> None:
    turns = tuple(Turn(NOVEMBER_2026 - n, NOVEMBER_2026, "1.0", 0, 0) for n in range(100))
    record = DeviceRecord(turns)

    page = my_data.shown(record, "en")

    assert (len(page.turns), page.all_turns) == (my_data.MOST_SHOWN, 100)
    assert len(my_data.as_csv(record).splitlines()) == 101
