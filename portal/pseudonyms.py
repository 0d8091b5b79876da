"""The names under which devices are written down, so that their addresses need not be.

A pseudonym is HMAC-SHA256(key, MAC address), shortened. One key lasts a month (UTC); when the
month is over its key is kept one month more, to find sessions that began before, and is then
destroyed: from that day on nobody can tell whose rows those were. A lasting key serves only the
list of blocked devices, which has to outlive the month.

The keys are in one file, readable by the daemon alone. Whoever holds the file can test a
guessed address against the rows of the last two months; whoever holds only the log cannot.
"""

import errno
import hashlib
import hmac
import json
import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from firewall.changes import MacAddress
from portal.session import Device, Pseudonym

_MONTHS_KEPT = 2
_NO_ROOM: frozenset[int | None] = frozenset({errno.ENOSPC, errno.EDQUOT})
_FIRST_MONTH = "2026-01"
"""A clock that shows an earlier month has not been set."""
_KEY_BYTES = 32
_HEX_DIGITS = 32  # 128 bits: no two devices of a city collide.

log = logging.getLogger("portal.pseudonyms")


class Pseudonyms:
    """Names devices. Reads and writes `path`; not for use by two processes at once."""

    def __init__(self, path: Path) -> None:
        """Read the keys, or make the first.

        While the disk is full a new key is kept in memory, and written when there is room.

        Raises:
            OSError: the file can neither be read nor made.
            ValueError: the file is not one of ours.
        """
        self._path = path
        self._unwritten = False
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self._lasting = secrets.token_bytes(_KEY_BYTES)
            self._months: dict[str, bytes] = {}
            self._write_or_wait(only=_NO_ROOM)
            return
        try:
            kept = json.loads(content)
            self._lasting = _key(kept["lasting"])
            self._months = {str(month): _key(key) for month, key in kept["months"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{path} is not a file of pseudonym keys") from None

    def device(self, mac: MacAddress, wall: float) -> Device:
        """The device with this address, as it is called at `wall` (Unix seconds).

        A clock that went back (no battery, no network yet) does not make a new month: the
        newest key stays in use. One that had been far ahead does not keep its month for ever.
        """
        self._turn_to(datetime.fromtimestamp(wall, UTC).strftime("%Y-%m"))
        newest_first = [self._months[month] for month in sorted(self._months, reverse=True)]
        return Device(mac, tuple(_name(key, mac) for key in (*newest_first, self._lasting)))

    def secret(self, purpose: str) -> str:
        """A lasting secret of this site for something else than naming devices."""
        return hmac.new(self._lasting, purpose.encode(), hashlib.sha256).hexdigest()

    def _turn_to(self, month: str) -> None:
        newest = max(self._months, default="")
        if month <= newest <= _following(month) or (self._months and month < _FIRST_MONTH):
            if self._unwritten:
                self._write_or_wait()
            return
        if newest > month:
            # A clock was once years ahead. Its keys serve for now, or none would ever be
            # destroyed again.
            keys = [self._months[m] for m in sorted(self._months, reverse=True)]
            self._months = dict(zip((month, _preceding(month)), keys, strict=False))
        else:
            self._months[month] = secrets.token_bytes(_KEY_BYTES)
            for old in sorted(self._months)[:-_MONTHS_KEPT]:
                del self._months[old]
        self._write_or_wait()

    def _write_or_wait(self, *, only: frozenset[int | None] | None = None) -> None:
        """Write the keys, or keep them in memory until the disk takes them again.

        `only` are the errors worth waiting for, where not all are.
        """
        try:
            self._write()
        except OSError as error:
            if only is not None and error.errno not in only:
                raise
            if not self._unwritten:
                log.error(
                    "%s cannot be written (%s); the new key waits in memory", self._path, error
                )
            self._unwritten = True
        else:
            self._unwritten = False

    def _write(self) -> None:
        kept = {
            "lasting": self._lasting.hex(),
            "months": {month: key.hex() for month, key in sorted(self._months.items())},
        }
        partial = self._path.with_suffix(".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(kept, f)
            f.flush()
            os.fsync(f.fileno())
        partial.replace(self._path)


def _following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def _preceding(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04}-{(number - 2) % 12 + 1:02}"


def _key(digits: str) -> bytes:
    key = bytes.fromhex(digits)
    if len(key) != _KEY_BYTES:
        raise ValueError(f"a key of {len(key)} bytes")
    return key


def _name(key: bytes, mac: MacAddress) -> Pseudonym:
    return Pseudonym(hmac.new(key, mac.encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS])
