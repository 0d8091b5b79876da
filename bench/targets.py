"""What we promised, by the names of the figures: at most so much, in the figure's unit.

A ratio is our figure over another one, repetition by repetition.
"""

from dataclasses import dataclass
from typing import Final

from bench import clicks, forwarding, memory, pages, reports, search
from bench.figures import NONE, Subject


@dataclass(frozen=True, slots=True)
class Target:
    """At most `most`: of the figure itself, or of its ratio to the same figure of `against`, or
    to our own figure `base`."""

    section: str
    what: str
    most: float
    against: Subject | None = None
    base: str | None = None


_MOST_OPEN = max(forwarding.DEVICES)

TARGETS: Final = (
    Target(reports.SECTION, "1,000,000 sessions: time", 10),
    Target(reports.SECTION, "1,000,000 sessions: most memory", 200),
    Target(pages.SECTION, "100 at once: p99", 150),
    *(Target(pages.SECTION, f"{n} at once: failed", 0) for n in (1, 20, 100)),
    Target(clicks.SECTION, "alone: p99", 30),
    Target(clicks.SECTION, "100 at once: p99", 500),
    *(
        Target(clicks.SECTION, f"{who}: failed", 0)
        for who in ("alone", "10 at once", "100 at once")
    ),
    *(
        Target(forwarding.SECTION, forwarding.name_of(way, _MOST_OPEN, part), 1.10, against=NONE)
        for way in forwarding.WAYS
        for part in forwarding.PARTS
    ),
    *(
        Target(
            forwarding.SECTION,
            forwarding.name_of(way, _MOST_OPEN, part),
            1.10,
            base=forwarding.name_of(way, 0, part),
        )
        for way in forwarding.WAYS
        for part in forwarding.PARTS
    ),
    Target(memory.SECTION, "idle, after the first page: RSS", 48),
    Target(memory.SECTION, f"{memory.SESSIONS:,} sessions, after 100 pages: RSS", 48),
    Target(search.SECTION, "p99", 5),
)
