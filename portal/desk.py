"""Takes what phones say to answers.db, without ever holding up the pages.

One thread reads and writes. The file is opened when it is first wanted: a full or broken disk
costs nobody the network. How often pages are read is counted here and written in batches, so a
killed daemon loses the last minute of that and nothing else.
"""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from content_cache.sqlite_files import BrokenStore
from firewall.changes import MacAddress
from portal.hearing import Deed, FaultKind, Hearing, VoteResult
from portal.schedule import SITE_OFFSET_SECONDS
from portal.session_log import Unreadable
from splash import views

T = TypeVar("T")

VIEWS_SECONDS = 60.0
FORGET_SECONDS = 6 * 3600.0
MOST_ANSWERS = 30
"""Answered questions on their page."""

log = logging.getLogger("portal.desk")


class Desk:
    """What the pages ask and say; `run` owns the batches. Every question raises `Unreadable`
    while the file cannot be used."""

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float | None],
        keep_days: int,
        open_file: Callable[[Path], Hearing] = Hearing,
    ) -> None:
        """`open_file` opens `path`, and may begin it anew where it is broken."""
        self._path = path
        self._wall = wall
        self._keep_days = keep_days
        self._open_file = open_file
        self._hearing: Hearing | None = None
        self._thread = ThreadPoolExecutor(1, "answers")
        self._viewed: Counter[tuple[str, str]] = Counter()
        self._done: Counter[tuple[Deed, str, str]] = Counter()
        self._failing = False

    # What phones say

    async def report_fault(self, kind: FaultKind, text: str) -> bool:
        """False if there are too many already."""
        return await self._ask(lambda hearing: hearing.report_fault(kind, text, self._wall()))

    async def ask(self, text: str) -> bool:
        """False if there are too many already."""
        return await self._ask(lambda hearing: hearing.ask(text, self._wall()))

    async def vote(self, poll: str, choice: int, mac: MacAddress) -> VoteResult:
        result = await self._ask(lambda hearing: hearing.vote(poll, choice, mac))
        if result == "counted":
            self.done("vote", poll)
        return result

    async def votes_after(self, poll: str, mac: MacAddress, options: int) -> tuple[int, ...] | None:
        """How many chose each option; None before this device has answered."""

        def votes(hearing: Hearing) -> tuple[int, ...] | None:
            if not hearing.has_voted(poll, mac):
                return None
            counted = hearing.votes(poll)
            return tuple(counted.get(choice, 0) for choice in range(options))

        return await self._ask(votes)

    async def take_back_votes(self, mac: MacAddress) -> None:
        """Forget what the device answered in polls that are open."""
        await self._ask(lambda hearing: hearing.take_back_votes(mac))

    async def quiz_done(self, quiz: str, score: int) -> None:
        await self._ask(lambda hearing: hearing.quiz_done(quiz, score, self._today()))

    async def enter_draw(self, quiz: str, name: str, phone: str, consent: str) -> str | None:
        """The code to take the entry back; None if there are too many already."""
        return await self._ask(
            lambda hearing: hearing.enter_draw(quiz, name, phone, consent, self._wall())
        )

    async def leave_draw(self, code: str) -> bool:
        return await self._ask(lambda hearing: hearing.leave_draw(code))

    async def answers(self) -> tuple[views.Answered, ...]:
        """What everybody may read."""
        public = await self._ask(lambda hearing: hearing.public_answers(MOST_ANSWERS))
        return tuple(
            views.Answered(each.shown, each.answer, _day(each.done_at, "%d/%m/%Y"))
            for each in public
            if each.shown is not None and each.answer is not None
        )

    def viewed(self, item: str) -> None:
        """Count that an item was shown."""
        self._viewed[item, self._today()] += 1

    def done(self, deed: Deed, of: str) -> None:
        """Count that somebody did something. Of whom nothing is known here."""
        self._done[deed, of, self._today()] += 1

    # Keeping promises

    async def close_polls(self, still_open: Collection[str]) -> None:
        """Drop the marks of every other poll."""
        await self._ask(lambda hearing: hearing.close_polls(still_open))

    async def run(self) -> None:
        """Write views and forget what is old, until cancelled."""
        loop = asyncio.get_running_loop()
        forget = loop.time()
        while True:
            await asyncio.sleep(VIEWS_SECONDS)
            await self.write_views()
            if loop.time() >= forget and (now := self._wall()) is not None:
                forget = loop.time() + FORGET_SECONDS
                await self.forget(now)

    async def write_views(self) -> None:
        """Write down what was counted; while the disk refuses, it is counted on."""
        viewed, self._viewed = self._viewed, Counter()
        done, self._done = self._done, Counter()
        try:
            if viewed:
                await self._ask(lambda hearing: hearing.add_views(viewed))
                viewed = Counter()
            if done:
                await self._ask(lambda hearing: hearing.add_deeds(done))
        except Unreadable:
            self._viewed += viewed
            self._done += done

    async def forget(self, now: float) -> None:
        try:
            await self._ask(lambda hearing: hearing.forget(now, self._today(), self._keep_days))
        except Unreadable as error:
            log.error("old answers could not be deleted: %s", error)

    async def close(self) -> None:
        await self.write_views()
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _close(self) -> None:
        if self._hearing is not None:
            self._hearing.close()

    def _today(self) -> str:
        """The day at the site; empty while nobody has set the clock."""
        return _day(self._wall(), "%Y-%m-%d") or ""

    async def _ask(self, question: Callable[[Hearing], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._thread, self._answer, question)
        except (sqlite3.Error, OSError, BrokenStore) as error:
            if not self._failing:
                log.error("%s cannot be used: %s", self._path, error)
            self._failing = True
            raise Unreadable(str(error)) from error
        self._failing = False
        return answer

    def _answer(self, question: Callable[[Hearing], T]) -> T:
        """In the thread."""
        if self._hearing is None:
            self._hearing = self._open_file(self._path)
        try:
            return question(self._hearing)
        except BrokenStore:
            self._hearing.close()
            self._hearing = None
            raise


def _day(wall: float | None, form: str) -> str | None:
    if wall is None:
        return None
    return (datetime.fromtimestamp(wall, UTC) + timedelta(seconds=SITE_OFFSET_SECONDS)).strftime(
        form
    )
