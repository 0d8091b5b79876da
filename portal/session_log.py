"""Writes down what happened, without ever holding up what happens.

`append` never waits and never fails. One thread writes; whatever gathers while it does is
written together in the next transaction. While the disk is full entries wait in memory, within
bounds, and are written when it has room again: nobody is disconnected over a log.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from content_cache.sqlite_files import BrokenStore
from firewall.changes import Usage
from portal.device_record import DeviceRecord
from portal.events import Fact
from portal.metrics import Tally
from portal.session import Device, Pseudonym
from portal.session_store import CLOCK_SET_AFTER, Entry, Moment, SessionStore

T = TypeVar("T")

_RETRY_SECONDS = 5.0
_MOST_WAITING = 20_000  # About 6 MiB: a day of a busy house.
_BATCH = 500

log = logging.getLogger("portal.log")


class Unreadable(Exception):
    """The log cannot be read or written now; the text says why. Ask again."""


class SessionLog:
    """The queue in front of a `SessionStore`; `run` owns the writing."""

    def __init__(
        self,
        store: SessionStore | None,
        clock: Callable[[], Moment],
        *,
        reopen: Callable[[], SessionStore] | None = None,
        retry_seconds: float = _RETRY_SECONDS,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        """`reopen` opens the store where the disk is too full for it now, or a new one where it
        turns out to be broken."""
        self._store = store
        self._reopen = reopen
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._most_waiting = most_waiting
        self._waiting: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "session-log")
        self._n = 0
        self.tally = Tally()
        self.lost = 0
        self.failing: str | None = None
        """Why the log cannot be written now; None while it can."""

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._waiting)

    def append(self, facts: Sequence[Fact], usage: Mapping[Pseudonym, Usage] | None = None) -> None:
        """Have `facts` written, and the counters of the sessions they are about."""
        now = self._clock()
        self.tally.note(facts, usage or {})
        if usage:
            self._queue(Entry(now, usage=usage))
        for fact in facts:
            self._n += 1  # Numbered here: a lost entry leaves a gap that can be seen.
            self._queue(Entry(now, fact, self._n))

    def _queue(self, entry: Entry) -> None:
        if len(self._waiting) >= self._most_waiting:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(entry)
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if not await self._write_some():
                    await asyncio.sleep(self._retry_seconds)

    async def close(self, *, seconds: float = 5.0) -> None:
        """Write what still waits, if that can be done in `seconds`, and close the file."""
        try:
            async with asyncio.timeout(seconds):
                while self._waiting and await self._write_some():
                    pass
        except TimeoutError:
            pass
        if self._waiting:
            log.error("%d entries of the session log were never written", len(self._waiting))
        if self._store is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()

    async def forget_before(self, wall: float) -> None:
        """Turn old sessions into totals, unless the clock is not set or the disk refuses."""
        if wall < CLOCK_SET_AFTER or self._store is None:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.forget_before, wall)
        except (sqlite3.Error, BrokenStore) as error:
            log.error("old sessions could not be turned into totals: %s", error)

    async def record_of(self, device: Device) -> DeviceRecord:
        """What is written down about `device`, what waits to be written included.

        Raises:
            Unreadable: the disk refuses.
        """
        return await self._ask(lambda store: store.record_of(device.pseudonyms))

    async def erase(self, device: Device) -> None:
        """Forget `device`, but for its running turn and a block.

        Raises:
            Unreadable: the disk refuses; nothing was forgotten.
        """
        await self._ask(lambda store: store.erase(device.pseudonyms))

    async def _ask(self, question: Callable[[SessionStore], T]) -> T:
        """Have the thread answer, after it has written all that waits."""
        while self._waiting:
            if not await self._write_some():
                raise Unreadable(self.failing)
        if self._store is None:
            raise Unreadable("the session log could not be opened yet")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, question, self._store)
        except (sqlite3.Error, BrokenStore) as error:
            raise Unreadable(str(error)) from error

    async def _write_some(self) -> bool:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._write_batch)
        except (sqlite3.Error, OSError, BrokenStore) as error:
            if self.failing is None:
                log.error("the session log cannot be written (%s); entries wait in memory", error)
            self.failing = str(error)
            return False
        if self.failing is not None:
            log.warning("the session log can be written again; %d entries were lost", self.lost)
            self.failing = None
        return True

    def _write_batch(self) -> None:
        """In the thread: write and take off the queue, so that a cancelled wait repeats nothing."""
        batch = list(islice(self._waiting.copy(), _BATCH))
        if self._store is None:
            assert self._reopen is not None
            self._store = self._reopen()
        try:
            self._store.write(batch)
        except BrokenStore:
            if self._reopen is not None:
                self._store.close()
                self._store = None
            raise
        for entry in batch:
            if self._waiting and self._waiting[0] is entry:
                self._waiting.popleft()
