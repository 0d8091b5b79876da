"""The staff address: pages and `/metrics` for staff on the gateway, and for no phone."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.demo.addresses import GATEWAY4, GATEWAY6, WAN4
from portal.demo.lab import API_URI, Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer
from portal.staff import totp

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


# The pages: a process of its own


@pytest.fixture
def staffed(lab: Lab) -> Lab:
    """A site where staff can sign in."""
    lab.start_internet()
    lab.start_dns_dhcp(api_uri=API_URI)
    lab.start_portal({"staff": {"site": True}}, https=True)
    wait_for(lambda: 'name="password"' in page(lab, "/sign-in"))
    return lab


def page(lab: Lab, path: str) -> str:
    return lab.gateway.run("curl", "--silent", "--max-time", "10", f"{ADDRESS}{path}").stdout


def wait_for(holds: Callable[[], bool], seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def pages_of(lab: Lab) -> list[int]:
    """The processes that serve the pages: children of the daemon."""
    assert lab.portal is not None
    children = Path(f"/proc/{lab.portal.pid}/task/{lab.portal.pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"portal.staff" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]


def test_staff_get_pages_and_monitoring_the_same_numbers(
    staffed: Lab, phone_of_staffed: Phone
) -> None:
    opened = phone_of_staffed.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(opened, Answer)
    phone_of_staffed.tap(opened)

    assert "Đăng nhập" in page(staffed, "/sign-in")
    assert value(metrics(staffed), "portal_open_devices") == 1
    assert phone_of_staffed.mac not in metrics(staffed)


@pytest.fixture
def phone_of_staffed(staffed: Lab) -> Phone:
    phone = staffed.phone()
    phone.join()
    return phone


@pytest.mark.parametrize("host", [GATEWAY4, f"[{GATEWAY6}]", WAN4, "127.0.0.1"])
def test_no_phone_reaches_the_sign_in(staffed: Lab, phone_of_staffed: Phone, host: str) -> None:
    url = f"http://{host}:2081/sign-in"
    assert isinstance(phone_of_staffed.fetch(url, seconds=3), NoAnswer)
    opened = phone_of_staffed.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(opened, Answer)
    phone_of_staffed.tap(opened)

    assert isinstance(phone_of_staffed.fetch(url, seconds=3), NoAnswer)
    assert "Đăng nhập" in page(staffed, "/sign-in")


def test_the_pages_have_no_privilege_and_go_first_when_memory_is_short(staffed: Lab) -> None:
    [child] = pages_of(staffed)
    status = Path(f"/proc/{child}/status").read_text()

    held = dict(re.findall(r"^(Cap\w+|NoNewPrivs|Seccomp):\t(\S+)$", status, re.MULTILINE))
    assert {name: int(held[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {
        "CapPrm": 0,
        "CapEff": 0,
        "CapInh": 0,
        "CapAmb": 0,
    }
    assert held["NoNewPrivs"] == "1"
    assert Path(f"/proc/{child}/oom_score_adj").read_text().strip() == "500"


def test_pages_that_die_are_started_again_and_phones_do_not_notice(staffed: Lab) -> None:
    [first] = pages_of(staffed)

    os.kill(first, signal.SIGKILL)

    wait_for(lambda: pages_of(staffed) not in ([], [first]))
    assert "Đăng nhập" in page(staffed, "/sign-in")
    assert "the staff site ended (-9)" in staffed.gateway.read_log("portal")


def test_pages_die_with_a_daemon_that_is_killed(staffed: Lab) -> None:
    [child] = pages_of(staffed)

    staffed.portal_kill()
    wait_for(lambda: not Path(f"/proc/{child}").exists(), 2)
    staffed.portal_restart()

    assert "Đăng nhập" in page(staffed, "/sign-in")


def test_a_daemon_that_is_told_to_stop_takes_its_pages_along(staffed: Lab) -> None:
    [child] = pages_of(staffed)

    assert staffed.portal_stop() == 0

    assert not Path(f"/proc/{child}").exists()


class Desk:
    """A member of staff at a browser on the gateway."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._cookies = lab.folder / "cookies"

    def get(self, path: str) -> str:
        return self._curl(path)

    def post(self, path: str, **fields: str) -> str:
        """The page that the form leads to."""
        sent = [word for pair in fields.items() for word in ("--data-urlencode", "=".join(pair))]
        return self._curl(path, "--header", f"Origin: {ADDRESS}", "--location", *sent)

    def _curl(self, path: str, *words: str) -> str:
        jar = ("--cookie", self._cookies, "--cookie-jar", self._cookies)
        form = words or ("--location",)
        return self._lab.gateway.must(
            "curl", "--silent", "--max-time", "10", *jar, *form, f"{ADDRESS}{path}"
        )


def test_an_administrator_ends_and_blocks_a_device_by_its_name(
    staffed: Lab, phone_of_staffed: Phone
) -> None:
    made = staffed.gateway.run(
        *(sys.executable, "-m", "portal", "staff", "add", "Anh Minh", "--role", "administrator"),
        *("--password-stdin", "--config", staffed.folder / "portal.toml"),
        stdin="trau vang uong nuoc 7\n",
    )
    assert made.returncode == 0, made.stderr
    opened = phone_of_staffed.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(opened, Answer)
    phone_of_staffed.tap(opened)
    desk = Desk(staffed)
    page = desk.post("/sign-in", name="anh minh", password="trau vang uong nuoc 7")
    secret = "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page))
    code = totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS)
    assert "thiết bị đang vào mạng" in desk.post("/sign-in/code", code=code)

    devices = desk.get("/devices")
    [name] = set(re.findall(r'name="device" value="([0-9a-f]{32})"', devices))
    assert phone_of_staffed.mac not in devices
    assert str(phone_of_staffed.ip4) not in devices
    after = desk.post("/devices/block", device=name, reason="thư rác")

    assert "Đã chặn thiết bị" in after
    wait_for(lambda: "thư rác" in desk.get("/devices"))  # The log is written by a thread.
    assert value(metrics(staffed), "portal_open_devices") == 0
    [kept] = set(re.findall(r'name="device" value="([0-9a-f]{32})"', desk.get("/devices")))
    assert "Đã bỏ chặn" in desk.post("/devices/unblock", device=kept)
    again = phone_of_staffed.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(again, Answer)
    phone_of_staffed.tap(again)
    assert value(metrics(staffed), "portal_open_devices") == 1


def test_the_address_of_the_phones_is_refused(lab: Lab) -> None:
    lab.write_configuration({"staff": {"listen": f"{GATEWAY4}:2081"}})

    done = lab.portal_command("run")

    assert done.returncode == 1
    assert f"[staff] listen {GATEWAY4} is an address of br-lan" in done.stderr
