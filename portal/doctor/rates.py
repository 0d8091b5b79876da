"""What a measured speed means beside what the line is said to carry. No look is taken here."""

from typing import Final

from portal.doctor.finding import Finding

LEAST_BYTES: Final = 500_000
"""Fewer tell nothing: the connection was still growing."""
LEAST_SHARE: Final = 0.8
"""Of `[fairness] down_mbit`. With less, the queue is in the modem, where nobody shares fairly."""


def judge(count: int, seconds: float, said_mbit: int | None) -> Finding:
    """What to think of `count` bytes in so many seconds."""
    if count < LEAST_BYTES or seconds <= 0:
        return Finding("speed", False, "little", {"kilobytes": count // 1000})
    mbit = count * 8 / seconds / 1e6
    values = {"mbit": mbit, "said": said_mbit}
    if said_mbit is None:
        return Finding("speed", True, "bare", {**values, "advised": max(1, int(mbit * 0.9))})
    if mbit < LEAST_SHARE * said_mbit:
        return Finding("speed", False, "slow", {**values, "advised": max(1, int(mbit * 0.9))})
    return Finding("speed", True, "right", values)
