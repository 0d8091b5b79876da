"""What the doctor's own phone sees on a real network, and the line that names what is wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo.addresses import PHONES4
from portal.demo.host import Host
from portal.demo.lab import API_URI, Lab
from tests.netns.test_doctor import findings

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("doctor phone")]

JOINS = {"dhcp", "announced", "captive", "closed"}


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_portal(https=True)
        yield lab


def joined(lab: Lab) -> dict[str, Any]:
    return {check: row for check, row in findings(lab).items() if check in JOINS}


def names(lab: Lab, check: str, words: str) -> dict[str, Any]:
    """The line that tells what is wrong; that it is told in Vietnamese too, unit tests see."""
    found = joined(lab)
    assert not found[check]["good"]
    assert words in found[check]["found"]
    assert found[check]["advice"]
    return found


def end(host: Host, program: str) -> None:
    for process in host._started:
        if program in process.args:
            process.kill()
            process.wait()


def nothing_left(lab: Lab) -> bool:
    """No port of the bridge, and no lease."""
    leases = (lab.folder / "leases").read_text().splitlines()
    kept = [lease for lease in leases if not lease.startswith("duid ")]
    return "doctor0" not in lab.gateway.must("ip", "link") and not kept


def test_a_gateway_that_is_well_is_seen_so(built: Lab) -> None:
    found = joined(built)

    assert found.keys() == JOINS
    assert [row for row in found.values() if not (row["good"] and row["looked"])] == []
    assert found["announced"]["found"] == API_URI
    assert "led to the page with the button" in found["captive"]["found"]
    assert nothing_left(built)


def test_an_announcement_that_nothing_answers(built: Lab) -> None:
    """The certificate is gone, dnsmasq still tells of it."""
    path = built.folder / "portal.toml"
    before = path.read_text()
    built.write_configuration({})
    try:
        names(built, "announced", "nothing is served over https")
    finally:
        path.write_text(before)


def test_who_may_not_join_says_so_and_looks_from_the_side(built: Lab) -> None:
    """As the gateway's own user may: without namespaces, with the firewall."""
    found = findings(built, under=("setpriv", "--bounding-set=-sys_admin"))

    assert not found["dhcp"]["looked"]
    assert not found["captive"]["looked"]
    assert "not tried through the rules" in found["captive"]["found"]
    assert all(found[check]["good"] for check in JOINS & found.keys())


def test_something_of_the_router_that_phones_reach(built: Lab) -> None:
    server = built.gateway.popen(sys.executable, "-m", "http.server", "22", log="ssh")
    try:
        assert joined(built)["closed"]["good"]  # The rules refuse it.
        built.portal_stop()
        assert built.portal_command("cleanup").returncode == 0
        found = names(built, "closed", "phones reach port 22")
        assert not found["captive"]["good"]
    finally:
        server.kill()
        built.portal_restart()


def test_a_second_server_of_addresses(built: Lab) -> None:
    """The modem's cable is in a LAN port."""
    phone = built.phone()
    phone.ip(f"link set {phone.interface} up", f"address add 10.80.9.9/20 dev {phone.interface}")
    built.gateway.must("bridge", "link", "set", "dev", "phone1", "isolated", "off")
    if Path("/proc/sys/net/bridge").exists():  # Else our rules stand between phones, too.
        built.gateway.sysctl("net.bridge.bridge-nf-call-iptables=0")
    end(built.gateway, "dnsmasq")
    server = (
        "--port=0",
        f"--interface={phone.interface}",
        f"--dhcp-range=10.80.9.100,10.80.9.200,{PHONES4.netmask}",
        f"--dhcp-leasefile={phone.folder / 'leases'}",
        "--dhcp-authoritative",
        "--no-ping",
    )
    built._dnsmasq(phone, "modem", *server)

    assert names(built, "dhcp", "another machine (10.80.9.9)").keys() == JOINS

    end(phone, "dnsmasq")
    built._dnsmasq(phone, "nonsense", *server, "--dhcp-option=3,203.0.113.1")

    names(built, "dhcp", "another machine (10.80.9.9)")  # Although its router cannot be reached.

    end(phone, "dnsmasq")
    names(built, "dhcp", "offered no address")


def test_an_option_that_is_missing(lab: Lab) -> None:
    """A certificate is there, and nobody tells phones of the API."""
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.start_portal(https=True)

    found = names(lab, "announced", "none")
    assert f"dhcp-option=114,{API_URI}" in found["announced"]["advice"]
