"""The overview: what happens now, and how it went. Charts are drawn from the tables beside them
(`static/charts.js`), so that both say the same."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from content_cache.manifest import BundleError
from portal.control import NotRunning, Refused
from portal.schedule import day_begins
from portal.staff import figures
from portal.staff.figures import Hour
from portal.staff.records import Records, Unreadable
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.sources import last_runs
from splash.content import Poll, Quiz, Words, title_of

DAYS: Final = 30
MOST_ARTICLES: Final = 15

log = logging.getLogger("portal.staff")

PerDay = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Live:
    """What happens now, which an open page asks for again and again. None: not known."""

    gateway: dict[str, Any] | None
    """What `portal status` says; None if no gateway runs here."""
    sessions: int | None
    bytes: int | None
    """Of today."""
    down_since: float | None
    """Since when the line is down; None while it is up, too."""
    open_faults: int
    open_questions: int


@dataclass(frozen=True, slots=True)
class Network:
    """How the network went."""

    hours: list[Hour]
    sessions: PerDay
    minutes_down: PerDay


@dataclass(frozen=True, slots=True)
class Answers:
    """A poll with its votes, or a quiz with its scores: each line a label and a number."""

    title: Words
    lines: list[tuple[Words, int]]

    @property
    def total(self) -> int:
        return sum(n for _, n in self.lines)


@dataclass(frozen=True, slots=True)
class Heard:
    """What workers read and said."""

    faults: PerDay
    views: PerDay
    articles: list[tuple[Words, int, int]]
    """How often each was opened, and read to its end by who said so."""
    website: int
    """How often the federation's website was opened from here."""
    polls: list[Answers]
    quizzes: list[Answers]


def routes(site: StaffSite) -> list[Route]:
    records = Records(site.config.storage.data_dir / "sessions.db")

    async def show(visit: Visit) -> web.StreamResponse:
        now = site.wall()
        try:
            went: Network | None = await site.do(network, records, now)
        except Unreadable as error:
            log.warning("the session log cannot be read: %s", error)
            went = None
        heard = await site.do(hear, site, now)
        live = await happens(site, records, now)
        return visit.page(
            "dashboard.html",
            now=now,
            live=live,
            network=went,
            heard=heard,
            ages=await site.do(ages, site),
        )

    async def again(visit: Visit) -> web.StreamResponse:
        if not visit.part:
            return visit.leads_to("/")
        now = site.wall()
        return visit.page("dashboard.html", now=now, live=await happens(site, records, now))

    return [Route("GET", "/", show), Route("GET", "/now", again, unattended=True)]


async def happens(site: StaffSite, records: Records, now: float) -> Live:
    return await site.do(_live, site, records, now, await gateway(site))


def _live(site: StaffSite, records: Records, now: float, status: dict[str, Any] | None) -> Live:
    midnight = day_begins(now)
    sessions = size = down_since = None
    with suppress(Unreadable):  # The page itself says so.
        sessions = sum(span.began >= midnight for span in records.sessions(midnight))
        size = sum(records.bytes_since(midnight))
        outages = records.outages(midnight)
        down_since = outages[-1].span.began if outages and outages[-1].span.ended is None else None
    return Live(
        gateway=status,
        sessions=sessions,
        bytes=size,
        down_since=down_since,
        open_faults=sum(fault.done_at is None for fault in site.hearing.faults()),
        open_questions=len(site.hearing.open_questions()),
    )


async def gateway(site: StaffSite) -> dict[str, Any] | None:
    """What `portal status` says; None if no gateway runs here."""
    try:
        return await asyncio.to_thread(site.ask, {"command": "status"})
    except (NotRunning, Refused, OSError):
        return None


def ages(site: StaffSite) -> list[tuple[Words, float]]:
    """What phones read, by where it is from, and when that was last brought up to date."""
    found = []
    try:
        release = site.press.releases.active()
        if release is not None:
            n = release.number
            shown = Words(f"Lần đăng số {n}, đang hiện", f"Release {n}, shown now")
            found.append((shown, release.manifest.made))
        runs = last_runs(site.config.storage.data_dir / "mirror.db")
        found += [(Words(run.title), run.at) for run in runs]
    except (BundleError, sqlite3.Error) as error:
        log.warning("how old the content is cannot be said: %s", error)
    return found


def network(records: Records, now: float) -> Network:
    """Raises Unreadable."""
    names = figures.day_names(now, DAYS)
    midnight = day_begins(now)
    spans = records.sessions(midnight)
    outages = records.outages(now - DAYS * 86400)
    return Network(
        hours=figures.hours(spans, midnight, now),
        sessions=figures.by_day(records.opened_by_day(names[0]), names),
        minutes_down=figures.minutes_down(outages, names, now),
    )


def hear(site: StaffSite, now: float) -> Heard:
    names = figures.day_names(now, DAYS)
    views = site.hearing.views(names[0])
    faults = site.hearing.faults()
    reported = [(figures.day_name(fault.at), 1) for fault in faults if fault.at is not None]
    read: Counter[str] = Counter()
    for view in views:
        read[view.item] += view.n
    ended = site.hearing.deeds("read", names[0])
    titles = {one.newest.item.id: one.title for one in site.content.items()}
    return Heard(
        faults=figures.by_day(reported, names),
        views=figures.by_day([(view.day, view.n) for view in views], names),
        articles=[
            (titles.get(item, Words(item)), n, ended.get(item, 0))
            for item, n in read.most_common(MOST_ARTICLES)
        ],
        website=sum(site.hearing.deeds("website", names[0]).values()),
        polls=_polls(site),
        quizzes=_quizzes(site, names),
    )


def _polls(site: StaffSite) -> list[Answers]:
    """Every poll that somebody has answered or can answer, the newest first."""
    found = []
    for one in site.content.items(kind="poll"):
        poll = (one.live.revision if one.live else one.newest).content
        assert isinstance(poll, Poll)
        votes = site.hearing.votes(one.newest.item.id)
        if votes or one.live:
            lines = [(option, votes.get(n, 0)) for n, option in enumerate(poll.options)]
            found.append(Answers(poll.question, lines))
    return found


def _quizzes(site: StaffSite, names: Sequence[str]) -> list[Answers]:
    found = []
    for one in site.content.items(kind="quiz"):
        quiz = (one.live.revision if one.live else one.newest).content
        assert isinstance(quiz, Quiz)
        scores: Counter[int] = Counter()
        for score in site.hearing.quiz_scores(one.newest.item.id, names[0]):
            scores[score.score] += score.n
        if scores or one.live:
            most = max([len(quiz.questions), *scores])
            lines = [(_right(n), scores[n]) for n in range(most + 1)]
            found.append(Answers(title_of(quiz), lines))
    return found


def _right(n: int) -> Words:
    return Words(f"Đúng {n} câu", f"{n} right")
