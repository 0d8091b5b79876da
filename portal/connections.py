"""How many connections phones may hold open, and for how long.

A page is one short exchange, so a connection that lasts is a broken phone or a hostile one.
Each device has a few places and the whole portal has a bounded number; when that is reached
the oldest connection goes. Two thousand half-open requests from one phone therefore cost the
others nothing.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import cast

CONNECTION_SECONDS = 30.0
"""From the first packet to the last of the answer: 15 KB on a very slow phone take ten."""
PLACES_PER_DEVICE = 32
"""Browsers open six connections to a host; captive checks of a phone's programs come on top."""
PLACES = 2048


class Connections:
    """The connections open now. `protocol` makes one."""

    def __init__(
        self,
        device_of: Callable[[str], str | None],
        *,
        seconds: float = CONNECTION_SECONDS,
        places_per_device: int = PLACES_PER_DEVICE,
        places: int = PLACES,
    ) -> None:
        """`device_of` names the device behind an address; unknown ones count by address."""
        self._device_of = device_of
        self._seconds = seconds
        self._places_per_device = places_per_device
        self._places = places
        self._open: OrderedDict[_Connection, str] = OrderedDict()
        self._devices: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._open)

    def protocol(self, inner: Callable[[], asyncio.BaseProtocol]) -> "_Connection":
        """A connection that hands its bytes to what `inner` makes, as a protocol factory."""
        return _Connection(self, inner)

    def _admit(self, connection: "_Connection", transport: asyncio.Transport) -> float | None:
        """Seconds the connection may last; None if there is no place for it."""
        peer = transport.get_extra_info("peername")
        device = (self._device_of(peer[0]) or peer[0]) if peer else "?"
        if self._devices[device] >= self._places_per_device:
            self.refused += 1
            return None
        if len(self._open) >= self._places:
            next(iter(self._open)).abort()
        self._open[connection] = device
        self._devices[device] += 1
        return self._seconds

    def _leave(self, connection: "_Connection") -> None:
        device = self._open.pop(connection, None)
        if device is not None:
            self._devices[device] -= 1
            if not self._devices[device]:
                del self._devices[device]


class _Connection(asyncio.Protocol):
    """Passes everything on, once the connection has been given a place."""

    def __init__(self, connections: Connections, inner: Callable[[], asyncio.BaseProtocol]) -> None:
        self._connections = connections
        self._make = inner
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._end: asyncio.TimerHandle | None = None

    def abort(self) -> None:
        """Drop the connection now, whatever is still to be sent."""
        self._connections._leave(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        seconds = self._connections._admit(self, self._transport)
        if seconds is None:
            self._transport.abort()
            return
        self._end = asyncio.get_running_loop().call_later(seconds, self.abort)
        self._inner = cast(asyncio.Protocol, self._make())
        self._inner.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections._leave(self)
        if self._end is not None:
            self._end.cancel()
        if self._inner is not None:
            self._inner.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._inner is not None else None

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()
