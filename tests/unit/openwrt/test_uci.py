"""OpenWrt's configuration: what it says is what portal.toml says, and mistakes come at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.config import parse
from portal.router_settings import Router
from portal.uci import UciError, read, to_toml

LEAST = """\
package portal

config site 'site'
	option id 'hp-001'
	option name 'Khu trọ'

config organisation 'organisation'
	option name 'LĐLĐ'
	option unit 'Ban Tuyên giáo'

config interfaces 'interfaces'
	option phones 'br-phones'
	option uplink 'wan'

"""
LEAST_TABLES: dict[str, dict[str, Any]] = {
    "site": {"id": "hp-001", "name": "Khu trọ"},
    "organisation": {"name": "LĐLĐ", "unit": "Ban Tuyên giáo"},
    "interfaces": {"phones": "br-phones", "uplink": "wan"},
}


def section(name: str, *lines: str) -> str:
    return f"config {name} '{name}'\n" + "".join(f"\t{line}\n" for line in lines) + "\n"


def tables(export: str) -> dict[str, Any]:
    return tomllib.loads(to_toml(export))


def problems(export: str) -> list[str]:
    with pytest.raises(UciError) as refused:
        to_toml(export)
    return refused.value.problems


def test_what_uci_exports_is_a_configuration() -> None:
    assert tables(LEAST) == LEAST_TABLES


def test_values_get_the_kind_that_the_setting_has() -> None:
    export = LEAST + (
        section("portal", "option http_port '2090'")
        + section("session", "option length '2h'", "option max_devices '300'")
        + section("walled_garden", "list names 'a.example'", "list names 'b.example'")
        + section("family_dns", "option upstream '192.0.2.53'")
        + section("staff", "option site 'off'", "option listen '192.168.80.1:2081'")
    )

    made = tables(export)

    assert made["portal"] == {"http_port": 2090}
    assert made["session"] == {"length": "2h", "max_devices": 300}
    assert made["walled_garden"] == {"names": ["a.example", "b.example"]}
    assert made["family_dns"] == {"upstream": ["192.0.2.53"]}
    assert made["staff"] == {"site": False, "listen": "192.168.80.1:2081"}


def test_days_that_differ_are_options_of_the_session() -> None:
    export = LEAST + section(
        "session", "option saturday_opening_hours '05:00-02:00'", "option saturday_length '6h'"
    )

    assert tables(export)["session"] == {
        "saturday": {"length": "6h", "opening_hours": "05:00-02:00"}
    }


def test_an_empty_option_says_nothing_and_a_list_of_one_empty_entry_is_empty() -> None:
    export = LEAST + (
        section("site", "option address ''") + section("uplink", "list check_urls ''")
    )

    made = tables(export)

    assert "address" not in made["site"]
    assert made["uplink"] == {"check_urls": []}


def test_what_comes_later_replaces_defaults_unless_it_is_empty() -> None:
    defaults = section("interfaces", "option uplink 'wan'") + section("site", "option id 'old'")

    made = tables(defaults + LEAST.replace("'wan'", "''"))

    assert made["interfaces"]["uplink"] == "wan"
    assert made["site"]["id"] == "hp-001"


def test_the_router_s_own_section_is_judged_and_not_in_portal_toml() -> None:
    router = section(
        "router",
        "option managed '1'",
        "option phones_address '10.9.0.1/22'",
        "option country 'VN'",
        "option channel_2g '11'",
        "option channel_5g 'auto'",
        "list phones_ports 'lan4.80'",
    )

    assert tables(LEAST + router) == LEAST_TABLES
    assert tables(router + LEAST) == LEAST_TABLES


def test_every_mistake_of_the_router_s_own_section_is_told() -> None:
    address = (
        "not one of the first nine addresses of a private network from /16 to /27;"
        ' write "10.80.0.1/20"'
    )
    assert problems(
        LEAST
        + section(
            "router",
            "option managed 'perhaps'",
            "option phones_address '192.0.2.100/24'",
            "option lan_address '8.8.8.1/24'",
            "option country 'vn'",
            "option channel_2g '6e'",
            "list phones_ports 'lan 4'",
            "option size '3'",
        )
    ) == [
        'router.channel_2g = "6e"   not a channel; write its number, or "auto"',
        'router.country = "vn"   not a country; write two capital letters, like "VN"',
        f'router.lan_address = "8.8.8.1/24"   {address}',
        'router.managed = "perhaps"   write 1 or 0',
        f'router.phones_address = "192.0.2.100/24"   {address}',
        "router.phones_ports = ['lan 4']   not an interface name; write one like \"br-lan\"",
        "router.size   unknown; known are " + ", ".join(entry.name for entry in fields(Router)),
    ]


@pytest.mark.parametrize("address", ["10.80.0.10/20", "10.80.1.1/20", "nowhere", "10.0.0.1/8"])
def test_the_router_is_at_the_begin_of_its_own_network(address: str) -> None:
    [problem] = problems(LEAST + section("router", f"option phones_address '{address}'"))

    assert problem.startswith("router.phones_address = ")


def test_every_mistake_is_told_at_once() -> None:
    export = (
        section("site", "option id 'HP 001'", "option name 'A'", "list former_names 'B'")
        + "config organisation\n\toption name 'O'\n"
        + section("interfaces", "list phones 'a'", "list phones 'b'", "option uplink 'wan'")
        + section("session", "option length '2 hours'", "option max_devices 'many'")
        + section("sesion", "option length '2h'")
        + section("staff", "option site 'maybe'")
        + "nonsense\n"
    )

    told = problems(export)

    assert [line.split("   ")[0] for line in told] == [
        "[sesion]",
        "interfaces.phones",
        "line 23",
        "line 6",
        "organisation.name is missing",
        "organisation.unit is missing",
        'session.length = "2 hours"',
        'session.max_devices = "many"',
        'site.id = "HP 001"',
        'staff.site = "maybe"',
    ]


def test_a_file_that_was_written_by_hand_is_read_as_uci_reads_it() -> None:
    export = (
        "# a remark\n"
        "config site site  # here too\n"
        "  option id hp-001\n"
        '\toption name "Khu \\"trọ\\" \\\\ 1"\n'
        "\toption address 'it'\\''s '\"here\"\\ too\n"
        "\tlist former_names 'two\nlines'"
    )
    found: list[str] = []

    assert read(export, found) == {
        "site": {
            "id": "hp-001",
            "name": 'Khu "trọ" \\ 1',
            "address": "it's here too",
            "former_names": ["two\nlines"],
        }
    }
    assert found == []


def test_a_quote_without_an_end_is_told_with_its_line() -> None:
    found: list[str] = []

    read("config site 'site'\n\toption name 'Khu\n", found)

    assert found == ["line 2   a quote that does not end"]


# What any text does


def exported(document: Mapping[str, Mapping[str, Any]]) -> str:
    """What `uci export` prints, for tables with texts, lists and tables of texts."""
    lines = ["package portal"]
    for name, table in document.items():
        lines += ["", f"config {name} '{name}'"]
        for key, value in table.items():
            if isinstance(value, dict):
                lines += [option(f"{key}_{inner}", each) for inner, each in value.items()]
            else:
                lines.append(option(key, value))
    return "\n".join(lines) + "\n"


def option(key: str, value: Any) -> str:
    def quoted(each: Any) -> str:
        plain = {True: "1", False: "0"}[each] if isinstance(each, bool) else str(each)
        return "'" + plain.replace("'", "'\\''") + "'"

    if isinstance(value, list):
        return "\n".join(f"\tlist {key} {quoted(each)}" for each in value or [""])
    return f"\toption {key} {quoted(value)}"


line = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    str.strip
)
day = st.fixed_dictionaries(
    {},
    optional={
        "length": st.sampled_from(["30m", "6h"]),
        "opening_hours": st.sampled_from(["closed", "05:00-02:00"]),
        "daily_limit": st.just("10h"),
    },
).filter(bool)
documents = st.fixed_dictionaries(
    {
        "site": st.fixed_dictionaries(
            {"id": st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), "name": line},
            optional={
                "former_names": st.lists(line, max_size=3),
                "rooms": st.integers(1, 10000),
                "address": line,
            },
        ),
        "organisation": st.fixed_dictionaries({"name": line, "unit": line}),
        "interfaces": st.just({"phones": "br-phones", "uplink": "wan"}),
    },
    optional={
        "session": st.fixed_dictionaries(
            {},
            optional={
                "length": st.sampled_from(["90s", "240m", "1d"]),
                "max_devices": st.integers(1, 50000),
                "monday": day,
                "sunday": day,
            },
        ),
        "uplink": st.just({"check_urls": []}),
        "staff": st.fixed_dictionaries({"site": st.booleans()}),
        "fairness": st.fixed_dictionaries({"down_mbit": st.integers(1, 10000)}),
    },
)


@given(documents)
@example({**LEAST_TABLES, "site": {"id": "a", "name": "\x7f 'a' \"b\" \\ # ; \u2028 é"}})
def test_a_configuration_goes_through_uci_unchanged(document: dict[str, Any]) -> None:
    assert parse(tables(exported(document))) == parse(document)


@given(st.text(st.sampled_from("config optlist'\"\\#;\n\t =é\x00"), max_size=200))
def test_no_text_at_all_is_more_than_refused(export: str) -> None:
    with pytest.raises(UciError):
        to_toml(export)


def test_an_unfinished_configuration_may_lack_what_is_required_and_no_more() -> None:
    unfinished = section("router", "option managed '1'") + section("wifi", "option ssid 'a'")

    assert tomllib.loads(to_toml(unfinished, unfinished=True)) == {"wifi": {"ssid": "a"}}
    with pytest.raises(UciError) as refused:
        to_toml(
            unfinished
            + section("site", "option id 'A B'")
            + section("portal", "option https_port '2443'", "option tls_cert '/c'"),
            unfinished=True,
        )
    assert [line.split(" = ")[0] for line in refused.value.problems] == ["site.id"]


ROOT = Path(__file__).parents[3] / "deploy/openwrt/root"
DEFAULTS = (ROOT / "usr/share/portal/defaults").read_text(encoding="utf-8")
CONFIG = (ROOT / "etc/config/portal").read_text(encoding="utf-8")


def test_what_a_router_comes_with_lacks_only_what_the_site_and_the_router_say() -> None:
    assert [line.partition(" is missing")[0] for line in problems(DEFAULTS + CONFIG)] == [
        "interfaces.uplink",
        "organisation.name",
        "organisation.unit",
        "site.id",
        "site.name",
    ]


def test_the_remarks_of_a_router_s_configuration_show_the_defaults() -> None:
    shown = re.sub(r"(?m)^\t# (?=(option|list) \w+ '[^'])", "\t", CONFIG)
    assert shown.count("\n\toption ") > 20

    assert parse(tables(DEFAULTS + shown + LEAST)) == parse(tables(DEFAULTS + LEAST))


def test_what_the_router_s_scripts_take_for_granted_is_the_default() -> None:
    config = parse(tables(DEFAULTS + LEAST))
    router = Router()
    granted = set[tuple[str, str]]()
    for path in (*(ROOT / "etc/init.d").iterdir(), *(ROOT / "usr/libexec/portal").iterdir()):
        script = path.read_text(encoding="utf-8")
        granted |= set(re.findall(r'want ([a-z_]+\.[a-z_0-9]+) "?([^")]*)"?\)', script))
        for variable, name in re.findall(r"(\w+)=\$\(uci -q get portal\.([a-z_.]+)\)", script):
            granted |= {(name, value) for value in re.findall(rf"\${{{variable}:-(.+?)}}", script)}

    assert {"wifi.ssid", "router.country", "portal.http_port", "storage.data_dir"} <= {
        name for name, _ in granted
    }
    for name, value in granted:
        section, key = name.split(".")
        known = getattr(router if section == "router" else getattr(config, section), key)
        assert value == ("" if known in (None, ()) else str(known)), name
