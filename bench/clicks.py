"""Tap to first packet: from sending the last form to the phone's first packet on the Internet.

A phone has its page before the clock starts. It sends its first packet when the answer to the
tap has come, as browsers do, and again every few milliseconds; the Internet's host notes when
the first one arrived (the kernel's time stamp). openNDS has two buttons; the clock starts at
the second one, which is the one that opens, so its own page between the two costs it nothing.
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.arrivals import Arrivals, send
from bench.browsing import Doing, Failed, Response, Wait, splash, tap, together
from bench.figures import Figure, figures, quantile
from bench.site import BenchSite, CrowdPhone
from bench.subjects import Standing, cleaned, opennds, ours

SECTION: Final = "clicks"


@dataclass(frozen=True, slots=True)
class Load:
    """So many `phones` tap at the same moment, `times` over."""

    phones: int
    times: int
    seconds: float
    again: float
    """Seconds between a phone's packets until one arrives."""


FULL: Final[Sequence[Load]] = (Load(1, 30, 5, 0.005), Load(10, 5, 5, 0.005), Load(100, 3, 10, 0.02))
QUICK: Final[Sequence[Load]] = (
    Load(1, 10, 5, 0.005),
    Load(10, 2, 5, 0.005),
    Load(100, 1, 10, 0.02),
)
OPENNDS_FULL: Final[Sequence[Load]] = (Load(1, 5, 20, 0.02), Load(10, 1, 60, 0.05))
OPENNDS_QUICK: Final[Sequence[Load]] = (Load(1, 1, 20, 0.02),)


def knock(phone: CrowdPhone, arrivals: Arrivals, again: float) -> Doing[None]:
    """Send a packet every `again` seconds until one has arrived."""
    with phone.socket(socket.SOCK_DGRAM) as datagrams:
        while phone.number not in arrivals.first:
            send(phone, datagrams)
            yield Wait(None, until=time.monotonic() + again)


def _to_last_page(phone: CrowdPhone, taps: int) -> Doing[Response | None]:
    """The page whose button opens."""
    try:
        page = yield from splash(phone)
        for _ in range(taps - 1):
            page = yield from tap(phone, page)
    except Failed:
        return None
    return page


def _open(
    phone: CrowdPhone, page: Response, arrivals: Arrivals, again: float
) -> Doing[float | None]:
    """The wall-clock time of the tap; ends when a packet has arrived."""
    tapped = time.time()
    try:
        yield from tap(phone, page)
    except Failed:
        return None
    yield from knock(phone, arrivals, again)
    return tapped


def round_of_taps(standing: Standing, phones: Sequence[CrowdPhone], load: Load) -> list[float]:
    """Seconds from tap to first packet, of the phones that got that far."""
    site = standing.site
    standing.withhold([phone.mac for phone in phones])
    arrivals = Arrivals(site)
    try:
        with site.crowd.network():
            # One after the other: it is the last tap that they make together.
            pages = [
                page
                for phone in phones
                for page in together([_to_last_page(phone, standing.taps)], load.seconds)
            ]
            ready = [(phone, page) for phone, page in zip(phones, pages, strict=True) if page]
            opening = [_open(phone, page, arrivals, load.again) for phone, page in ready]
            tapped = together(opening, load.seconds, beside=[arrivals.note()])
    finally:
        arrivals.close()
    return [
        arrivals.first[phone.number] - at
        for (phone, _), at in zip(ready, tapped, strict=True)
        if at is not None and phone.number in arrivals.first
    ]


def _take(standing: Standing, loads: Sequence[Load], into: dict[int, list[list[float]]]) -> None:
    for load in loads:
        times: list[float] = []
        for number in range(load.times):
            first = number % len(standing.site.phones) if load.phones == 1 else 0
            times += round_of_taps(
                standing, standing.site.phones[first : first + load.phones], load
            )
        failed = 1 - len(times) / (load.phones * load.times)
        nothing = [load.seconds]
        into.setdefault(load.phones, []).append(
            [
                quantile(times or nothing, 0.5) * 1000,
                quantile(times or nothing, 0.99) * 1000,
                failed * 100,
            ]
        )


def _figures(
    standing: Standing, loads: Sequence[Load], runs: dict[int, list[list[float]]]
) -> list[Figure]:
    found = []
    for load in loads:
        who = "alone" if load.phones == 1 else f"{load.phones} at once"
        rows = ((f"{who}: p50", "ms"), (f"{who}: p99", "ms"), (f"{who}: failed", "%"))
        found += figures(SECTION, standing.name, rows, runs[load.phones])
    return found


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    loads = QUICK if quick else FULL
    runs: dict[int, list[list[float]]] = {}
    with ours(site) as standing:
        for _ in range(repetitions):
            _take(standing, loads, runs)
    cleaned(site)
    found = _figures(standing, loads, runs)
    if peer:
        loads = OPENNDS_QUICK if quick else OPENNDS_FULL
        with opennds(site) as slow:
            run: dict[int, list[list[float]]] = {}
            _take(slow, loads, run)
        found += _figures(slow, loads, run)
    return found
