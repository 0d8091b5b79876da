"""Every client of the table, before accepting, right after it, and after leaving."""

from collections.abc import Iterator

import pytest

from portal.demo.addresses import PORTAL_HOST
from portal.demo.lab import API_URI, Lab
from portal.demo.phone import Phone
from portal.demo.probes import PROBES, TRUE_NAMES, Answer, NoAnswer, Outcome, Probe, Verdict

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("probes")]


def _name(probe: Probe) -> str:
    return f"{probe.client}, {probe.url}"


_each_probe = pytest.mark.parametrize("probe", PROBES, ids=_name)
_each_plain_probe = pytest.mark.parametrize(
    "probe", [probe for probe in PROBES if not probe.secure], ids=_name
)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Lab]:
    """One site for the whole table."""
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_portal(https=True)
        yield lab


def _joined(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    return phone


def _accept(phone: Phone) -> Answer:
    page = phone.open("http://connectivitycheck.gstatic.com/generate_204")
    assert isinstance(page, Answer)
    status = phone.tap(page)
    assert isinstance(status, Answer)
    return status


@pytest.fixture(scope="module")
def captive(crowd: Lab) -> Phone:
    return _joined(crowd)


@pytest.fixture(scope="module")
def stranger(crowd: Lab) -> Phone:
    """A device that has accepted and left again."""
    phone = _joined(crowd)
    phone.tap(_accept(phone), "/leave")
    return phone


def _refused_at_once(outcome: Outcome) -> bool:
    return isinstance(outcome, NoAnswer) and outcome.seconds < 1


@_each_probe
def test_a_captive_device_is_shown_the_portal(captive: Phone, probe: Probe) -> None:
    outcome = captive.ask(probe)

    if probe.secure:
        assert _refused_at_once(outcome)
    else:
        assert probe.judge(outcome) is Verdict.PORTAL


@_each_plain_probe
def test_a_captive_device_is_redirected_by_the_letter(captive: Phone, probe: Probe) -> None:
    answer = captive.fetch(probe.url, headers=probe.headers)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (302, "")
    assert answer.headers["location"] == f"http://{PORTAL_HOST}/"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["connection"] == "close"
    assert not {"set-cookie", "strict-transport-security"} & answer.headers.keys()
    assert answer.seconds < 1


@_each_probe
def test_right_after_the_tap_the_real_host_answers(crowd: Lab, probe: Probe) -> None:
    phone = _joined(crowd)
    phone.ask(probe)  # So that anything stale it got would now be in its way.
    _accept(phone)

    assert probe.judge(phone.ask(probe)) is Verdict.ONLINE


@_each_probe
def test_after_leaving_the_portal_is_back(stranger: Phone, probe: Probe) -> None:
    outcome = stranger.ask(probe)

    if probe.secure:
        assert _refused_at_once(outcome)
    else:
        assert probe.judge(outcome) is Verdict.PORTAL


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_names_are_true_while_captive(captive: Phone, name: str) -> None:
    found = captive.must("getent", "ahosts", name).split()

    assert set(TRUE_NAMES[name]) <= set(found)


def test_the_answer_to_the_tap_is_a_full_page(crowd: Lab) -> None:
    status = _accept(_joined(crowd))

    assert (status.status, status.url) == (200, f"http://{PORTAL_HOST}/status")
