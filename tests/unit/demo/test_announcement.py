"""The captive portal option of router advertisements, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from portal.demo.announcement import advertisement, announced_uri

_URI = "https://wifi.congdoan.home.arpa/captive-portal/api"
_HEADER = bytes((134, 0, 0, 0, 64, 0, 0x07, 0x08, *bytes(8)))


def test_an_advertisement_carries_the_option_padded_to_eight_bytes() -> None:
    assert advertisement("https://a.example/") == _HEADER + b"\x25\x03https://a.example/\0\0\0\0"


def test_the_option_is_found_behind_others() -> None:
    mtu = bytes((5, 1, 0, 0, 0, 0, 5, 220))
    option = advertisement(_URI)[16:]

    assert announced_uri(_HEADER + mtu + option) == _URI


def test_an_advertisement_without_the_option_announces_nothing() -> None:
    assert announced_uri(_HEADER) is None


@given(st.integers(min_value=1, max_value=253).map(lambda length: "u" * length))
def test_what_is_announced_is_read_back(uri: str) -> None:
    assert announced_uri(advertisement(uri)) == uri


@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_an_error(rest: bytes) -> None:
    announced_uri(rest)
    announced_uri(_HEADER + rest)
