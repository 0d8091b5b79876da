"""Decides whether the line to the Internet is up. No clock, no network.

`portal.uplink_watch` looks at the line now and then and tells `noticed` what it found. One look
that fails proves nothing: a packet is lost, a host is being restarted. The line is down after
`FAILURES` looks in a row that span at least `DOUBT_SECONDS`, and up again after `SUCCESSES`. An
outage counts from the first of the looks that showed it.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from portal.session import Instant

Fault: TypeAlias = Literal["no route", "gateway silent", "no names", "no answer"]
"""What a look found: no default route; the provider's router does not answer on the wire; no
name is resolved; no host answers, though everything before it works."""

FAILURES: Final = 3
SUCCESSES: Final = 2
DOUBT_SECONDS: Final = 5.0
"""A cable that is put into another socket is no outage, however often the kernel tells of it."""

_STEADY_SECONDS: Final = 20.0
_DOUBT_STEP_SECONDS: Final = 5.0
_DOWN_SECONDS: Final = 10.0
_HOPE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """What is believed of the line, and how many looks in a row spoke against it.

    A line is taken to be up until it has been shown to be down.
    """

    down_since: Instant | None = None
    fault: Fault | None = None
    """What the last look found."""
    against: int = 0
    against_since: Instant | None = None

    @property
    def up(self) -> bool:
        return self.down_since is None


def noticed(line: Line, fault: Fault | None, now: Instant) -> Line:
    """What to believe after one more look, which found `fault` (None: all is well)."""
    if (fault is None) == line.up:
        return replace(line, fault=fault, against=0, against_since=None)
    since = now if line.against_since is None else line.against_since
    against = line.against + 1
    if line.up and against >= FAILURES and now - since >= DOUBT_SECONDS:
        return Line(down_since=since, fault=fault)
    if not line.up and against >= SUCCESSES:
        return Line()
    return replace(line, fault=fault, against=against, against_since=since)


def seconds_to_next_look(line: Line) -> float:
    """From the beginning of one look to that of the next, unless something happens before."""
    if line.up:
        return _STEADY_SECONDS if line.against == 0 else _DOUBT_STEP_SECONDS
    return _DOWN_SECONDS if line.against == 0 else _HOPE_SECONDS
