"""What sharing the line costs per forwarded packet: telling devices apart, ceilings, queues.

The same packets in the same way as `bench.forwarding`, of one open phone among a hundred. The line
is said to carry 10 Gbit/s, so that nothing waits: what is measured is the work. `the rules alone`
hold and count, as without `[fairness]`.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import Final

from bench.figures import OURS, Figure
from bench.forwarding import WAYS, Road, open_macs
from bench.site import BenchSite
from firewall.changes import Grant, Usage, mac_address
from firewall.plan import Plan
from firewall.ruleset import REMOVE, render
from firewall.shaping import NOT_SHAPED, Shaping
from portal.demo.host import LabError

SECTION: Final = "fairness"
_DEVICES = 100
_WIDE_MBIT = 10_000


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """All steps in turns, once per repetition. There is no peer to compare with here."""
    count = 20_000 if quick else 100_000
    lanes = Shaping(down_mbit=_WIDE_MBIT, up_mbit=_WIDE_MBIT)
    both = Shaping(_WIDE_MBIT, _WIDE_MBIT, _WIDE_MBIT, _WIDE_MBIT)
    steps: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "the rules alone": partial(_standing, site, NOT_SHAPED, queues=False),
        "and lanes": partial(_standing, site, lanes, queues=False),
        "and lanes and ceilings": partial(_standing, site, both, queues=False),
        "and lanes, ceilings and queues": partial(_standing, site, both, queues=True),
    }
    taken: dict[str, list[float]] = {f"{way}: {step}": [] for way in WAYS for step in steps}
    with closing(Road(site)) as road:
        road.gate(shut=False)
        for _ in range(repetitions):
            for step, state in steps.items():
                with state():
                    road.open()
                    for way in WAYS:
                        road.nanoseconds(way, count // 8)  # Caches are warm.
                        taken[f"{way}: {step}"].append(road.nanoseconds(way, count))
    return [Figure(SECTION, what, OURS, "ns", tuple(values)) for what, values in taken.items()]


@contextmanager
def _standing(site: BenchSite, shaping: Shaping, *, queues: bool) -> Iterator[None]:
    plan = Plan(phones="br-lan", uplink="wan", max_devices=6000, shaping=shaping)
    grants = {mac_address(mac): Grant(3600, Usage(0, 0)) for mac in open_macs(site, _DEVICES)}
    site.gateway.must("nft", "-f", "-", stdin=render(plan, grants), timeout=60)
    if queues:
        way = _queues(site, str(_WIDE_MBIT))
        if way not in ("cake", "fq_codel", "pfifo"):
            raise LabError(f"no queues: {way}")
    try:
        yield
    finally:
        _queues(site, "-")
        site.gateway.must("nft", "-f", "-", stdin=REMOVE)


def _queues(site: BenchSite, mbit: str) -> str:
    command = (sys.executable, "-m", "firewall.shaping_kernel", "br-lan", "wan", mbit, mbit)
    return site.gateway.must(*command, timeout=60).strip()
