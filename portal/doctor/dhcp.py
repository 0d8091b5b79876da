"""DHCP as a phone speaks it (RFC 2131, RFC 2132), as bytes. No socket.

Only what is needed to be offered an address with its options, to take it, and to give it back.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal, TypeAlias

SERVER_PORT, CLIENT_PORT = 67, 68
MASK, ROUTER, RESOLVERS, PORTAL = 1, 3, 6, 114
"""Options that a phone asks for; the last is RFC 8910's."""

_ADDRESS, _KIND, _SERVER, _WANTED, _END = 50, 53, 54, 55, 255
_HEADER: Final = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_COOKIE: Final = bytes((99, 130, 83, 99))
_BROADCAST: Final = 0x8000
"""Answer to everybody: who has no address yet cannot be addressed."""
_NOWHERE: Final = IPv4Address(0)

Kind: TypeAlias = Literal["discover", "request", "release"]
_KINDS: Final[Mapping[Kind, int]] = {"discover": 1, "request": 3, "release": 7}
_OFFER, _ACK = 2, 5


class Unreadable(Exception):
    """The datagram is no answer to this phone."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server offers, or has given."""

    given: bool
    address: IPv4Address
    server: IPv4Address
    options: Mapping[int, bytes]

    def addresses(self, option: int) -> tuple[IPv4Address, ...]:
        """The addresses in an option; none if it is not there."""
        data = self.options.get(option, b"")
        return tuple(IPv4Address(data[at : at + 4]) for at in range(0, len(data) - 3, 4))

    @property
    def prefix(self) -> int:
        """Bits of the network; all of them if the server does not say."""
        masks = self.addresses(MASK)
        return int(masks[0]).bit_count() if masks else 32

    @property
    def portal(self) -> str | None:
        """The announced address of the captive portal's API."""
        data = self.options.get(PORTAL)
        return None if data is None else data.decode("ascii", "replace").rstrip("\0")


def message(kind: Kind, number: int, mac: bytes, offer: Offer | None = None) -> bytes:
    """What the phone with this MAC address says; `number` (32 bits) marks the answers.

    `offer` is what a `request` takes, and a `release` gives back.
    """
    options = _option(_KIND, bytes([_KINDS[kind]]))
    own = _NOWHERE
    if offer is not None:
        options += _option(_SERVER, offer.server.packed)
        if kind == "request":
            options += _option(_ADDRESS, offer.address.packed)
        else:
            own = offer.address
    if kind != "release":
        options += _option(_WANTED, bytes((MASK, ROUTER, RESOLVERS, PORTAL)))
    head = _HEADER.pack(
        *(1, 1, len(mac), 0, number, 0, _BROADCAST if kind != "release" else 0),
        *(own.packed, _NOWHERE.packed, _NOWHERE.packed, _NOWHERE.packed),
        *(mac, b"", b"", _COOKIE),
    )
    return head + options + bytes([_END])


def _option(kind: int, data: bytes) -> bytes:
    return bytes((kind, len(data))) + data


def read(datagram: bytes, number: int) -> Offer:
    """A server's answer.

    Raises:
        Unreadable: it is none, is for another phone, refuses, or is cut short.
    """
    if len(datagram) < _HEADER.size:
        raise Unreadable("too short")
    operation, *_, asked, _, _, _, yours, _, _, _, _, _, cookie = _HEADER.unpack_from(datagram)
    if (operation, asked, cookie) != (2, number, _COOKIE):
        raise Unreadable("an answer to somebody else")
    options = _options(datagram[_HEADER.size :])
    kind, server = options.get(_KIND, b""), options.get(_SERVER, b"")
    if kind not in (bytes([_OFFER]), bytes([_ACK])) or len(server) != 4:
        raise Unreadable("no offer")
    return Offer(kind == bytes([_ACK]), IPv4Address(yours), IPv4Address(server), options)


def _options(data: bytes) -> dict[int, bytes]:
    """Options by number; one that comes in parts is put together (RFC 3396)."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(data) and data[at] != _END:
        if data[at] == 0:  # Padding.
            at += 1
            continue
        length = data[at + 1]
        found[data[at]] = found.get(data[at], b"") + data[at + 2 : at + 2 + length]
        at += 2 + length
    return found
