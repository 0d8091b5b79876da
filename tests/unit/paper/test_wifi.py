"""The text of the QR code: what phones read out of it is the network's name, byte for byte."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper.wifi import code_of


def read(code: str) -> dict[str, str]:
    """As Android does (AOSP, WifiQrCode): cut at `;` without a backslash, then take these away."""
    assert code.startswith("WIFI:")
    fields = re.findall(r"([A-Z]):((?:[^;\\]|\\.)*);", code[5:], flags=re.DOTALL)
    return {name: re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for name, value in fields}


def test_an_open_network_needs_no_password() -> None:
    assert code_of("Wi-Fi Công đoàn") == "WIFI:T:nopass;S:Wi-Fi Công đoàn;;"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a;b", r"a\;b"),
        ("a\\b", r"a\\b"),
        ('"a"', r"\"a\""),
        ("a:b,c", r"a\:b\,c"),
        ("DEADBEEF", "DEADBEEF"),
    ],
)
def test_what_would_end_a_field_has_a_backslash(name: str, written: str) -> None:
    assert code_of(name) == f"WIFI:T:nopass;S:{written};;"


@given(st.text(min_size=1, max_size=32))
def test_every_name_is_read_as_it_was_written(name: str) -> None:
    assert read(code_of(name)) == {"T": "nopass", "S": name}
