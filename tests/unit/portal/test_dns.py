"""What dnsmasq is told, and what is read from a block list."""

import subprocess
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import parse
from portal.dns import read_block_list, render, render_outage

LEAST: dict[str, Any] = {
    "site": {"id": "a", "name": "A"},
    "organisation": {"name": "O", "unit": "U"},
    "interfaces": {"phones": "br-lan", "uplink": "wan"},
}
GATEWAY = (ip_address("10.80.0.1"), ip_address("2001:db8:80::1"))


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_least_is_the_portals_own_name() -> None:
    assert lines(render(parse(LEAST))) == [
        "interface-name=wifi.congdoan.home.arpa,br-lan",
        "local=/wifi.congdoan.home.arpa/",
        "local=/home.arpa/",
    ]


def test_names_of_the_garden_fill_both_halves_of_it_in_both_families() -> None:
    config = parse(LEAST | {"walled_garden": {"names": ["congdoan.example", "b.example"]}})

    assert lines(render(config))[3:] == [
        "nftset=/congdoan.example/b.example/4#inet#portal#garden4,6#inet#portal#garden6,"
        "4#inet#portal#garden4_spare,6#inet#portal#garden6_spare",
        "max-cache-ttl=300",
        "max-ttl=300",
    ]


def test_a_resolver_that_filters_is_the_only_one() -> None:
    config = parse(LEAST | {"family_dns": {"upstream": ["192.0.2.53", "2001:db8::53"]}})

    assert lines(render(config))[3:] == ["no-resolv", "server=192.0.2.53", "server=2001:db8::53"]


def test_blocked_names_lead_to_the_gateway() -> None:
    assert lines(render(parse(LEAST), ["bad.example"], GATEWAY))[3:] == [
        "local=/bad.example/",
        "address=/bad.example/10.80.0.1",
        "address=/bad.example/2001:db8:80::1",
    ]


def test_nothing_makes_dnsmasq_write_down_names() -> None:
    text = render(parse(LEAST), ["bad.example"], GATEWAY)

    assert not [line for line in lines(text) if line.startswith("log")]


def test_dnsmasq_takes_all_of_it() -> None:
    config = parse(
        LEAST
        | {
            "walled_garden": {"names": ["congdoan.example"]},
            "family_dns": {"upstream": ["192.0.2.53"]},
        }
    )
    text = render(config, ["bad.example", "worse.example"], GATEWAY)

    done = subprocess.run(
        ["/usr/sbin/dnsmasq", "--test", "--conf-file=-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_the_names_of_an_outage_are_read_from_a_folder() -> None:
    config = parse(LEAST | {"uplink": {"names_dir": "/var/lib/portal-names"}})

    assert "hostsdir=/var/lib/portal-names" in lines(render(config))
    assert "hostsdir" not in render(parse(LEAST))


def test_the_names_of_an_outage_lead_to_the_gateway_but_not_what_is_watched() -> None:
    text = render_outage(["b.example", "a.example", "c.example"], ["c.example"], GATEWAY)

    assert text == "10.80.0.1 a.example b.example\n2001:db8:80::1 a.example b.example\n"


def test_a_block_list_may_be_a_hosts_file() -> None:
    text = """
    # games of chance
    Casino.example
    0.0.0.0 bet.example  # and those below it
    0.0.0.0 www.bet.example
    :: lotto.example
    """

    assert read_block_list(text) == (["bet.example", "casino.example", "lotto.example"], [])


@pytest.mark.parametrize("word", ["10.0.0.1", "a", "*.example.com", "a/b.example", "x" * 300])
def test_what_is_no_name_is_told_with_its_line(word: str) -> None:
    names, [problem] = read_block_list(f"good.example\n{word}\n")

    assert names == ["good.example"]
    assert problem.startswith(f"line 2: {word[:60]!r} is ")


@given(st.text())
def test_any_text_gives_names_that_dnsmasq_can_be_told(text: str) -> None:
    names, _ = read_block_list(text)

    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in names)


def test_the_resolvers_own_questions_leave_by_ports_of_no_device() -> None:
    sealed = parse(LEAST | {"privacy": {"profile": "sealed", "public_key": "ab" * 32}})

    assert "min-port=32768" in lines(render(sealed))
    assert "min-port" not in render(parse(LEAST))
