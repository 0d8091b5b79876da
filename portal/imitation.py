"""Notices that two devices use one name. No clock, no network.

A device is known by its MAC address, and anybody can send with anybody's. What then shows: the
MAC address speaks now from one port of the bridge and now from another; or one IP address
belongs now to one MAC address and now to another. Once is a phone that walked from one access
point to the next, or a lease that changed hands. Again and again, within a minute, is two.

It cannot be told which of the two is the right one, so nothing is done to either: it is written
down and shown. Two devices on one radio are one port here, and only the radio could tell them
apart (docs/security.md).
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

MOVES = 5
WINDOW_SECONDS = 60.0
QUIET_SECONDS = 900.0
"""How long nothing more is said of something that was noticed."""
MOST = 4096
"""How many are watched at once; made-up devices push each other out."""


@dataclass(slots=True)
class _Watched:
    place: Hashable
    moves: tuple[float, ...] = ()
    quiet_until: float = float("-inf")


class Imitations:
    """Remembers where everything was seen last, and how often it moved."""

    def __init__(self) -> None:
        self._watched: OrderedDict[Hashable, _Watched] = OrderedDict()
        self.noticed = 0
        """How many times something was in two places, since the start."""

    def __len__(self) -> int:
        return len(self._watched)

    def notice(self, thing: Hashable, place: Hashable, now: float) -> bool:
        """Whether `thing`, seen at `place`, has just turned out to be in two places.

        True once, and then not again for `QUIET_SECONDS`.
        """
        watched = self._watched.pop(thing, None) or _Watched(place)
        self._watched[thing] = watched
        if len(self._watched) > MOST:
            self._watched.popitem(last=False)
        if watched.place == place:
            return False
        watched.place = place
        recent = (move for move in watched.moves if move > now - WINDOW_SECONDS)
        watched.moves = (*recent, now)[-MOVES:]
        if len(watched.moves) < MOVES or now < watched.quiet_until:
            return False
        watched.quiet_until = now + QUIET_SECONDS
        self.noticed += 1
        return True
