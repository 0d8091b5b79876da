"""Lives through a day in fast motion and says where reality and the model part.

Only turns are shorter, by the speed: packets, the kernel and the daemon's own clocks run as
ever. Whatever was written down a quarter of a second before a crash has to be there after it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, TypeAlias

from bench.browsing import CHECK, Doing, Failed, Response, fetch, splash, together
from bench.site import BenchSite, CrowdPhone, bench_site
from portal import control
from portal.demo.addresses import GATEWAY4, PORTAL_HOST
from portal.demo.browser import forms
from tests.soak.day import TURN_SECONDS, Step, What, day
from tests.soak.memory import GROWTH_MIB, Life
from tests.soak.model import PROMPT_SECONDS, House, Spells, Window
from tests.soak.records import (
    Accord,
    Names,
    accord,
    counted_bytes,
    rules_stand,
    wrong_events,
    wrong_rows,
)
from tests.soak.witness import Seen, Witness

_SETTLED_SECONDS = 0.25
_TICK_SECONDS = 0.05
_ANSWER_SECONDS = 10.0
_LINE_BACK_SECONDS = 25.0
"""How long the splash page may still say that the line is down, when it is up again."""
_LINK_SECONDS = 2.0
"""How long packets may go astray when the line is up again."""
_WARM_SHARE = 0.05
"""How much of the day a daemon has to warm up."""
_EXACT_WITHIN_SECONDS = 30.0

Outcome: TypeAlias = Literal["done", "no button", "no page"]


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a person's tap, and when it was decided on."""

    outcome: Outcome
    when: Window


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


def soak(
    hours: float,
    speed: float,
    devices: int,
    seed: int,
    say: Callable[[str], None] = print,
) -> Report:
    """Live through `hours` simulated hours, `speed` times faster than the clock."""
    begun = time.monotonic()
    with bench_site(devices) as site:
        report = _Soak(site, hours, speed, say).run(day(seed, hours, devices))
    report.seconds = time.monotonic() - begun
    return report


class _Soak:
    def __init__(
        self, site: BenchSite, hours: float, speed: float, say: Callable[[str], None]
    ) -> None:
        self._site = site
        self._lab = site.lab
        self._phones = site.phones
        self._hours = hours
        self._speed = speed
        self._say = say
        self._control = site.lab.folder / "run" / "control.sock"
        self._house = House(TURN_SECONDS / speed)
        self._report = Report()
        self._no_rules, self._no_line, self._no_daemon = Spells(), Spells(), Spells()
        self._down = False
        self._line_changed = -_LINE_BACK_SECONDS
        self._running = False

    def run(self, plan: Sequence[Step]) -> Report:
        self._lab.write_configuration({"session": {"length": f"{TURN_SECONDS / self._speed:g}s"}})
        self._start()
        with ExitStack() as stack:
            self._witness = stack.enter_context(Witness(self._site, self._phones))
            stack.enter_context(self._site.crowd.network())
            self._live(plan)
            self._finish()
        return self._report

    def _live(self, plan: Sequence[Step]) -> None:
        begun, left = time.monotonic(), list(reversed(plan))
        next_word = 0.0
        while (hour := (time.monotonic() - begun) * self._speed / 3600) < self._hours:
            due = []
            while left and left[-1].at <= hour * 3600:
                due.append(left.pop())
            for what, steps in groupby(due, key=lambda step: step.what):
                self._do(what, [step.device for step in steps])
            self._house.pass_time(time.monotonic())
            self._witness.judge(self._house, self._no_rules, self._no_line, self._no_daemon)
            if self._running:
                self._report.lives[-1].sample(time.monotonic())
            if hour >= next_word:
                next_word += max(1.0, self._hours / 24)
                self._tell(hour)
            time.sleep(_TICK_SECONDS)

    def _finish(self) -> None:
        """Compare everything once more, at a moment when nobody's turn is ending."""
        give_up = time.monotonic() + _EXACT_WITHIN_SECONDS
        if self._down:
            self._line_up()
        if not self._running:
            self._start()
        self._agree()
        while not self._report.end.exact and time.monotonic() < give_up:
            self._report.end = accord(self._lab, self._house, self._names())
        if not self._report.end.exact:
            self._report.faults.append("no moment was found at which no turn was ending")
        self._report.faults += self._report.end.quarrels
        time.sleep(1.2)  # What was sent a moment ago is judged, too.
        self._house.pass_time(time.monotonic())
        self._witness.judge(self._house, self._no_rules, self._no_line, self._no_daemon)
        self._settled(lambda: wrong_rows(self._lab, self._house, self._names()))
        self._settled(lambda: wrong_events(self._lab, self._expected_events()))
        self._report.counted_bytes = counted_bytes(self._lab)
        self._report.turns = self._house.counts
        self._report.seen = self._witness.seen
        self._report.faults += self._witness.seen.leaks
        self._report.faults += [f"lost: {loss}" for loss in self._witness.seen.losses]
        self._report.lives[-1].sample(time.monotonic())
        self._report.faults += [
            f"a daemon grew by {life.growth_mib:.1f} MiB"
            for life in self._report.lives
            if life.growth_mib > GROWTH_MIB
        ]
        grown = self._report.lives[-1].last_mib - self._report.lives[0].last_mib
        if grown > GROWTH_MIB:
            self._report.faults.append(f"the last daemon held {grown:.1f} MiB more than the first")

    def _settled(self, wrong: Callable[[], list[str]]) -> None:
        """The log is written a moment after what it tells of."""
        give_up = time.monotonic() + 2
        while (found := wrong()) and time.monotonic() < give_up:
            time.sleep(0.1)
            self._house.pass_time(time.monotonic())
        self._report.faults += found

    def _expected_events(self) -> Counter[str]:
        counts, done = self._house.counts, self._report.done
        ended = sum(counts[reason] for reason in ("expired", "left", "revoked", "blocked"))
        return Counter(
            {
                "gateway-started": len(self._report.lives),
                "gateway-stopped": done["stop"],
                "session-opened": counts["opened"],
                "session-renewed": counts["renewed"],
                "session-ended": ended,
                "session-restored": 0,
                "device-blocked": done["block"],
                "device-unblocked": done["unblock"],
                "device-imitated": 0,
                "enforcement-restored": done["flush"],
            }
        )

    # What is done

    def _do(self, what: What, devices: Sequence[int]) -> None:
        here = [d for d in dict.fromkeys(devices) if d not in self._witness.absent]
        match what:
            case "tap":
                self._taps(here)
            case "look":
                self._looks(here)
            case "leave":
                self._leave(here)
            case "away" if here:
                self._switch(here, on=False)
            case "back" if back := [d for d in devices if d in self._witness.absent]:
                self._switch(back, on=True)
            case "grant" | "grant a minute" | "revoke" | "block" | "unblock" if self._running:
                for device in devices:
                    self._staff(what, self._phones[device].mac)
            case "flush" if self._running:
                self._flush()
            case "line down" if not self._down:
                self._line_down()
            case "line up" if self._down:
                self._line_up()
            case "stop" | "kill" if self._running:
                self._end(what)
            case "start" if not self._running:
                self._start()
                self._agree()

    def _taps(self, devices: Sequence[int]) -> None:
        now = time.monotonic()
        able = [d for d in devices if not self._house.ends_near(self._phones[d].mac, now)]
        for device, visit in self._visits([(d, "/accept") for d in able]):
            mac = self._phones[device].mac
            if visit.outcome == "done":
                self._house.opened(mac, visit.when)
            self._judge_visit(mac, visit)

    def _leave(self, devices: Sequence[int]) -> None:
        now = time.monotonic()
        able = [
            device
            for device in devices
            if self._house.running(mac := self._phones[device].mac)
            and not self._house.ends_near(mac, now)
        ]
        for device, visit in self._visits([(d, "/leave") for d in able]):
            mac = self._phones[device].mac
            if visit.outcome == "done":
                self._house.ended(mac, visit.when, "left")
            self._judge_visit(mac, visit)

    def _judge_visit(self, mac: str, visit: Visit) -> None:
        self._report.done[f"visit: {visit.outcome}"] += 1
        if not self._running:
            expected: tuple[Outcome, ...] = ("no page",)
        elif mac in self._house.blocked:
            expected = ("no button",)
        elif self._line_is_doubtful():
            expected = ("done", "no button")
        else:
            expected = ("done",)
        if visit.outcome not in expected:
            self._report.faults.append(f"{mac}: {visit.outcome} instead of {expected[0]}")

    def _visits(self, wanted: Sequence[tuple[int, str]]) -> Iterator[tuple[int, Visit]]:
        doings = [self._visit(self._phones[device], path) for device, path in wanted]
        for (device, _), visit in zip(wanted, together(doings, _ANSWER_SECONDS + 2), strict=True):
            now = time.monotonic()
            yield device, visit or Visit("no page", Window(now, now))

    def _visit(self, phone: CrowdPhone, path: str) -> Doing[Visit]:
        """Open our page, as the sign-in window does or by its name, and tap one button."""
        until = time.monotonic() + _ANSWER_SECONDS
        now = Window(time.monotonic(), time.monotonic())
        try:
            if self._house.running(phone.mac) is None:
                page = yield from splash(phone, until)
            else:
                page = yield from fetch(phone, f"http://{PORTAL_HOST}/status", until=until)
            form = next((f for f in forms(_text(page), page.url) if f.url.endswith(path)), None)
            if form is None:
                return Visit("no button", now)
            sent = time.monotonic()
            answer = yield from fetch(phone, form.url, form.fields, until)
        except Failed:
            return Visit("no page", now)
        outcome: Outcome = "done" if answer.status == 303 else "no button"
        return Visit(outcome, Window(sent, time.monotonic()))

    def _looks(self, devices: Sequence[int]) -> None:
        """A captive check, and whatever page it leads to."""
        doings = [fetch(self._phones[device], CHECK) for device in devices]
        together([_tolerant(doing) for doing in doings], _ANSWER_SECONDS)
        self._report.done["look"] += len(devices)

    def _switch(self, devices: Sequence[int], *, on: bool) -> None:
        """Phones leave the Wi-Fi, or come back with the same address."""
        if not on:
            self._witness.absent.update(devices)
        lines = []
        for device in devices:
            phone = self._phones[device]
            lines.append(f"link set {phone.interface} {'up' if on else 'down'}")
            if on:  # Routes go with the interface.
                lines.append(
                    f"route add default via {GATEWAY4} dev {phone.interface} metric {phone.number}"
                )
        self._site.crowd.ip(*lines)
        if on:
            self._witness.absent.difference_update(devices)
        self._report.done["back" if on else "away"] += len(devices)

    def _staff(self, what: What, mac: str) -> None:
        if self._house.ends_near(mac, time.monotonic()):
            return
        question: dict[str, object] = {"command": what, "mac": mac}
        if what == "grant a minute":
            question = {"command": "grant", "mac": mac, "minutes": 1}
        begun = time.monotonic()
        try:
            control.ask(self._control, question)
        except control.Refused:
            refused = True
        else:
            refused = False
        when = Window(begun, time.monotonic())
        blocked, running = mac in self._house.blocked, self._house.running(mac) is not None
        match what:
            case "grant" | "grant a minute":
                expected = blocked
                if not blocked:
                    self._house.opened(mac, when, 60.0 if what == "grant a minute" else None)
            case "revoke":
                expected = not running
                self._house.ended(mac, when, "revoked")
            case "block":
                expected = False
                self._house.was_blocked(mac, when)
            case _:
                expected = not blocked
                self._house.blocked.discard(mac)
        if refused != expected:
            self._report.faults.append(f"{what} {mac}: refused is {refused}, not {expected}")
        if not refused:
            self._report.done[what] += 1

    def _flush(self) -> None:
        begun = time.monotonic()
        self._no_rules.begin(begun)
        self._lab.gateway.must("nft", "flush", "ruleset")
        self._lab.masquerade()
        self._lab.gateway.wait_until(lambda: rules_stand(self._lab), "the rules stand again")
        stood = time.monotonic()
        self._no_rules.end(stood)
        self._report.gaps.append(stood - begun)
        self._report.done["flush"] += 1
        self._agree()

    def _line_down(self) -> None:
        self._no_line.begin(time.monotonic())
        self._site.internet.ip("link set eth0 down")
        self._down = True
        self._line_changed = time.monotonic()
        self._report.done["outage"] += 1

    def _line_up(self) -> None:
        self._site.internet.ip("link set eth0 up")
        self._down = False
        self._line_changed = time.monotonic()
        self._no_line.end(self._line_changed + _LINK_SECONDS)

    def _line_is_doubtful(self) -> bool:
        return self._down or time.monotonic() - self._line_changed < _LINE_BACK_SECONDS

    def _start(self) -> None:
        if not self._report.lives:
            self._no_daemon.begin(time.monotonic())
        process = self._lab.portal_restart()
        now = time.monotonic()
        self._no_daemon.end(now + PROMPT_SECONDS)
        self._running = True
        warm_seconds = max(5.0, _WARM_SHARE * self._hours * 3600 / self._speed)
        self._report.lives.append(Life(process.pid, now, warm_seconds))

    def _end(self, how: What) -> None:
        time.sleep(_SETTLED_SECONDS)
        self._report.lives[-1].sample(time.monotonic())
        self._no_daemon.begin(time.monotonic())
        self._running = False
        if how == "kill":
            self._lab.portal_kill()
        elif (code := self._lab.portal_stop()) != 0:
            self._report.faults.append(f"the daemon ended with {code}")
        self._report.done[how] += 1

    def _names(self) -> Names:
        return Names(self._lab, [phone.mac for phone in self._phones])

    def _agree(self) -> None:
        """Compare all who know who passes; the log is written a moment after."""
        give_up = time.monotonic() + 2
        while True:
            self._report.end = accord(self._lab, self._house, self._names())
            if not self._report.end.quarrels or time.monotonic() > give_up:
                break
            time.sleep(0.1)
        self._report.accords += 1
        self._report.faults += self._report.end.quarrels

    def _tell(self, hour: float) -> None:
        if self._running:
            self._agree()
        counts, done = self._house.counts, self._report.done
        self._say(
            f"hour {hour:4.1f}: {self._report.end.open:3} open; {counts['opened']} turns,"
            f" {counts['renewed']} renewals, {counts['expired']} expired, {done['flush']} flushes,"
            f" {len(self._report.lives)} daemons; {self._report.lives[-1].last_mib:.1f} MiB;"
            f" {len(self._report.faults)} faults"
        )


def _tolerant(doing: Doing[Response]) -> Doing[None]:
    try:
        yield from doing
    except Failed:
        return  # There is no daemon, or no line.


def _text(page: Response) -> str:
    if page.headers.get("content-encoding") == "gzip":
        import gzip

        return gzip.decompress(page.body).decode()
    return page.body.decode()
