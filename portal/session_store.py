"""The session log's SQLite file: what is written, and what a new daemon reads from it.

An append-only table of events and the sessions they add up to, kept in one transaction.
Synchronous and for one thread; `portal.session_log` owns that thread. Devices appear under
their pseudonyms only. The schema is in `portal.migrations`.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from content_cache.sqlite_files import (
    COPY_SECONDS,
    bring_up,
    choose_journal,
    damage_told,
    drop_copies,
    leave_nothing,
    transaction,
)
from firewall.changes import Usage
from portal import device_record
from portal.device_record import DeviceRecord
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


class SessionStore:
    """One open database.

    Every method raises sqlite3.Error when the file cannot be used, and BrokenStore when it is
    damaged; nothing is half written.
    """

    def __init__(self, path: Path, boot_id: str) -> None:
        """Open the database at `path`, made or migrated where needed, and begin a new epoch.

        Raises:
            BrokenStore: the file is damaged.
            sqlite3.Error, OSError: the file cannot be opened or made.
        """
        self._path = path
        self._boot_id = boot_id
        self._moved: list[Session] = []
        with damage_told():
            bring_up(path, "portal.migrations", SCHEMA_VERSION)
            self._db = sqlite3.connect(path, timeout=5, check_same_thread=False)
            self._db.isolation_level = None
            self._db.row_factory = sqlite3.Row
            choose_journal(self._db)
            newest = self._db.execute("SELECT max(epoch) FROM events").fetchone()[0]
        self.epoch: int = (newest or 0) + 1

    def close(self) -> None:
        self._db.close()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write all of `entries`, or none of them."""
        with transaction(self._db):
            for session in self._moved:
                self._rewrite(session, "up_before = up_bytes, down_before = down_bytes,")
            for entry in entries:
                self._write(entry)
            if entries:
                self._remember(entries[-1].at)
        self._moved = []

    def take_over(self, now: Moment) -> tuple[list[Session], frozenset[Pseudonym]]:
        """The sessions still open, in this boot's time, and who is blocked.

        The rows are rewritten to this boot's time, so that a second power cut finds them right;
        on a full disk together with the next entries.
        """
        with damage_told():
            sessions, self._moved, blocked = _left_open(self._db, self._boot_id, now)
            with suppress(sqlite3.OperationalError):
                self.write([Entry(now)])
        return sessions, blocked

    def seconds_since(self, midnight: float) -> dict[Pseudonym, float]:
        """How long each device was online after `midnight` (Unix seconds), in turns now over."""
        return {
            Pseudonym(row["pseudonym"]): row["spent"]
            for row in self._db.execute(
                "SELECT pseudonym, sum(min(seconds, ended_wall - ?)) AS spent"
                " FROM sessions WHERE ended_wall > ? AND seconds IS NOT NULL GROUP BY pseudonym",
                (midnight, midnight),
            )
        }

    def forget_before(self, wall: float) -> None:
        """Turn sessions that ended before `wall` into daily totals, and drop their events."""
        with transaction(self._db):
            over = "ended_wall < ?"
            self._db.execute(device_record.INTO_TOTALS.format(which=over), (wall,))
            self._db.execute(f"DELETE FROM sessions WHERE {over}", (wall,))
            # The newest stays, without its name: numbers are never used twice.
            self._db.execute(
                "DELETE FROM events WHERE wall < ? AND (epoch, n) <>"
                " (SELECT epoch, n FROM events ORDER BY epoch DESC, n DESC LIMIT 1)",
                (wall,),
            )
            self._db.execute("UPDATE events SET pseudonym = NULL WHERE wall < ?", (wall,))
        drop_copies(self._path, COPY_SECONDS)

    def record_of(self, names: Sequence[Pseudonym]) -> DeviceRecord:
        """What is written down about the device with these names."""
        with damage_told():
            return device_record.record_of(self._db, names)

    def erase(self, names: Sequence[Pseudonym]) -> None:
        """Forget the device with these names, all but its running turn and a block.

        Nothing of it stays in the file or its journal either, for somebody to dig out.
        """
        before = self._db.total_changes
        with transaction(self._db):
            device_record.erase(self._db, names)
        if self._db.total_changes == before:
            return  # Nothing was known: flash is not worn for it.
        leave_nothing(self._db)

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


def last_known(path: Path, boot_id: str, now: Moment) -> tuple[list[Session], frozenset[Pseudonym]]:
    """What `take_over` says, of a database that cannot be opened because the disk is full.

    Raises:
        sqlite3.Error: it cannot be read either, or there is none.
    """
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as db:
        db.row_factory = sqlite3.Row
        # Alone: readers and writers together need a file beside it, for which there is no room.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        sessions, _, blocked = _left_open(db, boot_id, now)
        return sessions, blocked


def _left_open(
    db: sqlite3.Connection, boot_id: str, now: Moment
) -> tuple[list[Session], list[Session], frozenset[Pseudonym]]:
    """The open sessions in this boot's time, those of an earlier boot among them; the blocked."""
    last = db.execute("SELECT * FROM last_moment WHERE id = 1").fetchone()
    sessions, moved = [], []
    for row in db.execute("SELECT * FROM sessions WHERE ended_wall IS NULL"):
        session = Session(
            Pseudonym(row["pseudonym"]), Instant(row["started"]), Instant(row["ends"])
        )
        if row["boot_id"] != boot_id:
            then = Moment(last["wall"], Instant(last["monotonic"])) if last else now
            session = in_this_boot(session, then, now)
            moved.append(session)
        sessions.append(session)
    blocked = db.execute("SELECT pseudonym FROM blocked").fetchall()
    return sessions, moved, frozenset(Pseudonym(row["pseudonym"]) for row in blocked)


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
