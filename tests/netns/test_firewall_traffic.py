"""Odd packets, running flows and byte counts, with real traffic through the real rules."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from ipaddress import ip_address

import pytest

from firewall.changes import Admit, Usage, Withhold
from firewall.conntrack import cut_connections
from firewall.libnftables import LibNftables
from firewall.nft import NftEnforcer
from firewall.ruleset import render
from portal.demo.phone import Phone
from tests.netns import packets
from tests.netns.firewall_world import LONG, PLAN, SITE4, SITE6, World, world

pytestmark = pytest.mark.netns

SITE = {4: SITE4, 6: SITE6}


@pytest.fixture(scope="module")
def built() -> Iterator[World]:
    with world() as site:
        yield site


@pytest.fixture
def site(built: World) -> World:
    """Nobody is admitted."""
    built.install(render(PLAN))
    return built


@pytest.fixture
async def enforcer(site: World) -> AsyncIterator[NftEnforcer]:
    """As the daemon has it. The test's own thread is on the gateway."""
    with site.lab.gateway.network():
        opened = NftEnforcer(LibNftables())
        await opened.install(PLAN, {})
        yield opened
        await opened.close()


# -- odd packets ------------------------------------------------------------------------------


def _odd(source: dict[int, str]) -> dict[str, list[bytes]]:
    """Packets that should never leave, by what they are."""
    data = bytes(range(64))

    def ip(family: int, protocol: int, payload: bytes, fragment: int = 0) -> bytes:
        return packets.ip_packet(source[family], SITE[family], protocol, payload, fragment)

    def icmp(family: int, kind: int, code: int, rest: bytes) -> bytes:
        return packets.icmp(source[family], SITE[family], kind, code, rest)

    def udp(family: int, sport: int, dport: int) -> bytes:
        return packets.udp(source[family], SITE[family], sport, dport)

    def tcp(family: int, sport: int, dport: int, flags: int, payload: bytes = b"") -> bytes:
        return packets.tcp(source[family], SITE[family], sport, dport, flags, payload)

    syn, datagram = tcp(4, 40000, 443, packets.SYN)[20:], udp(6, 1, 9999)[40:]
    begun = struct.pack("!HHHH", 1, 9999, 72, 0) + data[:24]  # The first part of a datagram.
    options = bytes((17, 0, 1, 4, 0, 0, 0, 0))
    sctp = struct.pack("!HHII", 80, 80, 0, 0) + data
    odd = {
        "GRE": [ip(f, packets.GRE, b"\0\0\x08\0" + data) for f in source],
        "ESP": [ip(f, packets.ESP, data) for f in source],
        "SCTP": [ip(f, packets.SCTP, sctp) for f in source],
        "6in4": [ip(4, packets.SIX_IN_FOUR, udp(6, 5, 5))],
        "4in6": [ip(6, packets.FOUR_IN_SIX, udp(4, 5, 5))],
        "an unknown protocol": [ip(f, 253, data) for f in source],
        "ICMP echo reply": [icmp(4, 0, 0, data), icmp(6, 129, 0, data)],
        "ICMP redirect": [icmp(4, 5, 1, socket.inet_aton(SITE4) + data)],
        "ICMP timestamp request": [icmp(4, 13, 0, bytes(16))],
        "UDP to every kind of port": [
            udp(f, 1024 + port, port)
            for f in source
            for port in (1, 67, 68, 123, 443, 500, 1194, 3478, 4500, 5353, 51820)
        ],
        "fragments of UDP": [
            ip(4, packets.UDP, begun, 0x2000),
            ip(4, packets.UDP, data[:40], 0x0004),
        ],
        "a fragment without a beginning": [ip(4, packets.UDP, data, 0x0010)],
        "tiny fragments of TCP": [
            ip(4, packets.TCP, syn[:8], 0x2000),
            ip(4, packets.TCP, syn[8:], 0x0001),
        ],
        "IPv6 fragments": [
            ip(6, packets.FRAGMENT, bytes((17, 0, 0, 1, 0, 0, 0, 9)) + begun),
            ip(6, packets.FRAGMENT, bytes((17, 0, 0, 32, 0, 0, 0, 9)) + data[:40]),
        ],
        "an atomic IPv6 fragment": [
            ip(6, packets.FRAGMENT, bytes((17, 0, 0, 0, 0, 0, 0, 8)) + datagram)
        ],
        "IPv6 with hop-by-hop options": [ip(6, packets.HOP_BY_HOP, options + datagram)],
        "IPv6 with destination options": [ip(6, packets.DESTINATION, options + datagram)],
        "IPv6 with nothing inside": [ip(6, packets.NOTHING, b"")],
        "a truncated header": [ip(f, packets.TCP, b"\0\x50") for f in source],
        "TCP with bare ACK to port 80": [
            tcp(f, 41000, 80, packets.ACK, b"GET / HTTP/1.1\r\n\r\n") for f in source
        ],
    }
    for name, flags in {
        "bare ACK": packets.ACK,
        "bare FIN": packets.FIN,
        "bare RST": packets.RST,
        "SYN and ACK": packets.SYN | packets.ACK,
        "no flags": 0,
        "all flags": 0x3F,
    }.items():
        odd[f"TCP with {name}"] = [
            tcp(f, 40000 + port, port, flags, b"data")
            for f in source
            for port in (22, 443, 853, 3128, 8080)
        ]
    return odd


NAMES = tuple(_odd({4: "10.80.0.2", 6: "2001:db8:80::2"}))


@pytest.mark.parametrize("name", NAMES)
def test_of_a_captive_phone_nothing_reaches_the_uplink(site: World, name: str) -> None:
    phone = site.captive
    odd = _odd({4: site.ip4[phone.name], 6: site.ip6[phone.name]})[name]

    assert site.raw(phone, *odd) != "uplink"


def test_the_tap_would_have_seen_the_odd_packets(site: World) -> None:
    """The same packets of an admitted phone arrive, most of them: the test above is not blind."""
    phone = site.admitted
    site.install(render(PLAN, {site.mac(phone): LONG}))
    odd = _odd({4: site.ip4[phone.name], 6: site.ip6[phone.name]})

    arrived = [name for name, each in odd.items() if site.raw(phone, *each) == "uplink"]

    assert len(arrived) >= len(NAMES) - 4, sorted(set(NAMES) - set(arrived))


def test_a_frame_with_a_vlan_tag_goes_nowhere(site: World) -> None:
    phone = site.captive
    inner = packets.udp(site.ip4[phone.name], SITE4, 5555, 9999)
    for tags in (b"\x81\x00\x00\x00", b"\x81\x00\x00\x01", b"\x88\xa8\x00\x01\x81\x00\x00\x01"):
        plain = packets.frame(site.gateway_mac, phone.mac, inner)
        with site.tapped(site.lab.internet, "eth0") as uplink:
            with phone.network():
                packets.inject("wlan0", [plain[:12] + tags + plain[12:]])
            assert uplink.arrived(0.1) == []


def test_a_made_up_hardware_address_is_captive_too(site: World) -> None:
    packet = packets.udp(site.ip4[site.captive.name], SITE4, 5555, 9999)

    assert site.raw(site.captive, packet, source_mac="02:aa:bb:cc:dd:ee") == "prohibited"


# -- running flows ----------------------------------------------------------------------------


class Stream:
    """A TCP connection over which both ends talk all the time."""

    def __init__(self, site: World, phone: Phone, family: int) -> None:
        kind = socket.AF_INET if family == 4 else socket.AF_INET6
        with site.lab.internet.network():
            server = socket.create_server((SITE[family], 7000), family=kind)
        with phone.network(), closing(server):
            self.phone = socket.create_connection((SITE[family], 7000), timeout=2)
            self.site, _ = server.accept()
        self.phone_heard = self.site_heard = self.phone_failed = 0.0
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._talk, args=(self.site,)),
            threading.Thread(target=self._talk, args=(self.phone,)),
            threading.Thread(target=self._hear, args=(self.site, "site_heard")),
            threading.Thread(target=self._hear, args=(self.phone, "phone_heard")),
        ]
        for thread in self._threads:
            thread.start()

    def _talk(self, end: socket.socket) -> None:
        while not self._over.wait(0.01):
            try:
                end.send(b"x" * 500)
            except OSError:
                if end is self.phone:
                    self.phone_failed = time.monotonic()
                return

    def _hear(self, end: socket.socket, what: str) -> None:
        end.settimeout(0.1)
        while not self._over.is_set():
            try:
                if not end.recv(1 << 16):
                    return
                setattr(self, what, time.monotonic())
            except TimeoutError:
                continue
            except OSError:
                return

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.phone.close()
        self.site.close()


@pytest.mark.parametrize("family", [4, 6])
async def test_time_running_out_cuts_a_running_connection_in_the_kernel_alone(
    site: World, enforcer: NftEnforcer, family: int
) -> None:
    seconds = 0.8
    began = time.monotonic()
    await enforcer.apply([Admit(site.mac(site.admitted), seconds)])
    with closing(Stream(site, site.admitted, family)) as stream:
        await asyncio.sleep(seconds + 0.7)
        ended = began + seconds

        for heard in (stream.site_heard, stream.phone_heard):
            assert ended - 0.1 < heard < ended + 0.1
        # The phone is told: its browser does not wait for a time-out.
        assert ended - 0.1 < stream.phone_failed < ended + 0.2


@pytest.mark.parametrize("family", [4, 6])
async def test_time_running_out_stops_what_is_still_being_sent_to_the_phone(
    site: World, enforcer: NftEnforcer, family: int
) -> None:
    phone = site.admitted
    await enforcer.apply([Admit(site.mac(phone), 0.5)])
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    with site.lab.internet.network():
        server = socket.socket(kind, socket.SOCK_DGRAM)
    with phone.network():
        caller = socket.socket(kind, socket.SOCK_DGRAM)
    with closing(server), closing(caller):
        server.bind((SITE[family], 7001))
        caller.connect((SITE[family], 7001))
        caller.send(b"talk to me")
        server.settimeout(1)
        _, peer = server.recvfrom(100)
        with site.tapped(phone, "wlan0") as air:
            server.sendto(b"now", peer)
            assert air.arrived(0.2)
            await asyncio.sleep(0.6)
            for _ in range(20):
                server.sendto(b"later", peer)

            assert air.arrived(0.2) == []


async def test_withholding_cuts_at_once(site: World, enforcer: NftEnforcer) -> None:
    await enforcer.apply([Admit(site.mac(site.admitted), 60)])
    with closing(Stream(site, site.admitted, 4)) as stream:
        await asyncio.sleep(0.3)
        await enforcer.apply([Withhold(site.mac(site.admitted))])
        ended = time.monotonic()
        await asyncio.sleep(0.5)

        assert stream.site_heard < ended + 0.05
        assert stream.phone_heard < ended + 0.05


async def test_installing_again_interrupts_nobody(site: World, enforcer: NftEnforcer) -> None:
    mac = site.mac(site.admitted)
    await enforcer.apply([Admit(mac, 60)])
    with closing(Stream(site, site.admitted, 4)) as stream:
        for _ in range(20):
            await enforcer.install(PLAN, await enforcer.admitted() or {})
            await asyncio.sleep(0.02)
        assert time.monotonic() - stream.phone_heard < 0.1
        assert time.monotonic() - stream.site_heard < 0.1


async def test_installing_again_lets_no_captive_packet_slip_out(
    site: World, enforcer: NftEnforcer
) -> None:
    phone = site.captive
    packet = packets.frame(
        site.gateway_mac,
        phone.mac,
        packets.udp(site.ip4[phone.name], SITE4, 5555, 9999),
    )
    over = threading.Event()

    def knock() -> None:
        with phone.network():
            while not over.is_set():
                packets.inject("wlan0", [packet] * 50)

    knocking = threading.Thread(target=knock)
    with site.tapped(site.lab.internet, "eth0") as uplink:
        knocking.start()
        for _ in range(40):
            await enforcer.install(PLAN, {site.mac(site.admitted): LONG})
        over.set()
        knocking.join()

        assert uplink.everything(0.1, lambda each: each.protocol == packets.UDP) == []


# -- bytes --------------------------------------------------------------------------------------


def _exchange(site: World, phone: Phone, family: int, count: int, size: int) -> int:
    """Send `count` datagrams of `size` bytes; how many bytes of answers came back."""
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    received = 0
    with phone.network():
        caller = socket.socket(kind, socket.SOCK_DGRAM)
    with closing(caller):
        caller.settimeout(1)
        caller.connect((SITE[family], 9999))
        for _ in range(count):
            caller.send(bytes(size))
            received += len(caller.recv(2000))
    return received


async def test_bytes_are_counted_exactly(site: World, enforcer: NftEnforcer) -> None:
    mac = site.mac(site.admitted)
    await enforcer.apply([Admit(mac, 60)])

    answered4 = _exchange(site, site.admitted, 4, count=30, size=1000)
    answered6 = _exchange(site, site.admitted, 6, count=20, size=700)

    assert await enforcer.usage([mac]) == {
        mac: Usage(
            up_bytes=30 * (20 + 8 + 1000) + 20 * (40 + 8 + 700),
            down_bytes=30 * (20 + 8) + answered4 + 20 * (40 + 8) + answered6,
        )
    }


async def test_bytes_go_on_counting_after_admitting_again_and_installing_again(
    site: World, enforcer: NftEnforcer
) -> None:
    mac = site.mac(site.admitted)
    await enforcer.apply([Admit(mac, 60)])
    down = _exchange(site, site.admitted, 4, count=10, size=100)
    await enforcer.apply([Admit(mac, 90)])
    down += _exchange(site, site.admitted, 4, count=10, size=100)
    await enforcer.install(PLAN, await enforcer.admitted() or {})
    down += _exchange(site, site.admitted, 4, count=10, size=100)

    assert await enforcer.usage([mac]) == {mac: Usage(30 * 128, 30 * 28 + down)}


async def test_what_stays_in_the_house_is_not_counted(site: World, enforcer: NftEnforcer) -> None:
    mac = site.mac(site.admitted)
    await enforcer.apply([Admit(mac, 60)])

    assert site.tcp(site.admitted, "10.80.0.1", 80) == "gateway 2080"
    assert site.udp(site.admitted, "10.80.0.1", 53) == "gateway 53"
    assert site.ping(site.admitted, "2001:db8:80::1") == "pong"
    assert site.tcp(site.admitted, "192.168.1.1", 80) == "reset"

    assert await enforcer.usage([mac]) == {mac: Usage(0, 0)}


async def test_a_download_is_counted_within_a_few_percent(
    site: World, enforcer: NftEnforcer
) -> None:
    """Segments that Linux joins on the way count one header, so TCP is not exact to the byte."""
    mac = site.mac(site.admitted)
    await enforcer.apply([Admit(mac, 60)])
    size = 4_000_000
    with site.lab.internet.network():
        server = socket.create_server((SITE4, 7002))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(bytes(size))

    serving = threading.Thread(target=serve)
    serving.start()
    with site.admitted.network():
        caller = socket.create_connection((SITE4, 7002), timeout=5)
    with closing(server), closing(caller):
        received = 0
        while block := caller.recv(1 << 16):
            received += len(block)
    serving.join()

    used = (await enforcer.usage([mac]))[mac]
    assert received == size
    assert size <= used.down_bytes <= size * 1.05


# -- connections ------------------------------------------------------------------------------


def _connections(site: World, address: str) -> int:
    listed = site.lab.gateway.must("conntrack", "-L", "-f", "ipv6" if ":" in address else "ipv4")
    return sum(f"={address} " in line for line in listed.splitlines())


def test_cutting_ends_connections_of_both_families_and_spares_others(site: World) -> None:
    cut, spared = site.admitted, site.captive
    site.install(render(PLAN, {site.mac(cut): LONG, site.mac(spared): LONG}))
    for phone in (cut, spared):
        for family in (4, 6):
            assert site.udp(phone, SITE[family], 9999) == "internet 9999"
            assert site.tcp(phone, SITE[family], 22) == "internet 22"

    with site.lab.gateway.network():
        ended = cut_connections([ip_address(site.address(cut, family)) for family in (4, 6)])

    assert ended >= 4
    for family in (4, 6):
        assert _connections(site, site.address(cut, family)) == 0
        assert _connections(site, site.address(spared, family)) >= 2


def test_cutting_ends_connections_from_outside(site: World) -> None:
    phone = site.admitted
    site.install(render(PLAN, {site.mac(phone): LONG}))
    assert site.udp(site.lab.internet, site.ip6[phone.name], 9999) == f"{phone.name} 9999"

    with site.lab.gateway.network():
        assert cut_connections([ip_address(site.ip6[phone.name])]) == 1


def test_cutting_spares_the_page_that_says_goodbye(site: World) -> None:
    phone = site.captive
    with phone.network():
        page = socket.create_connection((SITE4, 80), timeout=1)  # Redirected to the gateway.
    with closing(page):
        page.recv(100)
        before = _connections(site, site.ip4[phone.name])

        with site.lab.gateway.network():
            assert cut_connections([ip_address(site.ip4[phone.name])]) == 0

        assert _connections(site, site.ip4[phone.name]) == before == 1


def test_cutting_nobody_asks_nothing() -> None:
    assert cut_connections([]) == 0


def test_cutting_one_of_ten_thousand_is_cheap(site: World) -> None:
    busy, idle = site.admitted, site.captive
    site.install(render(PLAN, {site.mac(busy): LONG, site.mac(idle): LONG}))
    source = site.ip4[busy.name]
    flood = [
        packets.frame(
            site.gateway_mac, busy.mac, packets.udp(source, SITE4, 10000 + n % 50000, 20000 + n)
        )
        for n in range(10_000)
    ]
    with busy.network():
        packets.inject("wlan0", flood)
    assert site.udp(idle, SITE4, 9999) == "internet 9999"
    assert int(site.lab.gateway.must("cat", "/proc/sys/net/netfilter/nf_conntrack_count")) > 9000

    with site.lab.gateway.network():
        began = time.thread_time()
        assert cut_connections([ip_address(site.ip4[idle.name])]) == 1
        one = time.thread_time() - began
        began = time.thread_time()
        ended = cut_connections([ip_address(source)])
        all_of_them = time.thread_time() - began

    print(f"CPU for one of {ended}: {one * 1000:.0f} ms; for all: {all_of_them * 1000:.0f} ms")
    assert ended > 9000
    assert one < 0.15
