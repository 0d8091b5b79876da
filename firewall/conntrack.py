"""Ends the running connections of a device that may no longer pass.

The rules drop its packets one by one without this. What is left in the connection tracking
table are translations that a flow offload would follow past the rules, and that would let a
connection go on where it was when the device is admitted again.

Connections of a device to the gateway itself stay: the page that tells a person "you are
offline now" is one of them.
"""

import asyncio
import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address, ip_address

from firewall.enforcer import EnforcementError
from firewall.netlink import (
    NETLINK_ROUTE,
    NLA_F_NESTED,
    NLM_F_ACK,
    Message,
    acknowledged,
    attribute,
    attributes,
    dump,
    open_socket,
    request,
)

IpAddress = IPv4Address | IPv6Address

_CONNTRACK = 1 << 8
_GET, _DELETE = _CONNTRACK | 1, _CONNTRACK | 2  # IPCTNL_MSG_CT_*

_TUPLE_ORIG, _TUPLE_REPLY, _ID, _ZONE, _FILTER = 1, 2, 12, 18, 25  # CTA_*
_TUPLE_IP = 1  # CTA_TUPLE_IP
_SOURCE = {4: 1, 6: 3}  # CTA_IP_V4_SRC, CTA_IP_V6_SRC
_ADDRESS_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_FILTER_FLAGS = {_TUPLE_ORIG: 1, _TUPLE_REPLY: 2}  # CTA_FILTER_{ORIG,REPLY}_FLAGS
_FILTER_BY_SOURCE = 1  # CTA_FILTER_F_CTA_IP_SRC


async def cut(addresses: Collection[IpAddress]) -> int:
    """End every forwarded connection from or to `addresses`; how many there were.

    Raises:
        EnforcementError: the kernel refused.
    """
    return await asyncio.to_thread(cut_connections, addresses)


def cut_connections(addresses: Collection[IpAddress]) -> int:
    """As `cut`, in the thread that calls.

    The kernel itself picks the entries (Linux 5.8), so a table of 10,000 is not copied here.

    Raises:
        EnforcementError: the kernel refused.
    """
    if not addresses:
        return 0
    try:
        with closing(open_socket()) as netlink:
            ours = _own_addresses()
            # From the device: it is the source. To the device: it is the source of answers,
            # whether or not the destination was translated.
            return sum(
                _delete(netlink, entry)
                for address in addresses
                for side in (_TUPLE_ORIG, _TUPLE_REPLY)
                for entry in _entries(netlink, side, address)
                if not ours.intersection(_ends(entry))
            )
    except OSError as error:
        raise EnforcementError(f"the kernel does not delete connections: {error}") from error


def _entries(netlink: socket.socket, side: int, source: IpAddress) -> list[Message]:
    by_source = attribute(
        side | NLA_F_NESTED,
        attribute(_TUPLE_IP | NLA_F_NESTED, attribute(_SOURCE[source.version], source.packed)),
    )
    only = attribute(
        _FILTER | NLA_F_NESTED,
        b"".join(
            attribute(flags, struct.pack("=I", _FILTER_BY_SOURCE if of == side else 0))
            for of, flags in _FILTER_FLAGS.items()
        ),
    )
    return dump(netlink, _GET, _ADDRESS_FAMILY[source.version], by_source + only)


def _delete(netlink: socket.socket, entry: Message) -> int:
    """Delete this very connection, named by its own tuple, zone and number."""
    name = b"".join(
        attribute(kind | (NLA_F_NESTED if kind == _TUPLE_ORIG else 0), value)
        for kind, value in attributes(entry.body)
        if kind in (_TUPLE_ORIG, _ZONE, _ID)
    )
    try:
        acknowledged(netlink, request(_DELETE, entry.family, name, NLM_F_ACK))
    except FileNotFoundError:
        return 0  # It ended by itself.
    return 1


def _ends(entry: Message) -> Iterator[IpAddress]:
    """The two ends of a connection as they are behind every translation: who sent first, and
    who answers."""
    for side, value in attributes(entry.body):
        if side in (_TUPLE_ORIG, _TUPLE_REPLY):
            addresses = dict(attributes(dict(attributes(value))[_TUPLE_IP]))
            yield ip_address(addresses.get(_SOURCE[4]) or addresses[_SOURCE[6]])


_GET_ADDRESS = 22  # RTM_GETADDR
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_HEADER_REST = 4  # of struct ifaddrmsg, which is 4 bytes longer than a netfilter header


def _own_addresses() -> set[IpAddress]:
    with closing(open_socket(protocol=NETLINK_ROUTE)) as netlink:
        found = [
            dict(attributes(message.body[_IFA_HEADER_REST:]))
            for message in dump(netlink, _GET_ADDRESS, socket.AF_UNSPEC, b"")
        ]
    # On a point-to-point link IFA_ADDRESS is the other end, and IFA_LOCAL is ours.
    return {ip_address(each.get(_IFA_LOCAL) or each[_IFA_ADDRESS]) for each in found}
