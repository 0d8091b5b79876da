"""What the doctor makes of the addresses of the line."""

import json
from ipaddress import IPv4Interface

import pytest

from portal.doctor import networks
from portal.doctor.wording import Language

HOUSE = [IPv4Interface("10.80.0.1/20")]


def heard(line: str | None, way: networks.Way = "dhcp") -> dict[str, str]:
    found = networks.judge([IPv4Interface(line)] if line else [], HOUSE, way)
    return {each.subject: f"{each.how} {'well' if each.good else 'ill'}" for each in found}


@pytest.mark.parametrize(
    ("address", "layers"),
    [
        ("192.168.1.20/24", "double well"),
        ("172.31.255.1/12", "double well"),
        ("100.64.0.9/10", "shared well"),
        ("100.128.0.9/24", "single well"),
        ("172.32.0.1/24", "single well"),
        ("203.0.113.2/24", "single well"),
        ("10.80.9.9/16", "overlap ill"),
    ],
)
def test_how_often_addresses_are_translated(address: str, layers: str) -> None:
    assert heard(address) == {"address": "dhcp well", "nat": layers}


@pytest.mark.parametrize("address", [None, "169.254.7.7/16"])
def test_a_line_without_an_address_is_told_and_no_more(address: str | None) -> None:
    assert heard(address) == {"address": "none ill"}
    assert heard(address, "pppoe") == {"address": "pppoe none ill"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_only_an_address_that_names_nobody_is_told(language: Language) -> None:
    def told(address: str) -> str:
        found = networks.judge([IPv4Interface(address)], HOUSE, "pppoe")
        return " ".join(str(each.told(language)) for each in found)

    assert "192.168.1.20" in told("192.168.1.20/24")
    assert "203.0.113" not in told("203.0.113.2/32")
    assert "100.64.0.9" not in told("100.64.0.9/32")


def dump(*rows: object) -> str:
    return json.dumps({"interface": rows})


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (dump({"proto": "dhcp", "l3_device": "wan"}), "dhcp"),
        (dump({"proto": "static", "l3_device": "br-lan"}), "unknown"),
        (dump({"proto": "dhcpv6", "l3_device": "wan"}), "unknown"),
        (dump(*({"proto": proto, "l3_device": "wan"} for proto in ("6in4", "pppoe"))), "pppoe"),
        (dump({"l3_device": "wan"}), "unknown"),
        (dump(7), "unknown"),
        ("[]", "unknown"),
        ("Command failed: Not found", "unknown"),
    ],
)  # fmt: skip
def test_how_the_line_got_its_address(text: str, way: str) -> None:
    assert networks.way_of(text, "wan") == way
