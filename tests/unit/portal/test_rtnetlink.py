"""The kernel's datagrams, real ones and any bytes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from portal.rtnetlink import Done, Link, Neighbour, Station, all_neighbours, read, whose


def message(kind: int, payload: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(payload), kind, 0, 0, 0) + payload


def neighbour(state: int, *, family: int = 2, address: str = "0a500034", kind: int = 28) -> bytes:
    raw = bytes.fromhex(address)
    head = struct.pack("=BxxxiHBB", family, 5, state, 0, 1)
    attributes = struct.pack("=HH", 4 + len(raw), 1) + raw
    attributes += struct.pack("=HH", 10, 2) + bytes.fromhex("02005e100001") + b"\0\0"
    return message(kind, head + attributes)


REACHABLE, INCOMPLETE, STALE, FAILED, PERMANENT = 0x02, 0x01, 0x04, 0x20, 0x80
KNOWN = Neighbour(5, "10.80.0.52", "02:00:5e:10:00:01")
UNKNOWN = Neighbour(5, "10.80.0.52", None)


def test_a_neighbour_that_answered_is_known() -> None:
    assert list(read(neighbour(REACHABLE) + neighbour(STALE))) == [KNOWN, KNOWN]


def test_one_that_has_not_answered_is_not() -> None:
    assert list(read(neighbour(INCOMPLETE) + neighbour(FAILED))) == [UNKNOWN, UNKNOWN]


def test_one_that_the_kernel_has_dropped_is_gone() -> None:
    assert list(read(neighbour(REACHABLE, kind=29))) == [UNKNOWN]


def test_an_ipv6_address_is_written_as_everywhere() -> None:
    raw = "20010db8008000000000000000000007"

    assert list(read(neighbour(STALE, family=10, address=raw))) == [
        Neighbour(5, "2001:db8:80::7", KNOWN.mac)
    ]


def station(state: int, *, kind: int = 28) -> bytes:
    head = struct.pack("=BxxxiHBB", 7, 5, state, 0, 1)
    attributes = struct.pack("=HH", 10, 2) + bytes.fromhex("02005e100001") + b"\0\0"
    return message(kind, head + attributes + struct.pack("=HHI", 8, 9, 3))


def test_a_bridge_tells_behind_which_port_a_device_is() -> None:
    assert list(read(station(REACHABLE))) == [Station(bridge=3, port=5, mac="02:00:5e:10:00:01")]


def test_devices_that_left_and_the_ports_themselves_are_no_devices() -> None:
    assert list(read(station(REACHABLE, kind=29) + station(PERMANENT))) == []
    assert list(read(neighbour(REACHABLE, family=7))) == []  # Of no bridge.


def test_links_come_and_go() -> None:
    payload = struct.pack("=BxHiII", 0, 1, 7, 0, 0)
    payload += struct.pack("=HH", 11, 3) + b"br-lan\0\0"

    assert list(read(message(16, payload) + message(17, payload))) == [
        Link(7, "br-lan", gone=False),
        Link(7, "br-lan", gone=True),
    ]


def test_a_list_ends() -> None:
    assert list(read(message(3, bytes(4)))) == [Done()]


def test_a_question_names_its_neighbour() -> None:
    for address in ("10.80.0.52", "2001:db8:80::7"):
        asked = whose(address, 5)

        assert struct.unpack_from("=IHH", asked) == (len(asked), 30, 1)
        # Were it an answer, it would be about the same address.
        assert [word.address for word in read(message(28, asked[16:]))] == [address]  # type: ignore[union-attr]


def test_all_of_them_are_asked_for_at_once() -> None:
    assert struct.unpack_from("=IHH", all_neighbours()) == (28, 30, 0x301)


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(datagram: bytes) -> None:
    list(read(datagram))


@given(st.sampled_from((16, 17, 28, 29, 3)), st.binary(max_size=200))
def test_any_payload_can_be_read(kind: int, payload: bytes) -> None:
    list(read(message(kind, payload)))
