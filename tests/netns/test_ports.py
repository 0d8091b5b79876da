"""Source ports as the Internet sees them: each device's lie in its block, and nothing else does.

The router's own translation (table `house` of the laboratory) stands beside ours, as fw4 does.
"""

import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pytest

from firewall.changes import Grant, Ports, Usage
from firewall.plan import Plan
from firewall.ports import blocks
from firewall.ruleset import render
from portal import lawful_keys
from portal.__main__ import parser
from portal.demo import addresses as at
from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from tests.netns.firewall_world import OFFICE4, World, world

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("ports")]

PORTS = (7001, 7002, 7003)
"""Where somebody on the Internet says from which address and port he was called."""

Kind = Literal["tcp", "udp"]
KINDS: tuple[Kind, ...] = ("tcp", "udp")


@contextmanager
def mirrors(host: Host) -> Iterator[None]:
    """Tells everybody who calls `PORTS` of `host` from which address and port the call came."""
    with ExitStack() as stack:
        ready = stack.enter_context(selectors.DefaultSelector())
        end, stop = socket.socketpair()
        stack.enter_context(closing(end))
        ready.register(stack.enter_context(closing(stop)), selectors.EVENT_READ)
        with host.network():
            for port in PORTS:
                tcp = stack.enter_context(
                    socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
                )
                ready.register(tcp, selectors.EVENT_READ, "listens")
                for address in (at.WEBSITE4, at.CHECKS4, at.WEBSITE6):
                    family = socket.AF_INET6 if ":" in address else socket.AF_INET
                    udp = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                    udp.bind((address, port))
                    ready.register(udp, selectors.EVENT_READ)

        def serve() -> None:
            while True:
                for key, _ in ready.select():
                    asked = key.fileobj
                    assert isinstance(asked, socket.socket)
                    if asked is stop:
                        return
                    if key.data == "listens":
                        connection, peer = asked.accept()
                        connection.send(_told(peer))
                        ready.register(stack.enter_context(connection), selectors.EVENT_READ)
                    elif asked.type is socket.SOCK_STREAM:  # Its end: the port is free again.
                        ready.unregister(asked)
                        asked.close()
                    else:
                        _, peer = asked.recvfrom(64)
                        asked.sendto(_told(peer), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            end.send(b"!")
            thread.join()


def _told(peer: tuple[Any, ...]) -> bytes:
    return f"{peer[0].removeprefix('::ffff:')} {peer[1]}".encode()


class Caller:
    """Calls the mirrors, and holds every connection until it is closed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._open = ExitStack()

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def calls(
        self, kind: Kind, *, to: str = at.WEBSITE4, port: int = PORTS[0], own: int = 0
    ) -> tuple[str, int] | None:
        """From which address and port a call arrives; None if it does not."""
        six = ":" in to
        with self._host.network():
            made = socket.socket(
                socket.AF_INET6 if six else socket.AF_INET,
                socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM,
            )
        self._open.enter_context(closing(made))
        made.settimeout(2)
        made.bind(("", own))
        try:
            made.connect((to, port))
            if kind == "udp":
                made.send(b"?")
            address, _, seen = made.recv(64).decode().partition(" ")
        except (TimeoutError, ConnectionError):
            return None
        return address, int(seen)


# -- the rules --------------------------------------------------------------------------------

SMALL = Ports(2000, 2127)
PLAN = Plan(phones="br-lan", uplink="wan", max_devices=100, ports=(SMALL, Ports(3000, 3127)))


@pytest.fixture(scope="module")
def site() -> Iterator[World]:
    with world() as built, mirrors(built.lab.internet):
        yield built


def install(site: World, ports: Ports | None, plan: Plan = PLAN) -> None:
    grants = {
        site.mac(site.admitted): Grant(3600, Usage(0, 0), ports),
        site.mac(site.captive): Grant(3600, Usage(0, 0)),
    }
    site.install(render(plan, grants))


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_leaves_by_the_ports_of_its_block(site: World, kind: Kind) -> None:
    install(site, SMALL)
    with Caller(site.admitted) as phone:
        calls = [phone.calls(kind, port=PORTS[n % 3]) for n in range(60)]

    assert {call and call[0] for call in calls} == {at.WAN4}
    assert all(call and SMALL.first <= call[1] <= SMALL.last for call in calls)


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_not_a_limit_to_connections(site: World, kind: Kind) -> None:
    """300 at once to six places, by 128 ports."""
    install(site, SMALL)
    with Caller(site.admitted) as phone:
        calls = [
            phone.calls(kind, to=to, port=port)
            for _ in range(50)
            for to in (at.WEBSITE4, at.CHECKS4)
            for port in PORTS
        ]

    assert None not in calls
    assert all(call and SMALL.first <= call[1] <= SMALL.last for call in calls)


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_no_block_is_left_to_the_routers_own_translation(site: World, kind: Kind) -> None:
    install(site, SMALL)
    with Caller(site.captive) as other, Caller(site.office) as office:
        assert other.calls(kind, own=44_001) == (at.WAN4, 44_001)
        assert office.calls(kind, own=44_002) == (at.WAN4, 44_002)
    with Caller(site.lab.gateway) as gateway:
        assert gateway.calls(kind, own=44_003) == (at.WAN4, 44_003)


@pytest.mark.parametrize("kind", KINDS)
def test_ipv6_is_not_translated(site: World, kind: Kind) -> None:
    install(site, SMALL)
    with Caller(site.admitted) as phone:
        call = phone.calls(kind, to=at.WEBSITE6, own=44_004)

    assert call == (site.address(site.admitted, 6), 44_004)


def test_pings_pass_as_before(site: World) -> None:
    install(site, SMALL)

    assert site.ping(site.admitted, at.WEBSITE4) == "pong"


def test_what_does_not_leave_by_the_uplink_is_not_translated(site: World) -> None:
    """Within the house phones are refused, so it is asked without that rule."""
    install(site, SMALL)
    rules = render(PLAN, {site.mac(site.admitted): Grant(3600, Usage(0, 0), SMALL)})
    site.install(re.sub(r".*only the uplink.*\n|.*house's networks.*\n", "", rules))
    with site.office.network():
        server = socket.create_server(("", 7001))
    with closing(server), site.admitted.network(), closing(socket.socket()) as phone:
        phone.bind(("", 44_005))
        phone.connect((OFFICE4, 7001))
        connection, peer = server.accept()
        connection.close()

    assert peer == (site.address(site.admitted, 4), 44_005)


@pytest.mark.parametrize("kind", KINDS)
def test_without_blocks_nothing_is_translated_here(site: World, kind: Kind) -> None:
    plan = Plan(phones="br-lan", uplink="wan", max_devices=100)
    install(site, None, plan)
    with Caller(site.admitted) as phone:
        assert phone.calls(kind, own=44_006) == (at.WAN4, 44_006)

    listed = site.lab.gateway.must("nft", "list", "table", "inet", "portal")
    assert "masquerade" not in listed
    assert "postrouting" not in listed


# -- the whole of it --------------------------------------------------------------------------


class Desk:
    """Two approvers and the key of the site, away from the router."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("an", "binh"):
            self._run("lawful-keys", "approver", name, "--output", str(folder / name))
        keys = [str(folder / name) for name in ("an", "binh")]
        self._run("lawful-keys", "site", *keys, "--output", str(folder / "site"))
        self.public_key = json.loads((folder / "site").read_text())["public_key"]
        self._answers = 0

    def _run(self, *words: str) -> None:
        options = parser().parse_args(words)
        options.does(options, lambda _: "a long passphrase")

    def finds(self, lab: Lab, begin: float, end: float, **asked: str) -> list[dict[str, Any]]:
        """The turns that a request is answered with."""
        self._answers += 1
        output = self.folder / f"answer-{self._answers}"
        words = {
            "reference": "12/CV",
            "authority": "Công an phường",
            "site": "demo",
            "from": _time(begin),
            "to": _time(end),
            "records": str(lab.folder / "data/sealed"),
            "key": str(self.folder / "site"),
            "register": str(self.folder / "register"),
            "output": str(output),
        } | asked
        given = [word for key, value in words.items() for word in (f"--{key}", value)]
        approvers = [w for name in ("an", "binh") for w in ("--approver", str(self.folder / name))]
        self._run("lawful-export", *given, *approvers)
        turns: list[dict[str, Any]] = json.loads(output.read_text())["answer"]["turns"]
        return turns


def _time(wall: float) -> str:
    return datetime.fromtimestamp(wall, timezone(timedelta(hours=7))).isoformat()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for limit in ("OPSLIMIT", "MEMLIMIT"):  # Passphrases take a second each, on purpose.
        least = getattr(lawful_keys.pwhash.argon2id, f"{limit}_MIN")
        monkeypatch.setattr(lawful_keys.pwhash.argon2id, f"{limit}_MODERATE", least)
    return Desk(tmp_path)


def opened(lab: Lab) -> Phone:
    """A phone that joins and taps."""
    phone = lab.phone()
    phone.join()
    page = phone.open(f"http://{at.PORTAL_HOST}/")
    assert isinstance(page, Answer)
    assert isinstance(phone.tap(page), Answer)
    return phone


def port_of(phone: Phone, kind: Kind) -> int:
    with Caller(phone) as caller:
        call = caller.calls(kind)
    assert call is not None
    assert call[0] == at.WAN4
    return call[1]


def block_of(port: int, among: tuple[Ports, ...]) -> Ports:
    [found] = [block for block in among if block.first <= port <= block.last]
    return found


def test_a_device_is_found_by_the_port_it_left_by(lab: Lab, desk: Desk) -> None:
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.start_portal(
        {
            "privacy": {"profile": "sealed", "public_key": desk.public_key},
            "session": {"max_devices": 100},
        }
    )
    among = blocks(100)
    with mirrors(lab.internet):
        begin = time.time()
        phones = [opened(lab) for _ in range(3)]
        given = [block_of(port_of(phone, "tcp"), among) for phone in phones]
        assert len(set(given)) == 3
        assert [block_of(port_of(phone, "udp"), among) for phone in phones] == given

        # A restart, a crash, and somebody else's `nft flush ruleset`: the same blocks.
        lab.portal_restart()
        assert [block_of(port_of(phone, "udp"), among) for phone in phones] == given
        lab.portal_kill()
        assert [block_of(port_of(phone, "udp"), among) for phone in phones] == given
        lab.portal_restart()
        lab.gateway.must("nft", "flush", "ruleset")
        lab.masquerade()
        lab.gateway.wait_until(
            lambda: "stand again" in lab.gateway.read_log("portal"), "the rules stand again"
        )
        assert [block_of(port_of(phone, "tcp"), among) for phone in phones] == given

        # One leaves; who comes then has another block.
        status = phones[0].open(f"http://{at.PORTAL_HOST}/status")
        assert isinstance(status, Answer)
        phones[0].tap(status, "/leave")
        newcomer = opened(lab)
        assert block_of(port_of(newcomer, "tcp"), among) not in given
        port = port_of(phones[1], "tcp")
        lab.portal_stop()

    end = time.time() + 1
    turns = desk.finds(lab, begin, end, port=str(port), **{"public-address": at.WAN4})
    assert [turn["mac"] for turn in turns] == [phones[1].mac]
    assert {(b["first"], b["last"]) for b in turns[0]["blocks"]} == {
        (given[1].first, given[1].last)
    }
    left = desk.finds(lab, begin, end, port=str(given[0].first))
    assert [turn["mac"] for turn in left] == [phones[0].mac]
    assert left[0]["blocks"][-1]["end"] == left[0]["end"] is not None
    assert desk.finds(lab, begin, end, port="40000") == []
    assert desk.finds(lab, begin, end, port=str(port), **{"public-address": at.INTERNET4}) == []


def test_blocks_that_were_lost_are_given_anew_and_the_record_says_so(lab: Lab, desk: Desk) -> None:
    """The rules are removed while there is no daemon: only the log remembers the turn."""
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.start_portal({"privacy": {"profile": "sealed", "public_key": desk.public_key}})
    among = blocks(1000)
    with mirrors(lab.internet):
        begin = time.time()
        leaves, phone = opened(lab), opened(lab)
        before = block_of(port_of(phone, "tcp"), among)
        assert lab.portal_command("revoke", leaves.mac).returncode == 0
        lab.portal_stop()
        lab.gateway.must("nft", "flush", "ruleset")
        lab.masquerade()
        lab.portal_restart()
        phone.open(f"http://{at.PORTAL_HOST}/")  # It is there again, and its turn goes on.
        after = block_of(port_of(phone, "tcp"), among)
        lab.portal_stop()

    assert after != before
    [turn] = desk.finds(lab, begin, time.time() + 1, mac=phone.mac)
    told = [Ports(block["first"], block["last"]) for block in turn["blocks"]]
    assert told == [before, after]
    assert turn["blocks"][0]["end"] == turn["blocks"][1]["begin"]


def test_the_minimal_profile_translates_nothing(lab: Lab) -> None:
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.start_portal()
    with mirrors(lab.internet):
        phone = opened(lab)
        with Caller(phone) as caller:
            for kind in KINDS:
                assert caller.calls(kind, own=44_007) == (at.WAN4, 44_007)

    listed = lab.gateway.must("nft", "list", "ruleset")
    assert listed.count("masquerade") == 1  # The router's own.
    assert "map ports" not in listed
