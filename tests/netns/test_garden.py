"""The walled garden by name: what `portal dnsmasq` prints, in a real dnsmasq."""

from collections.abc import Iterator

import pytest

from firewall.ruleset import empty_garden
from portal.demo import addresses as at
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer
from portal.dns import ANSWER_SECONDS
from tests.netns import names

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("garden")]

LONG_LIVED = "long.example"
"""A name in the garden, whose answers its owner wants kept for a day."""
ALIAS, ALIASED = "alias.example", "203.0.113.99"
"""A name in the garden that is another name of a host that is not."""
OTHER_RESOLVER = "203.0.113.77"
HOST = "wifi.other.home.arpa"
SETTINGS = {
    "walled_garden": {"names": [at.WEBSITE, LONG_LIVED, ALIAS]},
    "portal": {"host": HOST},
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.internet.ip(f"address add {OTHER_RESOLVER}/24 dev eth0")
        lab.internet.popen(
            *("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"),
            *(f"--listen-address={OTHER_RESOLVER}", "--bind-interfaces"),
            f"--host-record={LONG_LIVED},{at.CHECKS4},{at.CHECKS6},86400",
            *(f"--cname={ALIAS},host.cdn.example", f"--host-record=host.cdn.example,{ALIASED}"),
            log="other",
        )
        lab.write_configuration(SETTINGS)
        made = lab.portal_command("dnsmasq")
        assert made.returncode == 0, made.stderr
        folder = lab.folder / "dnsmasq.d"
        folder.mkdir()
        (folder / "portal.conf").write_text(made.stdout)
        lab.start_dns_dhcp(
            options=[
                f"--conf-dir={folder}",
                f"--server=/{LONG_LIVED}/{ALIAS}/cdn.example/{OTHER_RESOLVER}",
            ]
        )
        lab.portal_restart()
        yield lab


@pytest.fixture(scope="module")
def phone(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    return phone


def held(lab: Lab, *sets: str) -> str:
    return "".join(lab.gateway.must("nft", "list", "set", "inet", "portal", name) for name in sets)


def test_the_portals_name_is_the_gateways_addresses(phone: Phone) -> None:
    assert names.ask(phone, HOST).addresses == (at.GATEWAY4,)
    assert names.ask(phone, HOST, names.AAAA).addresses == (at.GATEWAY6,)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("family", [4, 6])
def test_a_captive_phone_reads_the_website(phone: Phone, scheme: str, family: int) -> None:
    page = phone.fetch(f"{scheme}://{at.WEBSITE}/", family=4 if family == 4 else 6)

    assert isinstance(page, Answer)
    assert "Công đoàn mẫu" in page.body


def test_and_nothing_else_of_the_same_machine(phone: Phone) -> None:
    assert names.ask(phone, at.WEBSITE).addresses == (at.WEBSITE4,)

    assert isinstance(phone.fetch(f"http://{at.WEBSITE}:8080/", seconds=3), NoAnswer)
    assert phone.run("ping", "-c1", "-W1", at.WEBSITE4).returncode != 0


def test_and_no_other_name(lab: Lab, phone: Phone) -> None:
    names.ask(phone, at.DOWNLOAD, names.AAAA)  # On the website's machine: that is the limit.
    names.ask(phone, "captive.apple.com")

    sets = held(lab, "garden4", "garden6", "garden4_spare", "garden6_spare")
    assert at.INTERNET4 not in sets
    answer = phone.fetch("http://captive.apple.com/hotspot-detect.html")
    assert isinstance(answer, Answer)
    assert answer.status == 302


def test_another_name_of_a_host_is_in_the_garden_if_it_was_asked_by_that(
    lab: Lab, phone: Phone
) -> None:
    assert names.ask(phone, "host.cdn.example").addresses == (ALIASED,)
    assert ALIASED not in held(lab, "garden4", "garden4_spare")

    assert names.ask(phone, ALIAS).addresses == (ALIASED,)

    assert ALIASED in held(lab, "garden4")
    assert ALIASED in held(lab, "garden4_spare")


def test_an_answer_from_memory_still_leads_into_the_garden(lab: Lab, phone: Phone) -> None:
    """Each half is emptied in its turn; what dnsmasq remembers is in the other."""
    first = names.ask(phone, LONG_LIVED)
    again = names.ask(phone, LONG_LIVED)
    assert first.addresses == again.addresses == (at.CHECKS4,)
    assert max(*first.seconds, *again.seconds) <= ANSWER_SECONDS

    for turn in (0, 1):
        names.ask(phone, LONG_LIVED)  # From memory: puts nothing into the sets.
        lab.gateway.must("nft", "-f", "-", stdin=empty_garden(turn))
        reached = phone.run(
            *("curl", "--silent", "--max-time", "3", "--output", "/dev/null"),
            *("--connect-to", f"::{at.CHECKS4}:", "--write-out", "%{remote_ip} %{http_code}"),
            f"http://{LONG_LIVED}/",
        ).stdout
        if turn == 0:
            assert reached == f"{at.CHECKS4} 404"  # The machine itself: it has no such page.
    # Two turns with no other word from the name's owner, and the address is forgotten.
    assert at.CHECKS4 not in held(lab, "garden4", "garden4_spare")
    assert reached == f"{at.CHECKS4} 302"
