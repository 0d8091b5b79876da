"""What UCI is told so that a router is a house's."""

import tomllib
from dataclasses import replace

import pytest

from portal.config import parse
from portal.site_change import (
    AnotherHouse,
    Sections,
    changes,
    changes_of_line,
    first_boot,
    read_export,
    settings_of,
)
from portal.site_file import House, Wan, one
from portal.uci import to_toml

FILE = """
[site]
id = "hp-001"
name = "Khu trọ bà Sáu 'Cầu Rào'"
rooms = 24
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[walled_garden]
names = ["congdoan.vn", "vnexpress.net"]
[session]
monday = { opening_hours = "06:00-23:00" }
[staff]
site = false
[router]
country = "VN"
"""


def house(text: str = FILE) -> House:
    return one(tomllib.loads(text), "SITE.toml")


def after(current: Sections, lines: list[str]) -> Sections:
    """What UCI has when it did what the lines say."""
    export = []
    state = {section: dict(options) for section, options in current.items()}
    for line in lines:
        verb, _, rest = line.partition(" ")
        path, _, value = rest.partition("=")
        _, section, *option = path.split(".")
        export.append((verb, section, option, value))
    for verb, section, option, value in export:
        plain = value[1:-1].replace("'\\''", "'")
        if not option:
            state.setdefault(section, {})
        elif verb == "set":
            state[section][option[0]] = plain
        elif verb == "delete":
            del state[section][option[0]]
        else:
            so_far = state[section].get(option[0], ())
            assert not isinstance(so_far, str)
            state[section][option[0]] = (*so_far, plain)
    return state


def test_a_router_without_a_house_is_told_everything() -> None:
    current: Sections = {"site": {}, "router": {"country": "00"}}

    assert changes(current, house()) == [
        "set portal.site.id='hp-001'",
        "set portal.site.name='Khu trọ bà Sáu '\\''Cầu Rào'\\'''",
        "set portal.site.rooms='24'",
        "set portal.organisation='organisation'",
        "set portal.organisation.name='LĐLĐ'",
        "set portal.organisation.unit='Ban Tuyên giáo'",
        "set portal.session='session'",
        "set portal.session.monday_opening_hours='06:00-23:00'",
        "set portal.walled_garden='walled_garden'",
        "add_list portal.walled_garden.names='congdoan.vn'",
        "add_list portal.walled_garden.names='vnexpress.net'",
        "set portal.staff='staff'",
        "set portal.staff.site='0'",
        "set portal.router.country='VN'",
    ]


def test_the_second_time_changes_nothing() -> None:
    current = after({}, changes({}, house()))

    assert changes(current, house()) == []


def test_what_the_file_does_not_say_stays() -> None:
    current = {
        **after({}, changes({}, house())),
        "router": {"country": "VN", "channel_2g": "6"},
        "portal": {"http_port": "2090"},
    }

    assert changes(current, house()) == []


def test_a_list_is_made_anew() -> None:
    current = after({}, changes({}, house()))
    other = house(FILE.replace('"vnexpress.net"', '"tuoitre.vn"'))

    assert changes(current, other) == [
        "delete portal.walled_garden.names",
        "add_list portal.walled_garden.names='congdoan.vn'",
        "add_list portal.walled_garden.names='tuoitre.vn'",
    ]


def test_a_house_that_is_called_otherwise_now_keeps_its_old_name() -> None:
    current = after({}, changes({}, house()))
    renamed = house(FILE.replace("Khu trọ bà Sáu 'Cầu Rào'", "Nhà trọ Cầu Rào"))

    lines = changes(current, renamed)

    assert lines == [
        "set portal.site.name='Nhà trọ Cầu Rào'",
        "add_list portal.site.former_names='Khu trọ bà Sáu '\\''Cầu Rào'\\'''",
    ]
    assert changes(after(current, lines), renamed) == []


def test_another_house_has_to_be_asked_for() -> None:
    current: Sections = {"site": {"id": "hp-777", "name": "Khu trọ khác"}}

    with pytest.raises(AnotherHouse) as other:
        changes(current, house())

    assert (other.value.id, other.value.name) == ("hp-777", "Khu trọ khác")


def test_nothing_of_an_earlier_house_is_said_of_the_new_one() -> None:
    current: Sections = {
        "site": {"id": "hp-777", "name": "Khu trọ khác", "former_names": ("X",), "rooms": "9"},
        "wifi": {"ssid": "Wi-Fi khác"},
        "router": {"country": "VN", "phones_address": "10.9.0.1/16"},
        "portal": {"http_port": "2090"},
    }

    lines = changes(current, house(), replace=True)

    assert lines[:2] == ["delete portal.site.former_names", "delete portal.wifi.ssid"]
    assert after(current, lines)["site"] == {
        "id": "hp-001",
        "name": "Khu trọ bà Sáu 'Cầu Rào'",
        "rooms": "24",
    }
    assert after(current, lines)["router"] == {"country": "VN", "phones_address": "10.9.0.1/16"}


def test_the_first_boot_makes_every_list_anew_and_sets_up_the_router() -> None:
    text = FILE + "[wan]\nproto = 'pppoe'\nvlan = 35\nusername = 'hp001'\npassword = \"a'b\""
    lines = first_boot(house(text)).splitlines()

    begin, end = lines.index("uci -q batch <<'END'"), lines.index("END")
    batch = lines[begin + 1 : end]
    at = batch.index("delete portal.walled_garden.names")
    assert batch[at + 1] == "add_list portal.walled_garden.names='congdoan.vn'"
    assert "set portal.router.managed='1'" in batch
    assert "set network.wan.password='a'\\''b'" in batch
    assert batch[-2:] == ["commit portal", "commit network"]
    assert 'uci set "network.wan.device=${device%%.*}.35"' in lines[end:]


def test_a_line_without_a_vlan_stays_on_the_model_s_own_port() -> None:
    script = first_boot(house(FILE + "[wan]\n"))

    assert "set network.wan.proto='dhcp'" in script
    assert "device" not in script.replace("wan6.device", "")


def test_an_image_whose_owner_sets_up_the_router_himself_is_left_alone() -> None:
    script = first_boot(house(FILE + "managed = false\n"))

    assert "set portal.router.managed='0'" in script


def test_no_value_begins_a_line_of_its_own() -> None:
    document = {"site": {"id": "hp-001", "name": "x\nreboot"}}
    broken = replace(house(), document=document)

    with pytest.raises(ValueError, match="a control character"):
        changes({}, broken)


def test_what_uci_prints_is_read() -> None:
    export = """package portal

config site 'site'
\toption id 'hp-001'
\toption name 'bà Sáu '\\''Cầu Rào'\\'''
\tlist former_names 'a b'
\tlist former_names 'c'

config router 'router'
\toption country 'VN'
"""

    assert read_export(export) == {
        "site": {"id": "hp-001", "name": "bà Sáu 'Cầu Rào'", "former_names": ("a b", "c")},
        "router": {"country": "VN"},
    }


def line(text: str) -> Wan:
    wan = house(FILE + text).wan
    assert wan is not None
    return wan


BEHIND_A_MODEM: Sections = {
    "wan": {"device": "eth0", "proto": "dhcp"},
    "wan6": {"device": "eth0", "proto": "dhcpv6"},
}


def test_a_line_by_pppoe_with_a_vlan() -> None:
    wan = line("[wan]\nproto = 'pppoe'\nvlan = 35\nusername = 'hp001'\npassword = 'ab c'")

    assert changes_of_line(BEHIND_A_MODEM, wan) == [
        "set network.wan.proto='pppoe'",
        "set network.wan.device='eth0.35'",
        "set network.wan.username='hp001'",
        "set network.wan.password='ab c'",
        "set network.wan6.device='@wan'",
    ]


def test_the_line_s_second_time_changes_nothing_and_keeps_a_password_typed_by_hand() -> None:
    wan = line("[wan]\nproto = 'pppoe'\nvlan = 35\nusername = 'hp001'")
    current = after(BEHIND_A_MODEM, changes_of_line(BEHIND_A_MODEM, wan))
    current = {**current, "wan": {**current["wan"], "password": "typed"}}

    assert changes_of_line(current, wan) == []


def test_a_fixed_line_and_back_behind_a_modem() -> None:
    fixed = line(
        "[wan]\nproto = 'static'\naddress = '192.0.2.2/24'\ngateway = '192.0.2.1'\n"
        "dns = ['192.0.2.53']"
    )
    lines = changes_of_line(BEHIND_A_MODEM, fixed)
    assert lines[:5] == [
        "set network.wan.proto='static'",
        "set network.wan.ipaddr='192.0.2.2'",
        "set network.wan.netmask='255.255.255.0'",
        "set network.wan.gateway='192.0.2.1'",
        "add_list network.wan.dns='192.0.2.53'",
    ]
    current = after(BEHIND_A_MODEM, lines)

    assert changes_of_line(current, line("[wan]")) == [
        "delete network.wan.ipaddr",
        "delete network.wan.netmask",
        "delete network.wan.gateway",
        "delete network.wan.dns",
        "set network.wan.proto='dhcp'",
    ]


def test_a_router_without_a_line_gets_one() -> None:
    assert changes_of_line({}, line("[wan]")) == [
        "set network.wan='interface'",
        "set network.wan.proto='dhcp'",
    ]


def test_what_a_site_file_says_comes_back_from_uci() -> None:
    """`portal.uci` makes a portal.toml of the settings that says the same."""
    text = (
        FILE
        + """
[interfaces]
phones = "br-phones"
uplink = "wan"
[uplink]
check_urls = []
[fairness]
down_mbit = 100
[portal]
host = "wifi.example.vn"
"""
    )
    given = house(text)
    export = ["package portal"]
    for section, options in settings_of(given).items():
        export.append(f"config {section} '{section}'")
        for name, value in options.items():
            each = [("option", value)] if isinstance(value, str) else [("list", v) for v in value]
            quoted = [(how, word.replace("'", "'\\''")) for how, word in each]
            export += [f"\t{how} {name} '{word}'" for how, word in quoted]

    assert parse(tomllib.loads(to_toml("\n".join(export)))) == given.config


def test_a_fixed_line_may_do_without_resolvers_of_its_own() -> None:
    wan = line("[wan]\nproto = 'static'\naddress = '192.0.2.2/24'\ngateway = '192.0.2.1'")

    assert "add_list" not in " ".join(changes_of_line({}, wan))
