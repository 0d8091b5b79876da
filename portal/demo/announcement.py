"""The captive portal API in router advertisements: option 37 (RFC 8910 §2.3).

dnsmasq announces addresses but does not know this option, so the access point sends a second
advertisement that carries nothing else. Its router lifetime is the same as dnsmasq's: the last
one heard counts (RFC 4861 §6.3.4).

As a program, on the access point: python -m portal.demo.announcement INTERFACE URI
"""

import contextlib
import socket
import struct
import sys
import time

_SOLICITATION, _ADVERTISEMENT = 133, 134
_CAPTIVE_PORTAL = 37
_LIFETIME_SECONDS = 1800
_SECONDS_BETWEEN = 3
_ICMPV6_FILTER = 1
_ALL_NODES, _ALL_ROUTERS = "ff02::1", "ff02::2"
_HEADER = struct.Struct("!BBHBBHII")


def advertisement(uri: str) -> bytes:
    """A router advertisement whose only option is the API's address; the kernel adds the sum."""
    text = uri.encode("ascii")
    length = -(-(2 + len(text)) // 8)  # In units of 8 bytes, rounded up.
    option = bytes((_CAPTIVE_PORTAL, length)) + text.ljust(8 * length - 2, b"\0")
    return _HEADER.pack(_ADVERTISEMENT, 0, 0, 64, 0, _LIFETIME_SECONDS, 0, 0) + option


def announced_uri(packet: bytes) -> str | None:
    """The API's address in a router advertisement, if it carries one. Takes any bytes."""
    if len(packet) < _HEADER.size or packet[0] != _ADVERTISEMENT:
        return None
    options = packet[_HEADER.size :]
    while len(options) >= 8:
        kind, length = options[0], 8 * options[1]
        if not 0 < length <= len(options):
            return None
        if kind == _CAPTIVE_PORTAL:
            return options[2:length].rstrip(b"\0").decode("ascii", "replace")
        options = options[length:]
    return None


def announce(interface: str, uri: str) -> None:
    """Advertise for ever: every few seconds, and at once to whoever asks."""
    packet = advertisement(uri)
    with _socket(interface, receives=_SOLICITATION) as link:
        link.settimeout(_SECONDS_BETWEEN)
        print("ready", flush=True)
        while True:
            link.sendto(packet, (_ALL_NODES, 0))
            with contextlib.suppress(TimeoutError):
                link.recv(1500)


def discover(interface: str, seconds: float = 5) -> str | None:
    """Ask the routers on `interface`, and return the API one of them announces, if any."""
    give_up = time.monotonic() + seconds
    with _socket(interface, receives=_ADVERTISEMENT) as link:
        link.sendto(bytes((_SOLICITATION, *bytes(7))), (_ALL_ROUTERS, 0))
        while (left := give_up - time.monotonic()) > 0:
            link.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if (uri := announced_uri(link.recv(1500))) is not None:
                    return uri
    return None


def _socket(interface: str, *, receives: int) -> socket.socket:
    link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    everything_but = bytearray(b"\xff" * 32)
    everything_but[receives // 32 * 4 : receives // 32 * 4 + 4] = (
        0xFFFFFFFF & ~(1 << receives % 32)
    ).to_bytes(4, sys.byteorder)
    link.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, bytes(everything_but))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    # Neighbour discovery is refused unless it has not been forwarded (RFC 4861 §6.1).
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(interface))
    return link


if __name__ == "__main__":
    announce(sys.argv[1], sys.argv[2])
