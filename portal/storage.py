"""Opens what outlives the daemon, and says what is in the way.

A broken file is renamed, said loudly and begun anew: the network must not wait for somebody to
mend it. A full disk is no reason not to start either.
"""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from content_cache.sqlite_files import BrokenStore
from portal.hearing import Hearing
from portal.machine import StartError
from portal.pseudonyms import Pseudonyms
from portal.session import Pseudonym, Session
from portal.session_store import Moment, SessionStore, boot_id, last_known

T = TypeVar("T")

_NO_ROOM = ("disk is full", "disk I/O error")
"""SQLite's words. The second is about the file beside the database that it cannot make."""

log = logging.getLogger("portal")


def writable(folder: Path) -> None:
    """Make `folder` if need be.

    Raises:
        StartError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StartError(f"{folder} cannot be written by this user")


def only_one(path: Path) -> IO[str]:
    """Hold `path` locked as long as the file is open.

    Raises:
        StartError: another daemon holds it, or it cannot be made.
    """
    try:
        # Root takes it too, in a folder of the daemon's: a link could lead to any file.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.fdopen(os.open(path, flags, 0o644), "r+")
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        pid = lock.read().strip() or "?"
        lock.close()
        raise StartError(
            f"another portal is running here (process {pid}, which holds {path}); stop it first"
        ) from None
    with suppress(OSError):  # The lock counts; the number is for people.
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
    return lock


def open_keys(path: Path) -> Pseudonyms:
    """The names of devices.

    Raises:
        StartError: the file cannot be opened.
    """
    try:
        return _kept_aside(path, Pseudonyms, ValueError)
    except OSError as error:
        raise StartError(f"{path} cannot be opened: {error.strerror}") from None


def open_answers(path: Path) -> Hearing:
    """What workers said; a broken file is kept aside, and begun anew.

    Raises:
        BrokenStore, sqlite3.Error, OSError: it cannot be opened.
    """
    return _kept_aside(path, Hearing, BrokenStore)


@dataclass(frozen=True, slots=True)
class Kept:
    """The session log, and what an earlier daemon left in it.

    There is no store while the disk is too full to open it; `reopen` does so later, and begins
    anew where the file breaks meanwhile.
    """

    store: SessionStore | None
    sessions: list[Session]
    blocked: frozenset[Pseudonym]
    reopen: Callable[[], SessionStore]


def open_log(path: Path, now: Moment) -> Kept:
    """The session log at `path`, its open sessions in this boot's time.

    Raises:
        StartError: the file cannot be opened.
    """

    def reopen() -> SessionStore:
        # Of the same moment: how long the power was away has been decided.
        store, _, _ = _kept_aside(path, lambda path: _taken_over(path, now), BrokenStore)
        return store

    try:
        return Kept(*_kept_aside(path, lambda path: _taken_over(path, now), BrokenStore), reopen)
    except sqlite3.OperationalError as error:
        if not any(words in str(error) for words in _NO_ROOM):
            raise StartError(f"{path} cannot be opened: {error}") from None
    except (OSError, sqlite3.Error, BrokenStore) as error:
        raise StartError(f"{path} cannot be opened: {error}") from None
    try:
        return Kept(None, *last_known(path, boot_id(), now), reopen)
    except sqlite3.Error:
        return Kept(None, [], frozenset(), reopen)


def _taken_over(
    path: Path, now: Moment
) -> tuple[SessionStore, list[Session], frozenset[Pseudonym]]:
    store = SessionStore(path, boot_id())
    try:
        return store, *store.take_over(now)
    except BaseException:
        store.close()
        raise


def _kept_aside(path: Path, open_file: Callable[[Path], T], broken: type[Exception]) -> T:
    """Open a file; a broken one is renamed, said loudly, and begun anew."""
    try:
        return open_file(path)
    except broken as error:
        aside = f"{path.name}.broken-{int(time.time())}"
        for part in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + part).rename(path.with_name(aside + part))
        log.error("%s is broken (%s); it is kept as %s and begun anew", path, error, aside)
        return open_file(path)
