"""`python -m tests.soak`: a day in fast motion, with progress and figures. Needs root."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.soak.report import told
from tests.soak.soak import soak


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 if everything was as the model says."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="simulated; 24")
    parser.add_argument("--speed", type=float, default=100.0, help="times faster; 100")
    parser.add_argument("--devices", type=int, default=200, help="200")
    parser.add_argument("--seed", type=int, default=1, help="another day; 1")
    options = parser.parse_args(argv)
    if os.geteuid() != 0:
        print("scripts/soak: needs root, for its network", file=sys.stderr)
        return 2
    print(f"{options.hours * 3600 / options.speed / 60:.1f} minutes", flush=True)
    report = soak(
        options.hours,
        options.speed,
        options.devices,
        options.seed,
        lambda line: print(line, flush=True),
    )
    print(told(report))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
