"""The session log's SQLite file: what is written, and what a new daemon reads from it.

An append-only table of events and the sessions they add up to, kept in one transaction.
Synchronous and for one thread; `portal.session_log` owns that thread. Devices appear under
their pseudonyms only. The schema is in `portal.migrations`.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from firewall.changes import Usage
from portal.events import (
    DeviceBlocked,
    DeviceUnblocked,
    Fact,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
    SessionRestored,
)
from portal.session import Instant, Pseudonym, Session

SCHEMA_VERSION = 1
"""`PRAGMA user_version` of a database on which every migration has run."""

CLOCK_SET_AFTER = 1767225600.0
"""Wall times before this one (2026-01-01) are those of a clock nobody has set yet."""

_LOCAL_TIME_SECONDS = 7 * 3600  # Asia/Ho_Chi_Minh; no daylight saving since 1945.


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks. `wall` is Unix seconds and may be wrong."""

    wall: float
    monotonic: Instant


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to write: a fact with its number, or counters alone (no fact, no number)."""

    at: Moment
    fact: Fact | None = None
    n: int | None = None
    usage: Mapping[Pseudonym, Usage] = field(default_factory=dict)


class BrokenStore(Exception):
    """The file is not a database, or not a whole one."""


class SessionStore:
    """One open database.

    Every method raises sqlite3.Error when the file cannot be used; nothing is half written.
    """

    def __init__(self, path: Path, boot_id: str) -> None:
        """Open the database at `path`, made or migrated where needed, and begin a new epoch.

        Raises:
            BrokenStore: the file is damaged.
            sqlite3.Error, OSError: the file cannot be opened or made.
        """
        self._boot_id = boot_id
        try:
            _migrate(path)
            self._db = sqlite3.connect(path, timeout=5, check_same_thread=False)
            self._db.isolation_level = None
            self._db.row_factory = sqlite3.Row
            _choose_journal(self._db)
            newest = self._db.execute("SELECT max(epoch) FROM events").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise BrokenStore(str(error)) from error
            raise
        self.epoch: int = (newest or 0) + 1

    def close(self) -> None:
        self._db.close()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write all of `entries`, or none of them."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for entry in entries:
                self._write(entry)
            if entries:
                self._remember(entries[-1].at)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def take_over(self, now: Moment) -> tuple[list[Session], frozenset[Pseudonym]]:
        """The sessions still open, in this boot's time, and who is blocked.

        The rows are rewritten to this boot's time, so that a second power cut finds them right.
        """
        last = self._db.execute("SELECT * FROM last_moment WHERE id = 1").fetchone()
        sessions = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for row in self._db.execute("SELECT * FROM sessions WHERE ended_wall IS NULL"):
                session = Session(
                    Pseudonym(row["pseudonym"]), Instant(row["started"]), Instant(row["ends"])
                )
                if row["boot_id"] != self._boot_id:
                    then = Moment(last["wall"], Instant(last["monotonic"])) if last else now
                    session = in_this_boot(session, then, now)
                    self._rewrite(session, "up_before = up_bytes, down_before = down_bytes,")
                sessions.append(session)
            self._remember(now)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        blocked = self._db.execute("SELECT pseudonym FROM blocked").fetchall()
        return sessions, frozenset(Pseudonym(row["pseudonym"]) for row in blocked)

    def forget_before(self, wall: float) -> None:
        """Turn sessions that ended before `wall` into daily totals, and drop their events."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute(
                "INSERT INTO days (day, sessions, seconds, up_bytes, down_bytes)"
                " SELECT date(started_wall + ?, 'unixepoch'), count(*), sum(seconds),"
                "        sum(up_bytes), sum(down_bytes)"
                " FROM sessions WHERE ended_wall < ? GROUP BY 1"
                " ON CONFLICT (day) DO UPDATE SET sessions = sessions + excluded.sessions,"
                "  seconds = seconds + excluded.seconds, up_bytes = up_bytes + excluded.up_bytes,"
                "  down_bytes = down_bytes + excluded.down_bytes",
                (_LOCAL_TIME_SECONDS, wall),
            )
            self._db.execute("DELETE FROM sessions WHERE ended_wall < ?", (wall,))
            # The newest epoch stays, so that numbers are never used twice.
            self._db.execute(
                "DELETE FROM events WHERE wall < ? AND epoch < (SELECT max(epoch) FROM events)",
                (wall,),
            )
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _write(self, entry: Entry) -> None:
        for pseudonym, usage in entry.usage.items():
            self._db.execute(
                "UPDATE sessions SET up_bytes = up_before + ?, down_bytes = down_before + ?"
                " WHERE pseudonym = ? AND ended_wall IS NULL",
                (usage.up_bytes, usage.down_bytes, pseudonym),
            )
        fact = entry.fact
        if fact is None:
            return
        session = getattr(fact, "session", None)
        self._db.execute(
            "INSERT INTO events (epoch, n, kind, wall, monotonic, boot_id, pseudonym, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.epoch,
                entry.n,
                kind(fact),
                entry.at.wall,
                entry.at.monotonic,
                self._boot_id,
                session.pseudonym if session else getattr(fact, "pseudonym", None),
                json.dumps(_detail(fact), ensure_ascii=False),
            ),
        )
        match fact:
            case SessionOpened(session=session, conditions=conditions):
                self._db.execute(
                    "INSERT INTO sessions"
                    " (pseudonym, conditions, boot_id, started, ends, started_wall)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        session.pseudonym,
                        conditions,
                        self._boot_id,
                        session.started,
                        session.ends,
                        entry.at.wall,
                    ),
                )
            case SessionRenewed(session=session) | SessionRestored(session=session):
                self._rewrite(session)
            case SessionEnded(session=session, reason=reason):
                over = min(entry.at.monotonic, session.ends)
                self._db.execute(
                    "UPDATE sessions SET ended_wall = ?, seconds = ?, end_reason = ?"
                    " WHERE pseudonym = ? AND ended_wall IS NULL",
                    (entry.at.wall, over - session.started, reason, session.pseudonym),
                )
            case DeviceBlocked(pseudonym=pseudonym, reason=why):
                self._db.execute(
                    "INSERT OR REPLACE INTO blocked (pseudonym, reason, since_wall)"
                    " VALUES (?, ?, ?)",
                    (pseudonym, why, entry.at.wall),
                )
            case DeviceUnblocked(pseudonym=pseudonym):
                self._db.execute("DELETE FROM blocked WHERE pseudonym = ?", (pseudonym,))

    def _rewrite(self, session: Session, also: str = "") -> None:
        self._db.execute(
            f"UPDATE sessions SET {also} started = ?, ends = ?, boot_id = ?"
            " WHERE pseudonym = ? AND ended_wall IS NULL",
            (session.started, session.ends, self._boot_id, session.pseudonym),
        )

    def _remember(self, at: Moment) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO last_moment (id, boot_id, wall, monotonic) VALUES (1, ?, ?, ?)",
            (self._boot_id, at.wall, at.monotonic),
        )


def in_this_boot(session: Session, then: Moment, now: Moment) -> Session:
    """The same session in the time of this boot, as long after `now` as it was after `then`.

    `then` is the last known moment of the earlier boot. The time the power was away counts only
    if both wall clocks can be believed: a turn is never cut short by a clock that guesses.
    """
    away = now.wall - then.wall
    if not (away > 0 and then.wall > CLOCK_SET_AFTER):
        away = 0.0
    shift = now.monotonic - then.monotonic - away
    return Session(
        session.pseudonym, Instant(session.started + shift), Instant(session.ends + shift)
    )


def kind(fact: Fact) -> str:
    """`SessionOpened` is written `session-opened`."""
    name = type(fact).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def boot_id() -> str:
    """The kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _detail(fact: Fact) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    for entry in fields(fact):
        value = getattr(fact, entry.name)
        if isinstance(value, Session):
            detail |= {"started": value.started, "ends": value.ends}
        elif entry.name != "pseudonym":
            detail[entry.name] = value
    return detail


def _migrate(path: Path) -> None:
    """Run the migrations if the schema is not this program's; see `portal.migrations`."""
    if path.exists():
        with closing(sqlite3.connect(path, timeout=5)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
                return
    made = subprocess.run(
        [sys.executable, "-m", "portal.migrations", str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    if made.returncode != 0:
        lines = made.stderr.strip().splitlines()
        raise sqlite3.DatabaseError(lines[-1] if lines else "migration failed")


def _choose_journal(db: sqlite3.Connection) -> None:
    """WAL where the file system can (not JFFS2), TRUNCATE elsewhere; FULL either way.

    JFFS2 accepts the pragma and fails on the first write, so one is tried.
    """
    db.execute("PRAGMA synchronous = FULL")
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "I/O" not in str(error) and "locking" not in str(error):
            raise
        db.execute("PRAGMA journal_mode = TRUNCATE")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    words = str(error)
    return "not a database" in words or "malformed" in words or "no such table" in words
