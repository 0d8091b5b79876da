"""`/metrics`: for staff on the gateway, and for no phone."""

import re

import pytest

from portal.demo.addresses import GATEWAY4, GATEWAY6, WAN4
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer

pytestmark = pytest.mark.netns

ADDRESS = "http://127.0.0.1:2081"


def metrics(lab: Lab) -> str:
    return lab.gateway.must("curl", "--silent", "--fail", f"{ADDRESS}/metrics")


def value(text: str, sample: str) -> float:
    [found] = re.findall(rf"^{re.escape(sample)} (\S+)$", text, flags=re.MULTILINE)
    return float(found)


def test_the_numbers_follow_what_happens(site: Lab, phone: Phone) -> None:
    before = metrics(site)
    page = phone.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(page, Answer)
    status = phone.tap(page)
    assert isinstance(status, Answer)
    phone.fetch("http://download.example/bytes/100000")
    during = metrics(site)
    phone.tap(status, "/leave")
    after = metrics(site)

    assert value(before, "portal_open_devices") == 0
    assert value(during, "portal_open_devices") == 1
    assert value(during, 'portal_sessions_opened_total{by="person"}') == 1
    assert value(during, 'portal_bytes_total{direction="down"}') > 100_000
    assert value(during, 'portal_pages_total{page="Splash"}') == 1
    assert value(during, "portal_uplink_up") == 1
    assert value(during, "portal_firewall_up") == 1
    assert value(after, 'portal_sessions_ended_total{reason="left"}') == 1
    assert value(after, 'portal_bytes_total{direction="down"}') > 100_000
    assert phone.mac not in after
    assert str(phone.ip4) not in after
    assert not re.search(r"[0-9a-f]{32}|([0-9a-f]{2}:){5}", after)


@pytest.mark.parametrize("host", [GATEWAY4, f"[{GATEWAY6}]", WAN4, "127.0.0.1"])
def test_no_phone_reaches_them(site: Lab, phone: Phone, host: str) -> None:
    assert isinstance(phone.fetch(f"http://{host}:2081/metrics", seconds=3), NoAnswer)
    page = phone.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(page, Answer)
    phone.tap(page)

    assert isinstance(phone.fetch(f"http://{host}:2081/metrics", seconds=3), NoAnswer)
    assert "portal_open_devices 1" in metrics(site)


def test_the_address_of_the_phones_is_refused(lab: Lab) -> None:
    lab.write_configuration({"staff": {"listen": f"{GATEWAY4}:2081"}})

    done = lab.portal_command("run")

    assert done.returncode == 1
    assert f"[staff] listen {GATEWAY4} is an address of br-lan" in done.stderr
