"""A technician with a phone in the house's Wi-Fi, and somebody who is none."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from portal.demo.addresses import PORTAL_HOST
from portal.demo.lab import API_URI, Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("doctor")]

PAGE = f"http://{PORTAL_HOST}/technician"
AS_THE_SERVICE = ("setpriv", "--bounding-set=-all,+net_admin,+net_bind_service")
"""The rights of deploy/systemd/portal.service."""


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_portal(https=True)
        lab.portal_restart(under=AS_THE_SERVICE)
        yield lab


@pytest.fixture
def open_window(built: Lab) -> Iterator[Lab]:
    said = built.portal_command("technician", "--minutes", "5")
    assert said.stdout == f"for 5 minutes, on a phone in this Wi-Fi: {PAGE}\n"
    yield built
    assert built.portal_command("technician", "--close").returncode == 0


def joined(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join(ipv6=False)
    return phone


def page(phone: Phone) -> Answer:
    found = phone.open(PAGE)
    assert isinstance(found, Answer)
    return found


def words(answer: Answer) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", answer.body, flags=re.S).split())


def enter(phone: Phone, site: str) -> Answer:
    entered = phone.tap(page(phone), "/technician", {"site": site})
    assert isinstance(entered, Answer)
    return entered


def finished(phone: Phone) -> Answer:
    until = time.monotonic() + 120
    while "http-equiv" in (found := page(phone)).body:
        assert time.monotonic() < until
        time.sleep(0.2)
    return found


def children(lab: Lab) -> int:
    """How many self-tests run on the gateway."""
    ours = f"doctor\0--json\0--save\0--config\0{lab.folder}".encode()
    found = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # It has ended meanwhile.
            found += ours in command.read_bytes()
    return found


def test_without_the_window_there_is_no_page(built: Lab) -> None:
    phone = joined(built)

    for path in ("", "/selftest.json"):
        answer = phone.fetch(PAGE + path)
        assert isinstance(answer, Answer)
        assert (answer.status, answer.headers["location"]) == (303, f"http://{PORTAL_HOST}/")
    status = json.loads(built.portal_command("status", "--json").stdout)
    assert status["technician_seconds"] is None


def test_a_technician_runs_the_test_and_reads_what_it_found(open_window: Lab) -> None:
    phone = joined(open_window)
    assert "Mã địa điểm" in words(page(phone))

    assert "Chưa kiểm tra lần nào" in words(enter(phone, "demo"))
    begun = phone.tap(page(phone), "/technician", {"test": "1"})
    assert isinstance(begun, Answer)
    assert "Đang kiểm tra" in words(begun)
    result = words(finished(phone))

    assert "Luật trong nhân máy TỐT đang có" in result
    assert "Dây mạng vào TỐT đã cắm (wan)" in result
    # The child has the daemon's rights: what they do not suffice for, it says.
    assert "CHƯA XEM ĐƯỢC Cấp địa chỉ cho điện thoại (DHCP) chưa thử được ở đây" in result
    copy = phone.fetch(f"{PAGE}/selftest.json")
    assert isinstance(copy, Answer)
    assert json.loads(copy.body) == json.loads(
        (open_window.folder / "data/selftest.json").read_text()
    )
    status = json.loads(open_window.portal_command("status", "--json").stdout)
    assert 200 < status["technician_seconds"] <= 300


def test_who_does_not_know_the_site_sees_nothing(open_window: Lab) -> None:
    stranger = joined(open_window)

    answers = [words(enter(stranger, name)) for name in ("", "demo2", "%64emo", "x" * 900)]
    copy = stranger.fetch(f"{PAGE}/selftest.json")
    sent = stranger.fetch(PAGE, form={"test": "1", "site": "demo"})  # Without our token.

    assert all("Mã chưa đúng" in each for each in answers)
    assert isinstance(copy, Answer)
    assert copy.status == 303
    assert isinstance(sent, Answer)
    assert sent.status == 303
    assert children(open_window) == 0
    assert "Mã địa điểm" in words(page(stranger))
    assert "Nhập sai nhiều lần" in " ".join(words(enter(stranger, "x")) for _ in range(3))


def test_many_taps_at_once_are_one_test(open_window: Lab) -> None:
    phone = joined(open_window)
    before = enter(phone, "demo")

    with ThreadPoolExecutor(8) as hands:
        list(hands.map(lambda _: phone.tap(before, "/technician", {"test": "1"}), range(16)))
        assert children(open_window) == 1
    finished(phone)

    assert children(open_window) == 0
    assert open_window.gateway.read_log("portal").count("self-test") == 0
