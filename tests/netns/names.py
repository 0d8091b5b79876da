"""Questions for names by hand (RFC 1035), as a phone's resolver sends them."""

import socket
import struct
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from portal.demo import addresses as at
from portal.demo.host import Host

A, AAAA, TXT, HTTPS = 1, 28, 16, 65
KINDS = (A, AAAA, HTTPS)
"""What a phone asks of every name."""

_HEADER = struct.Struct("!HHHHHH")
_ANSWER = struct.Struct("!HHIH")


@dataclass(frozen=True)
class Reply:
    code: int
    addresses: tuple[str, ...]
    seconds: tuple[int, ...]
    """How long each is good."""


def question(name: str, kind: int = A, number: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return _HEADER.pack(number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def read(packet: bytes) -> Reply:
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(packet)
    place = _HEADER.size
    for _ in range(questions):
        place = _after_name(packet, place) + 4
    addresses, seconds = [], []
    for _ in range(answers):
        place = _after_name(packet, place)
        kind, _, good, length = _ANSWER.unpack_from(packet, place)
        data = packet[place + _ANSWER.size :][:length]
        place += _ANSWER.size + length
        seconds.append(good)
        if kind == A:
            addresses.append(str(IPv4Address(data)))
        elif kind == AAAA:
            addresses.append(str(IPv6Address(data)))
    return Reply(flags & 15, tuple(addresses), tuple(seconds))


def _after_name(packet: bytes, place: int) -> int:
    while packet[place]:
        if packet[place] >= 0xC0:
            return place + 2
        place += 1 + packet[place]
    return place + 1


def ask(host: Host, name: str, kind: int = A, *, server: str = at.GATEWAY4) -> Reply:
    """What `server` says.

    Raises:
        TimeoutError: it said nothing.
    """
    with host.network(), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        asking.settimeout(3)
        asking.connect((server, 53))
        asking.send(question(name, kind))
        return read(asking.recv(4096))


def ask_all(host: Host, names: list[str], *, seconds: float = 2) -> int:
    """Ask for all of `names`, each of every kind, at once; how many questions are answered."""
    asked = [question(n, kind, i) for i, n in enumerate(names) for kind in KINDS]
    answered = 0
    with host.network(), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        asking.settimeout(seconds)
        asking.connect((at.GATEWAY4, 53))
        for each in asked:
            asking.send(each)
        try:
            while answered < len(asked):
                asking.recv(4096)
                answered += 1
        except TimeoutError:
            pass
    return answered
