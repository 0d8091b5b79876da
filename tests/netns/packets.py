"""Packets written by hand, as a hostile phone would, and a tap that sees what arrives."""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

ETH_P_ALL = 0x0003
TCP, UDP, ICMP, ICMPV6, SCTP, GRE, ESP, SIX_IN_FOUR, FOUR_IN_SIX = 6, 17, 1, 58, 132, 47, 50, 41, 4
FRAGMENT, HOP_BY_HOP, DESTINATION, NOTHING = 44, 0, 60, 59  # Extension headers of IPv6.
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source: str, target: str, protocol: int, payload: bytes, fragment: int = 0) -> bytes:
    """An IP packet of the family of `source`; `fragment` is the v4 flags and offset field."""
    src, dst = ip_address(source), ip_address(target)
    if isinstance(src, IPv6Address):
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + (
            src.packed + dst.packed + payload
        )
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0)
    head += src.packed + dst.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def _pseudo(source: str, target: str, protocol: int, length: int) -> bytes:
    src, dst = ip_address(source), ip_address(target)
    if isinstance(src, IPv4Address):
        return src.packed + dst.packed + struct.pack("!BBH", 0, protocol, length)
    return src.packed + dst.packed + struct.pack("!II", length, protocol)


def tcp(source: str, target: str, sport: int, dport: int, flags: int, data: bytes = b"") -> bytes:
    head = struct.pack("!HHIIBBHHH", sport, dport, 1000, 2000, 5 << 4, flags, 8192, 0, 0) + data
    total = checksum(_pseudo(source, target, TCP, len(head)) + head)
    return ip_packet(source, target, TCP, head[:16] + struct.pack("!H", total) + head[18:])


def udp(source: str, target: str, sport: int, dport: int, data: bytes = b"probe") -> bytes:
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    total = checksum(_pseudo(source, target, UDP, len(head)) + head) or 0xFFFF
    return ip_packet(source, target, UDP, head[:6] + struct.pack("!H", total) + head[8:])


def icmp(source: str, target: str, kind: int, code: int, rest: bytes) -> bytes:
    """ICMP of the family of `source`; `rest` follows the checksum."""
    head = struct.pack("!BBH", kind, code, 0) + rest
    if ":" in source:
        total = checksum(_pseudo(source, target, ICMPV6, len(head)) + head)
        return ip_packet(source, target, ICMPV6, head[:2] + struct.pack("!H", total) + head[4:])
    return ip_packet(source, target, ICMP, head[:2] + struct.pack("!H", checksum(head)) + head[4:])


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def frame(target_mac: str, source_mac: str, packet: bytes) -> bytes:
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    return mac_bytes(target_mac) + mac_bytes(source_mac) + kind + packet


def inject(interface: str, frames: list[bytes]) -> None:
    """Put frames on the wire, from the network of the thread that asks."""
    with closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW)) as wire:
        wire.bind((interface, 0))
        for each in frames:
            wire.send(each)


@dataclass(frozen=True)
class Seen:
    """One IP packet that arrived."""

    packet: bytes

    @property
    def version(self) -> int:
        return self.packet[0] >> 4

    @property
    def protocol(self) -> int:
        return self.packet[9] if self.version == 4 else self.packet[6]

    @property
    def payload(self) -> bytes:
        return self.packet[20:] if self.version == 4 else self.packet[40:]

    @property
    def kind(self) -> int:
        """The ICMP type."""
        return self.payload[0]

    @property
    def is_reset(self) -> bool:
        return self.protocol == TCP and bool(self.payload[13] & RST)

    @property
    def is_prohibited(self) -> bool:
        """ICMP: administratively prohibited."""
        wanted = {4: (ICMP, 3, 13), 6: (ICMPV6, 1, 1)}[self.version]
        return (self.protocol, *self.payload[:2]) == wanted

    @property
    def is_housekeeping(self) -> bool:
        """Neighbour discovery, router discovery and multicast listening of IPv6."""
        return self.protocol in (0, ICMPV6) and (
            self.protocol == 0 or self.payload[0] in (130, 131, 132, 133, 134, 135, 136, 143)
        )


class Tap:
    """Sees every IP packet that arrives at an interface."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((interface, ETH_P_ALL))

    def close(self) -> None:
        self._socket.close()

    def arrived(
        self, wait: float, until: Callable[[list[Seen]], bool] = lambda seen: bool(seen)
    ) -> list[Seen]:
        """What arrives within `wait` seconds, or before `until` is satisfied.

        The housekeeping of IPv6 is left out.
        """
        return self.everything(wait, lambda each: not each.is_housekeeping, until)

    def everything(
        self,
        wait: float,
        wanted: Callable[[Seen], bool],
        until: Callable[[list[Seen]], bool] = lambda seen: bool(seen),
    ) -> list[Seen]:
        """As `arrived`, of the packets that are `wanted`."""
        seen: list[Seen] = []
        end = time.monotonic() + wait
        while not until(seen) and (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                packet, address = self._socket.recvfrom(1 << 16)
            except TimeoutError:
                break
            if address[2] == socket.PACKET_OUTGOING or address[1] not in (0x0800, 0x86DD):
                continue
            each = Seen(packet)
            if wanted(each):
                seen.append(each)
        return seen
