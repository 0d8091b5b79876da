"""A year of a boarding house that never was, recorded by the real session log, with its truth.

People work in three shifts and rest on Sundays; some telephones make up a new MAC address every
day or every week; the line fails, the power fails, programs restart, and after some power cuts
nobody has set the clock for a while. Everything is drawn from a seed: the same house, the same
year.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from firewall.changes import MacAddress, Usage
from portal.events import (
    Fact,
    GatewayStarted,
    GatewayStopped,
    OutageBegan,
    OutageEnded,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
    SessionRestored,
)
from portal.hearing import Deed, Hearing
from portal.pseudonyms import Pseudonyms
from portal.session import Instant, Pseudonym, Session
from portal.session_store import Entry, Moment, SessionStore
from reports.facts import Month, Period, begins, day_at
from tests.unit.portal.world import new_database

TURN = 240 * 60.0
HOUR, DAY = 3600.0, 86400.0
UNSET = 946_684_800.0
"""What a clock that nobody has set shows when the machine starts: the year 2000."""
YEAR = Period(date(2026, 3, 1), date(2027, 2, 28))


@dataclass(slots=True)
class Stay:
    """One session as it truly was. `lost` seconds of a power cut are not in its record."""

    began: float
    ended: float
    phone: int
    mac: MacAddress
    up: int
    down: int
    reason: str
    renewed: bool
    lost: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began - self.lost


@dataclass(slots=True)
class Truth:
    """What happened."""

    stays: list[Stay] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)
    cuts: list[tuple[float, float, bool]] = field(default_factory=list)
    """Without power: from, until, and whether the clock was unset afterwards for a time."""
    restarts: list[tuple[float, float]] = field(default_factory=list)
    faults: Counter[tuple[date, str]] = field(default_factory=Counter)
    questions: Counter[date] = field(default_factory=Counter)
    views: Counter[tuple[date, str]] = field(default_factory=Counter)
    scores: Counter[tuple[date, int]] = field(default_factory=Counter)
    votes: list[int] = field(default_factory=lambda: [0, 0, 0])
    reads: Counter[tuple[date, str]] = field(default_factory=Counter)
    clicks: Counter[tuple[date, str]] = field(default_factory=Counter)
    voted: Counter[date] = field(default_factory=Counter)

    def within(self, period: Period) -> list[Stay]:
        return [stay for stay in self.stays if period.begins <= stay.began < period.ends]

    def median_minutes(self, period: Period) -> float:
        return median(int(stay.seconds // 60) for stay in self.within(period))

    def peak(self, period: Period) -> int:
        """Counted at every moment somebody begins: slowly, and not as the report does."""
        near = [s for s in self.stays if period.begins - DAY < s.began < period.ends]
        most, running = 0, [s for s in near if s.began < period.begins < s.began + s.seconds]
        most = len(running)
        for stay in sorted(near, key=lambda s: s.began):
            running = [s for s in running if s.began + s.seconds > stay.began]
            if stay not in running:
                running.append(stay)
            if stay.began >= period.begins:
                most = max(most, len(running))
        return most

    def phones(self, month: Month) -> int:
        """Telephones that were there in a month of UTC: what counts of devices try to tell."""
        return len({s.phone for s in self.stays if _utc_month(s.began) == month})

    def down_seconds(self, period: Period) -> float:
        """Line or gateway away, without counting a moment twice."""
        spans = sorted([*self.outages, *(cut[:2] for cut in self.cuts), *self.restarts])
        total, reached = 0.0, period.begins
        for began, ended in spans:
            began, ended = max(began, reached), min(ended, period.ends)
            total += max(0.0, ended - began)
            reached = max(reached, ended)
        return total


def _utc_month(wall: float) -> Month:
    then = datetime.fromtimestamp(wall, UTC)
    return Month(then.year, then.month)


def build(folder: Path, seed: int, residents: int, period: Period = YEAR) -> Truth:
    """Write sessions.db and answers.db into `folder`."""
    chance = random.Random(seed)
    truth = _happens(chance, residents, period)
    folder.mkdir(exist_ok=True)
    _record(folder, truth, period)
    _say(folder, chance, truth, period)
    return truth


def _happens(chance: random.Random, residents: int, period: Period) -> Truth:
    truth = Truth()
    for month in period.months:
        for _ in range(chance.randint(0, 3)):
            began = begins(month.first) + chance.uniform(0, 27 * DAY)
            truth.outages.append((began, began + chance.lognormvariate(6.5, 1.2) + 10))
        if chance.random() < 0.6:
            began = begins(month.first) + chance.uniform(0, 27 * DAY)
            truth.cuts.append((began, began + chance.uniform(120, 3 * HOUR), chance.random() < 0.4))
        began = begins(month.first) + chance.uniform(0, 27 * DAY)
        truth.restarts.append((began, began + chance.uniform(3, 40)))
    truth.outages = _apart(truth.outages)
    away = [*truth.cuts, *((a, b, False) for a, b in truth.restarts)]
    truth.cuts = [c for c in _apart(away) if c in truth.cuts]  # type: ignore[misc]
    truth.restarts = [r for r in truth.restarts if (*r, False) in _apart(away)]
    for phone in range(round(residents * 1.15)):
        truth.stays += _visits(chance, phone, period, truth)
    truth.stays.sort(key=lambda stay: stay.began)
    return truth


def _apart(spans: list) -> list:  # type: ignore[type-arg]
    """Those that begin an hour after the one before has ended, at the least."""
    found: list = []  # type: ignore[type-arg]
    for span in sorted(spans):
        if not found or span[0] > found[-1][1] + HOUR:
            found.append(span)
    return found


def _visits(chance: random.Random, phone: int, period: Period, truth: Truth) -> Iterator[Stay]:
    shift = chance.choice([(6, 14), (14, 22), (22, 30)])
    changes = chance.choices(["never", "weekly", "daily"], [6, 3, 1])[0]
    moves_in = chance.choice([0, 0, 0, chance.randrange(period.days)])
    free_from = 0.0
    for number, day in enumerate(period):
        if number < moves_in or chance.random() < 0.45:
            continue
        hour = chance.uniform(8, 22) if day.weekday() == 6 else (shift[1] + chance.uniform(0.5, 5))
        began = begins(day) + hour * HOUR + chance.uniform(0, 60)
        renewed = chance.random() < 0.2
        whole = TURN * 1.5 if renewed else TURN
        left = not renewed and chance.random() < 0.3
        ended = began + (chance.uniform(60, whole - 60) if left else whole)
        if began < free_from or began >= period.ends - 2 * DAY:
            continue
        away = [*truth.cuts, *((a, b, False) for a, b in truth.restarts)]
        if any(a - 1 <= began < b + 1 for a, b, _ in away):
            continue  # Nobody can tap while there is nobody to answer.
        stay = Stay(began, ended, phone, _mac(phone, changes, day), 0, 0, "", renewed)
        for a, b, unset in away:
            if unset and began < a < ended:
                # With a clock that is not set nobody can know how long the power was away, and
                # the turn goes on as if it had not been.
                stay.lost += b - a
                stay.ended += b - a
        stay.reason = "left" if left and not any(a <= stay.ended <= b for a, b, _ in away) else ""
        stay.reason = stay.reason or "expired"
        stay.down = round(chance.lognormvariate(18.5, 1.3))
        stay.up = stay.down // chance.randint(5, 30)
        free_from = stay.ended + 600
        yield stay


def _mac(phone: int, changes: str, day: date) -> MacAddress:
    turn = {"never": 0, "weekly": day.toordinal() // 7, "daily": day.toordinal()}[changes]
    number = random.Random(f"{phone} {turn}").getrandbits(40)
    return MacAddress("02:" + ":".join(f"{number >> shift & 255:02x}" for shift in range(0, 40, 8)))


class _Machine:
    """The gateway's clocks, and its log."""

    def __init__(self, folder: Path, boot: float) -> None:
        self.path = new_database(folder / "sessions.db")
        self.names = Pseudonyms(folder / "pseudonym-keys.json")
        self.boots = 0
        self.waiting: list[Entry] = []
        self.open: dict[int, tuple[Stay, Session]] = {}
        self.start(boot, boot - 30, unset_until=0.0)

    def start(self, now: float, booted: float | None, unset_until: float) -> None:
        if booted is not None:
            self.booted, self.unset_until = booted, unset_until
            self.boots += 1
        self.store = SessionStore(self.path, f"boot-{self.boots}")
        self.n = 0
        left, _ = self.store.take_over(self.moment(now))
        self.write(now, GatewayStarted("test"))
        by_name = {session.pseudonym: session for session in left}
        for key, (stay, before) in self.open.items():
            session = by_name[before.pseudonym]
            self.open[key] = (stay, session)
            if booted is not None:
                self.write(now, SessionRestored(session))

    def moment(self, now: float) -> Moment:
        monotonic = now - self.booted
        wall = UNSET + monotonic if now < self.unset_until else now
        return Moment(wall, Instant(monotonic))

    def write(self, now: float, fact: Fact, usage: dict[Pseudonym, Usage] | None = None) -> None:
        if usage:
            self.waiting.append(Entry(self.moment(now), usage=usage))
        self.n += 1
        self.waiting.append(Entry(self.moment(now), fact, self.n))
        if len(self.waiting) > 2000:
            self.flush()

    def flush(self) -> None:
        self.store.write(self.waiting)
        self.waiting = []

    def stop(self) -> None:
        self.flush()
        self.store.close()

    def begin(self, number: int, stay: Stay) -> None:
        moment = self.moment(stay.began)
        name = self.names.device(stay.mac, moment.wall).pseudonyms[0]
        ends = Instant(moment.monotonic + (stay.seconds if stay.reason == "expired" else TURN))
        session = Session(name, moment.monotonic, ends)
        self.open[number] = (stay, session)
        self.write(stay.began, SessionOpened(session, "person", "1"))
        if stay.renewed:
            self.write(stay.began, SessionRenewed(session, "person"))

    def end(self, number: int, now: float) -> None:
        stay, session = self.open.pop(number)
        usage = {session.pseudonym: Usage(stay.up, stay.down)}
        self.write(now, SessionEnded(session, stay.reason), usage)  # type: ignore[arg-type]


def _record(folder: Path, truth: Truth, period: Period) -> None:
    """In the order of time; what falls into a cut is written when the power is back."""
    machine = _Machine(folder, period.begins)
    away = [*truth.cuts, *((a, b, False) for a, b in truth.restarts)]

    def when(moment: float) -> float:
        return next((b + 0.5 for a, b, _ in away if a <= moment <= b), moment)

    steps: list[tuple[float, int, str, int]] = []
    for n, stay in enumerate(truth.stays):
        steps += [(stay.began, 2, "begin", n), (when(stay.ended), 1, "end", n)]
    for n, (began, ended) in enumerate(truth.outages):
        steps += [(when(began), 3, "down", n), (when(ended), 4, "up", n)]
    for n, (began, _, _) in enumerate(truth.cuts):
        steps.append((began, 0, "cut", n))
    for n, (began, _) in enumerate(truth.restarts):
        steps.append((began, 0, "restart", n))
    for now, _, what, n in sorted(steps):
        if what == "begin":
            machine.begin(n, truth.stays[n])
        elif what == "end":
            machine.end(n, now)
        elif what == "down":
            began = truth.outages[n][0]
            machine.write(now, OutageBegan("no answer", max(0.0, now - began)))
        elif what == "up":
            began, ended = truth.outages[n]
            machine.write(now, OutageEnded(ended - began))
        elif what == "cut":
            began, back, unset = truth.cuts[n]
            # Counters are written every so often: the last time just before the cut.
            machine.waiting.append(Entry(machine.moment(began)))
            machine.stop()
            machine.start(back, back - 25, unset_until=back + 900 if unset else 0.0)
        else:
            began, back = truth.restarts[n]
            machine.write(began, GatewayStopped())
            machine.stop()
            machine.start(back, None, 0.0)
    machine.stop()


def _say(folder: Path, chance: random.Random, truth: Truth, period: Period) -> None:
    hearing = Hearing(folder / "answers.db")
    viewed: Counter[tuple[str, str]] = Counter()
    for day in period:
        noon = begins(day) + 12 * HOUR
        for _ in range(chance.choice([0, 0, 0, 1])):
            kind = chance.choice(["slow", "drops", "no-internet"])
            hearing.report_fault(kind, "", noon)  # type: ignore[arg-type]
            truth.faults[day, kind] += 1
        if chance.random() < 0.2:
            hearing.ask("Lương tháng 13?", noon)
            truth.questions[day] += 1
        for item in ("luong-toi-thieu", "thai-san"):
            n = chance.randint(0, 9)
            viewed[item, str(day)] += n
            truth.views[day, item] += n
    hearing.add_views({key: n for key, n in viewed.items() if n})
    done: Counter[tuple[Deed, str, str]] = Counter()
    for (day, item), n in truth.views.items():
        done["read", item, str(day)] = truth.reads[day, item] = chance.randint(0, n)
    for day in period:
        for page in ("status", "union", "article"):
            done["website", page, str(day)] = truth.clicks[day, page] = chance.randint(0, 4)
    for _ in range(120):
        day = period.first + timedelta(chance.randrange(period.days))
        score = chance.randint(0, 5)
        hearing.quiz_done("thi-phap-luat", score, str(day))
        truth.scores[day, score] += 1
    for phone in range(25):
        choice = chance.randrange(3)
        hearing.vote("gio-mo-cua", choice, _mac(phone, "never", period.first))
        truth.votes[choice] += 1
        day = period.first + timedelta(chance.randrange(30))
        truth.voted[day] += 1
        done["vote", "gio-mo-cua", str(day)] += 1
    hearing.add_deeds({key: n for key, n in done.items() if n})
    hearing.close()


def devices_by_month(truth: Truth) -> dict[Month, int]:
    """How many MAC addresses there were."""
    found: dict[Month, set[MacAddress]] = defaultdict(set)
    for stay in truth.stays:
        found[_utc_month(stay.began)].add(stay.mac)
    return {month: len(macs) for month, macs in found.items()}


def day_of(stay: Stay) -> date:
    return day_at(stay.began)
