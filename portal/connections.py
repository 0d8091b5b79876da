"""How many connections phones may hold open, and for how long.

A page is one short exchange, so a connection that lasts is a broken phone or a hostile one.
Each device has a few places: one more is closed at once, before anything is built for it. The
whole portal has a bounded number: when that is reached the oldest connection goes. Two thousand
half-open requests from one phone therefore cost the others nothing, and the time of a
connection counts from the moment it is accepted, so that a TLS handshake that never ends is
bounded by the same numbers.
"""

import asyncio
import errno
import socket
import ssl
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

CONNECTION_SECONDS = 30.0
"""From the first packet to the last of the answer: 15 KB on a very slow phone take ten."""
PLACES_PER_DEVICE = 32
"""Browsers open six connections to a host; captive checks of a phone's programs come on top."""
PLACES = 2048
SECURE_PLACES = 256
"""Of these with TLS, which costs fifty times the memory."""

_REFUSED_IN_A_ROW = 32
"""That many are refused before others have their turn."""
_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Failures to accept that last; any other is of the one connection, and is over (accept(2))."""
_AGAIN_SECONDS = 0.1
_AT_ONCE = struct.pack("ii", 1, 0)  # struct linger: on, for 0 seconds


class Connections:
    """The connections open now. `serve` accepts them."""

    def __init__(
        self,
        device_of: Callable[[str], str | None],
        *,
        seconds: float = CONNECTION_SECONDS,
        places_per_device: int = PLACES_PER_DEVICE,
        places: int = PLACES,
        secure_places: int = SECURE_PLACES,
    ) -> None:
        """`device_of` names the device behind an address; unknown ones count by address."""
        self._device_of = device_of
        self._seconds = seconds
        self._places_per_device = places_per_device
        self._places = {False: places, True: secure_places}
        self._open: Mapping[bool, OrderedDict[asyncio.Task[None], str]] = {
            False: OrderedDict(),
            True: OrderedDict(),
        }
        self._devices: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    async def serve(
        self,
        listening: socket.socket,
        inner: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Accept connections until cancelled, and hand each that has a place to `inner`.

        `listening` does not block, and stays the caller's. Cancelling drops every connection
        accepted here.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    connection, peer = await loop.sock_accept(listening)
                except OSError as error:
                    ours = error.errno in _OURS
                    await asyncio.sleep(_AGAIN_SECONDS if ours else 0)
                    continue
                device = self._device_of(peer[0]) or peer[0]
                if self._devices[device] >= self._places_per_device:
                    _forget(connection)
                    connection.close()
                    self.refused += 1
                    if self.refused % _REFUSED_IN_A_ROW == 0:
                        await asyncio.sleep(0)
                    continue
                task = tasks.create_task(self._attend(connection, inner, tls))
                self._enter(task, device, tls is not None)
                # It starts now, and so do others: `sock_accept` itself gives nobody else a turn
                # while connections are waiting.
                await asyncio.sleep(0)

    def _enter(self, task: asyncio.Task[None], device: str, secure: bool) -> None:
        """Give `task` a place; if there is none left, that of the oldest."""
        room = self._open[secure]
        if len(room) >= self._places[secure]:
            oldest = next(iter(room))
            self._leave(oldest)
            oldest.cancel()
        room[task] = device
        self._devices[device] += 1
        task.add_done_callback(self._leave)

    def _leave(self, task: asyncio.Task[None]) -> None:
        for room in self._open.values():
            device = room.pop(task, None)
            if device is not None:
                self._devices[device] -= 1
                if not self._devices[device]:
                    del self._devices[device]

    async def _attend(
        self,
        connection: socket.socket,
        inner: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        """See one connection through to its end, or end it when its time is over."""
        watched = _Watched(inner)
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: watched, connection, ssl=tls
                )
                await watched.over.wait()
        except OSError:  # Time is over, or the phone left in the middle of a TLS handshake.
            pass
        finally:
            if not watched.over.is_set():
                _forget(connection)
                watched.abort()


def _forget(connection: socket.socket) -> None:
    """Have the kernel reset the connection when it is closed, and keep nothing of it."""
    with suppress(OSError):  # It may have been closed already.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


class _Watched(asyncio.Protocol):
    """Passes everything on, and knows when the connection is over."""

    def __init__(self, inner: Callable[[], asyncio.BaseProtocol]) -> None:
        self._make = inner
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self.over = asyncio.Event()

    def abort(self) -> None:
        """Drop the connection now, whatever is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if transport.get_extra_info("peername") is None:
            self._transport.abort()  # The phone has left, and nobody knows who it was.
            return
        self._inner = cast(asyncio.Protocol, self._make())
        self._inner.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.over.set()
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
