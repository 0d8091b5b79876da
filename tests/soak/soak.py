"""Lives through a day in fast motion and says where reality and the model part.

Only turns are shorter, by the speed: packets, the kernel and the daemon's own clocks run as
ever.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Literal

from bench.browsing import together
from bench.site import BenchSite, bench_site
from portal import control
from portal.demo.addresses import GATEWAY4
from tests.soak.day import TURN_SECONDS, Step, What, day
from tests.soak.memory import GROWTH_MIB
from tests.soak.mishaps import AccessPoint
from tests.soak.model import House, Window
from tests.soak.records import Names, accord, counted_bytes, wrong_events, wrong_rows
from tests.soak.report import Report
from tests.soak.visits import ANSWER_SECONDS, Outcome, Visit, look, tap
from tests.soak.witness import TRAVEL_SECONDS, Witness

_TICK_SECONDS = 0.05
_WRITTEN_SECONDS = 2.0
"""How long a log on a busy machine may be behind."""
_EXACT_WITHIN_SECONDS = 30.0
_WARM_SHARE = 0.05
"""How much of the day a daemon has to warm up."""


def soak(
    hours: float, speed: float, devices: int, seed: int, say: Callable[[str], None] = print
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
        self._house = House(TURN_SECONDS / speed)
        self._point = AccessPoint(site, speed, max(5.0, _WARM_SHARE * hours * 3600 / speed))
        self._witness = Witness(site, site.phones)
        self._report = Report()

    def run(self, plan: Sequence[Step]) -> Report:
        self._point.start()
        with self._witness, self._site.crowd.network():
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
            self._judge()
            self._point.sample()
            if hour >= next_word:
                next_word += max(1.0, self._hours / 24)
                self._tell(hour)
            time.sleep(_TICK_SECONDS)

    def _finish(self) -> None:
        """Compare everything once more, at a moment when nobody's turn is ending."""
        if self._point.line_is_down:
            self._point.give_line()
        if not self._point.runs:
            self._point.start()
        give_up = time.monotonic() + _EXACT_WITHIN_SECONDS
        self._agree()
        while not self._report.end.exact and time.monotonic() < give_up:
            self._agree()
        if not self._report.end.exact:
            self._report.faults.append("no moment was found at which no turn was ending")
        time.sleep(TRAVEL_SECONDS)
        self._judge()
        self._settled(lambda: wrong_rows(self._lab, self._house, self._names()))
        self._settled(lambda: wrong_events(self._lab, self._expected_events()))
        self._point.sample()
        self._sum_up()

    def _sum_up(self) -> None:
        report, seen, lives = self._report, self._witness.seen, self._point.lives
        report.counted_bytes = counted_bytes(self._lab)
        report.turns = self._house.counts
        report.done += self._point.done
        report.seen, report.gaps, report.lives = seen, self._point.gaps, lives
        report.faults += [f"leaked: {leak}" for leak in seen.leaks]
        report.faults += [f"lost: {loss}" for loss in seen.losses]
        report.faults += [
            f"a daemon grew by {life.growth_mib:.1f} MiB"
            for life in lives
            if life.growth_mib > GROWTH_MIB
        ]
        more = lives[-1].last_mib - lives[0].last_mib
        if more > GROWTH_MIB:
            report.faults.append(f"the last daemon held {more:.1f} MiB more than the first")

    def _judge(self) -> None:
        self._house.pass_time(time.monotonic())
        self._witness.judge(
            self._house, self._point.no_rules, self._point.no_line, self._point.no_daemon
        )

    def _settled(self, wrong: Callable[[], Sequence[str]]) -> None:
        """Take what is wrong for a fault if it still is a moment later."""
        give_up = time.monotonic() + _WRITTEN_SECONDS
        while (found := wrong()) and time.monotonic() < give_up:
            time.sleep(0.1)
            self._house.pass_time(time.monotonic())
        self._report.faults += found

    def _agree(self) -> None:
        """Compare all who know who passes."""

        def quarrels() -> Sequence[str]:
            self._report.end = accord(self._lab, self._house, self._names())
            return self._report.end.quarrels

        self._settled(quarrels)
        self._report.accords += 1

    def _names(self) -> Names:
        return Names(self._lab, [phone.mac for phone in self._phones])

    def _expected_events(self) -> Counter[str]:
        turns, staff, point = self._house.counts, self._report.done, self._point
        ended = sum(turns[reason] for reason in ("expired", "left", "revoked", "blocked"))
        return Counter(
            {
                "gateway-started": len(point.lives),
                "gateway-stopped": point.done["stop"],
                "session-opened": turns["opened"],
                "session-renewed": turns["renewed"],
                "session-ended": ended,
                "session-restored": 0,
                "device-blocked": staff["block"],
                "device-unblocked": staff["unblock"],
                "device-imitated": 0,
                "enforcement-restored": point.done["flush"],
            }
        )

    def _tell(self, hour: float) -> None:
        if self._point.runs:
            self._agree()
        turns = self._house.counts
        self._say(
            f"hour {hour:4.1f}: {self._report.end.open:3} open; {turns['opened']} turns,"
            f" {turns['renewed']} renewals, {turns['expired']} expired,"
            f" {self._point.done['flush']} flushes, {len(self._point.lives)} daemons;"
            f" {self._point.lives[-1].last_mib:.1f} MiB; {len(self._report.faults)} faults,"
            f" {len(self._witness.seen.leaks)} leaks, {len(self._witness.seen.losses)} losses"
        )

    # What is done

    def _do(self, what: What, devices: Sequence[int]) -> None:
        """Do what applies now; the plan does not know who was blocked meanwhile."""
        point = self._point
        here = [d for d in dict.fromkeys(devices) if d not in self._witness.absent]
        match what:
            case "tap":
                self._taps(here)
            case "leave":
                self._leave(here)
            case "look":
                together([look(self._phones[device]) for device in here], 2 * ANSWER_SECONDS)
                self._report.done[what] += len(here)
            case "away":
                self._switch(here, on=False)
            case "back":
                self._switch([d for d in devices if d in self._witness.absent], on=True)
            case "grant" | "grant a minute" | "revoke" | "block" | "unblock" if point.runs:
                for device in devices:
                    self._staff(what, self._phones[device].mac)
            case "flush" if point.runs:
                point.flush()
                self._agree()
            case "line down" if not point.line_is_down:
                point.take_line()
            case "line up" if point.line_is_down:
                point.give_line()
            case "stop" | "kill" if point.runs:
                code = point.end(what)
                if what == "stop" and code != 0:
                    self._report.faults.append(f"the daemon ended with {code}")
            case "start" if not point.runs:
                point.start()
                self._agree()

    def _taps(self, devices: Sequence[int]) -> None:
        for mac, visit in self._visits("/accept", devices):
            if visit.outcome == "done":
                self._house.opened(mac, visit.when)

    def _leave(self, devices: Sequence[int]) -> None:
        online = [d for d in devices if self._house.running(self._phones[d].mac)]
        for mac, visit in self._visits("/leave", online):
            if visit.outcome == "done":
                self._house.ended(mac, visit.when, "left")

    def _visits(self, path: str, devices: Sequence[int]) -> Iterator[tuple[str, Visit]]:
        """All at once, but for those whose turn may or may not be over when they are heard."""
        now = time.monotonic()
        phones = [self._phones[device] for device in devices]
        phones = [phone for phone in phones if not self._house.ends_near(phone.mac, now)]
        taps = [tap(p, path, captive=self._house.running(p.mac) is None) for p in phones]
        for phone, visit in zip(phones, together(taps, 2 * ANSWER_SECONDS), strict=True):
            if visit is None:
                self._report.faults.append(f"{phone.mac}: no end of {path}")
                continue
            self._judge_visit(phone.mac, visit.outcome)
            yield phone.mac, visit

    def _judge_visit(self, mac: str, outcome: Outcome) -> None:
        self._report.done[f"visit: {outcome}"] += 1
        expected: tuple[Outcome, ...]
        if not self._point.runs:
            expected = ("no page",)
        elif mac in self._house.blocked:
            expected = ("no button",)
        elif self._point.line_is_doubtful:
            expected = ("done", "no button")
        else:
            expected = ("done",)
        if outcome not in expected:
            self._report.faults.append(f"{mac}: {outcome} instead of {expected[0]}")

    def _switch(self, devices: Sequence[int], *, on: bool) -> None:
        """Phones leave the Wi-Fi, or come back with the same address."""
        phones = [self._phones[device] for device in devices]
        if on:  # Routes went with the interface.
            self._site.crowd.ip(
                *(f"link set {phone.interface} up" for phone in phones),
                *(
                    f"route add default via {GATEWAY4} dev {phone.interface} metric {phone.number}"
                    for phone in phones
                ),
            )
            self._witness.absent.difference_update(devices)
        else:
            self._witness.absent.update(devices)
            self._site.crowd.ip(*(f"link set {phone.interface} down" for phone in phones))
        self._report.done["back" if on else "away"] += len(devices)

    def _staff(
        self, what: Literal["grant", "grant a minute", "revoke", "block", "unblock"], mac: str
    ) -> None:
        if self._house.ends_near(mac, time.monotonic()):
            return
        question: dict[str, Any] = {"command": what, "mac": mac}
        if what == "grant a minute":
            question |= {"command": "grant", "minutes": 1}
        blocked, running = mac in self._house.blocked, self._house.running(mac) is not None
        begun = time.monotonic()
        try:
            control.ask(self._lab.folder / "run" / "control.sock", question)
        except control.Refused:
            refused = True
        else:
            refused = False
        when = Window(begun, time.monotonic())
        match what:
            case "grant" | "grant a minute":
                expected = blocked
                if not refused:
                    self._house.opened(mac, when, 60.0 if what == "grant a minute" else None)
            case "revoke":
                expected = not running
                self._house.ended(mac, when, "revoked")
            case "block":
                expected = False
                self._house.was_blocked(mac, when)
            case "unblock":
                expected = not blocked
                self._house.blocked.discard(mac)
        if refused != expected:
            self._report.faults.append(f"{what} {mac}: refused is {refused}, not {expected}")
        if not refused:
            self._report.done[what] += 1
