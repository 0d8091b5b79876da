"""Site files: what a house's file says, and every problem of a list of houses at once."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from portal.site_file import SiteFileError, Wan, entries, many, one, read

ONE = """
[site]
id = "hp-001"
name = "Khu trọ Hồng Phong"
[organisation]
name = "LĐLĐ thành phố Hải Phòng"
unit = "Ban Tuyên giáo"
"""

MANY = """
[organisation]
name = "LĐLĐ thành phố Hải Phòng"
unit = "Ban Tuyên giáo"
[router]
country = "VN"
channel_2g = "6"

[[sites]]
id = "hp-001"
name = "Khu trọ Hồng Phong"
address = "12 Hồng Phong"
[sites.wifi]
ssid = "Wi-Fi Hồng Phong"

[[sites]]
id = "hp-002"
name = "Khu trọ Cầu Rào"
[sites.router]
channel_2g = "auto"
[sites.wan]
proto = "pppoe"
username = "hp002"
[sites.organisation]
phone = "0225 3 123 456"
"""


def problems_of_one(text: str) -> list[str]:
    with pytest.raises(SiteFileError) as refused:
        one(tomllib.loads(text), "SITE.toml")
    return refused.value.problems


def problems_of_many(text: str) -> list[str]:
    with pytest.raises(SiteFileError) as refused:
        many(tomllib.loads(text), "sites.toml")
    return refused.value.problems


def test_a_site_file_needs_no_interfaces_and_says_only_what_it_says() -> None:
    house = one(tomllib.loads(ONE), "SITE.toml")

    assert house.id == "hp-001"
    assert house.code == "HP-001-U"
    assert house.config.interfaces.phones == "br-phones"
    assert dict(house.document) == tomllib.loads(ONE)


def test_the_line_is_read() -> None:
    line = """
[wan]
proto = "static"
vlan = 35
address = "192.0.2.2/24"
gateway = "192.0.2.1"
dns = ["192.0.2.53"]
"""
    wan = one(tomllib.loads(ONE + line), "SITE.toml").wan

    assert wan is not None
    assert (wan.proto, wan.vlan, str(wan.address)) == ("static", 35, "192.0.2.2/24")
    assert (str(wan.gateway), str(wan.dns[0])) == ("192.0.2.1", "192.0.2.53")


def test_a_line_of_which_nothing_is_said_is_none() -> None:
    assert one(tomllib.loads(ONE), "SITE.toml").wan is None


def test_all_problems_of_a_site_file_come_at_once() -> None:
    text = (
        ONE.replace("hp-001", "HP 001")
        + """
[router]
country = "Vietnam"
phones_adress = "10.0.0.1/24"
[wan]
proto = "ppp"
vlan = 4095
address = "192.0.2.0/24"
gateway = "router"
[sesion]
"""
    )
    assert problems_of_one(text) == [
        '[sesion]   unknown; did you mean "session"?',
        'router.country = "Vietnam"   not a country; write two capital letters, like "VN"',
        'router.phones_adress   unknown; did you mean "phones_address"?',
        'site.id = "HP 001"   not an identifier; write small letters, digits and "-",'
        ' like "hp-001"',
        'wan.address = "192.0.2.0/24"   not an address with its prefix; write "192.0.2.2/24"',
        'wan.gateway = "router"   not an IPv4 address; write one like "192.0.2.1"',
        'wan.proto = "ppp"   unknown; write "dhcp" or "pppoe" or "static"',
        "wan.vlan = 4095   not a whole number from 1 to 4094",
    ]


def test_what_the_line_needs_and_what_is_not_for_it_is_told() -> None:
    assert problems_of_one(ONE + '[wan]\nproto = "pppoe"\ndns = ["192.0.2.1"]') == [
        'wan.dns   is for proto = "static"; here it is "pppoe"',
        'wan.username is missing   proto = "pppoe" needs it',
    ]
    assert problems_of_one(ONE + '[wan]\npassword = "x"') == [
        'wan.password   is for proto = "pppoe"; here it is "dhcp"',
    ]


@pytest.mark.parametrize("address", ["192.0.2.2", "192.0.2.0/24", "192.0.2.255/24", "the router's"])
def test_an_address_comes_with_a_network_that_has_room(address: str) -> None:
    [problem] = problems_of_one(
        f'{ONE}[wan]\nproto = "static"\naddress = "{address}"\ngateway = "192.0.2.1"'
    )
    assert problem.startswith(f'wan.address = "{address}"   not an address with its prefix')


@pytest.mark.parametrize("table", ["router = 1\n", "wan = 1\n", "interfaces = 1\n", "site = 1\n"])
def test_what_is_no_table_is_told(table: str) -> None:
    name = table.split()[0]
    text = ONE.replace("[site]\nid", "[sites_]\nid") if name == "site" else ONE

    assert f"{name} = 1   not a section; write [{name}]" in problems_of_one(table + text)


def test_a_file_of_many_is_no_file_of_one() -> None:
    assert problems_of_one(MANY) == ["[[sites]]   a file of many houses; say which, by its code"]


def test_each_house_has_what_all_have_and_its_own_before_that() -> None:
    first, second = many(tomllib.loads(MANY), "sites.toml")

    assert first.config.wifi.ssid == "Wi-Fi Hồng Phong"
    assert first.document["router"] == {"country": "VN", "channel_2g": "6"}
    assert second.document["router"] == {"country": "VN", "channel_2g": "auto"}
    assert first.wan is None
    assert second.wan is not None
    assert second.wan.username == "hp002"
    assert second.config.organisation.phone == "0225 3 123 456"
    assert second.config.organisation.unit == "Ban Tuyên giáo"
    assert second.config.site.name == "Khu trọ Cầu Rào"


def test_all_problems_of_all_houses_come_at_once_and_shared_ones_once() -> None:
    text = (
        MANY.replace('unit = "Ban Tuyên giáo"', "units = 1")
        .replace('"hp002"', '""')
        .replace('address = "12 Hồng Phong"', "rooms = 0")
    )

    assert problems_of_many(text) == [
        "hp-001: site.rooms = 0   not a whole number from 1 to 10000",
        'hp-002: wan.username = ""   not a text; write it in quotes, like "…"',
        "organisation.unit is missing   The unit responsible for what the pages say.",
        'organisation.units   unknown; did you mean "unit"?',
    ]


def test_houses_whose_codes_could_be_taken_for_each_other_are_told() -> None:
    text = MANY.replace('"hp-002"', '"hp-ool"')

    assert problems_of_many(text) == [
        'hp-001: site.id = "hp-001"   has the code of another house; choose another',
        'hp-ool: site.id = "hp-ool"   has the code of another house; choose another',
    ]


def test_a_house_without_a_name_of_its_own_is_told_by_its_number() -> None:
    text = MANY.replace('id = "hp-002"\n', "")

    assert problems_of_many(text) == [
        "sites[2]: site.id is missing   Short name of the site in logs and reports."
    ]


@pytest.mark.parametrize("text", ["", "sites = []", "sites = 1"])
def test_a_list_without_houses_is_none(text: str) -> None:
    with pytest.raises(SiteFileError) as refused:
        entries(tomllib.loads(text), "sites.toml")

    assert refused.value.problems == ["[[sites]] is missing   write one for each house"]


def test_what_is_no_house_in_a_list_is_told() -> None:
    document: dict[str, Any] = {"sites": [1, {}], "router": 2}

    with pytest.raises(SiteFileError) as refused:
        entries(document, "sites.toml")

    assert refused.value.problems == [
        "sites[1] = 1   not a section; write [[sites]]",
        "router = 2   not a section; write [router]",
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="cannot be read: No such file"):
        read(tmp_path / "none.toml")


def test_a_value_that_would_break_out_of_its_line_is_told() -> None:
    text = ONE + '[storage]\ndata_dir = "/a\\nreboot"\n'

    assert problems_of_one(text) == [
        'storage.data_dir = "/a\\nreboot"   has a control character (a line break?) in it;'
        " write one line"
    ]


def test_the_settings_of_the_line_are_documented_with_their_own_words() -> None:
    text = (Path(__file__).parents[3] / "docs/configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `wan\.(\w+)` \| .+? \| (.+) \|$", text, flags=re.MULTILINE)

    assert rows == [(entry.name, entry.metadata["doc"]) for entry in fields(Wan)]


def test_a_list_has_no_passwords_of_lines() -> None:
    text = MANY.replace('username = "hp002"', 'username = "hp002"\npassword = "geheim"')

    assert problems_of_many(text) == [
        "hp-002: wan.password   would be on every router; leave it out, or give that house an"
        " image of its own"
    ]
