"""What the soak saw, and how it is told."""

from collections import Counter
from dataclasses import dataclass, field

from tests.soak.memory import Life
from tests.soak.records import Accord
from tests.soak.witness import Seen


@dataclass
class Report:
    """All that was seen; `faults` is empty if everything was as the model says."""

    faults: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    end: Accord = field(default_factory=lambda: Accord(0, False, ("never compared",)))
    accords: int = 0
    counted_bytes: int = 0
    seconds: float = 0.0


def told(report: Report) -> str:
    """The figures, for people."""
    seen = report.seen
    counts = {**report.turns, **report.done}
    gaps = ", ".join(f"{gap:.2f}" for gap in report.gaps)
    lines = [
        f"{report.seconds:.0f} s; " + ", ".join(f"{n} {what}" for what, n in counts.items()),
        f"{seen.passed} datagrams of open devices passed, {len(seen.losses)} lost;"
        f" {seen.held} of captive devices held, {len(seen.leaks)} leaked; {seen.unsure} while"
        " there were no rules or no line",
        f"a device passed {seen.longest_overrun_seconds:.2f} s longer than its turn, at most",
        f"gaps after a flush: {gaps or 'none'} s",
        f"kernel, daemon, log and model compared {report.accords} times; at the end"
        f" {report.end.open} open, {'exactly' if report.end.exact else 'NOT exactly'} the same",
        f"{report.counted_bytes / 1e6:.2f} MB sent, by the log; a flush takes away what was counted"
        " since the last sample",
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
