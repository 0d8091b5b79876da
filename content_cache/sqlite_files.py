"""What every SQLite file that is written for years needs: its schema, its journal, and words for
damage. No table here: the session log, answers.db and the staff's content have theirs elsewhere.
"""

import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from content_cache.durable import sync_names

COPY_SECONDS = 14 * 86400.0
"""How long a copy of before a migration is kept, for the way back."""

_USABLE_FROM = "usable_from"
"""A table with one row, `oldest`: the lowest schema whose programs may go on using the file. A
migration that only adds (tables, columns that may be left out) writes it; without, none may."""

log = logging.getLogger("portal")


class BrokenStore(Exception):
    """The file is not a database, not a whole one, or not one of ours."""


class NewerStore(sqlite3.OperationalError):
    """The file is of a newer program, which alone may use it."""


def bring_up(path: Path, module: str, version: int) -> None:
    """Make the database at `path` one of schema `version`, by the migrations of `module`.

    They run as a program of their own, so that sqlite-utils is not in this one's memory.

    Raises:
        BrokenStore: the file is damaged.
        NewerStore: only a newer program may use it.
        sqlite3.Error, OSError: it cannot be made.
    """
    if not needs_migration(path, version):
        return
    made = subprocess.run(
        [sys.executable, "-m", module, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines()
        raise sqlite3.OperationalError(lines[-1] if lines else "the migration failed")


def needs_migration(path: Path, version: int) -> bool:
    """Whether the database at `path` has still to become one of schema `version`.

    Before it does, a copy is kept. One that a newer program has migrated stays as it is where that
    one says that ours may use it; else the copy takes its place, if there is one.

    Raises:
        NewerStore: only a newer program may use it.
        sqlite3.Error, OSError: it cannot be read, or there is no room for the copy.
    """
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, timeout=5)) as db:
        schema = db.execute("PRAGMA user_version").fetchone()[0]
        if schema == version or (schema > version and _oldest_user(db, schema) <= version):
            return False
        if 0 < schema < version:
            _keep_copy(db, path, schema)
    if schema > version:
        _go_back(path, schema, version)
        return False
    return True


def _oldest_user(db: sqlite3.Connection, schema: int) -> int:
    with suppress(sqlite3.OperationalError):  # No such table.
        if row := db.execute(f"SELECT oldest FROM {_USABLE_FROM}").fetchone():
            return int(row[0])
    return schema


def _copy_of(path: Path, schema: int) -> Path:
    return path.with_name(f"{path.name}.v{schema}")


def _keep_copy(db: sqlite3.Connection, path: Path, schema: int) -> None:
    """Copy the database as it is before a migration; those of older schemas go."""
    copy, part = _copy_of(path, schema), path.with_name(f".{path.name}.copy.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, path.stat().st_mode & 0o777))
    try:
        with closing(sqlite3.connect(part)) as new:
            db.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_names(path.parent)
    for older in range(1, schema):
        _copy_of(path, older).unlink(missing_ok=True)


def _go_back(path: Path, schema: int, version: int) -> None:
    """Put the copy of before the migration in place of what a newer program made of it.

    Nothing is thrown away: the newer file has its rows under another name. Killed at any moment,
    the newer or the copy is there.
    """
    copy, aside = _copy_of(path, version), _copy_of(path, schema)
    if not copy.exists():
        raise NewerStore(
            f"its schema {schema} is of a newer portal, and this one knows {version};"
            " install the newer one again"
        )
    with closing(sqlite3.connect(path, timeout=5)) as db:
        db.execute("PRAGMA journal_mode = DELETE")  # All of it is in the one file.
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.v{schema}-{number}")
    aside.hardlink_to(path)
    copy.replace(path)
    sync_names(path.parent)
    log.error(
        "%s is of a newer portal (schema %d); it is kept as %s, and its copy of before the upgrade"
        " serves: what was written since is not in it",
        path,
        schema,
        aside.name,
    )


def drop_copies(path: Path, older_than: float = 0.0) -> None:
    """Delete copies of before an upgrade that are older than so many seconds."""
    for copy in path.parent.glob(f"{path.name}.v[0-9]*"):
        with suppress(FileNotFoundError):
            if time.time() - copy.stat().st_mtime >= older_than:
                copy.unlink()


def choose_journal(db: sqlite3.Connection) -> None:
    """WAL where the file system can (not JFFS2), TRUNCATE elsewhere; FULL either way.

    JFFS2 accepts the pragma and fails on the first write, so one is tried.
    """
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")  # What is forgotten is overwritten, not unlinked.
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "I/O" not in str(error) and "locking" not in str(error):
            raise
        db.execute("PRAGMA journal_mode = TRUNCATE")


_DAMAGE = (
    "not a database",
    "malformed",
    "unsupported file format",
    "no such table",
    "no such column",
    "has no column",
    "already exists",
)


@contextmanager
def damage_told() -> Iterator[None]:
    """Tell a damaged file from one that cannot be used just now, by SQLite's words."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if any(words in str(error) for words in _DAMAGE):
            raise BrokenStore(str(error)) from error
        raise


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of what is done meanwhile, or nothing of it. For a connection without isolation level."""
    with damage_told():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def empty_journal(db: sqlite3.Connection) -> None:
    """Have what was deleted leave the journal, too. A reader may hold the old one for a moment;
    SQLite takes it up again by itself."""
    with damage_told():
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def leave_nothing(db: sqlite3.Connection) -> None:
    """Have what a person deleted leave the journal, and the copies of before an upgrade."""
    empty_journal(db)
    drop_copies(Path(db.execute("PRAGMA database_list").fetchone()[2]))
