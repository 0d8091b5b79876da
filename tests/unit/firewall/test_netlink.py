"""Messages of the kernel, well and badly formed."""

import errno
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.netlink import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    Message,
    attribute,
    attributes,
    dump,
    messages,
    request,
)

INTERRUPTED = request(7, 1, b"half", NLM_F_DUMP_INTR) + request(NLMSG_DONE, 0, b"", 0)
WHOLE = request(7, 1, b"all!", 0) + request(NLMSG_DONE, 0, b"", 0)


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


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours, and the kernel's."""
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, kernel:
        ours.settimeout(5)
        yield ours, kernel


def test_a_list_that_changed_while_it_was_read_is_read_anew(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, kernel = ends
    kernel.send(INTERRUPTED)
    kernel.send(WHOLE)

    assert dump(ours, 0xA07, 1, b"") == [Message(7, 1, 1, b"all!")]


def test_a_list_that_changes_without_end_is_given_up(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, kernel = ends
    for _ in range(20):
        kernel.send(INTERRUPTED)

    with pytest.raises(InterruptedError) as refused:
        dump(ours, 0xA07, 1, b"")

    assert refused.value.errno == errno.EINTR
