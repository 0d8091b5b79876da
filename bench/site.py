"""The place where everything is measured: one laboratory and a crowd of phones.

A hundred network namespaces would cost more than what is measured. The crowd is one namespace
with a macvlan interface per phone: each has a MAC and an IPv4 address of its own, asks for the
gateway's address by itself, and is a separate device for everything on the gateway.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from portal.demo.addresses import GATEWAY4, PHONES4
from portal.demo.host import Host
from portal.demo.lab import Lab

CROWD = 100
_FIRST = 256  # 10.80.1.0: outside of what udhcpc gets.


@dataclass(frozen=True, slots=True)
class CrowdPhone:
    """One of the crowd: its interface in the crowd's namespace and its addresses."""

    number: int

    @property
    def interface(self) -> str:
        return f"p{self.number}"

    @property
    def mac(self) -> str:
        return f"02:00:5e:00:{self.number >> 8:02x}:{self.number & 255:02x}"

    @property
    def address(self) -> str:
        return str(PHONES4[_FIRST + self.number])

    def socket(self, kind: socket.SocketKind) -> socket.socket:
        """A non-blocking socket of this phone; the thread must be in the crowd's network."""
        made = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.interface.encode())
            made.bind((self.address, 0))
        except BaseException:
            made.close()
            raise
        return made


@dataclass(frozen=True, slots=True)
class BenchSite:
    """A laboratory with an Internet, an access point, and a crowd in reach of it."""

    lab: Lab
    crowd: Host
    phones: tuple[CrowdPhone, ...]

    @property
    def gateway(self) -> Host:
        return self.lab.gateway

    @property
    def internet(self) -> Host:
        return self.lab.internet


@contextmanager
def bench_site(crowd_size: int = CROWD) -> Iterator[BenchSite]:
    """Build it; everything is gone afterwards. No portal runs in it yet."""
    with Lab() as lab:
        lab.start_internet()
        crowd = Host("crowd", lab.folder)
        try:
            phones = tuple(CrowdPhone(number) for number in range(1, crowd_size + 1))
            _connect(lab, crowd, phones)
            yield BenchSite(lab, crowd, phones)
        finally:
            crowd.close()


def _connect(lab: Lab, crowd: Host, phones: tuple[CrowdPhone, ...]) -> None:
    lab.gateway.ip(
        f"link add name crowd type veth peer name radio netns {crowd.pid}",
        "link set crowd up master br-lan",
    )
    crowd.sysctl(
        "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv6.conf.default.disable_ipv6=1",
        # Every phone answers for its own address only.
        "net.ipv4.conf.all.arp_ignore=1",
        "net.ipv4.conf.all.arp_announce=2",
        "net.ipv4.conf.default.rp_filter=0",
        "net.ipv4.conf.all.rp_filter=0",
    )
    lines = ["link set radio up"]
    for phone in phones:
        name = phone.interface
        lines += [
            f"link add link radio name {name} address {phone.mac} type macvlan mode private",
            f"link set {name} up",
            f"address add {phone.address}/{PHONES4.prefixlen} dev {name}",
            f"route add default via {GATEWAY4} dev {name} metric {phone.number}",
        ]
    crowd.ip(*lines)
