"""Messages of the kernel, well and badly formed."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from firewall.netlink import attribute, attributes, messages, request


def test_attributes_are_read_as_they_were_written() -> None:
    body = attribute(1, b"portal\0") + attribute(2 | 0x8000, attribute(3, b"\1\2\3\4"))

    assert list(attributes(body)) == [(1, b"portal\0"), (2, attribute(3, b"\1\2\3\4"))]
    assert len(body) % 4 == 0


def test_messages_are_read_as_they_were_written() -> None:
    datagram = request(0xA07, 1, attribute(1, b"x"), 0x300) + request(3, 0, b"", 0)

    assert [(kind, flags) for kind, flags, _ in messages(datagram)] == [(0xA07, 0x301), (3, 1)]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    for _, _, payload in messages(data):
        list(attributes(payload))
    list(attributes(data))


def test_a_length_of_nothing_ends_the_reading() -> None:
    assert list(attributes(struct.pack("=HH", 0, 1) * 3)) == []
    assert list(messages(bytes(64))) == []
