"""Opening hours and the daily limit, with the real daemon at another time of day."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from portal.demo.lab import Lab, Settings
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from tests.netns.clock import wall_clock

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("hours")]

CHECK = "http://connectivitycheck.gstatic.com/generate_204"
SITE_TIME = timezone(timedelta(hours=7))
HOURS: Settings = {"session": {"length": "240m", "opening_hours": "05:00-23:00"}}


def clock_at(time: str) -> str:
    """How far a clock is from ours that shows `time` at the site, today."""
    today = datetime.now(SITE_TIME).date()
    then = datetime.fromisoformat(f"{today} {time}").replace(tzinfo=SITE_TIME)
    return f"{int((then - datetime.now(SITE_TIME)).total_seconds()):+}"


def start(lab: Lab, clock: str, settings: Settings) -> Phone:
    """A joined phone at a site with that clock."""
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.write_configuration(settings)
    lab.portal_restart(under=wall_clock(clock))
    phone = lab.phone()
    phone.join()
    return phone


def page(phone: Phone, url: str = CHECK) -> Answer:
    answer = phone.open(url)
    assert isinstance(answer, Answer), answer
    return answer


def is_online(phone: Phone) -> bool:
    return page(phone).status == 204


def seconds_left(lab: Lab) -> int:
    (row,) = json.loads(lab.portal_command("sessions", "--json").stdout)
    return int(row["seconds_left"])


def test_at_night_the_page_says_when_the_network_opens_and_nobody_passes(lab: Lab) -> None:
    phone = start(lab, clock_at("03:00"), HOURS)
    night = page(phone)

    assert "Mạng đang nghỉ" in night.body
    assert "05:00" in night.body
    assert 'action="/accept' not in night.body
    assert not is_online(phone)

    lab.portal_command("grant", phone.mac, "--minutes", "5")
    assert is_online(phone)


def test_a_turn_in_the_evening_ends_at_closing_time_in_the_kernel_too(lab: Lab) -> None:
    phone = start(lab, clock_at("22:50"), HOURS)
    phone.tap(page(phone))

    assert is_online(phone)
    assert 500 < seconds_left(lab) <= 600
    assert "23:00" in page(phone, "http://wifi.congdoan.home.arpa/status").body
    held = lab.gateway.must("nft", "list", "set", "inet", "portal", "granted")
    assert "timeout 10m" in held or "timeout 9m" in held


def test_hours_across_midnight_are_open_after_midnight(lab: Lab) -> None:
    phone = start(lab, clock_at("01:00"), {"session": {"opening_hours": "18:00-02:00"}})
    phone.tap(page(phone))

    assert is_online(phone)
    assert 3500 < seconds_left(lab) <= 3600


def test_a_clock_that_nobody_has_set_closes_nothing(lab: Lab) -> None:
    closed = {"session": {"opening_hours": "closed", "daily_limit": "1h"}}
    phone = start(lab, "@1970-01-01 00:01:00", closed)
    phone.tap(page(phone))

    assert is_online(phone)
    assert seconds_left(lab) > 14_000


def test_what_a_device_used_today_counts_after_a_restart(lab: Lab) -> None:
    settings = {"session": {"length": "2h", "daily_limit": "65s"}}
    noon = clock_at("12:00")
    phone = start(lab, noon, settings)
    phone.tap(page(phone))
    phone.wait_until(lambda: seconds_left(lab) <= 59, "six seconds pass")
    lab.portal_command("revoke", phone.mac)
    lab.portal_restart(under=wall_clock(noon))

    refused = page(phone)
    assert "Hôm nay máy này đã dùng đủ giờ" in refused.body
    assert not is_online(phone)
