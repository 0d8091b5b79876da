"""One page has one address, and a page cannot send us into our own network."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.mirror.addresses import is_public, normal


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("https://A.vn:443/x#dau", "https://a.vn/x"),
        ("http://a.vn", "http://a.vn/"),
        ("/x?utm_source=zalo&id=3&fbclid=1", "https://b.vn/x?id=3"),
        ("../y.html", "https://b.vn/y.html"),
        ("//c.vn/z", "https://c.vn/z"),
        ("https://a.vn/tin tức/é", "https://a.vn/tin%20t%E1%BB%A9c/%C3%A9"),
        ("https://a.vn/tin%20t%E1%BB%A9c", "https://a.vn/tin%20t%E1%BB%A9c"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"),
    ],
)
def test_a_page_has_one_address(address: str, one: str) -> None:
    assert normal(address, "https://b.vn/tin/x.html") == one
    assert normal(one) == one


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:x()",
        "mailto:a@b.vn",
        "ftp://a.vn/",
        "https://",
        "http://[::1",
        "http://a:99999/",
    ],
)
def test_what_is_no_page_is_none(address: str) -> None:
    assert normal(address) is None


@given(st.text(max_size=40))
@pytest.mark.slow
def test_a_normal_address_is_plain_and_stays(address: str) -> None:
    one = normal(address, "https://b.vn/")

    assert one is None or (one.isascii() and one.isprintable() and normal(one) == one)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.162.4.190", True),
        ("2405:4800::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:203.162.4.190", True),
        ("64:ff9b::192.168.0.1", False),
        ("64:ff9b::203.162.4.190", True),
        ("2002:c0a8:1::1", False),
    ],
)
def test_private_networks_are_known_in_every_disguise(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) == public
