"""Files that are whole or not there, also after a power cut."""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 16


def hash_of(file: BinaryIO) -> str:
    """The SHA-256 of what is left to read, in hexadecimal."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def open_plain(path: Path) -> BinaryIO:
    """A plain file; a link could lead out of the store, and a pipe would never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "is not a file")
    return open(descriptor, "rb")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of which nobody ever sees a half, not even after a power cut.

    Its name is on the disk only after `sync_names` of its folder.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def sync_names(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
