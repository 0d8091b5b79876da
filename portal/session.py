"""The values the gateway thinks in: devices, sessions, instants. No clock, no I/O.

Times are monotonic seconds of this boot. Wall time exists only where a row is written or a
person reads, because an access point has no battery clock and a session must not end because
NTP answered.
"""

from dataclasses import dataclass
from typing import NewType

from firewall.changes import MacAddress

Instant = NewType("Instant", float)
"""Monotonic seconds of this boot."""

Pseudonym = NewType("Pseudonym", str)
"""A device's name in everything that is written down; see `portal.pseudonyms`."""


@dataclass(frozen=True, slots=True)
class Device:
    """User equipment (RFC 8952 §2.1), as one packet identified it.

    `pseudonyms` are all the names under which the device may be known from before; the first is
    the one to write today, the last never changes (it is what a block is kept under).
    """

    mac: MacAddress
    pseudonyms: tuple[Pseudonym, ...]

    @property
    def pseudonym(self) -> Pseudonym:
        return self.pseudonyms[0]

    @property
    def lasting_pseudonym(self) -> Pseudonym:
        return self.pseudonyms[-1]


@dataclass(frozen=True, slots=True)
class Session:
    """One turn of one device, from the tap to the end of its time."""

    pseudonym: Pseudonym
    started: Instant
    ends: Instant

    def seconds_remaining(self, now: Instant) -> int:
        """Whole seconds left, never negative (RFC 8908 §5, `seconds-remaining`)."""
        return max(0, int(self.ends - now))
