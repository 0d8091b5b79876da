"""What ought to be true: who may pass, from when, until when. No clock, no network.

The soak tells the model what it did, and between which two moments: a tap was decided on
somewhere between its request and its answer. So the model knows every beginning and end within
a few milliseconds, and says of any other moment for certain whether a device passes.
"""

from collections import Counter
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, TypeAlias

LEEWAY_SECONDS = 2.0
"""How much longer the kernel lets pass than a turn lasts (portal.gateway)."""
PROMPT_SECONDS = 1.0
"""How long after the end of a turn a daemon on a busy machine has withheld the device."""

Reason: TypeAlias = Literal["expired", "left", "revoked", "blocked"]


@dataclass(frozen=True, slots=True)
class Window:
    """Something happened at or between two moments (monotonic seconds)."""

    earliest: float
    latest: float

    def later(self, seconds: float) -> "Window":
        return Window(self.earliest + seconds, self.latest + seconds)

    def holds(self, moment: float, within: float = 0.0) -> bool:
        return self.earliest - within <= moment <= self.latest + within

    def touches(self, other: "Window") -> bool:
        return self.earliest <= other.latest and other.earliest <= self.latest


class Spells:
    """When something was so, and is perhaps still: no rules, no line, no daemon."""

    def __init__(self) -> None:
        self._windows: list[Window] = []

    def begin(self, now: float) -> None:
        self._windows.append(Window(now, inf))

    def end(self, now: float) -> None:
        self._windows[-1] = Window(self._windows[-1].earliest, now)

    def touch(self, other: Window) -> bool:
        return any(window.touches(other) for window in reversed(self._windows))

    def lasts_at(self, now: float) -> bool:
        return self.touch(Window(now, now))


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a device; `over` and `reason` once it has ended."""

    started: Window
    ends: Window
    over: Window | None = None
    reason: Reason | None = None

    def surely_passes(self, during: Window) -> bool:
        until = min(self.ends.earliest, self.over.earliest if self.over else self.ends.earliest)
        return self.started.latest <= during.earliest and during.latest <= until

    def may_pass(self, during: Window, leeway_seconds: float) -> bool:
        """Whether it may pass at one moment at least."""
        if self.over is None or self.reason == "expired":
            until = self.ends.latest + leeway_seconds
        else:
            until = self.over.latest
        return during.touches(Window(self.started.earliest, until))


class House:
    """All devices of the soak, by MAC address."""

    def __init__(self, turn_seconds: float) -> None:
        self._turn_seconds = turn_seconds
        self.turns: dict[str, list[Turn]] = {}
        self.blocked: set[str] = set()
        self.counts: Counter[str] = Counter()

    def running(self, mac: str) -> Turn | None:
        last = self.turns.get(mac, [None])[-1]
        return last if last is not None and last.over is None else None

    def ends_near(self, mac: str, now: float) -> bool:
        """Whether a tap now could be the renewal of a turn or the beginning of the next."""
        turn = self.running(mac)
        return turn is not None and turn.ends.earliest - 1.5 < now < turn.ends.latest + 0.5

    def opened(self, mac: str, when: Window, seconds: float | None = None) -> None:
        """A tap, or staff, opened the network, or opened it anew."""
        self.pass_time(when.earliest)
        ends = when.later(self._turn_seconds if seconds is None else seconds)
        running = self.running(mac)
        if running is None:
            self.turns.setdefault(mac, []).append(Turn(when, ends))
            self.counts["opened"] += 1
        else:
            self.turns[mac][-1] = replace(running, ends=ends)
            self.counts["renewed"] += 1

    def ended(self, mac: str, when: Window, reason: Reason) -> None:
        """Nothing happens to a device that is captive."""
        self.pass_time(when.earliest)
        running = self.running(mac)
        if running is not None:
            self.turns[mac][-1] = replace(running, over=when, reason=reason)
            self.counts[reason] += 1

    def was_blocked(self, mac: str, when: Window) -> None:
        self.ended(mac, when, "blocked")
        self.blocked.add(mac)

    def pass_time(self, now: float) -> None:
        """End the turns whose time is over."""
        for turns in self.turns.values():
            if turns[-1].over is None and turns[-1].ends.latest <= now:
                turns[-1] = replace(turns[-1], over=turns[-1].ends, reason="expired")
                self.counts["expired"] += 1

    def surely_passes(self, mac: str, during: Window) -> bool:
        return any(turn.surely_passes(during) for turn in self.turns.get(mac, ()))

    def may_pass(self, mac: str, during: Window, leeway_seconds: float) -> bool:
        """Whether it may pass at one moment at least."""
        return any(turn.may_pass(during, leeway_seconds) for turn in self.turns.get(mac, ()))

    def passing(self, during: Window) -> tuple[set[str], set[str]]:
        """Who surely passes all the time, and who may at one moment at least; the daemon runs."""
        surely = {mac for mac in self.turns if self.surely_passes(mac, during)}
        maybe = {mac for mac in self.turns if self.may_pass(mac, during, PROMPT_SECONDS)}
        return surely, maybe
