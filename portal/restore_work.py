"""What `portal restore` does: everything of a site, out of one file, in place of what is here.

Nothing of the machine is touched before every byte has been checked. Then all is written beside
what is there, and one note says which renames bring it into place: killed before the note, the
old is here; killed after it, the next start carries out what is left (`finish`).
"""

import os
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from content_cache.durable import sync_names, write_whole
from portal import hearing, session_store
from portal.backup import (
    CONFIG_NAME,
    MOST_BYTES,
    MOST_CONFIG_BYTES,
    PENDING,
    UCI_NAME,
    BackupProblem,
    newer,
    problem,
)
from portal.backup_file import Found, Verified, is_sealed, verify
from portal.backup_places import (
    Places,
    Swap,
    clashes,
    outside,
    outside_uci,
    places_of,
    swaps_of,
    swaps_written,
)
from portal.backup_work import UCI, Progress
from portal.config import Config, ConfigurationError, load, parse
from portal.restore_staging import stage, sweep
from portal.staff import accounts
from portal.storage import only_one
from splash import content_database

ALWAYS_ALLOWED: Final = (Path("/var/lib/portal"),)
RUN: Final = tuple(
    Path(folder, name)
    for folder in ("/run", "/var/run", "/tmp/run")
    for name in ("portal", "portal-names")
)
"""Folders that do not last, which OpenWrt's configuration may name."""
_ROOM: Final = 4 << 20
"""What a disk keeps free."""

SCHEMAS: Final = {
    "data/sessions.db": session_store.SCHEMA_VERSION,
    "data/answers.db": hearing.SCHEMA_VERSION,
    "data/content.db": content_database.SCHEMA_VERSION,
    "data/staff.db": accounts.SCHEMA_VERSION,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup that was read to its last byte, and the configuration in it."""

    verified: Verified
    config: Config
    uci: str
    """OpenWrt's configuration; empty if there is none."""


def is_locked(path: Path) -> bool:
    """Whether it needs a passphrase."""
    with _open(path) as file:
        return is_sealed(file)


def check(path: Path, passphrase: str | None, *, most_bytes: int = MOST_BYTES) -> Opened:
    """Read all of a backup; nothing of this machine is looked at.

    Raises:
        BackupProblem: it cannot be used here.
    """
    with _open(path) as file:
        return _checked(file, path, passphrase, most_bytes)


def restore(
    path: Path,
    config_file: Path,
    passphrase: str | None,
    *,
    replace: bool = False,
    into: Sequence[Path] = (),
    uci: Path = UCI,
) -> tuple[Opened, list[Path]]:
    """Put a backup in place of what is here; returns what it was, and what the old is called.

    Raises:
        BackupProblem: it cannot be used here, or something is in the way; nothing was changed.
        StartError: a gateway runs here.
    """
    config_file = config_file.absolute()
    finish(config_file)
    with ExitStack() as held:
        file = held.enter_context(_open(path))
        # What can be foreseen is said before minutes of reading, what the backup says after.
        here = _config_here(config_file)
        if here is not None:
            held.enter_context(_nobody_runs(here, nor_starts=True))
        opened = _checked(file, path, passphrase, MOST_BYTES)
        if here is None or here.storage.run_dir != opened.config.storage.run_dir:
            held.enter_context(_nobody_runs(opened.config))
        places = places_of(opened.config, config_file, uci)
        allowed = [config_file.parent, *ALWAYS_ALLOWED, *into]
        if here is not None:
            allowed += [place for _, place in places_of(here, config_file, uci).all()]
        _refuse(path, opened, places, allowed, here, replace)
        with ExitStack() as unfinished:
            with ExitStack() as alone:
                for folder in places.folders.values():
                    alone.enter_context(_nobody_reads(folder))
                contents = opened.verified.contents
                swaps = stage(file, contents, places, passphrase, unfinished)
            sweep(swaps)
            note = config_file.with_name(PENDING)
            write_whole(note, swaps_written(swaps))
            unfinished.pop_all()
        sync_names(note.parent)
        return opened, finish(config_file)


def finish(config_file: Path) -> list[Path]:
    """Carry out what is left of a restore that was cut short; returns what the old is called.

    Raises:
        BackupProblem: it cannot be done; the text says what to do.
        PermissionError: not as this user.
    """
    note = config_file.with_name(PENDING)
    try:
        found = note.stat()
        data = note.read_bytes()
    except FileNotFoundError:
        return []
    if found.st_uid not in (0, os.geteuid()):
        raise BackupProblem(f"{note} is another user's; look at it, and delete it")
    try:
        swaps = swaps_of(data)
        for swap in swaps:
            _carry_out(swap)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        raise BackupProblem(f"{note} cannot be carried out: {error}") from None
    for folder in {swap.target.parent for swap in swaps}:
        sync_names(folder)
    note.unlink()
    sync_names(note.parent)
    return [swap.aside for swap in swaps if os.path.lexists(swap.aside)]


def _carry_out(swap: Swap) -> None:
    """Again after a kill: what is done is seen by what is there."""
    if not os.path.lexists(swap.staged):
        return
    if os.path.lexists(swap.target):
        swap.target.rename(swap.aside)
        # Before the next step, or a power cut could keep that one alone.
        sync_names(swap.target.parent)
    swap.staged.rename(swap.target)
    with suppress(OSError):  # An empty folder is not worth keeping.
        swap.aside.rmdir()


# Before anything is touched


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except PermissionError:
        raise
    except OSError as error:
        raise BackupProblem(f"{path} cannot be read: {error.strerror}") from None
    with file:
        yield file


def _checked(file: BinaryIO, path: Path, passphrase: str | None, most_bytes: int) -> Opened:
    kept = {CONFIG_NAME: b"", UCI_NAME: b""}
    progress = Progress("checking", 0)

    def seen(found: Found) -> None:
        if found.name in kept:
            if found.size > MOST_CONFIG_BYTES:
                raise BackupProblem(f"{found.name} is too long")
            kept[found.name] = b"".join(found.pieces)
        progress.more(found.size)

    try:
        verified = verify(file, passphrase, seen, most_bytes)
        config, uci = _config_of(kept[CONFIG_NAME]), kept[UCI_NAME].decode()
    except UnicodeDecodeError:
        raise BackupProblem(f"{path} cannot be restored: {UCI_NAME} is not UTF-8 text") from None
    except BackupProblem as error:
        raise BackupProblem(f"{path} cannot be restored: {error}") from None
    except OSError as error:
        raise BackupProblem(f"{path} cannot be read: {error.strerror or error}") from None
    if wrong := newer(verified.contents, SCHEMAS):
        raise problem(f"{path} cannot be restored", wrong)
    return Opened(verified, config, uci)


def _config_of(data: bytes) -> Config:
    if not data:
        raise BackupProblem("there is no portal.toml in it")
    try:
        return parse(tomllib.loads(data.decode()), "its portal.toml")
    except (ValueError, RecursionError) as error:
        raise BackupProblem(f"its portal.toml is not TOML: {error}") from None
    except ConfigurationError as error:
        raise BackupProblem(str(error)) from None


def _config_here(path: Path) -> Config | None:
    with suppress(ConfigurationError):
        return load(path)
    return None


@contextmanager
def _nobody_runs(config: Config, *, nor_starts: bool = False) -> Iterator[None]:
    """With `nor_starts` nobody does meanwhile either, who never ran since the machine is up."""
    lock = config.storage.run_dir / "portal.lock"
    if not lock.exists() and not (nor_starts and lock.parent.is_dir()):
        yield
        return
    with only_one(lock) as held:
        if os.geteuid() == 0:  # The daemon has to take it, too.
            owner = lock.parent.stat()
            os.fchown(held.fileno(), owner.st_uid, owner.st_gid)
        yield


@contextmanager
def _nobody_reads(data: Path) -> Iterator[None]:
    """No program has a database there open: it would go on with the old one."""
    with ExitStack() as stack:
        for path in sorted(data.glob("*.db")):
            try:
                db = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=0)
                stack.enter_context(closing(db)).isolation_level = None
                db.execute("PRAGMA locking_mode = EXCLUSIVE")
                db.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    raise BackupProblem(
                        f"{path} is in use; stop the gateway and the pages of staff first"
                    ) from None
            except sqlite3.DatabaseError:
                continue  # Damaged: it is kept aside like the others.
        yield


def _refuse(
    path: Path,
    opened: Opened,
    places: Places,
    allowed: Sequence[Path],
    here: Config | None,
    replace: bool,
) -> None:
    """What stands in the way, if anything."""
    failed = f"{path} is whole, and nothing was changed"
    if wrong := clashes(places):
        raise problem(failed, wrong)
    names = [member.name for member in opened.verified.contents.members]
    far = outside(places, names, allowed)
    if places.files[UCI_NAME].parent.is_dir():
        far += outside_uci(opened.uci, [*allowed, *RUN], allowed[0])
    if far:
        folders = dict.fromkeys(Path(line.partition(" (")[0]).parent for line in far)
        wanted = " ".join(f"--into {folder}" for folder in folders)
        raise problem(
            f"{failed}: it wants to write to other folders than {allowed[0]}; if that is"
            f" right, add {wanted}",
            far,
        )
    for name, place in places.folders.items():
        if place.is_mount():
            raise BackupProblem(f"{failed}: {place} ({name}) is a mount point; a folder is needed")
    if not replace and (what := _in_the_way(places, here, opened.config)):
        raise BackupProblem(f"{failed}: {what}; --replace keeps that aside and goes on")
    needed = opened.verified.contents.size + _ROOM
    disk = _existing(places.folders["data"])
    if (free := shutil.disk_usage(disk).free) < needed:
        raise BackupProblem(
            f"{failed}: {disk} has {free / 1e6:.0f} MB free, and {needed / 1e6:.0f} MB are needed"
        )


def _in_the_way(places: Places, here: Config | None, config: Config) -> str | None:
    for folder in places.folders.values():
        if folder.is_dir() and any(folder.iterdir()):
            whose = f" of {here.site.name} ({here.site.id})" if here else ""
            return f"{folder} has the data{whose}"
    if here is not None and here.site.id != config.site.id:
        return f"{places.files[CONFIG_NAME]} is that of {here.site.name} ({here.site.id})"
    return None


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
