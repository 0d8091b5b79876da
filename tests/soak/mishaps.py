"""What is done to the access point of the soak, and when it was without what."""

import time
from collections import Counter
from typing import Literal

from bench.site import BenchSite
from tests.soak.day import TURN_SECONDS
from tests.soak.memory import Life
from tests.soak.model import PROMPT_SECONDS, Spells
from tests.soak.records import rules_stand

_SETTLED_SECONDS = 0.25
"""What was written so long before a crash has to be there after it."""
_LINK_SECONDS = 2.0
"""How long packets may go astray when the line is up again."""
_LINE_BACK_SECONDS = 25.0
"""How long the splash page may still say that the line is down, when it is up again."""


class AccessPoint:
    """The daemon, its rules and its line: taken away, and given back."""

    def __init__(self, site: BenchSite, speed: float, warm_seconds: float) -> None:
        self._internet = site.internet
        self._lab = site.lab
        self._warm_seconds = warm_seconds
        self._line_changed = -_LINE_BACK_SECONDS
        self.runs = False
        self.line_is_down = False
        self.no_rules, self.no_line, self.no_daemon = Spells(), Spells(), Spells()
        self.lives: list[Life] = []
        self.gaps: list[float] = []
        """Seconds from a flush until the rules stood again."""
        self.done: Counter[str] = Counter()
        site.lab.write_configuration({"session": {"length": f"{TURN_SECONDS / speed:g}s"}})
        self.no_daemon.begin(time.monotonic())

    @property
    def line_is_doubtful(self) -> bool:
        """Whether pages may say that it is down."""
        return self.line_is_down or time.monotonic() - self._line_changed < _LINE_BACK_SECONDS

    def start(self) -> None:
        process = self._lab.portal_restart()
        now = time.monotonic()
        self.no_daemon.end(now + PROMPT_SECONDS)
        self.runs = True
        self.lives.append(Life(process.pid, now, self._warm_seconds))

    def end(self, how: Literal["stop", "kill"]) -> int | None:
        """Ask the daemon to end, or kill it; its exit code."""
        time.sleep(_SETTLED_SECONDS)
        self.sample()
        self.no_daemon.begin(time.monotonic())
        self.runs = False
        self.done[how] += 1
        return self._lab.portal_kill() if how == "kill" else self._lab.portal_stop()

    def sample(self) -> None:
        """Look at the memory of the daemon that runs, if one does."""
        if self.runs:
            self.lives[-1].sample(time.monotonic())

    def flush(self) -> None:
        """`nft flush ruleset`, and wait until the daemon has put its rules up again."""
        begun = time.monotonic()
        self.no_rules.begin(begun)
        self._lab.gateway.must("nft", "flush", "ruleset")
        self._lab.masquerade()
        self._lab.gateway.wait_until(lambda: rules_stand(self._lab), "the rules stand again")
        stood = time.monotonic()
        self.no_rules.end(stood)
        self.gaps.append(stood - begun)
        self.done["flush"] += 1

    def take_line(self) -> None:
        self.no_line.begin(time.monotonic())
        self._internet.ip("link set eth0 down")
        self.line_is_down = True
        self._line_changed = time.monotonic()
        self.done["outage"] += 1

    def give_line(self) -> None:
        self._internet.ip("link set eth0 up")
        self.line_is_down = False
        self._line_changed = time.monotonic()
        self.no_line.end(self._line_changed + _LINK_SECONDS)
