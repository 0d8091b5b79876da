"""The rules as text: a plan in `tests/golden/rulesets/*.toml` beside what becomes of it.

Write the golden files anew with `UPDATE_GOLDEN=1 pytest tests/unit/firewall`, and read the diff.
"""

import os
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from firewall.changes import Grant, MacAddress, Ports, Usage
from firewall.plan import Plan
from firewall.ruleset import capacity, empty_garden, render
from firewall.shaping import Shaping
from tests.contract.namespace import new_network, run

GOLDEN = Path(__file__).parents[2] / "golden" / "rulesets"
CASES = sorted(GOLDEN.glob("*.toml"))


def read(case: Path) -> tuple[Plan, dict[MacAddress, Grant]]:
    said: dict[str, Any] = tomllib.loads(case.read_text())
    grants = {
        MacAddress(g["mac"]): Grant(
            g["seconds_left"],
            Usage(g["up_bytes"], g["down_bytes"]),
            Ports(*g["ports"]) if "ports" in g else None,
        )
        for g in said.pop("grants", [])
    }
    said["ports"] = tuple(Ports(*ends) for ends in said.get("ports", ()))
    for networks in ("garden", "closed_networks"):
        if networks in said:
            said[networks] = tuple(ip_network(network) for network in said[networks])
    if "shaping" in said:
        said["shaping"] = Shaping(**said["shaping"])
    return Plan(**said), grants


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden(case: Path) -> None:
    rendered = render(*read(case))
    expected = case.with_suffix(".nft")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(rendered)

    assert rendered == expected.read_text()


@pytest.mark.netns
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_nft_takes_the_golden_text(case: Path) -> None:
    with new_network():
        run(f"ip link add {read(case)[0].phones} type bridge")
        run(f"nft --check -f {case.with_suffix('.nft')}")
        assert run("nft list ruleset") == ""

        run(f"nft -f {case.with_suffix('.nft')}")
        once = run("nft --stateless --terse list ruleset")
        run(f"nft -f {case.with_suffix('.nft')}")  # In the place of itself.
        assert run("nft --stateless --terse list ruleset") == once


def test_every_rule_says_what_it_is_for() -> None:
    """`nft list ruleset` on a gateway reads like documentation; plumbing needs no words."""
    plumbing = ("goto from_", "goto to_phones", "goto captive_destination")
    plain = ("iifname != ", "type ", "#", "meta mark set")
    inside = False
    for line in render(Plan("br-lan", "wan", https_port=2443)).splitlines():
        if line.startswith("    chain "):
            inside = True
        elif line == "    }":
            inside = False
        elif inside and not line.strip().startswith(plain) and not line.endswith("\\"):
            assert 'comment "' in line or any(way in line for way in plumbing), line


def test_the_garden_is_emptied_by_halves() -> None:
    even = "flush set inet portal garden4\nflush set inet portal garden6\n"
    odd = "flush set inet portal garden4_spare\nflush set inet portal garden6_spare\n"

    assert [empty_garden(turn) for turn in (0, 1, 2)] == [even, odd, even]


def test_room_for_twice_as_many_as_planned() -> None:
    grants = {MacAddress(f"02:00:00:00:00:{n:02x}"): Grant(1, Usage(0, 0)) for n in range(30)}

    assert capacity(Plan("a", "b", max_devices=100)) == 200
    assert capacity(Plan("a", "b", max_devices=10), grants) == 60


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"phones": ""}, "'' is not the name of an interface"),
        ({"phones": 'br"; flush ruleset'}, "is not the name of an interface"),
        ({"phones": "br-*"}, "is not the name of an interface"),
        ({"phones": "br-lan\n"}, "is not the name of an interface"),
        ({"phones": "a" * 16}, "is not the name of an interface"),
        ({"uplink": "-o"}, "is not the name of an interface"),
        ({"uplink": "br-lan"}, "phones and uplink cannot both be 'br-lan'"),
        ({"http_port": 0}, "0 is not a port"),
        ({"https_port": 65536}, "65536 is not a port"),
        ({"https_port": 2080}, "http_port and https_port cannot both be 2080"),
        ({"max_devices": 0}, "0 devices"),
    ],
)
def test_impossible_plans_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Plan(**{"phones": "br-lan", "uplink": "wan", **changed})


@pytest.mark.parametrize("name", ["br-lan", "wlan0", "eth0.10", "pppoe-wan", "phy0-ap0", "veth@x"])
def test_interface_names_of_real_routers_are_taken(name: str) -> None:
    assert f'iifname "{name}" goto from_phones' in render(Plan(name, "uplink0"))
