"""The Internet's host: notes when packets of the crowd arrive, by the kernel's time stamps."""

import socket
import struct
from contextlib import suppress
from typing import Final

from bench.browsing import Doing, Wait
from bench.site import BenchSite, CrowdPhone
from portal.demo.addresses import WEBSITE4

_PORT: Final = 4000
_SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h; Python has no name for it.
_STAMP: Final = struct.Struct("qq")


class Arrivals:
    """Wall-clock times of the first and the last packet of each phone, by its number."""

    def __init__(self, site: BenchSite) -> None:
        self.first: dict[int, float] = {}
        self.last: dict[int, float] = {}
        with site.internet.network():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self._socket.bind((WEBSITE4, _PORT))

    def close(self) -> None:
        self._socket.close()

    def note(self) -> Doing[None]:
        """Note arrivals for as long as anybody waits for them."""
        while True:
            yield Wait(self._socket)
            with suppress(BlockingIOError):
                while True:
                    self._read()

    def _read(self) -> None:
        data, more, _, _ = self._socket.recvmsg(64, socket.CMSG_SPACE(_STAMP.size))
        seconds, nanoseconds = _STAMP.unpack(more[0][2])
        phone, at = int(data), seconds + nanoseconds * 1e-9
        self.first.setdefault(phone, at)
        self.last[phone] = at


def send(phone: CrowdPhone, datagrams: socket.socket) -> None:
    """Send one packet to where arrivals are noted; `datagrams` is a socket of the phone."""
    with suppress(OSError):  # An earlier one was refused (ICMP): that is what a gate does.
        datagrams.sendto(str(phone.number).encode(), (WEBSITE4, _PORT))
