"""Ends the running connections of a device that may no longer pass.

The rules drop its packets one by one without this. What is left in the connection tracking
table are translations that a flow offload would follow past the rules, and that would let a
connection go on where it was when the device is admitted again.

Connections of a device to the gateway itself stay: the page that tells a person "you are
offline now" is one of them.
"""

import asyncio
import re
import socket
from collections.abc import Collection
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

_TUPLE_ORIG, _TUPLE_REPLY, _ID, _ZONE = 1, 2, 12, 18  # CTA_*
_TUPLE_IP = 1  # CTA_TUPLE_IP
_SOURCE = {4: 1, 6: 3}  # CTA_IP_V4_SRC, CTA_IP_V6_SRC
_ADDRESS_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


async def cut(addresses: Collection[IpAddress]) -> int:
    """End every forwarded connection from or to `addresses`; how many there were.

    Raises:
        EnforcementError: the kernel refused.
    """
    return await asyncio.to_thread(cut_connections, addresses)


def cut_connections(addresses: Collection[IpAddress]) -> int:
    """As `cut`, in the thread that calls.

    The table is read once per family, and picked from here: the kernel's own filter takes the
    opposite of what is asked for IPv6 (seen on 6.18; it cut everybody else).

    Raises:
        EnforcementError: the kernel refused.
    """
    theirs = set(addresses)
    try:
        with closing(open_socket()) as netlink:
            ours = _own_addresses() if theirs else set()
            return sum(
                _delete(netlink, entry)
                for version in {address.version for address in theirs}
                for entry in _entries(netlink, version, theirs)
                if (ends := _ends(entry)) & theirs and not ends & ours
            )
    except OSError as error:
        raise EnforcementError(f"the kernel does not delete connections: {error}") from error


def _entries(netlink: socket.socket, version: int, about: set[IpAddress]) -> list[Message]:
    """The entries that speak of any of these addresses, in whatever place."""
    packed = re.compile(b"|".join(re.escape(address.packed) for address in about))
    entries = dump(netlink, _GET, _ADDRESS_FAMILY[version], b"")
    return [entry for entry in entries if packed.search(entry.body)]


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


def _ends(entry: Message) -> set[IpAddress]:
    """The two ends of a connection, behind every translation: who sent first, who answers."""
    ends = set()
    for side, value in attributes(entry.body):
        if side in (_TUPLE_ORIG, _TUPLE_REPLY):
            found = dict(attributes(dict(attributes(value))[_TUPLE_IP]))
            ends.add(ip_address(found.get(_SOURCE[4]) or found[_SOURCE[6]]))
    return ends


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
