"""A phone of the doctor's own, for a few seconds: joins, looks around, and is gone.

    python -m portal.doctor.phone HOST PORT,PORT

is run by `portal.doctor.join` and makes itself a network namespace, into which a cable from the
phones' bridge is laid. So it sees what a phone sees: the real offers, names and rules. It prints
what it saw (`portal.doctor.joining.Seen`) and ends, in whatever state, within `SECONDS`.
"""

import ctypes
import http.client
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from portal import name_question
from portal.doctor import dhcp, links
from portal.doctor.joining import Offered, Seen, host_of

SECONDS: Final = 40
INTERFACE: Final = "phone0"
READY: Final = "ready"

CHECK_HOST: Final = "connectivitycheck.gstatic.com"
_CHECK_PATH: Final = "/generate_204"
_NOBODY: Final = "192.0.2.1"
"""RFC 5737: what is asked where no name is resolved; the rules lead it here all the same."""

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET
_OFFER_SECONDS: Final = (2.0, 4.0, 4.0)
"""How long each try waits: dnsmasq may look for three seconds whether an address is free."""
_ANSWER_SECONDS: Final = 3.0
_PORT_SECONDS: Final = 1.0


def main(host: str, ports: str) -> int:
    signal.alarm(SECONDS)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) != 0:  # os.unshare comes with Python 3.12.
        print(os.strerror(ctypes.get_errno()), flush=True)
        return 1
    print(READY, flush=True)
    mac = sys.stdin.readline().strip()
    if not mac:  # Nobody laid a cable.
        return 1
    with _settled(bytes.fromhex(mac)) as offer:
        print(_look_around(offer, host, [int(port) for port in ports.split(",") if port]).as_json())
    return 0


@contextmanager
def _settled(mac: bytes) -> Iterator[dhcp.Offer | None]:
    """Be on the network with an address that DHCP gave; it is given back."""
    for place in ("all", INTERFACE):  # Who has no address hears offers only without this.
        Path(f"/proc/sys/net/ipv4/conf/{place}/rp_filter").write_text("0")
    links.switch_on(INTERFACE)
    number = secrets.randbits(32)
    with _channel() as channel:
        offer = _offered(channel, number, mac)
        given = offer and _given(channel, number, mac, offer)
    if offer is None or given is None or not given.addresses(dhcp.ROUTER):
        yield offer
        return
    try:
        links.settle(INTERFACE, given.address, given.prefix, given.addresses(dhcp.ROUTER)[0])
    except OSError:  # A network that cannot be: whose it is is told all the same.
        yield offer
        return
    try:
        yield given
    finally:
        with _channel() as channel, suppress(OSError):
            farewell = dhcp.message("release", number, mac, given)
            channel.sendto(farewell, (str(given.server), dhcp.SERVER_PORT))


def _channel() -> socket.socket:
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE.encode())
    channel.bind(("", dhcp.CLIENT_PORT))
    return channel


def _offered(channel: socket.socket, number: int, mac: bytes) -> dhcp.Offer | None:
    for seconds in _OFFER_SECONDS:
        offer = _asked(channel, dhcp.message("discover", number, mac), number, seconds, given=False)
        if offer is not None:
            return offer
    return None


def _given(channel: socket.socket, number: int, mac: bytes, offer: dhcp.Offer) -> dhcp.Offer | None:
    wish = dhcp.message("request", number, mac, offer)
    return _asked(channel, wish, number, _ANSWER_SECONDS, given=True)


def _asked(
    channel: socket.socket, message: bytes, number: int, seconds: float, *, given: bool
) -> dhcp.Offer | None:
    """Say something to everybody, and wait for its answer."""
    until = time.monotonic() + seconds
    with suppress(OSError):  # Among them: time is over.
        channel.sendto(message, ("255.255.255.255", dhcp.SERVER_PORT))
        while (left := until - time.monotonic()) > 0:
            channel.settimeout(left)
            with suppress(dhcp.Unreadable):
                offer = dhcp.read(channel.recv(4096), number)
                if offer.given == given:
                    return offer
    return None


def _look_around(offer: dhcp.Offer | None, host: str, ports: list[int]) -> Seen:
    if offer is None:
        return Seen()
    routers, resolvers = offer.addresses(dhcp.ROUTER), offer.addresses(dhcp.RESOLVERS)
    offered = Offered(
        str(offer.server), tuple(map(str, routers)), tuple(map(str, resolvers)), offer.portal
    )
    if not offer.given or not routers:
        return Seen(offered)
    resolver = str(resolvers[0]) if resolvers else ""
    at = _resolve(resolver, CHECK_HOST) or _NOBODY
    check = _get(at, CHECK_HOST, _CHECK_PATH)
    page = None
    if check is not None and host_of(check[1]) == host:
        ours = _resolve(resolver, host)
        answer = _get(ours, host, "/") if ours else None
        page = answer and answer[0]
    open_ports = tuple(port for port in ports if _answers(str(routers[0]), port))
    return Seen(offered, check, page, open_ports)


def _resolve(resolver: str, name: str) -> str | None:
    """The IPv4 address that the offered resolver gives for the name."""
    number = secrets.randbits(16)
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(_ANSWER_SECONDS)
        channel.connect((resolver, 53))
        channel.send(name_question.ask(number, name, 4))
        with suppress(name_question.Unreadable):
            found = name_question.read(channel.recv(4096), number)
            return str(found[0]) if found else None
    return None


def _get(address: str, host: str, path: str) -> tuple[int, str] | None:
    """Status and Location of the answer by plain HTTP; None if none comes."""
    connection = http.client.HTTPConnection(address, 80, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "portal-doctor"})
        answer = connection.getresponse()
        return answer.status, (answer.getheader("Location") or "")[:300]
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), _PORT_SECONDS).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
