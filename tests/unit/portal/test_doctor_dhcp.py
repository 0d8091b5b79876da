"""DHCP as the doctor's phone speaks it, as bytes."""

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.doctor import dhcp

MAC = bytes.fromhex("020000000001")
NUMBER = 0x12345678
COOKIE = bytes.fromhex("63825363")


def answer(options: bytes, *, number: int = NUMBER, operation: int = 2) -> bytes:
    head = struct.pack("!BBBBIHH", operation, 1, 6, 0, number, 0, 0)
    head += bytes(4) + IPv4Address("10.80.0.100").packed + bytes(8) + MAC.ljust(16, b"\0")
    return head + bytes(192) + COOKIE + options


OFFER = bytes.fromhex("350102 36040a500001 0104fffff000 03040a500001 06080a5000010a500002")
URI = b"https://wifi.example/api"


def test_an_offer_is_read() -> None:
    offer = dhcp.read(answer(OFFER + bytes((0, 0, 114, len(URI))) + URI + b"\xff\1"), NUMBER)

    assert not offer.given
    assert (str(offer.address), str(offer.server)) == ("10.80.0.100", "10.80.0.1")
    assert offer.prefix == 20
    assert offer.addresses(dhcp.ROUTER) == (IPv4Address("10.80.0.1"),)
    assert len(offer.addresses(dhcp.RESOLVERS)) == 2
    assert offer.portal == URI.decode()


def test_an_offer_may_say_little() -> None:
    offer = dhcp.read(answer(bytes.fromhex("350105 36040a500001")), NUMBER)

    assert offer.given
    assert (offer.prefix, offer.portal, offer.addresses(dhcp.ROUTER)) == (32, None, ())


def test_a_long_option_comes_in_parts() -> None:
    parts = b"".join(bytes((114, len(part))) + part for part in (URI[:9], URI[9:] + b"\0"))

    assert dhcp.read(answer(OFFER + parts), NUMBER).portal == URI.decode()


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        answer(OFFER)[:200],
        answer(OFFER, number=1),
        answer(OFFER, operation=1),
        answer(OFFER).replace(COOKIE, b"none"),
        answer(b""),
        answer(bytes.fromhex("350106 36040a500001")),
        answer(bytes.fromhex("350102 36030a5000")),
    ],
)
def test_what_is_no_offer_to_us(datagram: bytes) -> None:
    with pytest.raises(dhcp.Unreadable):
        dhcp.read(datagram, NUMBER)


@given(st.binary(max_size=60))
def test_no_options_break_it(options: bytes) -> None:
    try:
        offer = dhcp.read(answer(OFFER + options), NUMBER)
    except dhcp.Unreadable:
        return
    assert offer.prefix <= 32
    assert offer.portal is None or isinstance(offer.portal, str)


def options_of(message: bytes) -> dict[int, bytes]:
    return dhcp._options(message[240:])


def test_what_a_phone_says() -> None:
    offer = dhcp.read(answer(OFFER), NUMBER)
    discover = dhcp.message("discover", NUMBER, MAC)
    request = dhcp.message("request", NUMBER, MAC, offer)
    release = dhcp.message("release", NUMBER, MAC, offer)

    for message in (discover, request, release):
        assert message[:4] == bytes((1, 1, 6, 0))
        assert message[28:34] == MAC
        assert message[236:240] == COOKIE
    assert options_of(discover) == {53: b"\x01", 55: bytes((1, 3, 6, 114))}
    assert options_of(request)[50] == offer.address.packed
    assert options_of(request)[54] == offer.server.packed
    assert request[12:16] == bytes(4)
    assert options_of(release) == {53: b"\x07", 54: offer.server.packed}
    assert release[12:16] == offer.address.packed
