"""How often a device may send something, and all devices together. No clock: `now` is passed in.

What phones send is written to flash, so it has to be bounded even where devices are made up: one
device has a few, and all of them have a few hundred. Kept in memory; a restart gives new ones.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from portal.session import Instant

MOST_DEVICES = 2048
"""Of so many it is known what they have left; beyond, the one not heard of for longest goes."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many more in an hour."""

    burst: int
    per_hour: float


@dataclass(slots=True)
class _Left:
    count: float
    at: Instant

    def grown(self, rate: Rate, now: Instant) -> float:
        return min(rate.burst, self.count + (now - self.at) * rate.per_hour / 3600)


class Allowances:
    """What devices may still send of one kind."""

    def __init__(self, device: Rate, together: Rate) -> None:
        self._device = device
        self._together = together
        self._all = _Left(together.burst, Instant(0))
        self._devices: OrderedDict[Hashable, _Left] = OrderedDict()

    def take(self, device: Hashable, now: Instant) -> bool:
        """Whether `device` may send one now; if so, it has one less."""
        known = self._devices.get(device)
        own = known.grown(self._device, now) if known else float(self._device.burst)
        everybody = self._all.grown(self._together, now)
        if own < 1 or everybody < 1:
            return False
        self._all = _Left(everybody - 1, now)
        self._devices[device] = _Left(own - 1, now)
        self._devices.move_to_end(device)
        while len(self._devices) > MOST_DEVICES:
            self._devices.popitem(last=False)
        return True
