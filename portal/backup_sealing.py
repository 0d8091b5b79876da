"""Seals the stream of a backup by a passphrase, and opens it: libsodium's secretstream.

What was sealed comes out whole and in order, or not at all.
"""

import io
from typing import IO, Any, Final, Protocol

from portal.backup import BackupProblem
from portal.backup_lock import BLOCK_BYTES, MEMORY_BYTES, OPERATIONS, Lock

DAMAGED: Final = "it is damaged, or not whole"


class Out(Protocol):
    def write(self, data: bytes, /) -> object: ...


def _sodium() -> Any:
    try:
        from nacl import bindings
    except ImportError:
        raise BackupProblem(
            "a passphrase needs PyNaCl; install python3-nacl or, by pip, PyNaCl"
        ) from None
    return bindings


def _key(lock: Lock, passphrase: str) -> bytes:
    from nacl import exceptions, pwhash

    try:
        return pwhash.argon2id.kdf(
            32, passphrase.encode(), lock.salt, opslimit=lock.operations, memlimit=lock.memory
        )
    except (exceptions.CryptoError, MemoryError):
        raise BackupProblem(
            f"the passphrase needs {lock.memory >> 20} MiB of memory, which are not free here"
        ) from None


class Sealer:
    """Seals what is written in blocks of one size; the last says that it is the last."""

    def __init__(self, out: Out, passphrase: str, salt: bytes) -> None:
        self._sodium, self._out = _sodium(), out
        self._state = self._sodium.crypto_secretstream_xchacha20poly1305_state()
        bare = Lock(OPERATIONS, MEMORY_BYTES, salt, b"")
        stream = self._sodium.crypto_secretstream_xchacha20poly1305_init_push(
            self._state, _key(bare, passphrase)
        )
        self._first = Lock(OPERATIONS, MEMORY_BYTES, salt, stream).written()
        self._waiting = bytearray()
        out.write(self._first)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > BLOCK_BYTES:  # What may be the last one waits.
            self._push(bytes(self._waiting[:BLOCK_BYTES]), last=False)
            del self._waiting[:BLOCK_BYTES]
        return len(data)

    def close(self) -> None:
        self._push(bytes(self._waiting), last=True)

    def _push(self, block: bytes, *, last: bool) -> None:
        name = "TAG_FINAL" if last else "TAG_MESSAGE"
        tag = getattr(self._sodium, f"crypto_secretstream_xchacha20poly1305_{name}")
        self._out.write(
            self._sodium.crypto_secretstream_xchacha20poly1305_push(
                self._state, block, self._first, tag
            )
        )


class Unsealed(io.RawIOBase):
    """What was sealed. Every block is checked before a byte of it is given away."""

    def __init__(self, file: IO[bytes], lock: Lock, passphrase: str) -> None:
        self._sodium = _sodium()
        self._file, self._first = file, lock.written()
        self._state = self._sodium.crypto_secretstream_xchacha20poly1305_state()
        self._sodium.crypto_secretstream_xchacha20poly1305_init_pull(
            self._state, lock.stream, _key(lock, passphrase)
        )
        self._begun = self._ended = False
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._ready and not self._ended:
            self._ready = self._next()
        given = self._ready[: len(buffer)]
        buffer[: len(given)] = given
        self._ready = self._ready[len(given) :]
        return len(given)

    def _next(self) -> bytes:
        from nacl.exceptions import CryptoError

        extra = self._sodium.crypto_secretstream_xchacha20poly1305_ABYTES
        sealed = self._file.read(BLOCK_BYTES + extra)
        if len(sealed) < extra:
            raise BackupProblem(f"{DAMAGED}: it ends too early")
        try:
            block, tag = self._sodium.crypto_secretstream_xchacha20poly1305_pull(
                self._state, sealed, self._first
            )
        except (CryptoError, RuntimeError):
            if not self._begun:
                raise BackupProblem(
                    "the passphrase is another, or the beginning of the file is damaged"
                ) from None
            raise BackupProblem(f"{DAMAGED}: a block was changed or is missing") from None
        self._begun = True
        self._ended = tag == self._sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        if self._ended and self._file.read(1):
            raise BackupProblem(f"{DAMAGED}: something follows its end")
        return bytes(block)
