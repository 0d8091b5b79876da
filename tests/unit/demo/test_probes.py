"""How clients read answers: the cases in which a portal would be overlooked."""

from urllib.parse import urlsplit

import pytest

from portal.demo.internet import names
from portal.demo.probes import PROBES, Answer, NoAnswer, Probe, Verdict

_REDIRECT = Answer(302, {"location": "http://wifi.congdoan.home.arpa/"})


def _first(client: str) -> Probe:
    return next(probe for probe in PROBES if probe.client == client and not probe.secure)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.client}, {probe.url}")
def test_the_real_hosts_answer_means_online(probe: Probe) -> None:
    assert probe.judge(probe.online) is Verdict.ONLINE
    assert probe.host in names()
    assert urlsplit(probe.url).path == probe.path


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.client}, {probe.url}")
def test_no_answer_means_no_internet(probe: Probe) -> None:
    assert probe.judge(NoAnswer("refused")) is Verdict.NO_INTERNET


def test_android_takes_511_for_a_broken_network() -> None:
    assert _first("Android (AOSP)").judge(Answer(511)) is Verdict.NO_INTERNET
    assert _first("Android (AOSP)").judge(_REDIRECT) is Verdict.PORTAL


def test_chrome_os_opens_its_window_on_302_and_307_only() -> None:
    opened = [
        status
        for status in range(200, 600)
        if _first("ChromeOS").judge(Answer(status)) is Verdict.PORTAL
    ]

    assert opened == [302, 307]


def test_connman_needs_its_header_and_not_its_text() -> None:
    probe = _first("ConnMan (ipv4)")

    assert probe.judge(Answer(200, {}, probe.online.body)) is Verdict.NO_INTERNET
    assert probe.judge(_REDIRECT) is Verdict.PORTAL


def test_apple_opens_its_sheet_on_anything_but_success() -> None:
    probe = _first("iOS and macOS")

    assert probe.judge(Answer(200, {}, "<html>Welcome</html>")) is Verdict.PORTAL
    assert probe.judge(Answer(511)) is Verdict.PORTAL
