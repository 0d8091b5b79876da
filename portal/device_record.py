"""What the session log holds about one device, and how it is made to forget.

A device is looked for under every name its kept keys give it. What was written under a key that
has been destroyed belongs to nobody any more, and is not found here or anywhere.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from portal.schedule import SITE_OFFSET_SECONDS
from portal.session import Pseudonym

INTO_TOTALS = (
    "INSERT INTO days (day, sessions, seconds, up_bytes, down_bytes)"
    f" SELECT date(started_wall + {SITE_OFFSET_SECONDS}, 'unixepoch'), count(*), sum(seconds),"
    "        sum(up_bytes), sum(down_bytes)"
    " FROM sessions WHERE {which} GROUP BY 1"
    " ON CONFLICT (day) DO UPDATE SET sessions = sessions + excluded.sessions,"
    "  seconds = seconds + excluded.seconds, up_bytes = up_bytes + excluded.up_bytes,"
    "  down_bytes = down_bytes + excluded.down_bytes"
)
"""Adds the sessions for which `which` holds to the totals of their days."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One session's row. Wall times are Unix seconds, as the clock had them.

    `conditions` is the version agreed to when it began; None if staff opened it.
    """

    started: float
    ended: float | None
    conditions: str | None
    up_bytes: int
    down_bytes: int


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """All that is written down about one device. Its turns are sorted, the newest first."""

    turns: tuple[Turn, ...] = ()
    events: int = 0
    """Lines of the event log with its name: the same turns once more, as they happened."""
    blocked_since: float | None = None


def record_of(db: sqlite3.Connection, names: Sequence[Pseudonym]) -> DeviceRecord:
    """What is written down about the device with these names."""
    any_name, values = _any_of(names)
    turns = db.execute(
        "SELECT started_wall, ended_wall, conditions, up_bytes, down_bytes FROM sessions"
        f" WHERE pseudonym IN {any_name} ORDER BY started_wall DESC, id DESC",
        values,
    )
    events = db.execute(f"SELECT count(*) FROM events WHERE pseudonym IN {any_name}", values)
    since = db.execute(f"SELECT min(since_wall) FROM blocked WHERE pseudonym IN {any_name}", values)
    return DeviceRecord(
        tuple(Turn(*row) for row in turns), events.fetchone()[0], since.fetchone()[0]
    )


def erase(db: sqlite3.Connection, names: Sequence[Pseudonym]) -> None:
    """Turn the device's ended sessions into totals, and take its names off all events.

    The row of a session that is open stays until it ends: a power cut must not end the turn. A
    block stays: it protects others, and only staff lift it.
    """
    any_name, values = _any_of(names)
    over = f"pseudonym IN {any_name} AND ended_wall IS NOT NULL"
    db.execute(INTO_TOTALS.format(which=over), values)
    db.execute(f"DELETE FROM sessions WHERE {over}", values)
    db.execute(f"UPDATE events SET pseudonym = NULL WHERE pseudonym IN {any_name}", values)


def _any_of(names: Sequence[Pseudonym]) -> tuple[str, tuple[Pseudonym, ...]]:
    return f"({', '.join('?' * len(names))})", tuple(names)
