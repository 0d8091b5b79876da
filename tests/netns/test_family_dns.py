"""The family DNS: blocked names lead to a page, a resolver that filters is the only one asked,
and no name that anybody asked for is written anywhere."""

from collections.abc import Iterator

import pytest

from portal.demo import addresses as at
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer
from tests.netns import names

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("garden")]

BLOCKED = "casino.example"
FILTERED = "fraud.example"
"""The resolver that filters does not know it."""
FILTERING_RESOLVER = "203.0.113.88"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.internet.ip(f"address add {FILTERING_RESOLVER}/24 dev eth0")
        lab.internet.popen(
            *("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"),
            *(f"--listen-address={FILTERING_RESOLVER}", "--bind-interfaces", "--log-queries"),
            f"--address=/{FILTERED}/#",
            f"--host-record={at.WEBSITE},{at.WEBSITE4},{at.WEBSITE6}",
            log="filtering",
        )
        block_list = lab.folder / "blocked"
        block_list.write_text(f"# games of chance\n{BLOCKED}\n")
        lab.write_configuration(
            {"family_dns": {"upstream": [FILTERING_RESOLVER], "blocklist": str(block_list)}}
        )
        made = lab.portal_command("dnsmasq")
        assert made.returncode == 0, made.stderr
        block_list.unlink()  # Nobody needs it any more.
        folder = lab.folder / "dnsmasq.d"
        folder.mkdir()
        (folder / "portal.conf").write_text(made.stdout)
        lab.start_dns_dhcp(options=[f"--conf-dir={folder}"], upstream=None)
        lab.portal_restart()
        yield lab


@pytest.fixture(scope="module")
def phone(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    return phone


@pytest.fixture(scope="module")
def online(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    assert lab.portal_command("grant", phone.mac).returncode == 0
    return phone


@pytest.mark.parametrize("name", [BLOCKED, f"www.{BLOCKED}"])
def test_a_blocked_name_leads_to_the_gateway_in_both_families(phone: Phone, name: str) -> None:
    assert names.ask(phone, name).addresses == (at.GATEWAY4,)
    assert names.ask(phone, name, names.AAAA).addresses == (at.GATEWAY6,)
    assert names.ask(phone, name, names.HTTPS).addresses == ()


@pytest.mark.parametrize("family", [4, 6])
def test_a_page_says_why(online: Phone, family: int) -> None:
    page = online.fetch(
        f"http://www.{BLOCKED}/play?now", follow=True, family=4 if family == 4 else 6
    )

    assert isinstance(page, Answer)
    assert page.url == f"http://{at.PORTAL_HOST}/blocked-name"
    assert "Trang này bị chặn ở mạng này" in page.body
    assert "https://" in page.body
    assert BLOCKED not in page.body

    english = online.fetch(f"{page.url}?lang=en")
    assert isinstance(english, Answer)
    assert "This site is blocked on this network" in english.body


def test_by_https_there_can_be_no_page_but_an_error_at_once(online: Phone) -> None:
    answer = online.fetch(f"https://{BLOCKED}/")

    assert isinstance(answer, NoAnswer)
    assert answer.seconds < 2


def test_a_captive_phone_sees_the_splash_page(phone: Phone) -> None:
    page = phone.fetch(f"http://{BLOCKED}/", follow=True)

    assert isinstance(page, Answer)
    assert page.url == f"http://{at.PORTAL_HOST}/"


def test_other_names_are_asked_of_the_resolver_that_filters_alone(lab: Lab, online: Phone) -> None:
    page = online.fetch(f"http://{at.WEBSITE}/")
    assert isinstance(page, Answer)
    assert page.status == 200
    assert names.ask(online, FILTERED).addresses == ("0.0.0.0",)
    assert names.ask(online, at.DOWNLOAD).addresses == ()  # The other resolver knows it.

    asked = lab.internet.read_log("filtering")
    assert f"query[A] {FILTERED}" in asked
    assert BLOCKED not in asked


def test_no_name_is_written_down(lab: Lab, online: Phone) -> None:
    secret = "what-somebody-wanted-to-know.example"
    for name in (secret, f"x.{BLOCKED}"):
        names.ask(online, name)
        online.fetch(f"http://{name}/")
    assert lab.portal_stop() == 0

    written = {
        path: path.read_bytes()
        for path in lab.folder.rglob("*")
        if path.is_file()
        and lab.internet.folder not in path.parents
        and path.parent.name != "dnsmasq.d"
    }
    assert any(path.name.startswith("sessions.db") for path in written)
    assert any(path.name == "dnsmasq.log" for path in written)
    # dnsmasq says at its start what the list itself holds; of questions it says nothing.
    for name in (secret, f"x.{BLOCKED}", FILTERED):
        assert [path for path, said in written.items() if name.encode() in said] == []
