"""A pair of virtual cables between a bridge and a namespace, and an address at its end.

Messages of rtnetlink(7); numbers are those of linux/rtnetlink.h, linux/if_link.h, linux/veth.h.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from typing import Final

from firewall.netlink import (
    NETLINK_ROUTE,
    NLM_F_ACK,
    NLM_F_REQUEST,
    acknowledged,
    attribute,
    open_socket,
)

_NEW_LINK, _DELETE_LINK, _NEW_ADDRESS, _NEW_ROUTE = 16, 17, 20, 24
_CREATE: Final = 0x600  # NLM_F_CREATE | NLM_F_EXCL
_UP: Final = 1
_LINK: Final = struct.Struct("=BxHiII")  # family, type, interface, flags, change
_HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_MAC, _NAME, _MASTER, _INFO, _NAMESPACE_OF = 1, 3, 10, 18, 19
_INFO_KIND, _INFO_DATA, _PEER = 1, 2, 1
_SECONDS: Final = 5.0


def cable(name: str, bridge: str, process: int, other: str, mac: bytes) -> None:
    """Make `name` a port of `bridge`, still down, and `other` its end where `process` lives.

    It goes when the namespace of `process` does.

    Raises:
        OSError: the kernel refused; EOPNOTSUPP if it has no veth.
    """
    end = _LINK.pack(0, 0, 0, 0, 0) + attribute(_NAME, other.encode() + b"\0")
    end += attribute(_MAC, mac) + attribute(_NAMESPACE_OF, struct.pack("=I", process))
    info = attribute(_INFO_KIND, b"veth\0") + attribute(_INFO_DATA, attribute(_PEER, end))
    _ask(
        _NEW_LINK,
        _LINK.pack(0, 0, 0, 0, 0)
        + attribute(_NAME, name.encode() + b"\0")
        + attribute(_MASTER, struct.pack("=I", socket.if_nametoindex(bridge)))
        + attribute(_INFO, info),
        _CREATE,
    )


def switch_on(interface: str) -> None:
    """Raises:
    OSError: the kernel refused.
    """
    _ask(_NEW_LINK, _LINK.pack(0, 0, socket.if_nametoindex(interface), _UP, _UP))


def remove(interface: str) -> None:
    """Raises:
    OSError: the kernel refused.
    """
    _ask(_DELETE_LINK, _LINK.pack(0, 0, socket.if_nametoindex(interface), 0, 0))


def settle(interface: str, address: IPv4Address, prefix: int, router: IPv4Address) -> None:
    """Give the interface its address, and lead everything through `router`.

    Raises:
        OSError: the kernel refused.
    """
    index = socket.if_nametoindex(interface)
    own = struct.pack("=BBBBi", socket.AF_INET, prefix, 0, 0, index)
    _ask(_NEW_ADDRESS, own + attribute(2, address.packed) + attribute(1, address.packed), _CREATE)
    main, by_hand, unicast = 254, 4, 1
    way = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, main, by_hand, 0, unicast, 0)
    _ask(
        _NEW_ROUTE,
        way + attribute(5, router.packed) + attribute(4, struct.pack("=i", index)),
        _CREATE,
    )


def _ask(kind: int, body: bytes, flags: int = 0) -> None:
    with _kernel() as kernel:
        head = _HEADER.pack(_HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 0, 0)
        acknowledged(kernel, head + body)


@contextmanager
def _kernel() -> Iterator[socket.socket]:
    with open_socket(protocol=NETLINK_ROUTE) as kernel:
        kernel.settimeout(_SECONDS)
        yield kernel
