"""Phones on a router, by real packets: held from boot on, let through by the daemon, and held
again whatever becomes of it and of the firewall; with fw4's rules as our configuration makes them.
"""

import errno
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from portal.demo import addresses as at
from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer
from tests.openwrt.fw4 import ruleset
from tests.openwrt.router import SITE, Router

pytestmark = pytest.mark.openwrt

LAN4, OFFICE4 = "192.168.80.1", "192.168.80.7"
DEVICES = {"phones": "br-lan", "lan": "office", "wan": "wan", "wan6": "wan"}
PAGE = f"http://{at.WEBSITE}/"
AS_UJAIL = (
    *("/usr/bin/setpriv", "--reuid=portal", "--regid=portal", "--clear-groups", "--no-new-privs"),
    *("--inh-caps=-all,+net_admin,+net_bind_service",),
    *("--ambient-caps=-all,+net_admin,+net_bind_service",),
    *("--bounding-set=-all,+net_admin,+net_bind_service",),
)
"""What ujail does by /etc/capabilities/portal.json."""


_KNOCKS = """
import socket, sys, time
begun = time.monotonic()
for n in range(1800):
    time.sleep(max(0, begun + n / 180 - time.monotonic()))
    with socket.socket() as knock:
        knock.setblocking(False)
        knock.connect_ex((sys.argv[1], 2080))
"""
"""180 times a second: as often as the gateway lets a single phone."""


@dataclass
class Site:
    """A laboratory whose gateway is a router with our files."""

    lab: Lab
    router: Router
    office: Host
    daemon: subprocess.Popen[bytes] | None = None
    started: int = 0

    def start_daemon(self) -> None:
        """As procd would after `/etc/init.d/portal start`."""
        self.router.must("/etc/init.d/portal", "start")
        assert "set_param command /usr/bin/portal run" in self.router.recorded("procd")
        self.started += 1
        log = f"daemon{self.started}"
        self.daemon = self.lab.gateway.popen(
            *self.router.command(*AS_UJAIL, "/usr/bin/portal", "run"), log=log
        )
        self.lab.gateway.wait_until(
            lambda: "ready for phones" in self.lab.gateway.read_log(log),
            "the daemon is ready",
            process=self.daemon,
            log=log,
            seconds=30,
        )

    def kill_daemon(self) -> None:
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def daemon_s_rules_stand(self) -> bool:
        return (
            self.lab.gateway.run("nft", "list", "set", "inet", "portal", "granted").returncode == 0
        )

    def phone(self) -> Phone:
        phone = self.lab.phone()
        phone.join()
        return phone


@pytest.fixture
def site() -> Iterator[Site]:
    """Booted as far as the network: the hold, fw4, names and addresses; no daemon yet."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab())
        lab.start_internet()
        office = Host("office", lab.folder)
        stack.callback(office.close)
        lab.gateway.ip(
            f"link add name office type veth peer name eth0 netns {office.pid}",
            "link set office up",
            f"address add {LAN4}/24 dev office",
        )
        office.ip(
            "link set eth0 up",
            f"address add {OFFICE4}/24 dev eth0",
            f"route add default via {LAN4}",
        )
        files = lab.folder / "router"
        files.mkdir()
        router = Router(lab.gateway, files)
        router.uci(*SITE, "interfaces.phones=br-lan", "router.managed=1")
        router.must("/usr/libexec/portal/apply", "--no-reload")
        router.write("/etc/fw4.nft", ruleset(router.read("/etc/config/firewall"), DEVICES))
        lab.gateway.must("nft", "flush", "ruleset")
        router.must("/etc/init.d/portal-hold", "boot")
        router.must("/etc/init.d/firewall", "start")
        lab.start_dns_dhcp()
        yield Site(lab, router, office)


def tcp(host: Host, target: str, port: int) -> str:
    """What comes of a TCP connection: `open`, `refused`, `prohibited` or `silence`."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with host.network(), closing(socket.socket(family, socket.SOCK_STREAM)) as connection:
        connection.settimeout(1)
        try:
            connection.connect((target, port))
        except TimeoutError:
            return "silence"
        except OSError as error:
            return {
                errno.ECONNREFUSED: "refused",
                errno.EHOSTUNREACH: "prohibited",
                errno.EACCES: "prohibited",
            }[error.errno or 0]
        return "open"


def reaches_the_internet(phone: Phone) -> bool:
    found = {tcp(phone, at.WEBSITE4, 443), tcp(phone, at.WEBSITE6, 443)}
    assert len(found) == 1, found
    return found == {"open"}


def accept(phone: Phone) -> None:
    page = phone.open(PAGE)
    assert isinstance(page, Answer), page
    assert page.url.startswith(f"http://{at.PORTAL_HOST}/"), page.url
    phone.tap(page)


def test_before_there_is_a_daemon_phones_get_an_address_and_nothing_else(site: Site) -> None:
    phone = site.phone()

    assert not reaches_the_internet(phone)
    assert isinstance(phone.fetch(PAGE, seconds=3), NoAnswer)
    assert tcp(phone, at.GATEWAY4, 22) == "refused"
    assert tcp(phone, OFFICE4, 80) == "refused"
    # Control: it is the hold that holds, and fw4 would let them out.
    site.lab.gateway.must("nft", "delete", "table", "inet", "portal")
    assert reaches_the_internet(phone)
    assert tcp(phone, OFFICE4, 80) == "refused"


def test_while_a_site_is_set_up_any_page_is_ours(site: Site) -> None:
    (site.lab.gateway.folder / "index.html").write_text("which site?")
    site.lab.gateway.popen(
        *("python3", "-m", "http.server", "2080", "--directory", site.lab.gateway.folder)
    )
    phone = site.phone()
    site.lab.gateway.wait_until(
        lambda: tcp(phone, at.GATEWAY4, 2080) == "open", "the page is served"
    )

    page = phone.fetch(PAGE)

    assert isinstance(page, Answer)
    assert page.body == "which site?"


def test_the_whole_walk_with_fw4(site: Site) -> None:
    site.start_daemon()
    phone, other = site.phone(), site.phone()
    assert not reaches_the_internet(phone)

    accept(phone)

    assert reaches_the_internet(phone)
    assert not reaches_the_internet(other)
    # The house's management, admitted or not.
    for target, port in ((LAN4, 443), (LAN4, 2081), (OFFICE4, 22), (at.GATEWAY4, 22)):
        assert tcp(phone, target, port) in ("refused", "prohibited"), (target, port)
        assert tcp(other, target, port) in ("refused", "prohibited"), (target, port)
    assert tcp(site.office, LAN4, 2081) == "open"


def test_a_line_that_is_dialled_may_come_after_the_daemon(site: Site) -> None:
    site.router.must("uci", "set", "network.wan.proto=pppoe")
    site.router.must("uci", "commit", "network")
    site.start_daemon()
    phone = site.phone()
    accept(phone)
    assert not reaches_the_internet(phone)

    site.lab.gateway.ip(
        "link set wan down",
        "link set wan name pppoe-wan",
        "link set pppoe-wan up",
        f"address replace {at.WAN6}/64 dev pppoe-wan nodad",
        f"route add default via {at.INTERNET4}",
        f"route add default via {at.INTERNET6}",
    )
    dialled = DEVICES | {"wan": "pppoe-wan", "wan6": "pppoe-wan"}
    site.router.write("/etc/fw4.nft", ruleset(site.router.read("/etc/config/firewall"), dialled))
    site.router.must("/etc/init.d/firewall", "reload")

    assert reaches_the_internet(phone)


def test_one_phone_that_asks_very_often_keeps_the_page_from_nobody(site: Site) -> None:
    """fw4 would let all phones together make 25 connections a second, and 50 at once."""
    site.start_daemon()
    greedy, phone = site.phone(), site.phone()

    greedy.popen(sys.executable, "-c", _KNOCKS, at.GATEWAY4)
    time.sleep(1)  # What is free at once is used up.

    begun = time.monotonic()
    assert isinstance(phone.open(PAGE), Answer)
    assert time.monotonic() - begun < 0.9  # A lost SYN is sent again after a second.


def test_what_was_held_stays_held_when_the_daemon_dies(site: Site) -> None:
    site.start_daemon()
    phone, other = site.phone(), site.phone()
    accept(phone)

    site.kill_daemon()

    assert reaches_the_internet(phone)
    assert not reaches_the_internet(other)
    # And whatever fw4 does but for `stop`, which deletes every table there is.
    for order in ("reload", "restart"):
        site.router.must("/etc/init.d/firewall", order)
        assert site.daemon_s_rules_stand()
        assert reaches_the_internet(phone), order
        assert not reaches_the_internet(other), order
    site.router.must("/etc/init.d/firewall", "stop")
    site.router.must("/etc/init.d/firewall", "start")
    assert not site.daemon_s_rules_stand()
    assert not reaches_the_internet(phone)
    assert not reaches_the_internet(other)
    # The next daemon takes over from the hold.
    site.start_daemon()
    assert site.daemon_s_rules_stand()


def test_a_firewall_that_starts_again_takes_no_session_away(site: Site) -> None:
    site.start_daemon()
    phone, other = site.phone(), site.phone()
    accept(phone)

    for order in ("reload", "restart", "stop", "start"):
        site.router.must("/etc/init.d/firewall", order)
        begun = time.monotonic()
        site.lab.gateway.wait_until(site.daemon_s_rules_stand, "the daemon's rules are there")
        print(f"{order}: the daemon's rules stood {time.monotonic() - begun:.2f} s afterwards")
        assert not reaches_the_internet(other), order
        if order != "stop":  # Then there is no NAT either.
            assert reaches_the_internet(phone), order


def test_the_hold_never_takes_the_daemon_s_place(site: Site) -> None:
    """However often both try at the same time, it is the daemon's rules that stand in the end."""
    site.start_daemon()
    phone = site.phone()
    accept(phone)

    for _ in range(8):
        site.lab.gateway.must("nft", "flush", "ruleset")
        for _ in range(4):
            site.router.must("/usr/libexec/portal/hold")

    site.router.must("/etc/init.d/firewall", "start")
    site.lab.gateway.wait_until(site.daemon_s_rules_stand, "the daemon's rules are back")
    site.lab.gateway.wait_until(lambda: reaches_the_internet(phone), "the phone passes", seconds=3)
