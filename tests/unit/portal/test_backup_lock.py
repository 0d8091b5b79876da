"""What a backup with a passphrase begins with."""

import pytest

from portal import backup_lock
from portal.backup import BackupProblem
from portal.backup_lock import Lock

LOCK = Lock(backup_lock.OPERATIONS, backup_lock.MEMORY_BYTES, b"s" * 16, b"h" * 24)


def test_the_lock_is_read_again() -> None:
    assert backup_lock.lock_of(LOCK.written() + b"more") == LOCK
    assert backup_lock.lock_of(b"\x1f\x8b and more") is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (LOCK.written()[:-1], "it ends in its first line"),
        (LOCK.written()[:20] + b"\2" + LOCK.written()[21:], "it has format 2, of a newer portal"),
        (Lock(17, 1 << 20, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (Lock(0, 1 << 20, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (Lock(1, 1 << 30, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (LOCK.written()[:29] + bytes(8) + LOCK.written()[37:], "not as it was written"),
    ],
)
def test_a_lock_that_none_of_ours_has_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(BackupProblem, match=says):
        backup_lock.lock_of(data)
