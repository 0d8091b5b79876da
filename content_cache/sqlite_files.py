"""What every SQLite file that is written for years needs: its schema, its journal, and words for
damage. No table here: the session log, answers.db and the staff's content have theirs elsewhere.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class BrokenStore(Exception):
    """The file is not a database, not a whole one, or not one of ours."""


def bring_up(path: Path, module: str, version: int) -> None:
    """Make the database at `path` one of schema `version`, by the migrations of `module`.

    They run as a program of their own, so that sqlite-utils is not in this one's memory.

    Raises:
        BrokenStore: the file is damaged, or of a newer program.
        sqlite3.Error, OSError: it cannot be made.
    """
    if path.exists():
        with closing(sqlite3.connect(path, timeout=5)) as db:
            schema = db.execute("PRAGMA user_version").fetchone()[0]
            if schema == version:
                return
            if schema > version:
                raise BrokenStore(f"its schema {schema} is of a newer portal, or of none")
    made = subprocess.run(
        [sys.executable, "-m", module, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines()
        raise sqlite3.OperationalError(lines[-1] if lines else "the migration failed")


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
