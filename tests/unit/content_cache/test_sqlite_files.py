"""A database that an older or a newer program made: forward, back, and nothing lost unsaid."""

import logging
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from content_cache import sqlite_files
from content_cache.sqlite_files import NewerStore, bring_up, drop_copies, leave_nothing
from portal.machine import StartError
from portal.session import Instant
from portal.session_store import Moment
from portal.storage import open_log

VERSION = 2
"""Of this program; an older one had 1, a newer one has 3."""


def made(path: Path, schema: int, *rows: str, usable_from: int | None = None) -> Path:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE row (text)")
        db.executemany("INSERT INTO row VALUES (?)", [(row,) for row in rows])
        if usable_from is not None:
            db.execute("CREATE TABLE usable_from (oldest)")
            db.execute("INSERT INTO usable_from VALUES (?)", (usable_from,))
        db.execute(f"PRAGMA user_version = {schema}")
    return path


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [text for (text,) in db.execute("SELECT text FROM row")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python3 -m anything FILE` does here: bring the file to this program's schema."""
    program = tmp_path / "migrate"
    program.write_text(
        f"#!{sys.executable}\nimport sqlite3, sys\n"
        f"sqlite3.connect(sys.argv[-1]).execute('PRAGMA user_version = {VERSION}')\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sqlite_files.sys, "executable", str(program))


@pytest.mark.usefixtures("migration")
def test_before_a_migration_a_copy_is_kept(path: Path) -> None:
    made(path, 1, "before").chmod(0o640)

    bring_up(path, "any.module", VERSION)

    copy = path.with_name("sessions.db.v1")
    assert rows(path) == rows(copy) == ["before"]
    assert copy.stat().st_mode & 0o777 == 0o640
    assert {file.name for file in path.parent.iterdir()} == {
        *("sessions.db", "sessions.db.v1", "migrate")
    }


@pytest.mark.usefixtures("migration")
def test_only_the_last_copy_is_kept(path: Path) -> None:
    made(path, VERSION, "now")
    made(path.with_name("sessions.db.v1"), 1, "long ago")

    bring_up(path, "any.module", VERSION)
    assert path.with_name("sessions.db.v1").exists()
    sqlite_files.needs_migration(path, VERSION + 1)

    assert not path.with_name("sessions.db.v1").exists()
    assert rows(path.with_name("sessions.db.v2")) == ["now"]


def test_what_only_was_added_to_is_used_on(path: Path) -> None:
    made(path, 3, "by the newer program", usable_from=VERSION)
    made(path.with_name("sessions.db.v2"), VERSION, "before")

    bring_up(path, "any.module", VERSION)

    assert rows(path) == ["by the newer program"]
    assert path.with_name("sessions.db.v2").exists()


@pytest.mark.parametrize("usable_from", [None, 3])
def test_what_was_changed_is_kept_and_the_copy_takes_its_place(
    path: Path, usable_from: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    made(path, 3, "before", "since", usable_from=usable_from)
    made(path.with_name("sessions.db.v2"), VERSION, "before")

    with caplog.at_level(logging.ERROR):
        bring_up(path, "any.module", VERSION)

    assert rows(path) == ["before"]
    assert rows(path.with_name("sessions.db.v3")) == ["before", "since"]
    assert "it is kept as sessions.db.v3" in caplog.text
    assert not path.with_name("sessions.db.v2").exists()


def test_forward_and_back_again_keeps_every_file(path: Path) -> None:
    for number in range(3):
        made(path.with_name("new"), 3, str(number)).replace(path)
        made(path.with_name("sessions.db.v2"), VERSION, "before")
        bring_up(path, "any.module", VERSION)

    assert [rows(path.with_name(f"sessions.db.v3{end}")) for end in ("", "-2", "-3")] == [
        ["0"],
        ["1"],
        ["2"],
    ]


def test_killed_on_the_way_back_the_newer_or_the_copy_is_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(path, 3, "since")
    made(path.with_name("sessions.db.v2"), VERSION, "before")

    class Killed(BaseException):
        pass

    def killed(self: Path, target: Path) -> Path:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(Killed):
            bring_up(path, "any.module", VERSION)
    assert rows(path) == ["since"]
    bring_up(path, "any.module", VERSION)

    assert rows(path) == ["before"]
    assert rows(path.with_name("sessions.db.v3")) == ["since"]


def test_without_a_copy_a_newer_file_is_refused_and_not_kept_aside(path: Path) -> None:
    made(path, 3, "by the newer program")
    before = path.read_bytes()

    with pytest.raises(NewerStore, match="its schema 3 is of a newer portal, and this one knows 2"):
        bring_up(path, "any.module", VERSION)
    with pytest.raises(StartError, match="newer portal, and this one knows 1; install the newer"):
        open_log(path, Moment(0.0, Instant(0.0)))

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["sessions.db"]


@pytest.mark.usefixtures("migration")
def test_without_room_for_a_copy_nothing_is_migrated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(path, 1, "before")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        bring_up(path, "any.module", VERSION)

    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert not list(path.parent.glob(".*"))


def test_copies_do_not_outlive_what_was_promised(path: Path) -> None:
    made(path, VERSION, "now")
    old, new = (made(path.with_name(f"sessions.db.v{n}"), n, "x") for n in (1, 3))
    long_ago = time.time() - sqlite_files.COPY_SECONDS
    os.utime(old, (long_ago, long_ago))

    drop_copies(path, sqlite_files.COPY_SECONDS)
    assert [old.exists(), new.exists(), path.exists()] == [False, True, True]
    with closing(sqlite3.connect(path)) as db:
        leave_nothing(db)

    assert [new.exists(), path.exists()] == [False, True]
