"""What a site cost in a period. Pure; whole đồng.

A monthly fee is counted by days: a whole month is the fee itself, ten days of a month of thirty
are a third of it. What is paid once counts in the period that has its day, and not elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from reports.facts import Period
from reports.record import Cost


@dataclass(frozen=True, slots=True)
class Spent:
    """In đồng."""

    running: int
    """Monthly fees and repairs."""
    once: int
    """Installation and equipment."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.running + other.running, self.once + other.once)


def spent(costs: Iterable[Cost], period: Period) -> Spent | None:
    """What was paid for `period`; None if no cost was ever entered."""
    known = list(costs)
    if not known:
        return None
    running = sum(
        _monthly(cost, period)
        if cost.kind == "monthly"
        else Fraction(cost.amount * (cost.kind == "repair" and cost.first in period))
        for cost in known
    )
    once = sum(
        cost.amount
        for cost in known
        if cost.kind in ("installation", "equipment") and cost.first in period
    )
    return Spent(round(running), once)


def _monthly(cost: Cost, period: Period) -> Fraction:
    last = period.last if cost.last is None else cost.last
    if last < cost.first:
        return Fraction()
    paid = period.overlap(Period(cost.first, last))
    if paid is None:
        return Fraction()
    return sum(
        (
            Fraction(cost.amount * shared.days, month.period.days)
            for month in paid.months
            if (shared := paid.overlap(month.period))
        ),
        Fraction(),
    )
