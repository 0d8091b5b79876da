"""The answers of an outage, held against what each client wants to hear."""

import pytest

from portal.captive_checks import ANSWERS, NAMES, expected
from portal.demo.probes import PROBES, Answer, Probe, Verdict

PLAIN = [probe for probe in PROBES if not probe.secure]


@pytest.mark.parametrize("probe", PLAIN, ids=lambda probe: f"{probe.client} {probe.host}")
def test_every_client_is_content(probe: Probe) -> None:
    answer = expected(probe.host, probe.path)

    assert answer is not None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    heard = Answer(answer.status, headers, answer.body)
    assert probe.judge(heard) is Verdict.ONLINE


def test_a_host_is_known_however_it_is_written() -> None:
    good = ANSWERS["captive.apple.com", "/hotspot-detect.html"]

    assert expected("Captive.Apple.Com.", "/hotspot-detect.html") == good
    assert expected("captive.apple.com:80", "/hotspot-detect.html") == good


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("captive.apple.com", "/"),
        ("captive.apple.com:8080", "/hotspot-detect.html"),
        ("example.com", "/generate_204"),
        ("", "/generate_204"),
    ],
)
def test_nothing_else_is_answered(host: str, target: str) -> None:
    assert expected(host, target) is None


def test_no_name_is_that_of_a_site_people_read() -> None:
    """These lead to the gateway during an outage; www.google.com cannot be reached then anyway."""
    assert {name for name in NAMES if name.startswith("www.")} == {
        "www.google.com",
        "www.gstatic.com",
        "www.msftconnecttest.com",
    }
