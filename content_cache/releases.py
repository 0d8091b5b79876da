"""The store of bundles on disk, of which one is active.

    STORE/files/NAME               every file of every release, called by its SHA-256
    STORE/releases/N/bundle.json   the signed manifest of release N
    STORE/active -> releases/N     the one that is shown

A file is written under another name, brought to the disk and only then called by its name; a
release is complete before its `bundle.json` is there; and what is shown changes by the rename of
one symbolic link. Whoever is killed at any moment leaves the release before or the one after.
"""

import fcntl
import gzip
import hashlib
import os
import re
import secrets
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from content_cache import catalogue
from content_cache.durable import hash_of, open_plain, sync_names, write_whole
from content_cache.manifest import MOST_RELEASE, BundleError, Manifest, is_name
from content_cache.signing import MOST_BUNDLE_BYTES, opened, unchecked

MOST_CONTENT_BYTES: Final = 4 << 20
"""Of one item's content, unpacked."""
_ACTIVE: Final = re.compile(r"releases/([1-9][0-9]{0,9})")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Release:
    """A release in the store, as its manifest has it."""

    number: int
    manifest: Manifest
    index: Path
    """The file to open with `catalogue.Catalogue`."""


class Releases:
    """A store in `folder`, which is made when something is first put there. Synchronous."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self._releases = folder / "releases"
        self._active = folder / "active"
        self._mutex = threading.RLock()
        self._locks = 0

    # Reading

    def active_number(self) -> int | None:
        """Which release is shown. One look at a link: cheap enough for every second."""
        try:
            match = _ACTIVE.fullmatch(os.readlink(self._active))
        except OSError:
            return None
        return int(match[1]) if match else None

    def active(self) -> Release | None:
        """The release that is shown; it was checked when it became so.

        Raises:
            BundleError: it has been damaged since.
        """
        number = self.active_number()
        return None if number is None else self.release(number)

    def release(self, number: int) -> Release:
        """What release `number` has.

        Raises:
            BundleError: it is not there, or damaged.
        """
        manifest = unchecked(self.signed(number))
        return Release(number, manifest, self.file(manifest.index))

    def numbers(self) -> list[int]:
        """Every release that is complete, the lowest first."""
        with suppress(FileNotFoundError):
            return sorted(
                int(entry.name)
                for entry in self._releases.iterdir()
                if _NUMBER.fullmatch(entry.name) and (entry / "bundle.json").is_file()
            )
        return []

    def signed(self, number: int) -> bytes:
        """The `bundle.json` of release `number`.

        Raises:
            BundleError: it cannot be read.
        """
        try:
            with open_plain(self._releases / str(number) / "bundle.json") as file:
                return file.read(MOST_BUNDLE_BYTES + 1)
        except OSError as error:
            raise BundleError([f"release {number}: bundle.json: {error.strerror}"]) from None

    def file(self, name: str) -> Path:
        """Where the file `name` is, or would be.

        Raises:
            BundleError: no file can be called so.
        """
        if not is_name(name):
            raise BundleError(["no file of a bundle has such a name"])
        return self.files / name

    def open_file(self, name: str) -> BinaryIO:
        """The file `name`, to be read.

        Raises:
            BundleError: no file can be called so.
            OSError: it is not there, or is a link.
        """
        return open_plain(self.file(name))

    def content(self, name: str) -> bytes:
        """The content of an item: the file `name`, unpacked.

        Raises:
            BundleError: it is not there, is damaged, or grows beyond `MOST_CONTENT_BYTES`.
        """
        try:
            with self.open_file(name) as file, gzip.GzipFile(fileobj=file) as unpacked:
                found = unpacked.read(MOST_CONTENT_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BundleError([f"file {name}: {error}"]) from None
        if len(found) > MOST_CONTENT_BYTES:
            raise BundleError([f"file {name}: is more than {MOST_CONTENT_BYTES} bytes unpacked"])
        return found

    # Checking

    def verify(self, number: int, public_key: str) -> list[str]:
        """Every check of release `number` that fails, in words; reads every byte of it."""
        try:
            manifest = opened(self.signed(number), public_key)
        except BundleError as error:
            return list(error.problems)
        problems = []
        if manifest.release != number:
            problems.append(f"release {number}: its manifest says release {manifest.release}")
        for name, size in sorted(manifest.files.items()):
            if (problem := self.wrong(name, size)) is not None:
                problems.append(f"file {name}: {problem}")
        return problems or catalogue.problems(self.file(manifest.index), manifest.files)

    def wrong(self, name: str, size: int) -> str | None:
        """What is wrong with the file `name`, which should have `size` bytes; None if nothing."""
        try:
            with self.open_file(name) as file:
                found = os.fstat(file.fileno()).st_size
                if found != size:
                    return f"has {found} bytes, not {size}"
                if hash_of(file) != name[:64]:
                    return "has other bytes than its name says (SHA-256)"
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return None

    # Changing

    def put(self, data: bytes, ending: str = "") -> str:
        """Put a file into the pool, and return its name: its SHA-256 and `ending` (".db")."""
        name = hashlib.sha256(data).hexdigest() + ending
        with self.locked():
            if self.wrong(name, len(data)) is not None:
                write_whole(self.file(name), data)
        return name

    def take(self, path: Path, name: str) -> None:
        """Move a file into the pool as `name`. It is on the disk already, and was checked."""
        with self.locked():
            path.replace(self.file(name))

    def add(self, signed: bytes, public_key: str) -> Release:
        """Take a release whose files are in the pool; it is not active yet.

        Raises:
            BundleError: it fails a check, or there is another release of this number.
        """
        manifest = opened(signed, public_key)
        number = manifest.release
        with self.locked():
            if number in self.numbers() and self.signed(number) != signed:
                raise BundleError([f"release {number}: there is another release of this number"])
            missing = [
                f"file {name}: is missing"
                for name in sorted(manifest.files)
                if not self.file(name).is_file()
            ]
            if missing:
                raise BundleError(missing)
            sync_names(self.files)
            write_whole(self._releases / str(number) / "bundle.json", signed)
            sync_names(self._releases / str(number))
            sync_names(self._releases)
            sync_names(self.folder)
        return self.release(number)

    def activate(self, number: int, public_key: str) -> None:
        """Show release `number`, be it newer or older than the one shown.

        Raises:
            BundleError: with every failed check; what was shown stays.
        """
        if problems := self.verify(number, public_key):
            raise BundleError(problems)
        with self.locked():
            unfinished = self.folder / f".active-{secrets.token_hex(4)}"
            unfinished.symlink_to(f"releases/{number}")
            unfinished.replace(self._active)
            sync_names(self.folder)

    def collect(self, keep: int = 2) -> int:
        """Delete what no release needs, and old releases; returns how many files went.

        Kept are the active release, whatever is newer, and of the older ones as many as make
        `keep` with the active one.

        Raises:
            BundleError: a release that is kept is damaged; nothing was deleted.
        """
        with self.locked():
            active = self.active_number() or MOST_RELEASE
            numbers = self.numbers()
            older = [number for number in numbers if number < active]
            gone = older[: max(0, len(older) - (keep - 1))]
            needed: set[str] = set()
            for number in numbers:
                if number not in gone:
                    needed.update(self.release(number).manifest.files)
            for number in gone:  # Its manifest first: it is no release without.
                (self._releases / str(number) / "bundle.json").unlink()
                sync_names(self._releases / str(number))
            self._remove_unfinished()
            unneeded = [
                path
                for path in self.files.glob("*")
                if path.name not in needed and not _is_dir(path)
            ]
            for path in unneeded:
                path.unlink(missing_ok=True)
        return len(unneeded)

    def _remove_unfinished(self) -> None:
        """Remove what somebody who was killed left. Only with the lock held."""
        for left in self.folder.glob(".active-*"):
            left.unlink(missing_ok=True)
        for folder in self._releases.glob("*"):
            if not (folder / "bundle.json").exists() and folder.is_dir():
                for left in folder.iterdir():
                    left.unlink()
                folder.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else, of this process or another, changes the store meanwhile."""
        with self._mutex, ExitStack() as held:
            if self._locks == 0:
                for folder in (self.files, self._releases):
                    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                lock = held.enter_context((self.folder / "lock").open("a"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            self._locks += 1
            try:
                yield
            finally:
                self._locks -= 1


def _is_dir(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
