"""What the daemon holds in memory, idle and with 1,000 sessions, and what each library costs."""

import json
import subprocess
import sys
import time
from typing import Final

from bench.browsing import burst
from bench.figures import NGINX, OPENNDS, OURS, Figure, Subject
from bench.processes import memory_mib
from bench.site import BenchSite
from bench.subjects import cleaned, forget, nginx, opennds, our_splash, ours, tell

SECTION: Final = "memory"
LIBRARIES: Final = "libraries"
SESSIONS: Final = 1000

IMPORTS: Final = (
    "asyncio",
    "sqlite3",
    "ssl",
    "jinja2",
    "mistune",
    "nftables",
    "aiohttp.web",
    "portal.daemon",
)
"""In this order when counted one upon the other; the last one is all that is ours, and leaves out
what it does not use of the others."""

_ALONE = """
import importlib, json, sys
from pathlib import Path
def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024
seen = [rss()]
for name in sys.argv[1:]:
    importlib.import_module(name)
    seen.append(rss())
print(json.dumps(seen))
"""


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    idle: list[dict[str, float]] = []
    full: list[dict[str, float]] = []
    for _ in range(1 if quick else min(3, repetitions)):
        forget(site)
        with ours(site) as standing:
            page = our_splash(site)
            idle.append(dict(memory_mib(standing.pid)))
            for number in range(SESSIONS):
                tell(site, "grant", f"02:00:5e:02:{number >> 8:02x}:{number & 255:02x}")
            with site.crowd.network():
                burst(site.phones, 20)
            time.sleep(1)  # The log writes what waits.
            full.append(dict(memory_mib(standing.pid)))
        cleaned(site)
    forget(site)
    found = _figures(OURS, "idle, after the first page", idle)
    found += _figures(OURS, f"{SESSIONS:,} sessions, after 100 pages", full)
    with ours(site):
        pass  # Its rules lead to nginx.
    with nginx(site, page) as rival, site.crowd.network():
        burst(site.phones, 20)
        found += _figures(NGINX, "idle, after the first page", [dict(memory_mib(rival.pid))])
    cleaned(site)
    if peer:
        with opennds(site) as slow:
            seen = [dict(memory_mib(slow.pid))]
            found += _figures(OPENNDS, "idle, after the first page", seen)
    return found + libraries(repetitions=1 if quick else 3)


def _figures(subject: Subject, when: str, runs: list[dict[str, float]]) -> list[Figure]:
    return [
        Figure(SECTION, f"{when}: {kind}", subject, "MiB", tuple(run[kind] for run in runs))
        for kind in ("RSS", "PSS")
    ]


def libraries(*, repetitions: int) -> list[Figure]:
    """RSS of a fresh Python after one import, and of one that makes them all in turn."""
    found = [Figure(LIBRARIES, "Python itself", OURS, "MiB", _each(_import(), repetitions, 0))]
    for name in IMPORTS:
        values = _each(_import(name), repetitions, -1)
        found.append(Figure(LIBRARIES, f"{name}, alone", OURS, "MiB", values))
    runs = [_run(_import(*IMPORTS)) for _ in range(repetitions)]
    for place, name in enumerate(IMPORTS):
        added = tuple(run[place + 1] - run[place] for run in runs)
        found.append(Figure(LIBRARIES, f"{name}, on top of those above", OURS, "MiB", added))
    return found


def _import(*names: str) -> list[str]:
    return [sys.executable, "-c", _ALONE, *names]


def _run(command: list[str]) -> list[float]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: list[float] = json.loads(done.stdout)
    return seen


def _each(command: list[str], repetitions: int, place: int) -> tuple[float, ...]:
    return tuple(_run(command)[place] for _ in range(repetitions))
