"""Reads the session log (`sessions.db`) beside the daemon, and never writes.

On a machine that is no gateway there is none: everything is empty then.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from portal.schedule import SITE_OFFSET_SECONDS
from portal.staff.figures import Outage, Span, outages


class Unreadable(Exception):
    """The log is there and cannot be read now."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A device that may not pass, by the name its block is kept under."""

    pseudonym: str
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Imitated:
    """An open device whose address was used from two places at once. `by`: port, address."""

    pseudonym: str
    by: str
    at: float


class Records:
    """Every method raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sessions(self, since: float) -> list[Span]:
        """Sessions that were open at `since` or later."""
        with self._open() as db:
            rows = db.execute(
                "SELECT started_wall, ended_wall FROM sessions"
                " WHERE ended_wall IS NULL OR ended_wall >= ? OR started_wall >= ?",
                (since, since),
            )
            return [Span(*row) for row in rows]

    def opened_by_day(self, since: str) -> list[tuple[str, int]]:
        """How many sessions began on each day from `since` on, also of those forgotten since."""
        with self._open() as db:
            return db.execute(
                "SELECT day, sum(sessions) FROM (SELECT day, sessions FROM days UNION ALL"
                " SELECT date(started_wall + ?, 'unixepoch'), 1 FROM sessions)"
                " WHERE day >= ? GROUP BY day",
                (SITE_OFFSET_SECONDS, since),
            ).fetchall()

    def bytes_since(self, since: float) -> tuple[int, int]:
        """What sessions that ended at `since` or later, or run, sent and received."""
        with self._open() as db:
            row = db.execute(
                "SELECT coalesce(sum(up_bytes), 0), coalesce(sum(down_bytes), 0) FROM sessions"
                " WHERE ended_wall IS NULL OR ended_wall >= ?",
                (since,),
            ).fetchone()
            return (0, 0) if row is None else (row[0], row[1])

    def outages(self, since: float) -> list[Outage]:
        """Outages of the line that were not over at `since`, the oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT kind, wall, detail FROM events WHERE kind IN"
                " ('outage-began', 'outage-ended', 'gateway-started') ORDER BY epoch, n"
            )
            found = outages((kind, wall, json.loads(detail)) for kind, wall, detail in rows)
        return [one for one in found if one.span.ended is None or one.span.ended >= since]

    def blocked(self) -> list[Blocked]:
        with self._open() as db:
            rows = db.execute(
                "SELECT pseudonym, reason, since_wall FROM blocked ORDER BY since_wall DESC"
            )
            return [Blocked(*row) for row in rows]

    def imitated(self, since: float) -> list[Imitated]:
        """What was noticed at `since` or later, the newest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT pseudonym, detail, wall FROM events"
                " WHERE kind = 'device-imitated' AND wall >= ? AND pseudonym IS NOT NULL"
                " ORDER BY epoch DESC, n DESC LIMIT 100",
                (since,),
            )
            return [
                Imitated(name, str(json.loads(detail).get("seen_by")), wall)
                for name, detail, wall in rows
            ]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                with closing(sqlite3.connect(":memory:")) as empty:
                    empty.executescript(_NOTHING)
                    yield empty
                return
            address = f"file:{quote(str(self._path))}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
                yield db
        except (sqlite3.Error, ValueError) as error:
            raise Unreadable(str(error)) from error


_NOTHING = """
CREATE TABLE sessions (started_wall, ended_wall, up_bytes, down_bytes);
CREATE TABLE days (day, sessions);
CREATE TABLE events (epoch, n, kind, wall, pseudonym, detail);
CREATE TABLE blocked (pseudonym, reason, since_wall);
"""
