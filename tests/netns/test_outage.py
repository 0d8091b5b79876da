"""The line goes down and comes back, and what phones see of it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from portal.demo.addresses import INTERNET4, INTERNET6, PORTAL_HOST
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import PROBES, Answer, Outcome, Probe, Verdict

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("outage")]

CHECK = "http://connectivitycheck.gstatic.com/generate_204"
TITLE = "Đường truyền đang mất"
PLAIN = [probe for probe in PROBES if not probe.secure]


class Site:
    def __init__(self, lab: Lab, captive: Phone, visitor: Phone) -> None:
        self.lab, self.captive, self.visitor = lab, captive, visitor

    def outages(self) -> list[tuple[str, dict[str, object]]]:
        path = self.lab.folder / "data/sessions.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            found = db.execute(
                "SELECT kind, detail FROM events WHERE kind LIKE 'outage-%' ORDER BY epoch, n"
            )
            return [(kind, json.loads(detail)) for kind, detail in found]

    @contextmanager
    def outage(self, drop: str | None = None) -> Iterator[None]:
        """From when the daemon knows of it until it knows that it is over.

        The uplink is switched off; or the Internet drops what `drop` says (nft).
        """
        before = len(self.outages())
        if drop is None:
            self.lab.gateway.ip("link set wan down")
        else:
            self.lab.internet.must("nft", "-f", "-", stdin=DROP.replace("WHAT", drop))
            self.lab.gateway.ip("neighbour flush dev wan")
        try:
            self._until(before + 1)
            yield
        finally:
            if drop is None:
                self.lab.gateway.ip(*UP)
            else:
                self.lab.internet.must("nft", "delete table netdev outage")
        self._until(before + 2)

    def _until(self, rows: int) -> None:
        self.lab.gateway.wait_until(
            lambda: len(self.outages()) >= rows, "an outage is told", log="portal", seconds=45
        )


DROP = """
table netdev outage {
    chain cut {
        type filter hook ingress device "eth0" priority 0; policy accept;
        WHAT drop
    }
}
"""
UP = [
    "link set wan up",
    f"route replace default via {INTERNET4}",
    "address replace 2001:db8:1::2/64 dev wan nodad",
    f"route replace default via {INTERNET6}",
]


def tap(phone: Phone) -> None:
    page = phone.open(CHECK)
    assert isinstance(page, Answer), page
    assert isinstance(phone.tap(page), Answer)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Lab() as lab:
        names = lab.folder / "names"
        names.mkdir(mode=0o755)
        lab.start_internet()
        lab.start_dns_dhcp(options=[f"--hostsdir={names}"])
        lab.start_portal({"uplink": {"names_dir": str(names)}})
        site = Site(lab, lab.phone(), lab.phone())
        site.captive.join()
        site.visitor.join()
        tap(site.visitor)
        yield site


def test_an_outage_is_told_and_over(site: Site) -> None:
    with site.outage():
        front = site.captive.open(f"http://{PORTAL_HOST}/")
        status = site.visitor.open(f"http://{PORTAL_HOST}/status")
        article = site.captive.open(f"http://{PORTAL_HOST}/articles")
        english = site.captive.open(f"http://{PORTAL_HOST}/?lang=en")
        sheet = site.captive.open(CHECK)
        checks = [(probe, site.visitor.ask(probe)) for probe in PLAIN]
        captive = [(probe, site.captive.ask(probe)) for probe in PLAIN]

    assert isinstance(front, Answer)
    assert TITLE in front.body
    assert "/accept" not in front.body
    assert isinstance(status, Answer)
    assert TITLE in status.body
    assert isinstance(article, Answer)
    assert article.status == 200
    assert isinstance(english, Answer)
    assert "The line is down" in english.body
    assert isinstance(sheet, Answer)
    assert TITLE in sheet.body
    assert verdicts(checks) == {Verdict.ONLINE: len(PLAIN)}
    assert verdicts(captive) == {Verdict.PORTAL: len(PLAIN)}

    began, ended = site.outages()[-2:]
    assert (began[0], began[1]["fault"]) == ("outage-began", "no route")
    assert 5 <= float(str(began[1]["seconds_before"])) <= 15
    assert ended[0] == "outage-ended"
    after = site.captive.open(f"http://{PORTAL_HOST}/")
    assert isinstance(after, Answer)
    assert TITLE not in after.body
    assert "/accept" in after.body
    # The true hosts answer again, and nobody else.
    assert verdicts([(probe, site.visitor.ask(probe)) for probe in PLAIN]) == {
        Verdict.ONLINE: len(PLAIN)
    }
    assert (site.lab.folder / "names" / "outage").read_text() == ""


def verdicts(heard: list[tuple[Probe, Outcome]]) -> Counter[Verdict]:
    return Counter(probe.judge(outcome) for probe, outcome in heard)


def test_https_checks_cannot_be_answered(site: Site) -> None:
    """The limit that docs/health.md tells of."""
    secure = [probe for probe in PROBES if probe.secure]
    with site.outage():
        heard = [(probe, site.visitor.ask(probe)) for probe in secure]

    assert verdicts(heard) == {Verdict.NO_INTERNET: len(secure)}


@pytest.mark.parametrize(
    ("drop", "fault"),
    [("", "gateway silent"), ("udp dport 53", "no names"), ("tcp dport 443", "no answer")],
)
def test_what_does_not_work_is_named(site: Site, drop: str, fault: str) -> None:
    with site.outage(drop):
        pass

    assert site.outages()[-2][1]["fault"] == fault
