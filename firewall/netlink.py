"""The few netlink messages we exchange with the kernel ourselves.

Everything that changes the ruleset goes through nft. What is left is what nft does slowly or
not at all: seeing that somebody changed the ruleset, and deleting connections by address.
Numbers are those of linux/netlink.h, linux/netfilter/nfnetlink.h and the headers beside them.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_DUMP_INTR = 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
_NLA_TYPE_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_FAMILY = struct.Struct("!BBH")  # family, version, resource
_ATTRIBUTE = struct.Struct("=HH")  # length, type


@dataclass(frozen=True, slots=True)
class Message:
    """One netfilter message: `kind` is subsystem and type, `body` its attributes."""

    kind: int
    flags: int
    family: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message or of a nested attribute; stops at the first malformed one."""
    at = 0
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size or at + length > len(body):
            return
        yield kind & _NLA_TYPE_MASK, body[at + _ATTRIBUTE.size : at + length]
        at += length + (-length % 4)


def request(kind: int, family: int, body: bytes, flags: int, sequence: int = 0) -> bytes:
    payload = _FAMILY.pack(family, 0, 0) + body
    length = _HEADER.size + len(payload)
    return _HEADER.pack(length, kind, NLM_F_REQUEST | flags, sequence, 0) + payload


def messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and payload of each message; stops at the first malformed one."""
    at = 0
    while at + _HEADER.size <= len(datagram):
        length, kind, flags, _, _ = _HEADER.unpack_from(datagram, at)
        if length < _HEADER.size or at + length > len(datagram):
            return
        yield kind, flags, datagram[at + _HEADER.size : at + length]
        at += length + (-length % 4)


def open_socket(groups: int = 0, *, protocol: int = NETLINK_NETFILTER) -> socket.socket:
    """A netlink socket of this thread's network namespace, bound, hearing `groups` (a mask)."""
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    try:
        netlink.bind((0, groups))
    except OSError:
        netlink.close()
        raise
    return netlink


def dump(netlink: socket.socket, kind: int, family: int, body: bytes) -> list[Message]:
    """Every object the kernel lists for a request.

    Raises:
        OSError: the kernel refused; `EINTR` when the objects changed while they were listed.
    """
    netlink.send(request(kind, family, body, NLM_F_DUMP))
    found: list[Message] = []
    interrupted = False
    while True:
        for answer, flags, payload in messages(netlink.recv(1 << 18)):
            interrupted = interrupted or bool(flags & NLM_F_DUMP_INTR)
            if answer == NLMSG_ERROR:
                _raise_error(payload)
            if answer == NLMSG_DONE:
                if interrupted:
                    raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
                return found
            found.append(Message(answer, flags, payload[0], payload[_FAMILY.size :]))


def acknowledged(netlink: socket.socket, message: bytes) -> None:
    """Send one request and wait for the kernel's word.

    Raises:
        OSError: what the kernel said.
    """
    netlink.send(message)
    for answer, _, payload in messages(netlink.recv(1 << 16)):
        if answer == NLMSG_ERROR:
            _raise_error(payload)
            return


def _raise_error(payload: bytes) -> None:
    (code,) = struct.unpack_from("=i", payload)
    if code:
        raise OSError(-code, os.strerror(-code))


# -- the ruleset --------------------------------------------------------------------------

_NFTABLES = 10 << 8
_GET_CHAIN, _GET_RULE = _NFTABLES | 4, _NFTABLES | 7
_GET_ELEMENTS, _NEW_GENERATION, _GET_GENERATION = (_NFTABLES | n for n in (13, 15, 16))
_TABLE_NAME = 1  # NFTA_CHAIN_TABLE, NFTA_RULE_TABLE
_SET_TABLE, _SET_NAME, _ELEMENTS = 1, 2, 3  # NFTA_SET_ELEM_LIST_*
_KEY, _VALUE = 1, 1  # NFTA_SET_ELEM_KEY, NFTA_DATA_VALUE
_GENERATION = 1  # NFTA_GEN_ID
_INET, _NETDEV = 1, 5


def generation(netlink: socket.socket) -> int:
    """A number that is another after every change to any rule, set or element, by anyone.

    Elements that run out by themselves are no change. Ask it over a socket that stays open:
    closing one after a change waits until the kernel has freed what was replaced, 10 ms (6.18).

    Raises:
        OSError: the kernel could not be asked.
    """
    netlink.send(request(_GET_GENERATION, socket.AF_UNSPEC, b"", 0))
    for kind, _, payload in messages(netlink.recv(1 << 16)):
        if kind == NLMSG_ERROR:
            _raise_error(payload)
        if kind == _NEW_GENERATION:
            told = dict(attributes(payload[_FAMILY.size :]))
            return int.from_bytes(told[_GENERATION], "big")
    raise OSError(errno.EPROTO, "the kernel answered something else")


def keys_in_both(table: str, set_name: str) -> set[bytes]:
    """The keys that the set `set_name` holds in both tables called `table`, inet and netdev.

    Half the time of nft's two listings (5,000 devices: 50 ms), because the rest of an element is
    passed over.

    Raises:
        OSError: the kernel could not be asked, or there is no such set.
    """
    body = attribute(_SET_TABLE, table.encode() + b"\0")
    body += attribute(_SET_NAME, set_name.encode() + b"\0")
    with closing(open_socket()) as netlink:
        inet, netdev = (
            {
                dict(attributes(dict(attributes(element))[_KEY]))[_VALUE]
                for message in dump(netlink, _GET_ELEMENTS, family, body)
                for kind, elements in attributes(message.body)
                if kind == _ELEMENTS
                for _, element in attributes(elements)
            }
            for family in (_INET, _NETDEV)
        )
    return inet & netdev


def fingerprint(table: str) -> bytes:
    """What the kernel says of the chains and rules of `table`, in families inet and netdev.

    Equal as long as nobody touches them: rule handles are in it, set elements are not. It
    costs the same however many elements there are (nft 1.0.6 reads 5,000 of them to list a
    table even with --terse: 19 ms).

    Raises:
        OSError: the kernel could not be asked.
    """
    name = table.encode() + b"\0"
    with closing(open_socket()) as netlink:
        return b"".join(
            message.body
            for family in (_INET, _NETDEV)
            for kind in (_GET_CHAIN, _GET_RULE)
            for message in dump(netlink, kind, family, attribute(_TABLE_NAME, name))
            if dict(attributes(message.body)).get(_TABLE_NAME) == name
        )
