"""Addresses of devices, as people and programs write them."""

import pytest

from firewall.changes import mac_address


@pytest.mark.parametrize(
    "text",
    ["02:00:5e:10:00:01", "02-00-5E-10-00-01", " 02:00:5E:10:00:01\n", "02:00-5e:10-00:01"],
)
def test_an_address_is_read_in_every_usual_spelling(text: str) -> None:
    assert mac_address(text) == "02:00:5e:10:00:01"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a MAC address; write it like 02:00:5e:10:00:01"),
        ("02:00:5e:10:00", "is not a MAC address"),
        ("02:00:5e:10:00:01:02", "is not a MAC address"),
        ("02005e100001", "is not a MAC address"),
        ("02:00:5e:10:00:0g", "is not a MAC address"),
        ("02:00:5e:10:00:01 }; flush ruleset", "is not a MAC address"),
        ("ff:ff:ff:ff:ff:ff", "is not the address of one device"),
        ("33:33:00:00:00:01", "is not the address of one device"),
        ("00:00:00:00:00:00", "is not the address of one device"),
    ],
)
def test_what_is_not_the_address_of_one_device_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mac_address(text)
