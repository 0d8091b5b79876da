"""What a backup with a passphrase begins with: how the key is made of the passphrase, and in which
blocks the rest is sealed. No secret, and no file is touched here: `portal.backup_sealing` does it.
"""

import struct
from dataclasses import dataclass
from typing import Final

from portal.backup import FORMAT, BackupProblem

LEAST_PASSPHRASE: Final = 12
_LOCK: Final = struct.Struct("!20sBIIQ16s24s")
_MAGIC: Final = b"union-portal locked\n"
LOCK_BYTES: Final = _LOCK.size
BLOCK_BYTES: Final = 1 << 16
"""Of what is sealed at once; only the last block may have fewer."""
OPERATIONS: Final = 5
MEMORY_BYTES: Final = 32 << 20
"""Of Argon2id: a router with 256 MiB has them to spare for two seconds."""
_MOST_OPERATIONS: Final = 16
_MOST_MEMORY: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands before the sealed blocks; no secret."""

    operations: int
    memory: int
    salt: bytes
    stream: bytes
    """The header of libsodium's secretstream."""

    def written(self) -> bytes:
        return _LOCK.pack(
            _MAGIC, FORMAT, self.operations, self.memory, BLOCK_BYTES, self.salt, self.stream
        )


def lock_of(data: bytes) -> Lock | None:
    """The lock that a file begins with; None if it has none.

    Raises:
        BackupProblem: it is of a newer program, or asks for more work than any of ours.
    """
    if not data.startswith(_MAGIC):
        return None
    if len(data) < _LOCK.size:
        raise BackupProblem("it is damaged: it ends in its first line")
    _, version, operations, memory, block, salt, stream = _LOCK.unpack(data[: _LOCK.size])
    if version > FORMAT:
        raise BackupProblem(
            f"it has format {version}, of a newer portal; this one knows {FORMAT}."
            " Install the newer version first"
        )
    if (
        not 1 <= operations <= _MOST_OPERATIONS
        or not 8192 <= memory <= _MOST_MEMORY
        or block != BLOCK_BYTES
    ):
        raise BackupProblem("it is damaged: its first line is not as it was written")
    return Lock(operations, memory, salt, stream)
