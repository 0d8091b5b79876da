"""What `portal backup` does: everything of a site that outlives its router, into one file.

It works beside the running gateway and staff site. Databases are copied as they are at one moment,
by SQLite; the store of releases is held still meanwhile, so that what is copied of it is whole.
"""

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final
from urllib.parse import quote

from content_cache.durable import open_plain, sync_names
from content_cache.releases import Releases
from portal import __version__
from portal.backup import (
    FORMAT,
    MOST_MEMBERS,
    About,
    BackupProblem,
    Contents,
    is_left_out,
    is_name,
    problem,
)
from portal.backup_file import Writer
from portal.backup_places import Places, clashes, places_of
from portal.backup_sealing import Sealer
from portal.config import Config, load

UCI: Final = Path("/etc/config/portal")
_COPY: Final = ".backup-copy-"
_COPY_IS_OLD_SECONDS: Final = 86400.0
_SQLITE: Final = b"SQLite format 3\0"
_TELL_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Source:
    """A file of this machine that goes into the backup as `name`."""

    name: str
    path: Path
    size: int


class Progress:
    """Says on stderr how far it is, where it takes longer than a person likes to wait."""

    def __init__(self, doing: str, whole: int) -> None:
        self._doing, self._whole, self._done = doing, whole, 0
        self._told = time.monotonic()

    def more(self, size: int) -> None:
        self._done += size
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            of = f" of {max(self._whole, self._done) / 1e6:.0f}" if self._whole else ""
            print(f"{self._doing}: {self._done / 1e6:.0f}{of} MB", file=sys.stderr, flush=True)


def make(
    output: Path, config_file: Path, passphrase: str | None, *, uci: Path = UCI
) -> tuple[Contents, list[str]]:
    """Write the backup `output`; returns what is in it, and names that had to be left out.

    Raises:
        BackupProblem: it cannot be made; nothing is left of it.
        ConfigurationError: the configuration cannot be read.
        PermissionError: something may not be read.
    """
    config_file = config_file.absolute()
    config = load(config_file)
    data = config.storage.data_dir
    if not data.is_dir():
        raise BackupProblem(f"{data} is not there; no gateway has run with this configuration")
    if output.exists():
        raise BackupProblem(f"{output} is there already; name a new file")
    if output.absolute().is_relative_to(data):
        raise BackupProblem(f"{output} would be part of itself; name a file outside of {data}")
    places = places_of(config, config_file, uci)
    if wrong := clashes(places):
        raise problem("nothing was backed up", wrong)
    with ExitStack() as stack:
        out = stack.enter_context(_whole(output))
        store = Releases(config.content_store)
        if store.folder.is_dir():
            stack.enter_context(_still(store))
        sources, strange = _sources(places)
        contents = _written(config, store, places, sources, out, passphrase)
    return contents, strange


def _written(
    config: Config,
    store: Releases,
    places: Places,
    sources: list[Source],
    out: BinaryIO,
    passphrase: str | None,
) -> Contents:
    owner = places.folders["data"].stat()
    progress = Progress("backup", sum(source.size for source in sources))
    about = About(FORMAT, __version__, config.site.id, config.site.name, _now())
    sealer = Sealer(out, passphrase, os.urandom(16)) if passphrase is not None else None
    writer = Writer(sealer or out, about)
    for source in sources:
        # What was forgotten meanwhile is left out, like a day of the sealed record.
        with (
            suppress(FileNotFoundError),
            _opened(source, places.folders["data"]) as (file, schema),
        ):
            size, found = os.fstat(file.fileno()).st_size, source.path.stat()
            writer.add(
                source.name,
                file,
                size,
                mode=stat.S_IMODE(found.st_mode),
                own=_own(found, owner),
                schema=schema,
            )
            progress.more(source.size)
    active = store.active_number()
    folder = "content" if "content" in places.folders else _in_data(store.folder, places)
    contents = writer.close({folder: active} if active is not None else {})
    if sealer is not None:
        sealer.close()
    return contents


def _own(file: os.stat_result, folder: os.stat_result) -> str:
    """Whose a file is, by the owner of `data_dir`."""
    if file.st_uid == folder.st_uid:
        return "user"
    return "group" if file.st_gid == folder.st_gid else ""


def _in_data(store: Path, places: Places) -> str:
    return str(PurePosixPath("data") / store.relative_to(places.folders["data"]).as_posix())


def _sources(places: Places) -> tuple[list[Source], list[str]]:
    """Every file that belongs to the backup; and those with names that none of ours has."""
    found, strange = [], []
    for name, path in places.files.items():
        with suppress(FileNotFoundError):
            found.append(Source(name, path, path.stat().st_size))
    for root, folder in places.folders.items():
        for path in _files(folder):
            within = PurePosixPath(path.relative_to(folder).as_posix())
            if is_left_out(within):
                continue
            name = f"{root}/{within}"
            if not is_name(name):
                strange.append(str(path))
            elif not path.is_symlink():
                with suppress(FileNotFoundError):
                    found.append(Source(name, path, path.stat().st_size))
    if len(found) > MOST_MEMBERS:
        raise BackupProblem(f"there are more than {MOST_MEMBERS} files in {folder}")
    return found, strange


def _files(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):  # Links are not followed.
        folders.sort()
        yield from (Path(at, name) for name in sorted(names))


@contextmanager
def _opened(source: Source, data: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file; of a database a copy of this moment, and its schema."""
    try:
        # Whose settings name the file decides what it is; in `data_dir` there are no links.
        plain = source.name.startswith(("data/", "content/"))
        file = open_plain(source.path) if plain else source.path.open("rb")
    except (PermissionError, FileNotFoundError):
        raise
    except OSError as error:
        raise BackupProblem(f"{source.path} cannot be read: {error.strerror}") from None
    with file:
        is_database = plain and source.path.suffix == ".db" and file.read(16) == _SQLITE
        file.seek(0)
        # What is in the store is never written again.
        if not is_database or "/files/" in source.name:
            yield file, None
            return
    copy = data / f"{_COPY}{os.getpid()}.db"
    try:
        schema = _copied(source.path, copy)
        with copy.open("rb") as file:
            yield file, schema
    finally:
        copy.unlink(missing_ok=True)


def _copied(path: Path, copy: Path) -> int:
    """Copy a database as it is at one moment, whoever writes to it."""
    for old in copy.parent.glob(f"{_COPY}*"):
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _COPY_IS_OLD_SECONDS:
                old.unlink()
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as database,
            closing(sqlite3.connect(copy)) as new,
        ):
            database.backup(new)
            # One file, which also a disk that has no WAL can take.
            new.execute("PRAGMA journal_mode = DELETE")
            sound = new.execute("PRAGMA quick_check(1)").fetchone()[0]
            schema: int = new.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise BackupProblem(
                f"{copy.parent} has no room for a copy of {path.name}"
                f" ({path.stat().st_size / 1e6:.1f} MB)"
            ) from None
        raise BackupProblem(f"{path} cannot be copied: {error}") from None
    except sqlite3.DatabaseError as error:
        sound = str(error)
    if sound != "ok":
        raise BackupProblem(
            f"{path} is damaged ({sound}); a restarted gateway keeps it aside and begins anew,"
            " and then a backup can be made"
        )
    return schema


@contextmanager
def _still(store: Releases) -> Iterator[None]:
    """Nobody changes the store meanwhile. A store that root may read is not made root's."""
    lock = store.folder / "lock"
    if not lock.exists():
        yield
        return
    with store.locked():
        yield


@contextmanager
def _whole(output: Path) -> Iterator[BinaryIO]:
    """A new file that has its name only when it is whole, and is its owner's alone."""
    part = output.with_name(f".{output.name}.part")
    try:
        part.unlink(missing_ok=True)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except PermissionError:
        raise
    except OSError as error:
        raise BackupProblem(f"{output} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(number, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(output)
        sync_names(output.absolute().parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if isinstance(error, PermissionError):
            raise
        raise BackupProblem(f"{output} cannot be written: {error.strerror or error}") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
