"""Captive check to whole splash page, with 1, 20 and 100 phones at the same moment.

A burst is what happens when a shift ends: all phones check at once. The next burst begins when
the last phone of the one before has its page. Every request has a connection of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.browsing import burst
from bench.figures import Figure, figures, quantile
from bench.processes import cpu_seconds
from bench.site import BenchSite
from bench.subjects import Standing, cleaned, nginx, opennds, our_splash, ours

SECTION: Final = "pages"


@dataclass(frozen=True, slots=True)
class Load:
    """`bursts` of so many `phones`, each given up after `seconds`."""

    phones: int
    bursts: int
    seconds: float


FULL: Final[Sequence[Load]] = (Load(1, 200, 5), Load(20, 30, 10), Load(100, 12, 20))
QUICK: Final[Sequence[Load]] = (Load(1, 40, 5), Load(20, 6, 10), Load(100, 3, 20))
OPENNDS_FULL: Final[Sequence[Load]] = (Load(1, 12, 20), Load(20, 2, 45), Load(100, 1, 75))
OPENNDS_QUICK: Final[Sequence[Load]] = (Load(1, 3, 20), Load(20, 1, 15))


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """Ours and nginx in turn, then openNDS once (if `peer`)."""
    loads = QUICK if quick else FULL
    runs: dict[str, dict[int, list[list[float]]]] = {"ours": {}, "nginx": {}}
    found: list[Figure] = []
    for _ in range(repetitions):
        with ours(site) as standing:
            page = our_splash(site)
            _take(standing, loads, runs["ours"])
        with nginx(site, page) as rival:
            _take(rival, loads, runs["nginx"])
    cleaned(site)
    found += _figures(standing, loads, runs["ours"]) + _figures(rival, loads, runs["nginx"])
    if peer:
        loads = OPENNDS_QUICK if quick else OPENNDS_FULL
        with opennds(site) as slow:
            run: dict[int, list[list[float]]] = {}
            _take(slow, loads, run)
        found += _figures(slow, loads, run)
    return found


def _take(standing: Standing, loads: Sequence[Load], into: dict[int, list[list[float]]]) -> None:
    site = standing.site
    with site.crowd.network():
        # Everyone's neighbour entries are made before: they are not what is measured.
        burst(site.phones[: 1 if standing.opennds else None], 20)
        for load in loads:
            into.setdefault(load.phones, []).append(_one(standing, load))


def _one(standing: Standing, load: Load) -> list[float]:
    times: list[float] = []
    failures, elapsed = 0, 0.0
    phones = standing.site.phones[: load.phones]
    used = cpu_seconds(standing.pid)
    for _ in range(load.bursts):
        came, failed, lasted = burst(phones, load.seconds)
        times += came
        failures += failed
        elapsed += lasted
    used = cpu_seconds(standing.pid) - used
    done = len(times)
    nothing = load.seconds * 1000
    return [
        done / elapsed,
        quantile(times, 0.5) * 1000 if times else nothing,
        quantile(times, 0.99) * 1000 if times else nothing,
        failures / (done + failures) * 100,
        used / done * 1000 if done else nothing,
    ]


def _figures(
    standing: Standing, loads: Sequence[Load], runs: dict[int, list[list[float]]]
) -> list[Figure]:
    found = []
    for load in loads:
        n = load.phones
        rows = (
            (f"{n} at once: pages per second", "1/s"),
            (f"{n} at once: p50", "ms"),
            (f"{n} at once: p99", "ms"),
            (f"{n} at once: failed", "%"),
            (f"{n} at once: server's CPU per page", "ms"),
        )
        found += figures(SECTION, standing.name, rows, runs[n])
    return found
