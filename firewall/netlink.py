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
from contextlib import suppress
from dataclasses import dataclass

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_DUMP_INTR = 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
_NLA_TYPE_MASK = 0x3FFF
_LISTINGS = 8

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_FAMILY = struct.Struct("!BBH")  # family, version, resource
NETFILTER_HEADER = _FAMILY.size
"""Bytes of a netfilter message before its attributes."""
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
    """Every object the kernel lists for a request; listed anew if something changed meanwhile.

    Raises:
        OSError: the kernel refused; `EINTR` when something changed every time.
    """
    for _ in range(_LISTINGS - 1):
        with suppress(InterruptedError):
            return _list(netlink, kind, family, body)
    return _list(netlink, kind, family, body)


def _list(netlink: socket.socket, kind: int, family: int, body: bytes) -> list[Message]:
    netlink.send(request(kind, family, body, NLM_F_DUMP))
    found: list[Message] = []
    interrupted = False
    while True:
        for answer, flags, payload in messages(netlink.recv(1 << 18)):
            interrupted = interrupted or bool(flags & NLM_F_DUMP_INTR)
            if answer == NLMSG_ERROR:
                raise_error(payload)
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
            raise_error(payload)
            return


def raise_error(payload: bytes) -> None:
    """Raise what an NLMSG_ERROR says as an OSError; it may say that all is well."""
    (code,) = struct.unpack_from("=i", payload)
    if code:
        raise OSError(-code, os.strerror(-code))
