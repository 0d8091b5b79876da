"""What time it is: the daemon's three ways of asking."""

import time

from portal.session import Instant
from portal.session_store import CLOCK_SET_AFTER, Moment


def now() -> Instant:
    """Monotonic: what everything inside counts by."""
    return Instant(time.monotonic())


def wall() -> float | None:
    """Unix seconds, or None while nobody has set the clock."""
    wall = time.time()
    return wall if wall > CLOCK_SET_AFTER else None


def moment() -> Moment:
    """Both, for what is written down; the wall clock as it is, set or not."""
    return Moment(time.time(), now())
