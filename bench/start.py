"""Cold start: from starting the program to the first whole splash page, and to a shut gate.

The gateway has no rules of anybody, as after power-on. One phone sends a packet to the Internet
every two milliseconds from before the start, and asks for the splash page again and again; the
last packet that arrives says since when captive traffic is held. Programs and libraries are in
the page cache. Where a boot-time unit puts the rules up before the network, nothing passes at
all; here it is the daemon alone.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.arrivals import Arrivals, send
from bench.browsing import Doing, Failed, Wait, splash, together
from bench.figures import OPENNDS, OURS, Figure, figures
from bench.opennds import OpenNDS
from bench.site import BenchSite, CrowdPhone
from bench.subjects import cleaned, forget, ours
from portal.demo.addresses import INTERNET4
from portal.demo.host import LabError

SECTION: Final = "start"

_EVERY: Final = 0.002
_BEFORE: Final = 0.2
_AFTER: Final = 0.5
_AGAIN: Final = 0.005
_ROWS: Final = (("first splash page", "ms"), ("captive traffic passes until", "ms"))


@dataclass
class _Start:
    """When the program was started and when it first served, by the wall clock."""

    begun: float = 0.0
    served: float = 0.0


def _begin(start: _Start, arrivals: Arrivals, program: Callable[[], object]) -> Doing[None]:
    """Start it once packets of the phone arrive, and a little later."""
    while not arrivals.first:
        yield Wait(None, until=time.monotonic() + _AGAIN)
    yield Wait(None, until=time.monotonic() + _BEFORE)
    start.begun = time.time()
    program()


def _ask(start: _Start, phone: CrowdPhone, patience: float) -> Doing[None]:
    """Until the splash page comes, and a little longer."""
    while not start.served:
        try:
            # A check that began while the gate shut is never answered.
            yield from splash(phone, until=time.monotonic() + patience)
            start.served = time.time()
        except Failed:  # The Internet has answered, or nobody.
            yield Wait(None, until=time.monotonic() + _AGAIN)
    yield Wait(None, until=time.monotonic() + _AFTER)


def _knock(phone: CrowdPhone) -> Doing[None]:
    with phone.socket(socket.SOCK_DGRAM) as datagrams:
        while True:
            send(phone, datagrams)
            yield Wait(None, until=time.monotonic() + _EVERY)


def _watch(
    site: BenchSite, program: Callable[[], object], *, seconds: float, patience: float
) -> list[float]:
    """Start `program`: milliseconds to the first page, and until nothing passes any more.

    The phone asks again after `patience` seconds without a page.
    """
    start, phone = _Start(), site.phones[0]
    arrivals = Arrivals(site)
    try:
        with site.crowd.network():
            beside = [arrivals.note(), _knock(phone), _begin(start, arrivals, program)]
            together([_ask(start, phone, patience)], seconds, beside=beside)
    finally:
        arrivals.close()
    if phone.number not in arrivals.last:
        raise LabError("no packet of the phone reached the Internet, with nothing in its way")
    served = start.served or start.begun + seconds
    return [(at - start.begun) * 1000 for at in (served, arrivals.last[phone.number])]


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    with ours(site):
        pass  # Leaves its configuration and a database.
    again = [_our_start(site) for _ in range(repetitions)]
    first = []
    for _ in range(min(2, repetitions)):
        forget(site)
        first.append(_our_start(site)[:1])
    found = figures(SECTION, OURS, _ROWS, again)
    found += figures(SECTION, OURS, [("first splash page, first start ever", "ms")], first)
    if peer:
        found += figures(SECTION, OPENNDS, _ROWS, _peer_starts(site, 1 if quick else 3))
    return found


def _our_start(site: BenchSite) -> list[float]:
    cleaned(site)
    started: list[subprocess.Popen[bytes]] = []
    config = site.lab.folder / "portal.toml"

    def program() -> None:
        command = (sys.executable, "-m", "portal", "run", "--config", config)
        started.append(site.gateway.popen(*command, log="portal"))

    try:
        return _watch(site, program, seconds=20, patience=0.1)
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        cleaned(site)


def _peer_starts(site: BenchSite, times: int) -> list[list[float]]:
    # It looks for the upstream router in the neighbour table and gives up without.
    site.gateway.must("ping", "-c", "1", "-W", "2", INTERNET4)
    room = OpenNDS(site)
    found = []
    try:
        for _ in range(times):
            found.append(_watch(site, room.start, seconds=40, patience=2))
            room.stop()
    finally:
        room.close()
    return found
