"""The queue in front of the session log: it never waits, never fails, and loses little."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from content_cache.sqlite_files import BrokenStore
from firewall.changes import Usage
from portal.events import GatewayStarted, SessionOpened
from portal.session import Instant, Pseudonym, Session
from portal.session_log import SessionLog
from portal.session_store import Entry, SessionStore
from tests.unit.portal.world import Clock, new_database, rows

FULL = sqlite3.OperationalError("database or disk is full")
SESSION = Session(Pseudonym("a" * 32), started=Instant(0.0), ends=Instant(3600.0))


class Disk(SessionStore):
    """A real store on a disk that may have no room."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "boot-1")
        self.trouble: Exception | None = None
        self.batches: list[int] = []
        self.closed = False

    def write(self, entries: Sequence[Entry]) -> None:
        if self.trouble is not None:
            raise self.trouble
        super().write(entries)
        self.batches.append(len(entries))

    def forget_before(self, wall: float) -> None:
        if self.trouble is not None:
            raise self.trouble
        super().forget_before(wall)

    def close(self) -> None:
        super().close()
        self.closed = True


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(new_database(tmp_path / "sessions.db"))


@pytest.fixture
def log(disk: Disk) -> SessionLog:
    return SessionLog(disk, Clock().moment, retry_seconds=0.01, most_waiting=1000)


@asynccontextmanager
async def writing(log: SessionLog) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(log.run())
        yield
        running.cancel()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for is a thread's.
            await asyncio.sleep(0.001)


def events(tmp_path: Path) -> list[int]:
    return [n for (n,) in rows(tmp_path / "sessions.db", "SELECT n FROM events ORDER BY rowid")]


def said(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == level]


async def test_what_is_appended_is_written_in_order(log: SessionLog, tmp_path: Path) -> None:
    async with writing(log):
        for version in "abc":
            log.append((GatewayStarted(version), GatewayStarted(version)))
            await asyncio.sleep(0)
        await until(lambda: not log.waiting)

    assert events(tmp_path) == [1, 2, 3, 4, 5, 6]


async def test_counters_come_before_the_facts_they_belong_to(
    log: SessionLog, tmp_path: Path
) -> None:
    log.append((SessionOpened(SESSION, "person"),))
    log.append((GatewayStarted("1"),), {SESSION.pseudonym: Usage(1, 2)})
    await log.close()

    found = rows(tmp_path / "sessions.db", "SELECT up_bytes, down_bytes FROM sessions")
    assert found == [(1, 2)]
    assert events(tmp_path) == [1, 2]  # Counters alone have no number.


async def test_a_crowd_is_written_in_few_transactions(log: SessionLog, disk: Disk) -> None:
    for _ in range(900):
        log.append((GatewayStarted("1"),))

    async with writing(log):
        await until(lambda: not log.waiting)

    assert disk.batches == [500, 400]


async def test_a_full_disk_is_said_once_and_loses_nothing(
    log: SessionLog, disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    disk.trouble = FULL

    async with writing(log):
        log.append((GatewayStarted("1"),))
        await until(lambda: log.failing)
        log.append((GatewayStarted("2"),))
        await asyncio.sleep(0.05)  # Several tries.
        assert str(log.failing) == "database or disk is full"
        disk.trouble = None
        await until(lambda: not log.waiting)

    assert log.failing is None
    assert events(tmp_path) == [1, 2]
    assert said(caplog, logging.ERROR) == [
        "the session log cannot be written (database or disk is full); entries wait in memory"
    ]
    assert said(caplog, logging.WARNING) == [
        "the session log can be written again; 0 entries were lost"
    ]


async def test_what_waits_is_bounded_and_the_oldest_goes(
    disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    log = SessionLog(disk, Clock().moment, retry_seconds=0.01, most_waiting=10)
    disk.trouble = FULL

    async with writing(log):
        for _ in range(25):
            log.append((GatewayStarted("1"),))
        await until(lambda: log.failing)
        assert (log.waiting, log.lost) == (10, 15)
        disk.trouble = None
        await until(lambda: not log.waiting)

    assert events(tmp_path) == list(range(16, 26))  # The gap can be seen.
    assert said(caplog, logging.WARNING)[-1].endswith("15 entries were lost")


async def test_closing_writes_the_rest(log: SessionLog, disk: Disk, tmp_path: Path) -> None:
    log.append((GatewayStarted("1"), GatewayStarted("2")))

    await log.close()

    assert events(tmp_path) == [1, 2]
    assert disk.closed


async def test_closing_on_a_full_disk_says_how_much_is_lost(
    log: SessionLog, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.trouble = FULL
    log.append((GatewayStarted("1"),))

    await log.close()

    assert said(caplog, logging.ERROR)[-1] == "1 entries of the session log were never written"
    assert disk.closed


async def test_a_writer_that_is_cancelled_repeats_nothing(log: SessionLog, tmp_path: Path) -> None:
    for n in range(50):
        async with writing(log):
            log.append((GatewayStarted(str(n)),))
            await asyncio.sleep(0)
    await log.close()

    assert events(tmp_path) == list(range(1, 51))


async def test_a_file_that_breaks_is_begun_anew(disk: Disk, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.db"
    log = SessionLog(
        disk,
        Clock().moment,
        reopen=lambda: SessionStore(new_database(fresh), "boot-1"),
        retry_seconds=0.01,
    )
    disk.trouble = BrokenStore("database disk image is malformed")

    async with writing(log):
        log.append((GatewayStarted("1"),))
        await until(lambda: not log.waiting)
    await log.close()

    assert disk.closed
    assert rows(fresh, "SELECT n FROM events") == [(1,)]


async def test_a_log_without_a_file_waits_for_one(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    room = False

    def reopen() -> SessionStore:
        if not room:
            raise FULL
        return SessionStore(new_database(path), "boot-1")

    log = SessionLog(None, Clock().moment, reopen=reopen, retry_seconds=0.01)
    async with writing(log):
        log.append((GatewayStarted("1"),))
        await log.forget_before(1e10)  # Nothing to forget is no error.
        await until(lambda: log.failing)
        room = True
        await until(lambda: not log.waiting)
    await log.close()

    assert rows(path, "SELECT n FROM events") == [(1,)]


async def test_nothing_is_forgotten_by_a_clock_that_nobody_set(log: SessionLog, disk: Disk) -> None:
    disk.trouble = AssertionError("not to be asked")

    await log.forget_before(1000.0)


async def test_forgetting_on_a_full_disk_is_put_off(
    log: SessionLog, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.trouble = FULL

    await log.forget_before(1e10)

    assert said(caplog, logging.ERROR) == [
        "old sessions could not be turned into totals: database or disk is full"
    ]
