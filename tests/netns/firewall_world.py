"""A site in which every rule of the firewall can be seen at work.

The laboratory with phones that have fixed addresses, a second network of the house, and
servers that say who they are. A probe sends something and answers, in a word, what came of it:
the name of the server that answered, `reset`, `prohibited`, or `silence`.
"""

import errno
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from firewall.changes import Grant, MacAddress, Usage, mac_address
from firewall.plan import Plan
from firewall.ruleset import render
from portal.demo import addresses as at
from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from tests.netns.packets import Seen, Tap, frame, inject

GARDEN4, GARDEN6 = at.CHECKS4, at.CHECKS6
"""In the garden by network."""
NAMED4, NAMED6 = at.FOREIGN_RESOLVER4, at.FOREIGN_RESOLVER6
"""In the garden by name: what dnsmasq would have added."""
SPARE4, SPARE6 = at.INTERNET4, at.INTERNET6
"""In the garden by name too, though one pair of its sets has just been emptied."""
SITE4, SITE6 = at.WEBSITE4, at.WEBSITE6
"""On the Internet, and in no garden."""
CLOSED6 = "fd00:1::1"
"""A private address behind the uplink, as `at.MODEM4` is one."""
OFFICE4, OFFICE6 = "172.30.0.2", "2001:db8:30::2"
"""A machine in another network of the house, on the gateway's interface `lan`."""
OFFICE_GATEWAY4, OFFICE_GATEWAY6 = "172.30.0.1", "2001:db8:30::1"

HTTP_PORT, HTTPS_PORT = 2080, 2443
PLAN = Plan(
    phones="br-lan",
    uplink="wan",
    http_port=HTTP_PORT,
    https_port=HTTPS_PORT,
    max_devices=100,
    garden=(ip_network(f"{GARDEN4}/32"), ip_network(f"{GARDEN6}/128")),
)
# A house in 172.16/12 is refused because it is not the uplink, so it need not be closed too.

GATEWAY_TCP = (22, 53, 80, 443, HTTP_PORT, HTTPS_PORT, 2081)
GATEWAY_UDP = (53, 67, 547, 9999)
INTERNET_TCP = (22, 53, 80, 443, 853, 8080)
INTERNET_UDP = (53, 123, 443, 9999)
PHONE_UDP = (9999,)

WAIT = 0.15
"""Seconds without an answer that count as silence; answers take less than a millisecond."""

SHORT = Grant(0.5, Usage(0, 0))
LONG = Grant(3600, Usage(0, 0))


class Servers:
    """Answers every connection and datagram to a host with the host's name and port."""

    def __init__(self, host: Host, tcp: tuple[int, ...], udp: tuple[int, ...]) -> None:
        self._name = host.name
        self._selector = selectors.DefaultSelector()
        self._stop, stop = socket.socketpair()
        self._selector.register(stop, selectors.EVENT_READ)
        self._sockets: list[socket.socket] = [stop]
        with host.network():
            for port in tcp:
                self._listen(socket.SOCK_STREAM, port)
            for port in udp:
                self._listen(socket.SOCK_DGRAM, port)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _listen(self, kind: socket.SocketKind, port: int) -> None:
        server = socket.socket(socket.AF_INET6, kind)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind is socket.SOCK_DGRAM:  # Answer from the address that was asked.
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        server.bind(("::", port))
        if kind is socket.SOCK_STREAM:
            server.listen(64)
        server.setblocking(False)
        self._sockets.append(server)
        self._selector.register(server, selectors.EVENT_READ, port)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                assert isinstance(key.fileobj, socket.socket)
                name = f"{self._name} {key.data}".encode()
                try:
                    if key.fileobj.type is socket.SOCK_STREAM:
                        connection, _ = key.fileobj.accept()
                        with connection:
                            connection.send(name)
                    else:
                        _, asked, _, peer = key.fileobj.recvmsg(2048, 256)
                        key.fileobj.sendmsg([name], asked, 0, peer)
                except OSError:
                    continue  # The peer is gone, or must not be answered.

    def close(self) -> None:
        self._stop.send(b"!")
        self._thread.join()
        for each in (*self._sockets, self._stop):
            each.close()
        self._selector.close()


@dataclass
class World:
    """`captive` and `admitted` are phones; `office` is a machine of the house."""

    lab: Lab
    captive: Phone
    admitted: Phone
    office: Host
    ip4: dict[str, str] = field(default_factory=dict)
    ip6: dict[str, str] = field(default_factory=dict)
    gateway_mac: str = ""
    uplink_mac: str = ""
    internet_mac: str = ""
    ruleset: str = ""

    def address(self, host: Host, family: int) -> str:
        return (self.ip4 if family == 4 else self.ip6)[host.name]

    def mac(self, phone: Phone) -> MacAddress:
        return mac_address(phone.mac)

    def default_ruleset(self) -> str:
        """The plan, with `admitted` admitted, and what dnsmasq would add."""
        return render(PLAN, {self.mac(self.admitted): LONG}) + (
            f"add element inet portal garden4 {{ {NAMED4} }}\n"
            f"add element inet portal garden6 {{ {NAMED6} }}\n"
            f"add element inet portal garden4_spare {{ {SPARE4} }}\n"
            f"add element inet portal garden6_spare {{ {SPARE6} }}\n"
        )

    def install(self, ruleset: str) -> None:
        """Put up `ruleset`, and forget every connection there was."""
        self.lab.gateway.must("nft", "-f", "-", stdin=ruleset)
        self.lab.gateway.run("conntrack", "-F")

    # -- probes ---------------------------------------------------------------------------

    def tcp(self, host: Host, target: str, port: int) -> str:
        """Who answers a TCP connection."""
        with host.network(), closing(_socket(target, socket.SOCK_STREAM)) as connection:
            connection.settimeout(WAIT)
            try:
                connection.connect((target, port))
                connection.settimeout(1)
                return connection.recv(64).decode() or "closed"
            except OSError as error:
                return _word(error)

    def udp(self, host: Host, target: str, port: int, *, sport: int = 0) -> str:
        """Who answers a datagram."""
        with host.network(), closing(_socket(target, socket.SOCK_DGRAM)) as connection:
            connection.settimeout(WAIT)
            try:
                connection.bind(("", sport))
                connection.connect((target, port))
                connection.send(b"probe")
                return connection.recv(64).decode()
            except OSError as error:
                return _word(error)

    def ping(self, host: Host, target: str, *, load: int = 4) -> str:
        """Whether a ping that carries `load` bytes is answered."""
        six = ":" in target
        family, protocol = (
            (socket.AF_INET6, socket.getprotobyname("ipv6-icmp"))
            if six
            else (socket.AF_INET, socket.IPPROTO_ICMP)
        )
        with host.network(), closing(socket.socket(family, socket.SOCK_DGRAM, protocol)) as pinger:
            pinger.settimeout(WAIT)
            level, option = (
                (socket.IPPROTO_IPV6, 25) if six else (socket.IPPROTO_IP, 11)
            )  # IPV6_RECVERR, IP_RECVERR
            pinger.setsockopt(level, option, 1)
            try:
                pinger.connect((target, 0))
                pinger.send(struct.pack("!BBHHH", 128 if six else 8, 0, 0, 1, 1) + bytes(load))
                pinger.recv(64)
            except OSError as error:
                return _word(error)
            return "pong"

    def raw(self, phone: Phone, *packets: bytes, source_mac: str | None = None) -> str:
        """What becomes of packets a phone puts on the wire.

        `uplink` if anything arrives at the Internet; else what comes back.
        """
        frames = [frame(self.gateway_mac, source_mac or phone.mac, each) for each in packets]
        with self.tapped(self.lab.internet, "eth0") as uplink, self.tapped(phone, "wlan0") as air:
            with phone.network():
                inject("wlan0", frames)
            if uplink.arrived(WAIT):
                return "uplink"
            return _answer(air.arrived(0.01, until=lambda seen: False))

    def from_internet(self, phone: Phone, *packets: bytes) -> str:
        """Whether packets that the Internet sends to the gateway arrive at a phone."""
        frames = [frame(self.uplink_mac, self.internet_mac, each) for each in packets]
        with self.tapped(phone, "wlan0") as air:
            with self.lab.internet.network():
                inject("eth0", frames)
            return "received" if air.arrived(WAIT) else "silence"

    @contextmanager
    def tapped(self, host: Host, interface: str) -> Iterator[Tap]:
        with host.network():
            opened = Tap(interface)
        with closing(opened):
            yield opened


def _answer(seen: list[Seen]) -> str:
    for each in seen:
        if each.is_reset:
            return "reset"
        if each.is_prohibited:
            return "prohibited"
    return "answer" if seen else "silence"


def _socket(target: str, kind: socket.SocketKind) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, kind)


def _word(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "silence"
    if error.errno in (errno.EHOSTUNREACH, errno.EACCES):  # ICMP and ICMPv6: prohibited
        return "prohibited"
    if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
        return "reset"
    raise error


@contextmanager
def world() -> Iterator[World]:
    """Build everything; takes about two seconds."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab())
        office = Host("office", lab.folder)
        stack.callback(office.close)
        captive, admitted = lab.phone(), lab.phone()
        site = World(lab, captive, admitted, office)
        _wire(site)
        for host, tcp, udp in (
            (lab.internet, INTERNET_TCP, INTERNET_UDP),
            (lab.gateway, GATEWAY_TCP, GATEWAY_UDP),
            (office, (80,), (9999,)),
            (captive, (), PHONE_UDP),
            (admitted, (), PHONE_UDP),
        ):
            stack.callback(Servers(host, tcp, udp).close)
        yield site


def _wire(site: World) -> None:
    lab = site.lab
    # The kernel's own limits on ICMP errors are off, so that ours are what is seen.
    lab.gateway.sysctl("net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratemask=")
    lab.gateway.sysctl("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    # Nor does what is bridged go through our tables, where br_netfilter happens to be loaded.
    lab.gateway.run("sysctl", "--quiet", "--write", "net.bridge.bridge-nf-call-iptables=0")
    lab.gateway.run("sysctl", "--quiet", "--write", "net.bridge.bridge-nf-call-ip6tables=0")
    # Who hears the radio is not the gateway.
    lab.gateway.run("ip", "link", "set", "air", "netns", str(site.office.pid))
    site.office.run("ip", "link", "set", "air", "up")
    lab.internet.ip(f"address add {CLOSED6}/64 dev eth0 nodad")
    lab.gateway.ip(
        f"link add name lan type veth peer name eth0 netns {site.office.pid}",
        "link set lan up",
        f"address add {OFFICE_GATEWAY4}/24 dev lan",
        f"address add {OFFICE_GATEWAY6}/64 dev lan nodad",
        f"route add {CLOSED6} via {at.INTERNET6}",
    )
    lab.internet.ip(f"route add 2001:db8:30::/64 via {at.WAN6}")
    site.office.ip(
        "link set eth0 up",
        f"address add {OFFICE4}/24 dev eth0",
        f"address add {OFFICE6}/64 dev eth0 nodad",
        f"route add default via {OFFICE_GATEWAY4}",
        f"route add default via {OFFICE_GATEWAY6}",
    )
    for number, phone in enumerate((site.captive, site.admitted), start=2):
        site.ip4[phone.name], site.ip6[phone.name] = f"10.80.0.{number}", f"2001:db8:80::{number}"
        phone.sysctl("net.ipv4.ping_group_range=0 0")
        phone.ip(
            "link set wlan0 up",
            f"address add {site.ip4[phone.name]}/32 dev wlan0",
            f"address add {site.ip6[phone.name]}/128 dev wlan0 nodad",
            # Everything through the gateway, other phones too: the air is isolated.
            f"route add {at.GATEWAY4} dev wlan0",
            f"route add {at.GATEWAY6} dev wlan0",
            f"route add default via {at.GATEWAY4}",
            f"route add default via {at.GATEWAY6}",
        )
    for host in (lab.internet, lab.gateway, site.office):
        host.sysctl("net.ipv4.ping_group_range=0 0")
    site.gateway_mac = _mac(lab.gateway, "br-lan")
    site.uplink_mac = _mac(lab.gateway, "wan")
    site.internet_mac = _mac(lab.internet, "eth0")
    for phone in (site.captive, site.admitted):  # Nobody waits for a neighbour later.
        for address in (site.ip4[phone.name], site.ip6[phone.name]):
            assert any(site.ping(lab.gateway, address) == "pong" for _ in range(20))


def _mac(host: Host, interface: str) -> str:
    return host.must("cat", f"/sys/class/net/{interface}/address").strip()
