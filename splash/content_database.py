"""One SQLite file that survives a power cut, opened, migrated and locked. No content here.

Programs may have it open at once (the staff site, `portal content`), and several threads of one
program may use one `ContentDatabase`: a lock keeps their transactions apart.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from content_cache.durable import sync_names
from content_cache.sqlite_files import (
    COPY_SECONDS,
    BrokenStore,
    bring_up,
    choose_journal,
    drop_copies,
)

SCHEMA_VERSION = 1
"""`PRAGMA user_version` of a database on which every migration has run."""


class BrokenContent(Exception):
    """The file is not a database, is damaged, cannot be used or is of a newer program."""


class ContentDatabase:
    """An open database; every access is a transaction, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Open the database at `path`, made or migrated where needed, readable by its owner only.

        Raises:
            BrokenContent: it cannot be used; the message says why.
        """
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # Drafts are nobody's business.
            bring_up(path, "splash.content_migrations", SCHEMA_VERSION)
            drop_copies(path, COPY_SECONDS)
            self._db = sqlite3.connect(path, timeout=10, check_same_thread=False)
            self._db.isolation_level = None
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA foreign_keys = ON")
            choose_journal(self._db)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything done inside is written together, or not at all if an exception leaves it.

        One inside another belongs to the outer one.

        Raises:
            BrokenContent: the file cannot be used.
        """
        with self._lock:
            if self._depth:
                yield self._db
                return
            with _told(self.path):
                self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                with _told(self.path):
                    yield self._db
                    self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # A rule of the schema: a bug of ours, and its traceback is wanted.
    except (sqlite3.Error, BrokenStore, OSError) as error:
        raise BrokenContent(f"{path}: {error}") from error


def write_whole(path: Path, data: bytes) -> None:
    """`data` in the file `path`, on the disk; or the file as it was.

    Unlike `durable.write_whole`, for a folder that one program writes and nobody sweeps: what a
    power cut leaves has a name by which it is written over, or found (`publishing.publish_to`).
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_names(path.parent)
