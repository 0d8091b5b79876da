"""What we promised, by the names of the figures: at most so much, in the figure's unit.

A ratio is our figure over that of `against`, repetition by repetition.
"""

from dataclasses import dataclass
from typing import Final

from bench import clicks, forwarding, memory, pages
from bench.figures import NONE, Subject


@dataclass(frozen=True, slots=True)
class Target:
    """At most `most`: of the figure itself, or of its ratio to that of `against`."""

    section: str
    what: str
    most: float
    against: Subject | None = None


TARGETS: Final = (
    Target(pages.SECTION, "100 at once: p99", 150),
    *(Target(pages.SECTION, f"{n} at once: failed", 0) for n in (1, 20, 100)),
    Target(clicks.SECTION, "alone: p99", 30),
    Target(clicks.SECTION, "100 at once: p99", 500),
    *(
        Target(clicks.SECTION, f"{who}: failed", 0)
        for who in ("alone", "10 at once", "100 at once")
    ),
    *(
        Target(forwarding.SECTION, f"{way}, {devices:,} open: {part}", 1.10, NONE)
        for way in forwarding.WAYS
        for devices in forwarding.DEVICES
        for part in (forwarding.WHOLE, forwarding.OWN)
    ),
    Target(memory.SECTION, "idle, after the first page: RSS", 48),
    Target(memory.SECTION, f"{memory.SESSIONS:,} sessions, after 100 pages: RSS", 48),
)
