"""One question for an address to a resolver (RFC 1035), as bytes. No socket.

Written here because the C library's resolver blocks, remembers, and asks whom it likes; the
watch of the line has to ask the resolver that phones ask, and no other.
"""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_HEADER = struct.Struct("!HHHHHH")  # id, flags, questions, answers, authorities, additional
_RECORD = struct.Struct("!HHIH")  # type, class, time to live, length
_TYPES = {4: 1, 6: 28}  # A, AAAA
_IN, _RECURSE, _IS_ANSWER = 1, 0x0100, 0x8000
_POINTER = 0xC0


class Unreadable(Exception):
    """The answer is none to this question, or is cut short."""


def ask(number: int, name: str, family: Literal[4, 6]) -> bytes:
    """The question for the addresses of `name`; `number` (16 bits) marks its answer."""
    labels = b"".join(bytes([len(label)]) + label for label in name.encode("ascii").split(b"."))
    return (
        _HEADER.pack(number, _RECURSE, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack("!HH", _TYPES[family], _IN)
    )


def read(answer: bytes, number: int) -> list[Address]:
    """The addresses in `answer`; none if the resolver knows none, or refuses.

    Raises:
        Unreadable: it does not answer the question `number`.
    """
    try:
        asked, flags, questions, answers, _, _ = _HEADER.unpack_from(answer)
        if asked != number or not flags & _IS_ANSWER:
            raise Unreadable("an answer to another question")
        at = _HEADER.size
        for _ in range(questions):
            at = _after_name(answer, at) + 4
        return list(_addresses(answer, at, answers))
    except (struct.error, IndexError) as error:
        raise Unreadable(f"an answer that is cut short: {error}") from None


def _addresses(answer: bytes, at: int, count: int) -> Iterator[Address]:
    for _ in range(count):
        at = _after_name(answer, at)
        kind, _, _, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        data = answer[at : at + length]
        if len(data) != length:
            raise Unreadable("an answer that is cut short")
        if (kind, length) in ((1, 4), (28, 16)):
            yield ip_address(data)
        at += length


def _after_name(message: bytes, at: int) -> int:
    """Where the name that begins at `at` ends. A pointer is always its last part."""
    while (length := message[at]) != 0:
        if length >= _POINTER:
            return at + 2
        at += 1 + length
    return at + 1
