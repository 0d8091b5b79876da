"""What a hostile phone has in its pocket: bytes by hand, many connections, many names."""

import errno
import socket
import statistics
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from portal.demo import addresses as at
from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from tests.netns import packets

HOST = f"Host: {at.PORTAL_HOST}\r\n"
SPLASH = f"GET / HTTP/1.1\r\n{HOST}Accept-Encoding: gzip\r\n\r\n".encode()

NEIGHBOURS = 16_384
"""What docs/security.md tells operators to let the neighbour tables hold."""
_TABLES = tuple(Path(f"/proc/sys/net/{family}/neigh/default") for family in ("ipv4", "ipv6"))


def say(
    phone: Phone,
    said: bytes,
    *,
    port: int = 80,
    address: str = at.GATEWAY4,
    seconds: float = 5,
    source: str = "",
) -> bytes:
    """Everything that is answered to `said`; what came, if the connection is reset."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = b""
    with phone.network(), socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        if source:
            connection.bind((source, 0))
        connection.connect((address, port))
        with suppress(ConnectionError):
            connection.sendall(said)
        with suppress(ConnectionError):
            while block := connection.recv(65536):
                answer += block
    return answer


def status_of(answer: bytes) -> int:
    """The status of an answer; 0 if there is none."""
    parts = answer.split(b" ", 2)
    return int(parts[1]) if answer.startswith(b"HTTP/1.") and len(parts) > 2 else 0


def headers_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}


def splash_times(phone: Phone, times: int = 20) -> list[float]:
    """Seconds each for the whole splash page."""
    taken = []
    for _ in range(times):
        begun = time.monotonic()
        answer = say(phone, SPLASH, seconds=15)
        taken.append(time.monotonic() - begun)
        assert status_of(answer) == 200, answer[:200]
        time.sleep(0.02)
    return taken


def told(times: Sequence[float]) -> str:
    """Times for people: `median 1.4 ms, longest 7.2 ms`."""
    return f"median {statistics.median(times) * 1e3:.1f} ms, longest {max(times) * 1e3:.1f} ms"


def half_open(
    host: Host,
    count: int,
    *,
    said: bytes = b"",
    port: int = 80,
    interface: str = "wlan0",
    address: str = at.GATEWAY4,
    window: int | None = None,
) -> list[socket.socket]:
    """Connections that have said `said` and mean to say no more. The caller closes them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = []
    with host.network():
        for _ in range(count):
            connection = socket.socket(family, socket.SOCK_STREAM)
            opened.append(connection)
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            if window:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            with suppress(BlockingIOError):
                connection.connect((address, port))
    time.sleep(0.2)
    for connection in opened:
        with suppress(OSError):
            connection.send(said)
    return opened


def close_all(connections: Sequence[socket.socket]) -> None:
    for connection in connections:
        connection.close()


def put_on_air(phone: Phone, frames: Iterable[bytes], *, per_second: float = 10_000) -> None:
    """Send frames as they are, not faster than told and than the kernel takes them."""
    with phone.network(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("wlan0", 0))
        begun = time.monotonic()
        for number, frame in enumerate(frames):
            while True:
                try:
                    wire.send(frame)
                    break
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
                time.sleep(0.001)
            if (early := number / per_second - (time.monotonic() - begun)) > 0.01:
                time.sleep(early)


def resident(lab: Lab) -> float:
    """MiB of memory that the daemon holds."""
    assert lab.portal is not None
    status = Path(f"/proc/{lab.portal.pid}/status").read_text()
    return next(
        int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")
    )


def gateway_mac(lab: Lab) -> str:
    return lab.gateway.must("cat", "/sys/class/net/br-lan/address").strip()


# -- made-up devices --------------------------------------------------------------------------


@dataclass(frozen=True)
class MadeUp:
    """A device that exists only in the frames it sends."""

    number: int

    @property
    def mac(self) -> str:
        return "06:00:00:" + self.number.to_bytes(3, "big").hex(":")

    @property
    def ip4(self) -> str:
        return str(at.PHONES4[2048 + self.number % 2000])

    @property
    def ip6(self) -> str:
        return str(at.PHONES6[0x6_0000_0000 + self.number])

    def asks_for_gateway4(self) -> bytes:
        """ARP: who has the gateway's address?"""
        mac = packets.mac_bytes(self.mac)
        asked = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + IPv4Address(self.ip4).packed
        asked += bytes(6) + IPv4Address(at.GATEWAY4).packed
        return b"\xff" * 6 + mac + b"\x08\x06" + asked

    def asks_for_gateway6(self) -> bytes:
        """The same by neighbour discovery."""
        return neighbour_solicitation(self.mac, self.ip6)

    def knocks(self, gateway: str) -> bytes:
        """The first packet of a connection to port 80."""
        syn = packets.tcp(self.ip4, at.GATEWAY4, 2000 + self.number % 50000, 80, packets.SYN)
        return packets.frame(gateway, self.mac, syn)


def neighbour_solicitation(mac: str, source: str) -> bytes:
    """Who has the gateway's IPv6 address? says `source`, at `mac`."""
    target = IPv6Address(at.GATEWAY6).packed
    group = "ff02::1:ff" + target[-3:].hex()[:2] + ":" + target[-3:].hex()[2:]
    option = b"\x01\x01" + packets.mac_bytes(mac)
    packet = packets.icmp(source, group, 135, 0, bytes(4) + target + option)
    packet = packet[:7] + b"\xff" + packet[8:]  # The hop limit must be 255 (RFC 4861 §7.1.1).
    return b"\x33\x33\xff" + target[-3:] + packets.mac_bytes(mac) + b"\x86\xdd" + packet


@contextmanager
def roomy_neighbour_tables() -> Iterator[bool]:
    """Let the kernel hold as many neighbours as we advise; False where it may not be told.

    The limit is the whole machine's: a flood would otherwise reach the other laboratories.
    """
    old = {
        limit: limit.read_text()
        for table in _TABLES
        for limit in sorted(table.glob("gc_thresh*"), reverse=True)
    }
    try:
        for limit in old:
            share = {"1": 8, "2": 2, "3": 1}[limit.name[-1]]
            limit.write_text(f"{NEIGHBOURS // share}")
    except OSError:
        yield False
        return
    try:
        yield bool(old)
    finally:
        for limit, value in old.items():
            limit.write_text(value)


def many_radios(phone: Phone, count: int, *, first: int = 10) -> list[tuple[str, str]]:
    """Give a phone `count` more radios with names of their own; their interfaces and addresses."""
    phone.sysctl(
        "net.ipv4.conf.all.arp_ignore=1",  # Every radio answers for its own address only.
        "net.ipv4.conf.all.arp_announce=2",
        "net.ipv4.conf.all.rp_filter=0",
        "net.ipv4.conf.default.rp_filter=0",
        "net.ipv6.conf.default.disable_ipv6=1",
    )
    radios = [(f"air{number}", str(at.PHONES4[2048 + first + number])) for number in range(count)]
    lines = []
    for number, (name, address) in enumerate(radios):
        mac = f"06:01:00:00:{number >> 8:02x}:{number & 0xFF:02x}"
        lines += [
            f"link add link wlan0 name {name} address {mac} type macvlan mode private",
            f"link set {name} up",
            f"address add {address}/{at.PHONES4.prefixlen} dev {name}",
        ]
    phone.ip(*lines)
    return radios
