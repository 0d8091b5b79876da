"""What a measurement is, as a value, and the little arithmetic on it. No network, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal, TypeAlias

Subject: TypeAlias = Literal[
    "union-portal", "nginx", "openNDS 9.10.0", "no portal", "LIKE scan", "rendered each time"
]

OURS: Final = "union-portal"
NGINX: Final = "nginx"
OPENNDS: Final = "openNDS 9.10.0"
NONE: Final = "no portal"
LIKE: Final = "LIKE scan"
RENDERED: Final = "rendered each time"


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity of one subject: a value per repetition, all in `unit`."""

    section: str
    what: str
    subject: Subject
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that is not less than `share` of them (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * share // 1)  # Rounded up.
    return ranked[max(0, int(rank) - 1)]


def figures(
    section: str, subject: Subject, rows: Sequence[tuple[str, str]], runs: Sequence[Sequence[float]]
) -> list[Figure]:
    """One figure per row (what, unit), from runs that give one value per row."""
    return [
        Figure(section, what, subject, unit, tuple(run[column] for run in runs))
        for column, (what, unit) in enumerate(rows)
    ]
