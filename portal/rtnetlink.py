"""The kernel's words about neighbours and links (rtnetlink(7)), as values. No socket.

Written here and not taken from a library because a hostile crowd makes thousands of these a
second: see docs/adr/0011-neighbours-by-hand.md. Numbers are those of linux/rtnetlink.h,
linux/neighbour.h and linux/if_link.h.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_ntop
from sys import byteorder
from typing import TypeAlias

from firewall.netlink import NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, attribute, attributes, messages

LINK_EVENTS, NEIGHBOUR_EVENTS = 1 << 0, 1 << 2
"""RTNLGRP_LINK and RTNLGRP_NEIGH, as masks."""

_RTM_NEWLINK, _RTM_DELLINK = 16, 17
_RTM_NEWNEIGH, _RTM_DELNEIGH, _RTM_GETNEIGH = 28, 29, 30
_NDA_DST, _NDA_LLADDR, _NDA_MASTER, _IFLA_IFNAME = 1, 2, 9, 3
_AF_BRIDGE = 7
_PERMANENT = 0x80
_CONFIRMED = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""REACHABLE, STALE, DELAY, PROBE, PERMANENT."""

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # family, interface, state, flags, type
_LINK = struct.Struct("=BxHiII")  # family, type, interface, flags, change
_ADDRESS_BYTES = {AF_INET: 4, AF_INET6: 16}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What the kernel knows of an address on an interface."""

    index: int
    address: str
    mac: str | None
    """Who has the address; None if nobody does (any more), as far as is known."""


@dataclass(frozen=True, slots=True)
class Station:
    """A MAC address that a bridge has learnt behind one of its ports."""

    bridge: int
    port: int
    mac: str


@dataclass(frozen=True, slots=True)
class Link:
    """An interface that came, went or changed."""

    index: int
    name: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a list."""


Word: TypeAlias = Neighbour | Station | Link | Done


def whose(address: str, index: int) -> bytes:
    """Ask for one neighbour. The answer is one `Neighbour`, or an error, which `read` skips."""
    ip = ip_address(address)
    family = AF_INET if ip.version == 4 else AF_INET6
    body = _NEIGHBOUR.pack(family, index, 0, 0, 0) + attribute(_NDA_DST, ip.packed)
    return _request(_RTM_GETNEIGH, NLM_F_REQUEST, body)


def all_neighbours() -> bytes:
    """Ask for every neighbour of both families. The answers end with `Done`."""
    return _request(_RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, _NEIGHBOUR.pack(0, 0, 0, 0, 0))


def _request(kind: int, flags: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 0, 0) + body


def read(datagram: bytes) -> Iterator[Word]:
    """What a datagram says; the rest of a malformed one is left out."""
    for kind, _, payload in messages(datagram):
        if kind in (_RTM_NEWNEIGH, _RTM_DELNEIGH) and len(payload) >= _NEIGHBOUR.size:
            neighbour = _neighbour(payload, gone=kind == _RTM_DELNEIGH)
            if neighbour is not None:
                yield neighbour
        elif kind in (_RTM_NEWLINK, _RTM_DELLINK) and len(payload) >= _LINK.size:
            name = dict(attributes(payload[_LINK.size :])).get(_IFLA_IFNAME, b"")
            index: int = _LINK.unpack_from(payload)[2]
            yield Link(index, name.rstrip(b"\0").decode(errors="replace"), kind == _RTM_DELLINK)
        elif kind == NLMSG_DONE:
            yield Done()


def _neighbour(payload: bytes, *, gone: bool) -> Neighbour | Station | None:
    family, index, state, _, _ = _NEIGHBOUR.unpack_from(payload)
    said = dict(attributes(payload[_NEIGHBOUR.size :]))
    mac = said.get(_NDA_LLADDR, b"")
    if family == _AF_BRIDGE:  # A bridge's forwarding table speaks with the same words.
        master = said.get(_NDA_MASTER, b"")
        if gone or state & _PERMANENT or len(mac) != 6 or len(master) != 4:
            return None  # Permanent: the ports' own addresses.
        return Station(int.from_bytes(master, byteorder), index, mac.hex(":"))
    address = said.get(_NDA_DST, b"")
    if len(address) != _ADDRESS_BYTES.get(family):
        return None
    known = not gone and state & _CONFIRMED and len(mac) == 6
    return Neighbour(index, inet_ntop(family, address), mac.hex(":") if known else None)
