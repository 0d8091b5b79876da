"""Ways round the portal: tunnels made of names, borrowed addresses, false routers.

What a captive device cannot send at all is in test_hostile.py and test_firewall_rules.py.
"""

import json
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

import pytest

from firewall.ruleset import ASKING_BYTES_AT_ONCE, TOLD_BYTES_AT_ONCE
from portal.demo import addresses as at
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from portal.imitation import MOVES
from portal.staff.records import Records
from tests.netns import names, packets
from tests.netns.hostile import MadeUp

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("bypass")]

TUNNEL_SERVER = "203.0.113.66"
TUNNEL_ZONE = "t.example"
TUNNEL_END = "10.99.0.1"
NAMES = [f"edge-{number:02}.southeast-1.content-network.example" for number in range(31)]
"""What a phone that wakes up asks for: as long as names of content networks are."""
NAMES_LEAD_TO = "pool-7.hcm-2.content-network.example"
"""Their true name, which has four addresses of each family."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.internet.ip(f"address add {TUNNEL_SERVER}/24 dev eth0")
        lab.internet.popen(
            *("iodined", "-f", "-c", "-P", "secret", "-l", TUNNEL_SERVER, "-n", TUNNEL_SERVER),
            *(f"{TUNNEL_END}/24", TUNNEL_ZONE),
            log="iodined",
        )
        # The provider's resolver would find the server by its NS record.
        many = [address for n in range(1, 5) for address in (f"192.0.2.{n}", f"2001:db8:9::{n}")]
        lab.start_dns_dhcp(
            options=[
                f"--server=/{TUNNEL_ZONE}/{TUNNEL_SERVER}",
                *(f"--host-record={NAMES_LEAD_TO},{address}" for address in many),
                f"--cname={','.join(NAMES)},{NAMES_LEAD_TO}",
                f"--local=/{NAMES_LEAD_TO.partition('.')[2]}/",
            ]
        )
        lab.start_portal({"session": {"max_devices": 50}})
        yield lab


def joined(lab: Lab, mac: str | None = None) -> Phone:
    phone = lab.phone(mac)
    phone.join()
    return phone


def grant(lab: Lab, phone: Phone) -> None:
    done = lab.portal_command("grant", phone.mac)
    assert done.returncode == 0, done.stderr


# -- tunnels ----------------------------------------------------------------------------------


class Load(Enum):
    """What is sent through a tunnel, and where it is listened for. iodine compresses."""

    NOISE = 7777
    ZEROS = 7778

    def piece(self) -> bytes:
        return os.urandom(2000) if self is Load.NOISE else bytes(20_000)


class Wire:
    """Counts the IP bytes of DNS that the gateway takes of a phone, and that reach the phone."""

    def __init__(self, lab: Lab, phone: Phone) -> None:
        self._ends = (lab.gateway, f"ip saddr {phone.ip4} th dport 53"), (phone, "th sport 53")
        self._table = f"wire_{phone.name}"
        for host, packets_of in self._ends:
            host.must(
                *("nft", "-f", "-"),
                stdin=f"table ip {self._table} {{\nchain in {{\ntype filter hook input priority 1\n"
                f"meta l4proto {{ tcp, udp }} {packets_of} counter\n}}\n}}\n",
            )

    def counted(self) -> tuple[int, int]:
        """From the phone, to the phone."""
        listed = [host.must("nft", "list", "table", "ip", self._table) for host, _ in self._ends]
        up, down = (int(re.findall(r"bytes (\d+)", text)[0]) for text in listed)
        return up, down


def tunnel(
    lab: Lab, phone: Phone, seconds: float, load: Load = Load.NOISE
) -> list[tuple[float, int]]:
    """What iodine carries in `seconds`, both ways at once: when, and how many bytes."""
    end = time.monotonic() + seconds
    client = phone.popen(
        *("iodine", "-f", "-P", "secret", "-d", "dns0", "-r", at.GATEWAY4, TUNNEL_ZONE),
        log="iodine",
    )
    arrived: list[tuple[float, int]] = []
    try:
        with lab.internet.network():
            server = socket.create_server((TUNNEL_END, load.value))
        with closing(server), ThreadPoolExecutor(1) as far_end:
            answering = far_end.submit(_answer, server, load, arrived, end)
            _call(phone, load, arrived, end)
            answering.result()
    finally:
        client.kill()
        client.wait()
    return arrived


def _answer(
    server: socket.socket, load: Load, arrived: list[tuple[float, int]], end: float
) -> None:
    server.settimeout(max(0.0, end - time.monotonic()))
    with suppress(TimeoutError), closing(server.accept()[0]) as connection:
        _pour(connection, load, arrived, end)


def _call(phone: Phone, load: Load, arrived: list[tuple[float, int]], end: float) -> None:
    while (left := end - time.monotonic()) > 0:
        with phone.network(), closing(socket.socket()) as connection:
            connection.settimeout(left)
            try:
                connection.connect((TUNNEL_END, load.value))
            except OSError:  # There is no tunnel yet.
                time.sleep(min(left, 0.1))
                continue
            _pour(connection, load, arrived, end)


def _pour(
    connection: socket.socket, load: Load, arrived: list[tuple[float, int]], end: float
) -> None:
    """Send without end, and take what comes."""
    connection.setblocking(False)
    while time.monotonic() < end:
        with suppress(OSError):
            connection.send(load.piece())
        with suppress(OSError):
            arrived.append((time.monotonic(), len(connection.recv(65536))))
        time.sleep(0.005)


def test_a_tunnel_of_names_starves_while_captive_and_not_when_open(lab: Lab) -> None:
    """Two for a minute while captive, one for some seconds when open: the same tunnel.

    On the wire and in what it carries: zeros, compressed, mean ten times what they weigh.
    """
    phones = {load: joined(lab) for load in Load}
    wires = {load: Wire(lab, phone) for load, phone in phones.items()}
    online = joined(lab)
    grant(lab, online)
    seconds, seconds_open = 60.0, 12.0

    begun = time.monotonic()
    with ThreadPoolExecutor(len(Load)) as both:
        running = {load: both.submit(tunnel, lab, phones[load], seconds, load) for load in Load}
        carried = {load: tunnelled.result() for load, tunnelled in running.items()}
    wire = {load: sum(wires[load].counted()) / seconds for load in Load}
    rate = {load: sum(size for _, size in carried[load]) / seconds for load in Load}
    late = {
        load: sum(size for when, size in carried[load] if when > begun + seconds / 2) / seconds * 2
        for load in Load
    }
    open_rate = sum(size for _, size in tunnel(lab, online, seconds_open)) / seconds_open

    for load in Load:
        assert "Connection setup complete" in phones[load].read_log("iodine")  # It is a tunnel.
        print(
            f"captive, {load.name.lower()}: {rate[load]:.0f} B/s, later {late[load]:.0f} B/s;"
            f" on the wire {wire[load]:.0f} B/s"
        )
    print(f"open {open_rate:.0f} B/s")
    assert max(wire.values()) < 1000
    assert max(rate.values()) < 1000
    assert max(late.values()) < 1000
    assert open_rate > 10 * rate[Load.NOISE]


def test_nothing_goes_to_the_server_of_a_tunnel_directly(lab: Lab) -> None:
    phone = joined(lab)
    with lab.internet.network():
        tap = packets.Tap("eth0")
    with closing(tap):
        with phone.network(), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as raw:
            for port in (53, 5353, 853, 443):
                with suppress(OSError):
                    raw.sendto(names.question(f"aaaa.{TUNNEL_ZONE}"), (TUNNEL_SERVER, port))
        seen = tap.arrived(0.5, until=lambda seen: False)

    phones = {IPv4Address(phone.ip4 or "").packed, IPv4Address(at.WAN4).packed}
    # Its question on port 53 came by way of the gateway's resolver, which asks in its own words.
    direct = [
        each
        for each in seen
        if each.packet[12:16] in phones
        and each.packet[16:20] == IPv4Address(TUNNEL_SERVER).packed
        and each.payload[2:4] != struct.pack("!H", 53)
    ]
    assert direct == []


def test_a_phone_that_wakes_up_is_answered_all_its_names(lab: Lab) -> None:
    phone = joined(lab)
    wire = Wire(lab, phone)

    assert names.ask_all(phone, NAMES) == len(NAMES) * len(names.KINDS)

    asked, told = wire.counted()
    print(f"asked {asked} bytes, told {told}")
    assert asked > 0.8 * ASKING_BYTES_AT_ONCE  # It is nearly all that one may.
    assert told > 0.6 * TOLD_BYTES_AT_ONCE


def test_devices_that_make_up_addresses_fill_no_set(lab: Lab) -> None:
    """20,000 of them ask for a name each; a real phone that comes then is served."""
    hostile = joined(lab)
    gateway = lab.gateway.must("cat", "/sys/class/net/br-lan/address").strip()
    # All from one IP address: what many of those do to the neighbour table is in test_hostile.py.
    asked = packets.udp(hostile.ip4 or "", at.GATEWAY4, 5000, 53, names.question(at.WEBSITE))
    frames = [packets.frame(gateway, MadeUp(number).mac, asked) for number in range(20_000)]
    with hostile.network():
        packets.inject("wlan0", frames)

    listed = lab.gateway.must("nft", "list", "set", "inet", "portal", "naming")
    held = listed.count("expires")
    assert 1000 < held <= 16_384
    newcomer = joined(lab)
    assert names.ask(newcomer, at.WEBSITE).addresses == (at.WEBSITE4,)
    page = newcomer.open(f"http://{at.PORTAL_HOST}/")
    assert isinstance(page, Answer)
    assert isinstance(newcomer.tap(page), Answer)


# -- borrowed addresses -----------------------------------------------------------------------


def imitations(lab: Lab) -> list[str]:
    """What staff are shown of them, once everything has been written."""
    time.sleep(0.3)
    (database,) = (lab.folder / "data").glob("sessions.db")
    return [each.by for each in reversed(Records(database).imitated(0))]


def speaks(phone: Phone, mac: str) -> None:
    """A frame that only teaches the bridge where `mac` is."""
    with phone.network():
        packets.inject("wlan0", [b"\xff" * 6 + packets.mac_bytes(mac) + b"\x88\xb5" + bytes(46)])
    time.sleep(0.05)


def claims(phone: Phone, mac: str, address: str) -> None:
    """`mac` answers, by ARP, that it has `address`: nobody asked."""
    said = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2)
    said += packets.mac_bytes(mac) + IPv4Address(address).packed
    said += packets.mac_bytes(at.GATEWAY_MAC) + IPv4Address(at.GATEWAY4).packed
    head = packets.mac_bytes(at.GATEWAY_MAC) + packets.mac_bytes(mac) + b"\x08\x06"
    with phone.network():
        packets.inject("wlan0", [head + said])


def test_an_open_device_on_two_ports_is_noticed(lab: Lab) -> None:
    victim, hostile = joined(lab), joined(lab)
    before = imitations(lab)
    for _ in range(MOVES):  # Held back, it has nothing that could be taken from it.
        speaks(hostile, victim.mac)
        speaks(victim, victim.mac)
    assert imitations(lab) == before
    grant(lab, victim)
    speaks(victim, victim.mac)
    speaks(hostile, victim.mac)
    speaks(victim, victim.mac)  # Walked to the next access point and back.
    assert imitations(lab) == before

    for _ in range(2 * MOVES):
        speaks(hostile, victim.mac)
        speaks(victim, victim.mac)

    assert imitations(lab) == [*before, "port"]
    assert "an open device is in two places at once (by port)" in lab.gateway.read_log("portal")
    assert victim.mac not in lab.gateway.read_log("portal")
    status = json.loads(lab.portal_command("status", "--json").stdout)
    assert status["imitated_devices"] == len(before) + 1


def test_the_address_of_an_open_device_that_another_claims_is_noticed(lab: Lab) -> None:
    victim, hostile = joined(lab), joined(lab)
    grant(lab, victim)
    assert victim.ip4 is not None
    before = imitations(lab)

    for _ in range(MOVES + 2):  # The kernel believes no more than one claim a second.
        for phone in (hostile, victim):
            claims(phone, phone.mac, victim.ip4)
            time.sleep(1.05)

    assert imitations(lab) == [*before, "address"]


def test_a_device_that_changes_its_address_sees_the_splash_again(lab: Lab) -> None:
    phone = joined(lab)
    grant(lab, phone)
    new = "06:99:00:00:00:01"
    phone.ip("link set wlan0 down", f"link set wlan0 address {new}")
    phone.mac = new
    phone.join()

    page = phone.open(f"http://{at.WEBSITE}/")

    assert isinstance(page, Answer)
    assert page.url == f"http://{at.PORTAL_HOST}/"
    assert isinstance(phone.tap(page), Answer)
    online = phone.fetch(f"http://{at.WEBSITE}/")
    assert isinstance(online, Answer)
    assert online.status == 200


# -- false routers and servers ----------------------------------------------------------------


def router_advertisement(mac: str) -> bytes:
    """I am the router of 2001:db8:bad::/64, for half an hour."""
    source = "fe80::bad"
    prefix = b"\x03\x04\x40\xc0" + struct.pack("!III", 1800, 1800, 0)
    prefix += IPv6Address("2001:db8:bad::").packed
    said = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + prefix + b"\x01\x01" + packets.mac_bytes(mac)
    packet = packets.icmp(source, "ff02::1", 134, 0, said)
    packet = packet[:7] + b"\xff" + packet[8:]
    return b"\x33\x33\0\0\0\x01" + packets.mac_bytes(mac) + b"\x86\xdd" + packet


def dhcp_offer(mac: str) -> bytes:
    offer = packets.udp("10.80.15.250", "255.255.255.255", 67, 68, b"\x02\x01\x06" + bytes(297))
    return packets.frame("ff:ff:ff:ff:ff:ff", mac, offer)


def test_a_phone_is_nobodys_router_and_nobodys_dhcp_server(lab: Lab) -> None:
    hostile, neighbour = joined(lab), joined(lab)
    routes = lab.gateway.must("ip", "-6", "route")
    with neighbour.network():
        tap = packets.Tap("wlan0")
    with closing(tap):
        with hostile.network():
            said = [router_advertisement(hostile.mac), dhcp_offer(hostile.mac)]
            packets.inject("wlan0", said * 5)
        heard = tap.everything(
            0.7,
            lambda seen: b"\x02\x01\x06" in seen.payload[8:11] or seen.protocol == packets.ICMPV6,
            until=lambda seen: False,
        )

    bad = IPv6Address("2001:db8:bad::").packed
    assert not [each for each in heard if bad in each.packet or each.protocol == packets.UDP]
    assert lab.gateway.must("ip", "-6", "route") == routes
    assert "2001:db8:bad" not in neighbour.must("ip", "-6", "address")


def test_even_a_gateway_that_takes_routers_takes_no_phone_for_one(lab: Lab) -> None:
    """Not by the kernel's setting alone: the rules drop what a phone advertises."""
    hostile = joined(lab)
    routes = lab.gateway.must("ip", "-6", "route")
    lab.gateway.sysctl("net.ipv6.conf.br-lan.accept_ra=2")
    try:
        with hostile.network():
            packets.inject("wlan0", [router_advertisement(hostile.mac)] * 3)
        time.sleep(0.3)
        assert lab.gateway.must("ip", "-6", "route") == routes

        assert "takes any phone for its router" in doctor(lab)["routers"]
    finally:
        lab.gateway.sysctl("net.ipv6.conf.br-lan.accept_ra=1")
    assert doctor(lab)["routers"] == "not taken from phones"


def test_the_doctor_sees_whether_phones_are_apart(lab: Lab) -> None:
    joined(lab)
    port = f"phone{len(lab.phones)}"
    assert "1 of them not isolated" in doctor(lab)["apart"]

    lab.gateway.must("bridge", "link", "set", "dev", port, "isolated", "off")

    assert "2 of them not isolated" in doctor(lab)["apart"]
    lab.gateway.must("bridge", "link", "set", "dev", port, "isolated", "on")


def doctor(lab: Lab) -> dict[str, str]:
    said = json.loads(lab.portal_command("doctor", "--json", "--lang", "en").stdout)
    return {finding["check"]: finding["found"] for finding in said}
