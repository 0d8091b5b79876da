"""How often a sign-in may be tried. No clock.

Each account and each address has a bucket of tries that fills up again with time: guessing
becomes slow, and nobody is ever locked out for good. A browser in which somebody has signed in
to an account before has a bucket of its own for it, so that a stranger who keeps failing with a
person's name does not keep that person out.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Allowance:
    """`tries` at once; then one every `seconds`."""

    tries: int
    seconds: float


PER_ACCOUNT: Final = Allowance(10, 60)
PER_ADDRESS: Final = Allowance(30, 20)
"""A whole office may be behind one address."""
PER_CODE: Final = Allowance(5, 300)
"""With the right password already: three codes of a million are good at any time, so guessing
takes some hundred years on average."""

_MOST: Final = 4096
"""Buckets remembered; who is forgotten begins with a full one."""


class Attempts:
    """Buckets by whose they are."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, whose: str, allowance: Allowance, now: float) -> float:
        """How long until another try is allowed; 0 if one is now."""
        return max(0.0, (self._used(whose, allowance, now) + 1 - allowance.tries)) * (
            allowance.seconds
        )

    def failed(self, whose: str, allowance: Allowance, now: float) -> None:
        """Take a try away."""
        used = min(self._used(whose, allowance, now) + 1, allowance.tries)
        self._spent[whose] = (used, now)
        self._spent.move_to_end(whose)
        if len(self._spent) > _MOST:
            self._spent.popitem(last=False)

    def succeeded(self, whose: str) -> None:
        """Give all tries back."""
        self._spent.pop(whose, None)

    def _used(self, whose: str, allowance: Allowance, now: float) -> float:
        used, at = self._spent.get(whose, (0.0, now))
        return max(0.0, used - max(0.0, now - at) / allowance.seconds)
