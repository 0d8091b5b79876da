"""Sends the same small packets as fast as one core can, with nothing but Python and libc.

One call of sendmmsg(2) sends a whole batch from an AF_PACKET socket past the queueing
discipline; the buffers are made once. On a veth the kernel carries each packet all the way
through the gateway to the other end before it sends the next one, in the time of the sending
thread: as long as CONFIG_IRQ_TIME_ACCOUNTING is off, the thread's own CPU clock is the price of
the whole way, and waiting for other programs does not count.
"""

import ctypes
import os
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

_BATCH: Final = 512
_SOL_PACKET: Final = 263  # linux/socket.h
_PACKET_QDISC_BYPASS: Final = 20  # linux/if_packet.h
_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):  # struct iovec
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):  # struct msghdr
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):  # struct mmsghdr
    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


@dataclass(frozen=True, slots=True)
class Way:
    """Where packets go: pairs are (from, to)."""

    macs: tuple[str, str]
    addresses: tuple[str, str]
    ports: tuple[int, int]

    def udp(self, payload: bytes) -> bytes:
        """An Ethernet frame with a UDP packet over IPv4, without checksum."""
        return self._frame(17, struct.pack("!HHHH", *self.ports, 8 + len(payload), 0) + payload)

    def tcp(self, flags: int, numbers: tuple[int, int], payload: bytes = b"") -> bytes:
        """An Ethernet frame with a TCP segment over IPv4; `numbers` are sequence and
        acknowledgement."""
        ends = b"".join(IPv4Address(address).packed for address in self.addresses)
        segment = struct.pack("!HHIIBBHHH", *self.ports, *numbers, 0x50, flags, 0xFFFF, 0, 0)
        segment += payload
        checked = ends + struct.pack("!BBH", 0, 6, len(segment)) + segment
        checksum = struct.pack("!H", _checksum(checked + b"\0" * (len(checked) % 2)))
        return self._frame(6, segment[:16] + checksum + segment[18:])

    def _frame(self, protocol: int, content: bytes) -> bytes:
        source, target = (bytes.fromhex(mac.replace(":", "")) for mac in self.macs)
        ends = b"".join(IPv4Address(address).packed for address in self.addresses)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), 1, 0, 64, protocol, 0) + ends
        head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
        return target + source + b"\x08\x00" + head + content


def _checksum(words: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Blaster:
    """Sends one frame over and over from an interface of the thread's network namespace."""

    def __init__(self, interface: str, frame: bytes) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind((interface, 0))
        self._socket.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
        self._frame = ctypes.create_string_buffer(frame, len(frame))
        vector = _Vector(ctypes.addressof(self._frame), len(frame))
        self._vector = vector  # The kernel reads it through the messages: it must live.
        self._messages = (_Message * _BATCH)()
        for message in self._messages:
            message.header.vectors = ctypes.pointer(vector)
            message.header.vector_count = 1

    def close(self) -> None:
        self._socket.close()

    def send(self, count: int) -> int:
        """Send about `count` frames; returns the CPU time of this thread, in nanoseconds.

        Raises:
            OSError: the kernel refuses.
        """
        descriptor = self._socket.fileno()
        begun = time.thread_time_ns()
        for _ in range(batches(count)):
            if _libc.sendmmsg(descriptor, self._messages, _BATCH, 0) != _BATCH:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return time.thread_time_ns() - begun


def batches(count: int) -> int:
    """How often a whole batch is sent for about `count` frames."""
    return max(1, round(count / _BATCH))


def sent(count: int) -> int:
    """How many frames `Blaster.send(count)` sends."""
    return batches(count) * _BATCH
