"""What the doctor makes of what its phone saw."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from portal.doctor import joining
from portal.doctor.joining import Offered, Seen

HERE = [IPv4Address("10.80.0.1")]
HOST = "wifi.congdoan.home.arpa"
API = f"https://{HOST}/captive-portal/api"
OFFERED = Offered("10.80.0.1", ("10.80.0.1",), ("10.80.0.1",), API)
WELL = Seen(OFFERED, (302, f"http://{HOST}/"), 200, ())


def heard(seen: Seen, api: str | None = API) -> dict[str, str]:
    found = list(joining.judge(seen, HERE, HOST, api))
    for each in found:  # Every finding has words, and what is wrong has advice.
        assert bool(each.told("vi").advice) == (not each.good)
    return {each.subject: each.how for each in found if not each.good} or {"all": "well"}


def offers(**changes: object) -> Seen:
    return replace(WELL, offered=replace(OFFERED, **changes))


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (WELL, {"all": "well"}),
        (Seen(), {"dhcp": "silent"}),
        (offers(server="10.80.9.9"), {"dhcp": "other"}),
        (offers(routers=()), {"dhcp": "astray"}),
        (offers(routers=("10.80.0.1", "10.80.0.2")), {"dhcp": "astray"}),
        (offers(resolvers=("8.8.8.8",)), {"dhcp": "resolver"}),
        (offers(resolvers=()), {"dhcp": "resolver"}),
        (offers(portal=None), {"announced": "missing"}),
        (offers(portal="https://other.example/"), {"announced": "other"}),
        (replace(WELL, check=None), {"captive": "silent"}),
        (replace(WELL, check=(204, "")), {"captive": "passes"}),
        (replace(WELL, check=(200, "")), {"captive": "other"}),
        (replace(WELL, check=(302, "http://modem.example/unpaid")), {"captive": "other"}),
        (replace(WELL, check=(302, "http://[")), {"captive": "other"}),
        (replace(WELL, page=None), {"captive": "no page"}),
        (replace(WELL, page=503), {"captive": "no page"}),
        (replace(WELL, open_ports=(22, 443)), {"closed": "open"}),
    ],
)
def test_what_is_not_as_it_should_be(seen: Seen, wrong: dict[str, str]) -> None:
    assert heard(seen) == wrong


def test_without_https_nothing_has_to_be_announced() -> None:
    assert heard(offers(portal=None), api=None) == {"all": "well"}
    assert heard(WELL, api=None) == {"announced": "dead"}


def test_words_of_other_programs_are_shown_short_and_printable() -> None:
    long = "http://x.example/" + "\x1b" * 500

    [_, announced, *_] = joining.judge(offers(portal=long), HERE, HOST, API)

    said = announced.told("en").found
    assert "\x1b" not in said
    assert len(said) < 200


@pytest.mark.parametrize("seen", [WELL, Seen()])
def test_what_was_seen_is_handed_over_whole(seen: Seen) -> None:
    assert joining.seen_of(seen.as_json()) == seen


@pytest.mark.parametrize(
    "text", ["", "7", "{}", '{"offered": {}, "check": null}', '{"offered": null, "check": [1]}']
)
def test_what_is_no_report(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(?:not what a phone saw|Expecting value)"):
        joining.seen_of(text)
