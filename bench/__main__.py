"""`python -m bench`: measure everything, print the tables and keep them. Needs root.

--quick          under two minutes: says that it runs, not how fast
--only SECTION   one of pages, clicks, forwarding, fairness, memory, start, search, reading, reports
                 (may be repeated)
--no-peer        without openNDS
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import (
    clicks,
    fairness,
    forwarding,
    memory,
    opennds,
    pages,
    reading,
    report,
    reports,
    search,
    start,
)
from bench.figures import OPENNDS, Figure
from bench.site import CROWD, bench_site
from portal.demo.host import LabError

Section = Callable[..., list[Figure]]
SECTIONS: Final[Mapping[str, Section]] = {
    "forwarding": forwarding.measure,
    "fairness": fairness.measure,
    "pages": pages.measure,
    "clicks": clicks.measure,
    "memory": memory.measure,
    "start": start.measure,
    "search": search.measure,
    "reading": reading.measure,
    "reports": reports.measure,
}
_REPETITIONS, _QUICK_REPETITIONS = 5, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 if everything could be measured, whether or not targets hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under two minutes, not exact")
    parser.add_argument("--only", action="append", choices=[*SECTIONS], help="may be repeated")
    parser.add_argument("--no-peer", action="store_true", help="without openNDS")
    parser.add_argument("--no-write", action="store_true", help="keep nothing")
    options = parser.parse_args(argv)
    if os.geteuid() != 0:
        print("scripts/bench: needs root, for openNDS and for its network", file=sys.stderr)
        return 2
    skipped: dict[str, str] = {}
    why = "not wanted (--no-peer)" if options.no_peer else opennds.available()
    if why is not None:
        skipped[OPENNDS] = why
    load, begun = os.getloadavg()[0], time.monotonic()
    found: list[Figure] = []
    for name in options.only or SECTIONS:
        print(f"{name} ...", end=" ", flush=True)
        section_begun = time.monotonic()
        try:
            found += _measured(SECTIONS[name], quick=options.quick, peer=why is None)
        except LabError as error:
            skipped[name] = str(error)
            print(f"FAILED\n{error}", file=sys.stderr)
        print(f"{time.monotonic() - section_begun:.0f} s", flush=True)
    run = report.Run(
        date_utc=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        commit=_said("git", "rev-parse", "--short", "HEAD"),
        quick=options.quick,
        kernel=platform.release(),
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        load_before=load,
        seconds=time.monotonic() - begun,
        versions=_versions(),
        skipped=skipped,
        figures=tuple(found),
    )
    print(f"\n{report.tables(run)}")
    if not options.no_write and not options.only:
        print(f"kept in {report.write(run)}")
    return 1 if any(name in skipped for name in SECTIONS) else 0


def _measured(measure: Section, *, quick: bool, peer: bool) -> list[Figure]:
    """A section begins in a new laboratory: no earlier one can have left anything behind."""
    repetitions = _QUICK_REPETITIONS if quick else _REPETITIONS
    with bench_site(CROWD) as site:
        return measure(site, repetitions=repetitions, quick=quick, peer=peer)


def _versions() -> Mapping[str, str]:
    nginx = subprocess.run(
        ["nginx", "-v"], capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin"}
    )
    return {
        "Python": platform.python_version(),
        "nginx": nginx.stderr.strip().rpartition("/")[2] or "?",
        "openNDS": opennds.VERSION,
        "nft": _said("/usr/sbin/nft", "--version").removeprefix("nftables v").split(" ")[0],
    }


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
