"""What staff entered on the page: the SQLite file `data_dir/entered.db`. Nothing in it is lost.

A thing is a site, a cost or a proposed house, as a table of `reports.toml`. Whoever changes it
adds a revision, whoever withdraws it one without a table; all of them stay. The staff site writes
(`Entries`), and whoever makes a report reads (`current`).
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlite_utils
from sqlite_utils.migrations import Migrations

from content_cache.sqlite_files import needs_migration
from reports.facts import ReportError
from reports.record import TABLES, Kind, Tables, day
from splash.content import Words

SCHEMA_VERSION: Final = 1
MOST: Final = 20_000
"""Revisions. An entry a day for fifty years."""

schema = Migrations("entered")


@schema()
def m001_entries(db: sqlite_utils.Database) -> None:
    db.table("entry").create(
        {
            "id": int,
            "thing": int,  # the id of its first revision
            "kind": str,
            "body": str,  # JSON; null: withdrawn
            "by": str,
            "at": float,
        },
        pk="id",
        not_null={"thing", "kind", "by", "at"},
    )
    db.table("entry").create_index(["thing"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of a thing."""

    id: int
    thing: int
    kind: Kind
    table: Mapping[str, Any] | None
    """As in `reports.toml`; None: it was withdrawn."""
    by: str
    at: float


class Full(Exception):
    """There are too many revisions."""


class Entries:
    """The file, to write. Every method raises sqlite3.Error; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if needs_migration(path, SCHEMA_VERSION):
            db = sqlite_utils.Database(path)
            schema.apply(db)
            db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.close()
        self._db = sqlite3.connect(path, timeout=5, check_same_thread=False)
        self._db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        self._db.close()

    def add(self, kind: Kind, table: Mapping[str, Any], by: str, at: float) -> int:
        """Enter a new thing; its number."""
        with self._db:
            self._room()
            row = self._db.execute(
                "INSERT INTO entry (thing, kind, body, by, at) VALUES"
                " ((SELECT coalesce(max(id), 0) + 1 FROM entry), ?, ?, ?, ?)",
                (kind, _json(table), by, at),
            )
        return int(row.lastrowid or 0)

    def change(self, thing: int, table: Mapping[str, Any] | None, by: str, at: float) -> None:
        """Correct a thing that is there; None withdraws it."""
        with self._db:
            self._room()
            self._db.execute(
                "INSERT INTO entry (thing, kind, body, by, at)"
                " SELECT thing, kind, ?, ?, ? FROM entry WHERE id = ?",
                (None if table is None else _json(table), by, at, thing),
            )

    def newest(self) -> list[Entry]:
        """Every thing as it is now, those that are withdrawn included; the oldest first."""
        return _newest(self._db)

    def history(self, thing: int) -> list[Entry]:
        """All revisions of a thing, the newest first."""
        rows = self._db.execute(f"{_ROWS} WHERE thing = ? ORDER BY id DESC", (thing,))
        return [_entry(row) for row in rows]

    def _room(self) -> None:
        [n] = self._db.execute("SELECT count(*) FROM entry").fetchone()
        if n >= MOST:
            raise Full


def current(path: Path) -> list[Entry]:
    """What is entered and not withdrawn; nothing while there is no such file.

    Raises:
        ReportError: it cannot be read.
    """
    if not path.exists():
        return []
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
            return [entry for entry in _newest(db) if entry.table is not None]
    except (sqlite3.Error, ValueError, KeyError) as error:
        said = Words(f"không đọc được {path}: {error}", f"{path} cannot be read: {error}")
        raise ReportError([said]) from None


def as_tables(entries: Iterable[Entry]) -> Tables:
    """The tables that `reports.record.parse` adds to those of the file."""
    found: Tables = {}
    for entry in entries:
        if entry.table is not None:
            found.setdefault(entry.kind, []).append(dict(entry.table))
    return found


_ROWS: Final = "SELECT id, thing, kind, body, by, at FROM entry"


def _newest(db: sqlite3.Connection) -> list[Entry]:
    rows = db.execute(
        f"{_ROWS} WHERE id IN (SELECT max(id) FROM entry GROUP BY thing) ORDER BY thing"
    )
    return [_entry(row) for row in rows]


def _entry(row: tuple[Any, ...]) -> Entry:
    id, thing, kind, body, by, at = row
    return Entry(id, thing, kind, None if body is None else _table(kind, json.loads(body)), by, at)


def _json(table: Mapping[str, Any]) -> str:
    return json.dumps(dict(table), ensure_ascii=False, default=date.isoformat)


def _table(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    days = {entry.name for entry in fields(TABLES[kind]) if entry.metadata["parse"] is day}
    return {
        name: date.fromisoformat(value) if name in days else value for name, value in body.items()
    }
