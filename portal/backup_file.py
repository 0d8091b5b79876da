"""Writes and reads the one file of a backup, piece by piece: a router has little memory.

Only what `portal.backup` names is believed: every header is looked at by itself, and whatever is
no plain file with a name of ours ends the reading.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from portal.backup import (
    ABOUT_NAME,
    LIST_NAME,
    MOST_BYTES,
    MOST_MEMBERS,
    MOST_TOLD_BYTES,
    About,
    BackupProblem,
    Contents,
    Member,
    about_of,
    contents_of,
    differences,
    is_name,
)
from portal.backup_lock import BLOCK_BYTES, LOCK_BYTES, lock_of
from portal.backup_sealing import DAMAGED, Out, Unsealed

_GZIP: Final = b"\x1f\x8b"
_TAR_BLOCK: Final = 512
_PIECE: Final = 1 << 16
_MOST_ABOUT_BYTES: Final = 4096
_MOST_AFTER: Final = 1 << 20
"""Of nothing, with which a tar file is filled up: some write 10 KiB at a time."""


# Writing


class Writer:
    """Use as `with writing(...) as writer`: what it writes is whole only after `close`."""

    def __init__(self, out: Out, about: About) -> None:
        self._packed = gzip.GzipFile(fileobj=_writable(out), mode="wb", compresslevel=6, mtime=0)
        self._members: list[Member] = []
        self._text(ABOUT_NAME, about.written())

    def add(
        self,
        name: str,
        file: BinaryIO,
        size: int,
        *,
        mode: int,
        own: str,
        schema: int | None = None,
    ) -> None:
        """Add the first `size` bytes of `file` as `name`.

        Raises:
            BackupProblem: it has fewer.
        """
        self._header(name, size)
        digest, left = hashlib.sha256(), size
        while left:
            piece = file.read(min(left, _PIECE))
            if not piece:
                raise BackupProblem(f"{name} became shorter while it was read; try again")
            digest.update(piece)
            self._packed.write(piece)
            left -= len(piece)
        self._fill(size)
        self._members.append(Member(name, size, digest.hexdigest(), mode, own, schema))

    def close(self, active: dict[str, int]) -> Contents:
        """Add the list and the end; returns what was written."""
        contents = Contents(tuple(self._members), active)
        self._text(LIST_NAME, contents.written())
        self._packed.write(bytes(2 * _TAR_BLOCK))
        self._packed.close()
        return contents

    def _text(self, name: str, data: bytes) -> None:
        self._header(name, len(data))
        self._packed.write(data)
        self._fill(len(data))

    def _header(self, name: str, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._packed.write(info.tobuf(tarfile.USTAR_FORMAT))

    def _fill(self, size: int) -> None:
        self._packed.write(bytes(-size % _TAR_BLOCK))


class _Writable(io.RawIOBase):
    def __init__(self, out: Out) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._out.write(bytes(data))
        return len(data)


def _writable(out: Out) -> Any:
    return _Writable(out)


# Reading


@dataclass(frozen=True, slots=True)
class Found:
    """A member as it is read: take all of `pieces` before the next one."""

    name: str
    size: int
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a backup has; every byte of it was read."""

    about: About
    contents: Contents
    sealed: bool


def is_sealed(file: IO[bytes]) -> bool:
    """Raises BackupProblem: the lock is none that can be opened."""
    file.seek(0)
    return lock_of(file.read(LOCK_BYTES)) is not None


def verify(
    file: IO[bytes],
    passphrase: str | None,
    seen: Callable[[Found], None] | None = None,
    most_bytes: int = MOST_BYTES,
) -> Verified:
    """Read all of a backup, and compare it with its list.

    `seen` may take the pieces of a member for something. What it is given first has not been
    compared with anything yet.

    Raises:
        BackupProblem: it is damaged, not whole, no backup, of a newer program, or larger
            unpacked than `most_bytes`; or the passphrase is another.
        OSError: it cannot be read.
    """
    file.seek(0)
    lock = lock_of(file.read(LOCK_BYTES))
    if lock is None:
        file.seek(0)
        if file.read(2) != _GZIP:
            raise BackupProblem("it is no backup of a portal")
        file.seek(0)
        source: Any = file
    elif passphrase is None:
        raise BackupProblem("it is locked by a passphrase; give --passphrase-file, or type it")
    else:
        source = io.BufferedReader(Unsealed(file, lock, passphrase), BLOCK_BYTES)
    with _damage_told(), gzip.GzipFile(fileobj=source) as unpacked:
        about, contents = _read(_Tar(unpacked), seen, most_bytes)
    return Verified(about, contents, lock is not None)


def _read(
    tar: "_Tar", seen: Callable[[Found], None] | None, most_bytes: int
) -> tuple[About, Contents]:
    first = tar.next()
    if first is None or first.name != ABOUT_NAME or first.size > _MOST_ABOUT_BYTES:
        raise BackupProblem("it is no backup of a portal")
    about = about_of(b"".join(first.pieces))
    found: dict[str, tuple[int, str]] = {}
    whole = 0
    while (member := tar.next()) is not None:
        if member.name == LIST_NAME:
            if member.size > MOST_TOLD_BYTES:
                raise BackupProblem(f"{DAMAGED}: its list is too long")
            contents = contents_of(b"".join(member.pieces))
            tar.must_end()
            if wrong := differences(found, contents):
                raise BackupProblem("\n  ".join([f"{DAMAGED}:", *wrong[:20]]))
            return about, contents
        if not is_name(member.name):
            raise BackupProblem(f"{DAMAGED}: no file of a backup is called {member.name[:80]!r}")
        if member.name in found:
            raise BackupProblem(f"{DAMAGED}: {member.name} is in it twice")
        if len(found) >= MOST_MEMBERS:
            raise BackupProblem(f"{DAMAGED}: it has more than {MOST_MEMBERS} files")
        whole += member.size
        if whole > most_bytes:
            raise BackupProblem(
                f"it has more than the {most_bytes >> 20} MiB that there is room for, unpacked"
            )
        digest = hashlib.sha256()
        pieces = _noted(member.pieces, digest.update)
        if seen is not None:
            seen(Found(member.name, member.size, pieces))
        for _ in pieces:
            pass
        found[member.name] = (member.size, digest.hexdigest())
    raise BackupProblem(f"{DAMAGED}: its list is missing")


def _noted(pieces: Iterator[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        note(piece)
        yield piece


class _Tar:
    """Plain files of a tar file, one after the other; nothing else that tar can hold."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile) -> None:
        self._stream = stream

    def next(self) -> Found | None:
        """None at the end."""
        header = self._exactly(_TAR_BLOCK)
        if not any(header):
            return None
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            raise BackupProblem(f"{DAMAGED}: what should be a file is none") from None
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise BackupProblem(
                f"{DAMAGED}: {info.name[:80]!r} is a link, a device or something else that no"
                " backup has"
            )
        return Found(info.name, info.size, self._pieces(info.size))

    def must_end(self) -> None:
        left = _MOST_AFTER
        while piece := self._stream.read(_PIECE):
            left -= len(piece)
            if any(piece) or left < 0:
                raise BackupProblem(f"{DAMAGED}: something follows its list")

    def _pieces(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._stream.read(min(left, _PIECE))
            if not piece:
                raise EOFError
            left -= len(piece)
            yield piece
        self._exactly(-size % _TAR_BLOCK)

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise EOFError
        return data


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise BackupProblem(f"{DAMAGED}: it ends too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BackupProblem(DAMAGED) from None
