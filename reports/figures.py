"""Turns what was recorded into the figures of a report. Pure: values in, values out.

A figure that cannot be known is None with its reason, never 0. What each one means is in
`reports.definitions`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from reports.definitions import BY_KEY
from reports.facts import Day, Month, Period, SiteFacts
from reports.money import Spent
from splash.content import Words

GB: Final = 1e9
HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `at_most` is given where only a range is known; `value` is its lower end."""

    key: str
    value: float | None
    at_most: float | None = None
    why: Words | None = None
    """Why there is no number, or what is missing from it."""

    def __post_init__(self) -> None:
        assert self.key in BY_KEY
        assert self.value is not None or self.why is not None


Figures = Mapping[str, Figure]

NO_SESSIONS: Final = Words("không có lượt nào", "no sessions")
NO_DETAIL: Final = Words(
    "chi tiết từng lượt đã bị xóa theo thời hạn lưu", "single sessions have been deleted as due"
)
NOT_ENTERED: Final = Words("chưa nhập", "not entered")
NO_WATCH: Final = Words("không có ghi chép", "no records")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of one site: what was recorded, and what staff entered."""

    facts: SiteFacts
    rooms: int | None
    residents: int | None
    spent: Spent | None
    since: date | None = None


def figures(sites: Sequence[Measured], period: Period) -> Figures:
    """Every figure of `reports.definitions`, of these sites together."""
    days = [day for site in sites for day in site.facts.days if day.day in period]
    sessions = sum(day.sessions for day in days)
    views = sum(n for day in days for n in day.views.values())
    reads = sum(n for day in days for n in day.reads.values())
    residents = _typed("residents", [site.residents for site in sites])
    found = [
        Figure("sites", len(sites)),
        _typed("rooms", [site.rooms for site in sites]),
        residents,
        Figure("known_days", len(days)),
        Figure("sessions", sessions),
        _share("sessions_a_day", sessions, len(days), NO_WATCH),
        *_devices([site.facts for site in sites]),
        _median(days, sessions),
        Figure("online_hours", sum(day.seconds for day in days) / HOUR),
        _peak(days),
        Figure("gb", sum(day.up_bytes + day.down_bytes for day in days) / GB),
        Figure("down_gb", sum(day.down_bytes for day in days) / GB),
        *_line(days),
        Figure("faults", sum(n for day in days for n in day.faults.values())),
        Figure("questions", sum(day.questions for day in days)),
        Figure("answered", sum(day.answered for day in days)),
        Figure("views", views),
        Figure("completed_reads", reads),
        Figure("website_clicks", sum(n for day in days for n in day.clicks.values())),
        *_quizzes(sites, days),
        Figure("poll_votes", sum(n for day in days for n in day.votes.values())),
        *_costs(sites, period, (sessions, views, reads), residents.value),
    ]
    return {figure.key: figure for figure in found}


def _typed(key: str, numbers: Sequence[int | None]) -> Figure:
    known = [n for n in numbers if n is not None]
    if len(known) < len(numbers) or not known:
        return Figure(key, None, why=NOT_ENTERED)
    return Figure(key, sum(known))


def _share(key: str, of: float | None, by: float | None, why: Words) -> Figure:
    return Figure(key, of / by) if of is not None and by else Figure(key, None, why=why)


def _devices(sites: Iterable[SiteFacts]) -> Iterable[Figure]:
    """Sites have keys of their own: a device that visits two is two."""
    least: Counter[Month] = Counter()
    most: Counter[Month] = Counter()
    for site in sites:
        for one in site.devices:
            least[one.month] += one.devices
            most[one.month] += one.at_most
    if not least:
        yield Figure("devices", None, why=NO_DETAIL)
        yield Figure("devices_most", None, why=NO_DETAIL)
        return
    mean, mean_most = (sum(each.values()) / len(each) for each in (least, most))
    yield Figure("devices", mean, mean_most if mean_most > mean else None)
    top, top_most = max(least.values()), max(most.values())
    yield Figure("devices_most", top, top_most if top_most > top else None)


def _median(days: Iterable[Day], sessions: int) -> Figure:
    minutes: Counter[int] = Counter()
    for day in days:
        minutes.update(day.minutes)
    known = minutes.total()
    if not known:
        return Figure("median_minutes", None, why=NO_DETAIL if sessions else NO_SESSIONS)
    return Figure("median_minutes", median_of(minutes), why=_part_known(known, sessions))


def _part_known(known: int, sessions: int) -> Words | None:
    if known >= sessions:
        return None
    share = f"{100 * known / sessions:.0f}%"
    return Words(f"chỉ của {share} số lượt còn chi tiết", f"of {share} of the sessions only")


def median_of(counted: Mapping[int, int]) -> float:
    """The middle of all, or halfway between the two in the middle."""
    half, above = divmod(sum(counted.values()), 2)
    passed, below = 0, None
    for value in sorted(counted):
        passed += counted[value]
        if not above and below is None and passed == half:
            below = value
        elif passed > half:
            return value if below is None else (below + value) / 2
    raise ValueError("nothing was counted")


def _peak(days: Iterable[Day]) -> Figure:
    peaks = [day.peak for day in days if day.peak is not None]
    return Figure("peak", max(peaks)) if peaks else Figure("peak", None, why=NO_DETAIL)


def _line(days: Sequence[Day]) -> Iterable[Figure]:
    watched = sum(day.watched for day in days)
    names = ("uptime", "outages", "outage_hours", "stops", "stopped_hours")
    if not watched:
        return [Figure(name, None, why=NO_WATCH) for name in names]
    down = sum(day.down_seconds for day in days)
    unwatched = sum(not day.watched for day in days)
    why = (
        Words(f"không theo dõi được {unwatched} ngày", f"{unwatched} days were not watched")
        if unwatched
        else None
    )
    return [
        Figure("uptime", 100 * (1 - down / watched), why=why),
        Figure("outages", sum(day.outages for day in days), why=why),
        Figure("outage_hours", sum(day.outage_seconds for day in days) / HOUR, why=why),
        Figure("stops", sum(day.stops for day in days), why=why),
        Figure("stopped_hours", sum(day.stopped_seconds for day in days) / HOUR, why=why),
    ]


def _quizzes(sites: Iterable[Measured], days: Sequence[Day]) -> Iterable[Figure]:
    best = {id: item.questions for site in sites for id, item in site.facts.items.items()}
    counted: Counter[tuple[str, int]] = Counter()
    for day in days:
        counted.update(day.scores)
    yield Figure("quiz_entries", counted.total())
    rated = [(right / best[quiz], n) for (quiz, right), n in counted.items() if best.get(quiz)]
    finished = sum(n for _, n in rated)
    why = (
        Words("không biết số câu của bài thi", "the number of questions is not known")
        if counted
        else Words("chưa có lượt thi", "nobody took part")
    )
    points = 100 * sum(share * n for share, n in rated)
    yield _share("quiz_score", points, finished, why)


def _costs(
    sites: Sequence[Measured],
    period: Period,
    used: tuple[int, int, int],
    residents: float | None,
) -> Iterable[Figure]:
    """`used`: sessions, views and completed reads."""
    sessions, views, reads = used
    without = [site.facts.place.name for site in sites if site.spent is None]
    names = ("cost_month", "cost_session", "cost_resident", "cost_read", "cost_full_read")
    if without or not sites:
        where = ", ".join(without)
        why = Words(f"chưa nhập chi phí của {where}", f"no costs were entered of {where}")
        return [Figure(name, None, why=why) for name in ("spent_running", "spent_once", *names)]
    paid = sum((site.spent for site in sites if site.spent is not None), Spent(0, 0))
    months = period.in_months
    return [
        Figure("spent_running", paid.running),
        Figure("spent_once", paid.once),
        Figure("cost_month", paid.running / months),
        _share("cost_session", paid.running, sessions, NO_SESSIONS),
        _share("cost_resident", paid.running / months, residents, NOT_ENTERED),
        _share("cost_read", paid.running, views, Words("chưa có lượt mở bài", "no views")),
        _share("cost_full_read", paid.running, reads, Words("chưa có lượt đọc hết", "no reads")),
    ]


def gaps(site: Measured) -> list[Period]:
    """Days without records on which there should be some, as whole stretches."""
    known = {day.day for day in site.facts.days}
    found: list[Period] = []
    for day in site.facts.period:
        if day in known or (site.since is not None and day < site.since):
            continue
        if found and found[-1].last == day - timedelta(1):
            found[-1] = Period(found[-1].first, day)
        else:
            found.append(Period(day, day))
    return found
