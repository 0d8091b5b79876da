"""portal.toml: every wrong key or value is one clear line, and all of them come at once."""

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firewall.plan import Plan
from portal.config import ConfigurationError, load, parse
from portal.plan import plan_of
from portal.setting_values import OtherDay

LEAST = """
[site]
id = "hp-001"
name = "Khu trọ"
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[interfaces]
phones = "br-lan"
uplink = "wan"
"""


def with_setting(section: str, key: str, value: object) -> dict[str, Any]:
    document: dict[str, Any] = tomllib.loads(LEAST)
    document.setdefault(section, {})[key] = value
    return document


EVERY_ADDRESS = 'every address, also that of phones; write one, like "127.0.0.1:2081"'
NO_ADDRESS = 'not an address and a port; write "127.0.0.1:2081"'


def problems(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        parse(document)
    return refused.value.problems


def test_what_is_left_out_is_as_the_documentation_says() -> None:
    config = parse(tomllib.loads(LEAST))

    assert config.portal.host == "wifi.congdoan.home.arpa"
    assert config.portal.http_port == 2080
    assert config.session.length == 240 * 60
    assert config.session.max_devices == 1000
    assert config.privacy.keep_days == 90
    assert config.storage.data_dir == Path("/var/lib/portal")
    assert config.firewall.driver == "nftables"


@pytest.mark.parametrize("name", ["W", 'Nhà ";trọ\\:, 📶', "ộ" * 10 + "ab", "a" * 32])
def test_a_network_s_name_is_any_text_of_32_bytes(name: str) -> None:
    assert parse(with_setting("wifi", "ssid", name)).wifi.ssid == name


def test_an_empty_file_is_told_everything_it_lacks() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse({})

    assert str(refused.value) == (
        "portal.toml: 6 problems\n"
        "  interfaces.phones is missing   The phones' network, usually a bridge.\n"
        "  interfaces.uplink is missing   The line to the Internet.\n"
        "  organisation.name is missing   Who pays and answers for the Wi-Fi.\n"
        "  organisation.unit is missing   The unit responsible for what the pages say.\n"
        "  site.id is missing   Short name of the site in logs and reports.\n"
        "  site.name is missing   Name of the house as people know it; on every page."
    )


def test_all_problems_come_at_once() -> None:
    document = with_setting("session", "length", "2 hours")
    document["session"]["max_devices"] = 0
    document["privcy"] = {}
    document["portal"] = 80

    with pytest.raises(ConfigurationError) as refused:
        parse(document)

    assert str(refused.value) == (
        "portal.toml: 4 problems\n"
        '  [privcy]   unknown; did you mean "privacy"?\n'
        "  portal = 80   not a section; write [portal]\n"
        '  session.length = "2 hours"   not a duration; write "2h" or "120m"\n'
        "  session.max_devices = 0   not a whole number from 1 to 50000"
    )


@pytest.mark.parametrize(
    ("section", "key", "value", "problem"),
    [
        (
            "site",
            "id",
            "Hồng Phong",
            'site.id = "Hồng Phong"   not an identifier;'
            ' write small letters, digits and "-", like "hp-001"',
        ),
        (
            "wifi",
            "ssid",
            "Wi-Fi Công đoàn nhà trọ Hồng Phong",
            'wifi.ssid = "Wi-Fi Công đoàn nhà trọ Hồng Phong"   too long: 42 bytes of UTF-8 of 32'
            " (a letter with marks takes 2 or 3)",
        ),
        (
            "wifi",
            "ssid",
            "Nhà\u0085trọ",
            r'wifi.ssid = "Nh\xe0\x85tr\u1ecd"   has a control character in it; write what people'
            " read on their phones",
        ),
        (
            "wifi",
            "ssid",
            "Nhà trọ ",
            'wifi.ssid = "Nhà trọ "   begins or ends with a space, which nobody sees; take it away',
        ),
        *(
            (
                "wifi",
                "ssid",
                value,
                f'wifi.ssid = {shown}   not a text; write it in quotes, like "Công đoàn - Wi-Fi"',
            )
            for value, shown in (("", '""'), (7, "7"), (["Nhà trọ"], "['Nhà trọ']"))
        ),
        ("site", "name", "", 'site.name = ""   not a text; write it in quotes, like "…"'),
        (
            "privacy",
            "public_key",
            "age1abc",
            'privacy.public_key = "age1abc"   not 64 hexadecimal digits;'
            " copy what `portal lawful-keys` printed",
        ),
        (
            "privacy",
            "profile",
            "sealed",
            "privacy.public_key is missing   make it with `portal lawful-keys`",
        ),
        *(
            (
                "content",
                "source_url",
                value,
                f'content.source_url = "{value}"   not a folder of a web space;'
                ' write one like "https://example.vn/wifi/"',
            )
            for value in (
                "http://example.vn/",
                "https://",
                "https://example.vn/?a=1",
                "https://me@example.vn/",
                "https://example.vn/#a",
                "https://example.vn/a b",
            )
        ),
        (
            "content",
            "source_url",
            "https://example/",
            "content.source_url = \"https://example/\"   not usable: in 'https://example/',"
            ' not a host name; write one like "wifi.congdoan.home.arpa"',
        ),
        (
            "content",
            "source_url",
            "https://example.vn/wifi",
            "content.public_key is missing   copy it from where releases are made",
        ),
        ("site", "name", 7, 'site.name = 7   not a text; write it in quotes, like "…"'),
        (
            "site",
            "name",
            "a\nb",
            r'site.name = "a\nb"   has a control character (a line break?) in it; write one line',
        ),
        ("site", "former_names", "x", 'site.former_names = "x"   not a list; write ["…", "…"]'),
        ("site", "rooms", True, "site.rooms = true   not a whole number from 1 to 10000"),
        ("staff", "site", "yes", 'staff.site = "yes"   write true or false, without quotes'),
        *(
            ("staff", "listen", value, f"staff.listen = {shown}   {problem}")
            for value, shown, problem in (
                ("0.0.0.0:2081", '"0.0.0.0:2081"', EVERY_ADDRESS),
                ("[::]:2081", '"[::]:2081"', EVERY_ADDRESS),
                ("127.0.0.1", '"127.0.0.1"', NO_ADDRESS),
                ("localhost:2081", '"localhost:2081"', NO_ADDRESS),
                ("127.0.0.1:0", '"127.0.0.1:0"', NO_ADDRESS),
                (2081, "2081", NO_ADDRESS),
            )
        ),
        (
            "uplink",
            "check_urls",
            ["https://192.0.2.1/"],
            "uplink.check_urls = ['https://192.0.2.1/']   not usable: in 'https://192.0.2.1/',"
            " an address, not a name; captive checks need a name (RFC 8910 §2)",
        ),
        (
            "uplink",
            "check_urls",
            ["https://a.example:99999/"],
            "uplink.check_urls = ['https://a.example:99999/']   not usable:"
            " in 'https://a.example:99999/', Port out of range 0-65535",
        ),
        ("site", "rooms", False, "site.rooms = false   not a whole number from 1 to 10000"),
        ("site", "rooms", 16.0, "site.rooms = 16.0   not a whole number from 1 to 10000"),
        (
            "organisation",
            "website",
            "congdoan.vn",
            'organisation.website = "congdoan.vn"   not a web address;'
            ' write one like "https://example.vn/"',
        ),
        (
            "organisation",
            "website",
            'https://example.vn/"x',
            'organisation.website = "https://example.vn/"x"'
            "   has a quote, bracket or backslash in it; percent-encode it",
        ),
        (
            "organisation",
            "email",
            "phòng ban",
            'organisation.email = "phòng ban"   not an e-mail address;'
            ' write one like "bantuyengiao@example.vn"',
        ),
        (
            "organisation",
            "phone",
            "call us",
            'organisation.phone = "call us"   not a telephone number;'
            ' write one like "0225 3 123 456"',
        ),
        (
            "interfaces",
            "phones",
            "br lan",
            'interfaces.phones = "br lan"   not an interface name; write one like "br-lan"',
        ),
        (
            "interfaces",
            "uplink",
            "br-lan",
            'interfaces.uplink = "br-lan"   the same as interfaces.phones',
        ),
        (
            "portal",
            "host",
            "portal",
            'portal.host = "portal"   not a host name; write one like "wifi.congdoan.home.arpa"',
        ),
        (
            "portal",
            "host",
            "192.168.1.1",
            'portal.host = "192.168.1.1"   an address, not a name;'
            " captive checks need a name (RFC 8910 §2)",
        ),
        (
            "portal",
            "http_port",
            65536,
            "portal.http_port = 65536   not a whole number from 1 to 65535",
        ),
        (
            "portal",
            "https_port",
            2443,
            "portal.tls_cert is missing   https needs https_port, tls_cert and tls_key",
        ),
        (
            "portal",
            "tls_key",
            "key.pem",
            'portal.tls_key = "key.pem"   not an absolute path; write one like "/var/lib/portal"',
        ),
        (
            "portal",
            "tls_cert",
            "/a\0b",
            r'portal.tls_cert = "/a\x00b"   has a control character (a line break?) in it;'
            " write one line",
        ),
        (
            "uplink",
            "names_dir",
            "/run/names\nuser=root",
            r'uplink.names_dir = "/run/names\nuser=root"   has a control character (a line break?)'
            " in it; write one line",
        ),
        ("portal", "htp_port", 80, 'portal.htp_port   unknown; did you mean "http_port"?'),
        (
            "session",
            "length",
            "8d",
            'session.length = "8d"   out of range; write something from "5s" to "7d"',
        ),
        ("session", "length", 240, 'session.length = 240   not a duration; write "2h" or "120m"'),
        (
            "session",
            "opening_hours",
            "5-23",
            'session.opening_hours = "5-23"   not opening hours; write "05:00-23:00" or "closed"',
        ),
        (
            "session",
            "friday",
            "closed",
            'session.friday = "closed"   not a table; write { opening_hours = "06:00-24:00" }',
        ),
        (
            "session",
            "friday",
            {"hours": "closed"},
            "session.friday = {'hours': 'closed'}   has hours in it;"
            " known are length, opening_hours, daily_limit",
        ),
        (
            "session",
            "friday",
            {"length": 5, "daily_limit": "x"},
            "session.friday = {'length': 5, 'daily_limit': 'x'}   its length is not a duration;"
            ' write "2h" or "120m"; its daily_limit is not a duration; write "2h" or "120m"',
        ),
        (
            "session",
            "friday",
            {"a\nb": 1},
            r"session.friday = {'a\nb': 1}   has 'a\nb' in it;"
            " known are length, opening_hours, daily_limit",
        ),
        (
            "walled_garden",
            "names",
            ["zalo.me", "*.zalo.me"],
            "walled_garden.names = ['zalo.me', '*.zalo.me']   not a host name;"
            ' write one like "wifi.congdoan.home.arpa"',
        ),
        (
            "family_dns",
            "upstream",
            ["dns.example"],
            "family_dns.upstream = ['dns.example']   not a list of addresses"
            " ('dns.example' does not appear to be an IPv4 or IPv6 address);"
            ' write ["192.0.2.53"]',
        ),
        (
            "family_dns",
            "upstream",
            ["fe80::1%wan"],
            "family_dns.upstream = ['fe80::1%wan']"
            '   has a scope ("%") in it; write the address alone',
        ),
        ("privacy", "zzz", 1, "privacy.zzz   unknown; known are profile, public_key, keep_days"),
        (
            "walled_garden",
            "prefixes",
            ["192.0.2.1/24"],
            "walled_garden.prefixes = ['192.0.2.1/24']   not a list of networks"
            ' (192.0.2.1/24 has host bits set); write ["203.0.113.0/24"]',
        ),
        (
            "walled_garden",
            "prefixes",
            ["fe80::%a }; drop #/64"],
            "walled_garden.prefixes = ['fe80::%a }; drop #/64']"
            '   has a scope ("%") in it; write the network alone',
        ),
        (
            "firewall",
            "driver",
            "iptables",
            'firewall.driver = "iptables"   unknown; write "nftables" or "nft" or "memory"',
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_write(
    section: str, key: str, value: object, problem: str
) -> None:
    assert problem in problems(with_setting(section, key, value))


def test_two_ports_cannot_be_one() -> None:
    document = tomllib.loads(LEAST)
    document["portal"] = {"https_port": 2080, "tls_cert": "/c", "tls_key": "/k"}

    assert problems(document) == ["portal.https_port = 2080   the same as http_port"]


def test_https_is_on_when_all_three_settings_are_there() -> None:
    document = tomllib.loads(LEAST)
    document["portal"] = {"https_port": 2443, "tls_cert": "/c", "tls_key": "/k"}

    assert parse(document).portal.https_port == 2443


def test_a_long_value_is_cut_short() -> None:
    [problem] = problems(with_setting("firewall", "driver", "x" * 1000))

    assert problem.startswith('firewall.driver = "' + "x" * 56 + "…   unknown; ")


def test_settings_have_the_shape_they_are_used_in() -> None:
    document = with_setting("walled_garden", "prefixes", ["203.0.113.0/24", "2001:db8::/32"])
    document["organisation"] |= {
        "website": " https://example.vn:8443/wifi ",
        "phone": "+84 225 000 000",
        "email": "wifi@congdoan.example.vn",
    }
    document["site"] |= {"former_names": ["Cũ", "Cũ hơn"], "rooms": 16}
    document["session"] = {"length": "90s", "friday": {"opening_hours": "closed"}}
    document["walled_garden"]["names"] = ["Zalo.me"]
    document["family_dns"] = {"upstream": ["192.0.2.53", "2001:db8::53"]}
    document["portal"] = {"host": "WiFi.Example.VN"}
    document["storage"] = {"data_dir": "/srv/portal"}

    config = parse(document)

    assert config.organisation.website == "https://example.vn:8443/wifi"
    assert config.site.former_names == ("Cũ", "Cũ hơn")
    assert config.session.length == 90.0
    assert config.session.friday == OtherDay(opening_hours="closed")
    assert config.walled_garden.names == ("zalo.me",)
    assert list(map(str, config.family_dns.upstream)) == ["192.0.2.53", "2001:db8::53"]
    assert config.portal.host == "wifi.example.vn"
    assert plan_of(config) == Plan(
        phones="br-lan",
        uplink="wan",
        http_port=2080,
        max_devices=1000,
        garden=config.walled_garden.prefixes,
    )


# Files


def in_file(folder: Path, content: bytes) -> Path:
    path = folder / "portal.toml"
    path.write_bytes(content)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    assert load(in_file(tmp_path, LEAST.encode())) == parse(tomllib.loads(LEAST))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "is not UTF-8 text; save it as UTF-8"),
        (b"[site", "is not TOML: Expected ']' at the end of a table declaration"),
        (b"a = " + b"[" * 5000, "is not TOML: nested too deeply"),
        (b"a = " + b"9" * 5000, "is not TOML: Exceeds the limit (4300 digits)"),
        (b"a = 0x" + b"f" * 5000, "[a]   unknown; known are site, organisation, "),
        (b"[session]\nmax_devices = 0x" + b"f" * 5000, "session.max_devices = …   not a whole"),
        (b'"a\\nb" = 1', r'["a\nb"]   unknown; known are site, '),
        (b'[session]\n"\\u001b[1mx" = 1', r'session."\x1b[1mx"   unknown; known are length'),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_in_one_line(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = in_file(tmp_path, content)

    with pytest.raises(ConfigurationError) as refused:
        load(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert any(line.startswith(problem) for line in refused.value.problems)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path / "none.toml")

    assert refused.value.problems == ["cannot be read: No such file or directory"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path)

    assert refused.value.problems == ["cannot be read: Is a directory"]


# Anything

words = st.text(max_size=20)
keys = st.sampled_from(
    ["site", "portal", "session", "interfaces", "id", "name", "length", "host", "phones", "uplink"]
)
values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        words,
        st.dates(),
        st.datetimes(),
        st.times(),
        st.ip_addresses().map(str),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | words, inner, max_size=5),
    max_leaves=5,
)


def problems_if_any(document: dict[str, Any]) -> list[str]:
    try:
        parse(document)
    except ConfigurationError as error:
        return error.problems
    return []


@given(st.dictionaries(keys | words, values, max_size=6))
def test_any_document_is_a_configuration_or_a_list_of_problems(document: dict[str, Any]) -> None:
    found = problems_if_any(document)

    assert found  # Something required is always missing.
    assert all(line.isprintable() and len(line) < 400 for line in found)


@given(
    st.sampled_from(
        [
            ("site", "id"),
            ("site", "former_names"),
            ("organisation", "website"),
            ("organisation", "email"),
            ("organisation", "phone"),
            ("interfaces", "uplink"),
            ("portal", "host"),
            ("portal", "tls_cert"),
            ("session", "length"),
            ("session", "opening_hours"),
            ("session", "friday"),
            ("walled_garden", "names"),
            ("walled_garden", "prefixes"),
            ("family_dns", "upstream"),
            ("firewall", "driver"),
        ]
    ),
    values,
)
def test_any_value_is_taken_or_refused_in_one_line(setting: tuple[str, str], value: object) -> None:
    found = problems_if_any(with_setting(*setting, value))

    assert len(found) <= 1
    assert all(line.isprintable() and len(line) < 400 for line in found)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda end: (LEAST + end).encode()))
@example(LEAST.encode())
def test_any_bytes_in_the_file_are_a_configuration_or_a_list_of_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with suppress(ConfigurationError):
        load(in_file(tmp_path_factory.getbasetemp(), content))


@given(st.from_regex(r"[A-Za-z0-9_.@:+-]{1,15}", fullmatch=True))
def test_every_interface_the_configuration_takes_the_firewall_takes_too(name: str) -> None:
    try:
        config = parse(with_setting("interfaces", "phones", name))
    except ConfigurationError:
        return
    assert plan_of(config).phones == name


def test_the_content_is_kept_with_the_data_unless_told_otherwise() -> None:
    here = parse(tomllib.loads(LEAST))
    elsewhere = parse(with_setting("content", "store", "/srv/content"))

    assert here.content_store == Path("/var/lib/portal/content")
    assert elsewhere.content_store == Path("/srv/content")


def test_a_folder_of_a_web_space_ends_with_a_slash() -> None:
    document = with_setting("content", "source_url", "https://example.vn/wifi")
    document["content"]["public_key"] = "0" * 64

    assert parse(document).content.source_url == "https://example.vn/wifi/"
