"""What a phone can try, what comes of it, and which rules see to that.

`guards` names rules by their comment, or by their text where they have none. Removing a rule
must change what comes of at least one probe that names it.
"""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from portal.demo import addresses as at
from portal.demo.phone import Phone
from tests.netns import packets
from tests.netns.firewall_world import (
    CLOSED6,
    GARDEN4,
    GARDEN6,
    NAMED4,
    NAMED6,
    OFFICE4,
    OFFICE6,
    SITE4,
    SITE6,
    SPARE4,
    SPARE6,
    WAIT,
    World,
)


@dataclass(frozen=True)
class Probe:
    name: str
    act: Callable[[World], str]
    expected: str
    guards: tuple[str, ...]


def _both(
    name: str,
    act: Callable[[World, int], str],
    expected: str,
    *guards: str,
) -> tuple[Probe, Probe]:
    """The same for both families; `guards` may say `IPv4`, which becomes `IPv6` for the other."""
    return (
        Probe(f"{name}, IPv4", lambda w: act(w, 4), expected, guards),
        Probe(
            f"{name}, IPv6",
            lambda w: act(w, 6),
            expected,
            tuple(guard.replace("IPv4", "IPv6") for guard in guards),
        ),
    )


SITE = {4: SITE4, 6: SITE6}
GARDEN = {4: GARDEN4, 6: GARDEN6}
NAMED = {4: NAMED4, 6: NAMED6}
SPARE = {4: SPARE4, 6: SPARE6}
GATEWAY = {4: at.GATEWAY4, 6: at.GATEWAY6}
CLOSED = {4: at.MODEM4, 6: CLOSED6}
OFFICE = {4: OFFICE4, 6: OFFICE6}
RESOLVER = {4: at.FOREIGN_RESOLVER4, 6: at.FOREIGN_RESOLVER6}
WAN = {4: at.WAN4, 6: at.WAN6}

TO_PHONES = 'oifname "br-lan" goto to_phones'
FROM_PHONES = 'iifname "br-lan" goto from_phones'
NOT_PHONES = 'iifname != "br-lan" accept'
NEW_SOURCE = "whose it is, is asked once"
NEW_DESTINATION = "where it leads, is asked once"
IN_GARDEN = "garden: pass"
CAPTIVE_DESTINATION = "ether saddr != @granted goto captive_destination"
FROM_GATEWAY = "meta mark & 0x00800000 == 0 goto from_gateway"


def spoofed(world: World, source: str) -> str:
    """An admitted phone sends with somebody else's address."""
    target = SITE6 if ":" in source else SITE4
    return world.raw(world.admitted, packets.udp(source, target, 5555, 9999))


def from_office(world: World, source: str, target: str) -> str:
    """The office sends one datagram to a port the gateway listens on, or through it."""
    packet = packets.udp(source, target, 5555, 9999)
    mac = world.lab.gateway.must("cat", "/sys/class/net/lan/address").strip()
    sniffed, interface = (
        (world.lab.internet, "eth0") if target in (SITE4, SITE6) else (world.captive, "wlan0")
    )
    with world.tapped(sniffed, interface) as tap:
        with world.office.network():
            packets.inject("eth0", [packets.frame(mac, "02:00:00:00:0f:0f", packet)])
        return "passes" if tap.arrived(WAIT) else "silence"


def dhcp_discover(world: World) -> str:
    """A phone without an address asks for one; whether a server would hear it."""
    return _heard(
        world, packets.udp("0.0.0.0", "255.255.255.255", 68, 67, b"discover"), "ff:ff:ff:ff:ff:ff"
    )


def duplicate_address_detection(world: World) -> str:
    """Somebody without an address yet asks whether an address is taken; the gateway defends it."""
    return _solicit(world, "::", "ff02::1:ff00:1")


def neighbour_solicitation(world: World) -> str:
    return _solicit(world, world.ip6[world.captive.name], at.GATEWAY6)


def _solicit(world: World, source: str, target: str) -> str:
    wanted = socket.inet_pton(socket.AF_INET6, at.GATEWAY6)
    packet = bytearray(packets.icmp(source, target, 135, 0, bytes(4) + wanted))
    packet[7] = 255  # Hop limit: nobody outside the link can send this.
    phone = world.captive
    with world.tapped(phone, "wlan0") as tap:
        with phone.network():
            mac = "33:33:ff:00:00:01" if target.startswith("ff02") else world.gateway_mac
            packets.inject("wlan0", [packets.frame(mac, phone.mac, bytes(packet))])
        answers = tap.everything(WAIT, lambda s: s.protocol == packets.ICMPV6 and s.kind == 136)
    return "advertised" if answers else "silence"


def _heard(world: World, packet: bytes, mac: str) -> str:
    """Whether a server of the gateway is given a datagram."""
    before = _udp_received(world)
    with world.captive.network():
        packets.inject("wlan0", [packets.frame(mac, world.captive.mac, packet)])
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if _udp_received(world) > before:
            return "heard"
        time.sleep(0.002)
    return "silence"


def _udp_received(world: World) -> int:
    """Datagrams the gateway's sockets were given (IPv4)."""
    with world.lab.gateway.network(), open("/proc/thread-self/net/snmp", encoding="ascii") as table:
        rows = [line.split() for line in table if line.startswith("Udp:")]
    return int(rows[1][rows[0].index("InDatagrams")])


def gateway_asks(world: World, family: int) -> str:
    """The gateway asks a phone something, and must hear the answer."""
    return world.udp(world.lab.gateway, world.address(world.captive, family), 9999)


def internet_sends(world: World, family: int) -> str:
    """The Internet sends to a captive phone's address, as if nothing translated it."""
    packet = packets.udp(SITE[family], world.address(world.captive, family), 9999, 9999)
    return world.from_internet(world.captive, packet)


def garden_sends(world: World, family: int) -> str:
    """A host of the garden opens a connection to a captive phone."""
    phone = world.address(world.captive, family)
    packet = packets.tcp(GARDEN[family], phone, 80, 5555, packets.SYN)
    return world.from_internet(world.captive, packet)


def too_big(world: World) -> str:
    """A router on the way says that packets to the garden must be smaller (path MTU)."""
    return _too_big(world, GARDEN6, 80)


def too_big_elsewhere(world: World) -> str:
    """The same, about a connection that is not to the garden."""
    return _too_big(world, SITE6, 443)


def _too_big(world: World, target: str, port: int) -> str:
    phone, source, sport = world.captive, world.ip6[world.captive.name], 40001
    sent = packets.tcp(source, target, sport, port, packets.SYN)
    world.raw(phone, sent)
    error = packets.icmp(at.INTERNET6, source, 2, 0, struct.pack("!I", 1280) + sent)
    return world.from_internet(phone, error)


def answers_to_many(
    world: World, count: int, per_device: int, target: str = SITE4, port: int = 443
) -> str:
    """How many of `count` SYNs are answered, from one device or many."""
    phone = world.captive
    source = world.ip4[phone.name]
    frames = [
        packets.frame(
            world.gateway_mac,
            f"02:00:00:00:77:{number // per_device:02x}" if per_device < count else phone.mac,
            packets.tcp(source, target, 1024 + number, port, packets.SYN),
        )
        for number in range(count)
    ]
    with world.tapped(phone, "wlan0") as tap:
        with phone.network():
            packets.inject("wlan0", frames)
        answered = len(tap.arrived(0.3, lambda seen: len(seen) >= count))
    return "all" if answered == count else "some" if answered > 20 else f"{answered}"


def questions(world: World, phone: Phone, family: int, count: int) -> str:
    """How many of `count` questions for names the gateway's resolver answers."""
    source = world.address(phone, family)
    usual = b"a question of the usual length, with a name in it"[:47]
    asked = [packets.udp(source, GATEWAY[family], 40000, 53, usual)] * count
    with world.tapped(phone, "wlan0") as tap:
        with phone.network():
            for _ in range(0, count, 20):  # No faster than the resolver's queue is read.
                packets.inject(
                    "wlan0",
                    [packets.frame(world.gateway_mac, phone.mac, each) for each in asked[:20]],
                )
                time.sleep(0.005)
        told = len(tap.arrived(0.3, lambda seen: len(seen) >= count))
    return "all" if told == count else "some" if told >= 60 else f"{told}"


def answers(world: World, phone: Phone, family: int) -> str:
    """How many of a hundred long answers of the gateway's resolver a phone receives."""
    count, target = 100, world.address(phone, family)
    six = family == 6
    with (
        world.lab.gateway.network(),
        socket.socket(
            socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, packets.UDP
        ) as resolver,
        world.tapped(phone, "wlan0") as tap,
    ):
        head = 40 if six else 20
        answer = packets.udp(GATEWAY[family], target, 53, 40000, bytes(1200))[head:]
        for _ in range(count):
            with suppress(OSError):  # ENOBUFS: it was dropped at once.
                resolver.sendto(answer, (target, 0))
        told = len(tap.arrived(0.3, lambda seen: len(seen) >= count))
    return "all" if told == count else "some" if told >= 12 else f"{told}"


def chatter(world: World) -> str:
    """Broadcasts of a noisy phone do not use up the answers it gets."""
    phone = world.captive
    source = world.ip4[phone.name]
    noise = packets.frame(
        "ff:ff:ff:ff:ff:ff", phone.mac, packets.udp(source, "10.80.15.255", 137, 137)
    )
    asked = packets.frame(
        world.gateway_mac, phone.mac, packets.tcp(source, SITE4, 5555, 443, packets.SYN)
    )
    with world.tapped(phone, "wlan0") as tap:
        with phone.network():
            packets.inject("wlan0", [noise] * 200 + [asked])
        return "reset" if tap.everything(WAIT, lambda seen: seen.is_reset) else "silence"


PROBES: tuple[Probe, ...] = (
    # -- who it claims to be --------------------------------------------------------------
    *_both(
        "an admitted phone sends with its own address",
        lambda w, f: spoofed(w, w.address(w.admitted, f)),
        "uplink",
        "admitted: pass and count",
    ),
    Probe(
        "an admitted phone sends with an address of the Internet, IPv4",
        lambda w: spoofed(w, "198.51.100.7"),
        "silence",
        ("phones have addresses of their own network", NEW_SOURCE),
    ),
    Probe(
        "an admitted phone sends with an address of the Internet, IPv6",
        lambda w: spoofed(w, "2001:db8:99::7"),
        "silence",
        ("phones have addresses of their own network",),
    ),
    Probe(
        "an admitted phone sends with an address of the office",
        lambda w: spoofed(w, OFFICE4),
        "silence",
        ("phones have addresses of their own network",),
    ),
    *_both(
        "an admitted phone sends with the gateway's address",
        lambda w, f: spoofed(w, GATEWAY[f]),
        "silence",
    ),
    *_both(
        "the office sends with its own address",
        lambda w, f: from_office(w, OFFICE[f], SITE[f]),
        "passes",
    ),
    Probe(
        "the office sends with an address that is routed elsewhere",
        lambda w: from_office(w, "198.51.100.7", SITE4),
        "passes",
        (f"new_source: {NOT_PHONES}",),
    ),
    *_both(
        "the office sends with an address of the phones",
        lambda w, f: from_office(w, w.address(w.admitted, f), SITE[f]),
        "silence",
        "only phones speak for phones",
    ),
    Probe(
        "a phone without an address asks for one",
        dhcp_discover,
        "heard",
        ("DHCP",),
    ),
    Probe(
        "a phone without an address asks whether the gateway's is taken",
        duplicate_address_detection,
        "advertised",
        ("neighbours",),
    ),
    # -- where it is sent -----------------------------------------------------------------
    *_both(
        "a captive phone opens a page of the Internet",
        lambda w, f: w.tcp(w.captive, SITE[f], 80),
        "gateway 2080",
        "captive: any page is our page",
        CAPTIVE_DESTINATION,
        "portal",
        FROM_GATEWAY,
    ),
    *_both(
        "an admitted phone opens a page of the Internet",
        lambda w, f: w.tcp(w.admitted, SITE[f], 80),
        "internet 80",
        "admitted: pass and count",
        "admitted: receive and count",
    ),
    *_both(
        "a captive phone opens the gateway's page",
        lambda w, f: w.tcp(w.captive, GATEWAY[f], 80),
        "gateway 2080",
        "portal",
    ),
    *_both(
        "an admitted phone opens the gateway's page",
        lambda w, f: w.tcp(w.admitted, GATEWAY[f], 80),
        "gateway 2080",
        "our pages",
    ),
    *_both(
        "a captive phone opens the gateway's page with a certificate",
        lambda w, f: w.tcp(w.captive, GATEWAY[f], 443),
        "gateway 2443",
        "our pages, with a certificate",
    ),
    *_both(
        "an admitted phone opens the gateway's page with a certificate",
        lambda w, f: w.tcp(w.admitted, GATEWAY[f], 443),
        "gateway 2443",
        "our pages, with a certificate",
    ),
    *_both(
        "a captive phone asks a foreign resolver",
        lambda w, f: w.udp(w.captive, RESOLVER[f], 53),
        "gateway 53",
        "captive: DNS from the gateway",
        "DNS",
    ),
    *_both(
        "a captive phone asks a foreign resolver over TCP",
        lambda w, f: w.tcp(w.captive, RESOLVER[f], 53),
        "gateway 53",
        "captive: DNS from the gateway, over TCP",
        "DNS over TCP",
    ),
    *_both(
        "an admitted phone asks a foreign resolver",
        lambda w, f: w.udp(w.admitted, RESOLVER[f], 53),
        "internet 53",
        "admitted: pass and count",
    ),
    *_both(
        "the office opens the gateway's own page",
        lambda w, f: w.tcp(w.office, GATEWAY[f], 80),
        "gateway 80",
        f"destination: {NOT_PHONES}",
    ),
    # -- what reaches the gateway ---------------------------------------------------------
    *_both(
        "a captive phone logs in to the gateway",
        lambda w, f: w.tcp(w.captive, GATEWAY[f], 22),
        "reset",
        "nothing else of the gateway",
    ),
    *_both(
        "an admitted phone logs in to the gateway",
        lambda w, f: w.tcp(w.admitted, GATEWAY[f], 22),
        "reset",
        "nothing else of the gateway",
    ),
    *_both(
        "an admitted phone logs in to the gateway by its other address",
        lambda w, f: w.tcp(w.admitted, WAN[f], 22),
        "reset",
        "nothing else of the gateway",
    ),
    *_both(
        "an admitted phone opens the staff pages",
        lambda w, f: w.tcp(w.admitted, GATEWAY[f], 2081),
        "reset",
        "nothing else of the gateway",
    ),
    *_both(
        "an admitted phone uses another service of the gateway",
        lambda w, f: w.udp(w.admitted, GATEWAY[f], 9999),
        "prohibited",
        "nothing else of the gateway",
    ),
    *_both(
        "a captive phone asks the gateway's resolver",
        lambda w, f: w.udp(w.captive, GATEWAY[f], 53),
        "gateway 53",
        "DNS",
    ),
    Probe(
        "a captive phone pings the gateway, IPv4",
        lambda w: w.ping(w.captive, at.GATEWAY4),
        "pong",
        ("ping",),
    ),
    Probe(
        "a captive phone pings the gateway, IPv6",
        lambda w: w.ping(w.captive, at.GATEWAY6),
        "pong",
        ("ping6",),
    ),
    Probe(
        "a captive phone asks for the gateway's hardware address",
        neighbour_solicitation,
        "advertised",
        ("neighbours",),
    ),
    *_both("the gateway asks a phone", gateway_asks, "phone1 9999", "answers to the gateway"),
    *_both(
        "the office logs in to the gateway",
        lambda w, f: w.tcp(w.office, GATEWAY[f], 22),
        "gateway 22",
        f"input: {NOT_PHONES}",
    ),
    *_both(
        "the Internet opens our pages",
        lambda w, f: w.tcp(w.lab.internet, WAN[f], 2080),
        "silence",
        "our pages are for phones",
    ),
    Probe("a noisy phone is answered", chatter, "reset", ("chatter",)),
    # -- what passes through --------------------------------------------------------------
    *_both(
        "a captive phone opens a secure page",
        lambda w, f: w.tcp(w.captive, SITE[f], 443),
        "reset",
        "captive: nothing passes",
        "refused at once, TCP",
        FROM_PHONES,
    ),
    *_both(
        "a captive phone opens another TCP port",
        lambda w, f: w.tcp(w.captive, SITE[f], 853),
        "reset",
        "captive: nothing passes",
        "refused at once, TCP",
    ),
    *_both(
        "a captive phone uses QUIC",
        lambda w, f: w.udp(w.captive, SITE[f], 443),
        "prohibited",
        "captive: nothing passes",
        "refused at once",
    ),
    *_both(
        "a captive phone pings the Internet",
        lambda w, f: w.ping(w.captive, SITE[f]),
        "prohibited",
        "captive: nothing passes",
        "refused at once",
    ),
    *_both(
        "an admitted phone uses QUIC",
        lambda w, f: w.udp(w.admitted, SITE[f], 443),
        "internet 443",
        "admitted: receive and count",
    ),
    *_both(
        "an admitted phone pings the Internet",
        lambda w, f: w.ping(w.admitted, SITE[f]),
        "pong",
        "admitted: receive and count",
    ),
    *_both(
        "an admitted phone opens the modem's page",
        lambda w, f: w.tcp(w.admitted, CLOSED[f], 80),
        "reset",
        "not the house's networks, IPv4",
        NEW_DESTINATION,
    ),
    *_both(
        "an admitted phone uses the office",
        lambda w, f: w.udp(w.admitted, OFFICE[f], 9999),
        "prohibited",
        "only the uplink: no other phones, no other rooms",
    )[1:],  # By IPv4 the office is a closed network, too.
    *_both(
        "a captive phone uses another phone",
        lambda w, f: w.udp(w.captive, w.address(w.admitted, f), 9999),
        "prohibited",
    ),
    *_both(
        "an admitted phone uses another phone",
        lambda w, f: w.raw(
            w.admitted,
            packets.udp(w.address(w.admitted, f), w.address(w.captive, f), 5555, 9999),
        ),
        "prohibited",
        "only the uplink: no other phones, no other rooms",
    )[1:],
    *_both(
        "the Internet sends to a captive phone",
        internet_sends,
        "silence",
        "captive: nothing is received",
        "forwarded to a phone",
        TO_PHONES,
    ),
    *_both(
        "the office sends to a captive phone",
        lambda w, f: from_office(w, OFFICE[f], w.address(w.captive, f)),
        "silence",
        "captive: nothing is received",
        TO_PHONES,
    ),
    # -- the walled garden ----------------------------------------------------------------
    *_both(
        "a captive phone opens a page of the garden",
        lambda w, f: w.tcp(w.captive, GARDEN[f], 80),
        "internet 80",
        "garden: its own pages",
        "garden: IPv4",
        "garden: answers",
        "garden: remember the connection",
        IN_GARDEN,
        "garden: receive",
        "garden: pages only",
    ),
    *_both(
        "a captive phone opens a page of the garden by name",
        lambda w, f: w.tcp(w.captive, NAMED[f], 80),
        "internet 80",
        "garden: IPv4 by name",
    ),
    *_both(
        "a captive phone opens a page of the garden by name, after its set was emptied",
        lambda w, f: w.tcp(w.captive, SPARE[f], 80),
        "internet 80",
        "garden: IPv4 by name, spare",
    ),
    *_both(
        "a captive phone opens a secure page of the garden",
        lambda w, f: w.tcp(w.captive, GARDEN[f], 443),
        "internet 443",
        "garden: IPv4",
        "garden: pages only",
    ),
    *_both(
        "a captive phone opens another port of the garden",
        lambda w, f: w.tcp(w.captive, GARDEN[f], 22),
        "reset",
        "captive: nothing passes",
    ),
    *_both(
        "a captive phone uses QUIC to the garden",
        lambda w, f: w.udp(w.captive, GARDEN[f], 443),
        "prohibited",
        "captive: nothing passes",
    ),
    *_both(
        "an admitted phone opens another port of the garden",
        lambda w, f: w.tcp(w.admitted, GARDEN[f], 22),
        "internet 22",
        "admitted: pass and count",
    ),
    *_both(
        "the garden opens a connection to a captive phone",
        garden_sends,
        "silence",
        "captive: nothing is received",
    ),
    Probe("the path to the garden is narrow", too_big, "received", ("garden: answers",)),
    Probe("the path to elsewhere is narrow", too_big_elsewhere, "silence", ()),
    # -- storms ---------------------------------------------------------------------------
    Probe(
        "a storm from one phone",
        lambda w: answers_to_many(w, 300, 300),
        "some",
        ("enough answers to one device",),
    ),
    Probe(
        "a storm from many phones",
        lambda w: answers_to_many(w, 1500, 50),
        "some",
        ("enough answers",),
    ),
    # -- tunnels --------------------------------------------------------------------------
    *_both(
        "a captive phone asks for the names it wakes up with",
        lambda w, f: questions(w, w.captive, f, 80),
        "all",
    ),
    *_both(
        "a captive phone asks for names without end",
        lambda w, f: questions(w, w.captive, f, 300),
        "some",
        "captive: enough names",
    ),
    *_both(
        "an admitted phone asks for names without end",
        lambda w, f: questions(w, w.admitted, f, 300),
        "all",
    ),
    *_both(
        "a captive phone is told without end",
        lambda w, f: answers(w, w.captive, f),
        "some",
        "captive: enough was told of names",
    ),
    *_both(
        "an admitted phone is told without end",
        lambda w, f: answers(w, w.admitted, f),
        "all",
    ),
    *_both(
        "a phone pings with a load",
        lambda w, f: w.ping(w.captive, GATEWAY[f], load=200),
        "prohibited",
    ),
    Probe(
        "a storm on the gateway",
        lambda w: answers_to_many(w, 1500, 1500, at.GATEWAY4, 80),
        "some",
        ("enough questions of one device",),
    ),
)
