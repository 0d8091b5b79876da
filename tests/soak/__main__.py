"""`python -m tests.soak`: a day in fast motion, with progress and figures. Needs root."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.soak.soak import Report, soak


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


def told(report: Report) -> str:
    """The figures, for people."""
    seen = report.seen
    counts = {**report.turns, **report.done}
    lines = [
        f"{report.seconds:.0f} s; " + ", ".join(f"{n} {what}" for what, n in counts.items()),
        f"{seen.passed} datagrams of open devices passed, {len(seen.losses)} lost;"
        f" {seen.held} of captive devices held, {len(seen.leaks)} leaked; {seen.unsure} while"
        " there were no rules or no line",
        f"a device passed {seen.longest_overrun_seconds:.2f} s longer than its turn, at most",
        f"gaps after a flush: {', '.join(f'{gap:.2f}' for gap in report.gaps) or 'none'} s",
        f"kernel, daemon, log and model compared {report.accords} times; at the end"
        f" {report.end.open} open, {'exactly' if report.end.exact else 'NOT exactly'} the same",
        f"{report.counted_bytes / 1e6:.2f} MB sent, by the log",
        *(
            f"daemon {number}: {life.seconds:.0f} s, "
            + ("" if life.warm_mib is None else f"{life.warm_mib:.1f} MiB when warm, ")
            + f"{life.last_mib:.1f} MiB at its end, {life.most_mib:.1f} MiB at most"
            for number, life in enumerate(report.lives, 1)
        ),
        *(f"FAULT {fault}" for fault in report.faults[:40]),
        f"{len(report.faults)} faults",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
