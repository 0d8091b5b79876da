"""The tables of a catalogue, and whether a file has these and nothing else.

A catalogue comes signed, and is not believed for that: a key can be stolen, and a tool that signs
can be wrong. In SQLite's schema there may be views and triggers, which are programs; so a file is
read only if its schema is ours to the letter, and shown only if every value is of its kind.
"""

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from functools import cache
from typing import Final

FORMAT: Final = 1
MOST_ITEMS: Final = 20_000
MOST_CHARACTERS: Final = 40_000
"""Of one text of an item: the names of twelve hundred houses, which is longer than any title."""

SCHEMA: Final = f"""
    CREATE TABLE item (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        sites TEXT NOT NULL,      -- ' hp-001 hp-002 '; empty: every house
        begins REAL,              -- Unix seconds; NULL: since ever
        ends REAL,                -- Unix seconds; NULL: for ever
        pinned INTEGER NOT NULL,
        date TEXT NOT NULL,       -- 2026-11-22
        title_vi TEXT NOT NULL,
        title_en TEXT NOT NULL,
        summary_vi TEXT NOT NULL,
        summary_en TEXT NOT NULL,
        category TEXT NOT NULL,
        source TEXT NOT NULL,
        url TEXT NOT NULL,
        revision INTEGER NOT NULL,
        file TEXT NOT NULL
    );
    CREATE INDEX item_kind ON item (kind, category, number);
    CREATE INDEX item_begins ON item (begins) WHERE begins IS NOT NULL;
    CREATE INDEX item_ends ON item (ends) WHERE ends IS NOT NULL;
    CREATE TABLE words (
        number INTEGER PRIMARY KEY,
        vi BLOB NOT NULL,         -- zlib; empty: none
        en BLOB NOT NULL
    );
    CREATE VIRTUAL TABLE search USING fts5 (
        title, summary, text, content = '', columnsize = 0, tokenize = 'ascii'
    );
    PRAGMA user_version = {FORMAT};
"""

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KINDS_OF_VALUE: Final = {"TEXT": (str,), "REAL": (float, type(None)), "INTEGER": (int,)}


class NoCatalogue(sqlite3.DatabaseError):
    """The file is a database, and no catalogue."""


def check_schema(database: sqlite3.Connection) -> None:
    """Whether it has our tables and indexes, and no others.

    Raises:
        NoCatalogue: it has not.
        sqlite3.Error: it is no database, or damaged.
    """
    (found,) = database.execute("PRAGMA user_version").fetchone()
    if found != FORMAT:
        raise NoCatalogue(f"catalogue of format {found}, not {FORMAT}")
    if _schema_of(database) != _ours():
        raise NoCatalogue("it has other tables than a catalogue of this format")


@cache
def _ours() -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        return _schema_of(database)


def _schema_of(database: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Without the words of the tables that FTS5 makes for itself: they are its version's."""
    return database.execute(
        "SELECT type, name, tbl_name, CASE WHEN name LIKE 'search\\_%' ESCAPE '\\' THEN ''"
        " ELSE coalesce(sql, '') END FROM sqlite_master ORDER BY name LIMIT 100"
    ).fetchall()


def wrong_values(database: sqlite3.Connection, files: Collection[str]) -> Iterator[str]:
    """What is wrong with the rows: SQLite lets every column hold anything.

    Raises:
        sqlite3.Error: the file is damaged.
    """
    (damage,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if damage != "ok":
        yield f"cannot be read: {damage}"
        return
    columns = database.execute("PRAGMA table_info(item)").fetchall()
    kinds = {name: _KINDS_OF_VALUE[kind] for _, name, kind, *_ in columns}
    (count,) = database.execute("SELECT count(*) FROM item").fetchone()
    if count > MOST_ITEMS:
        yield f"{count} items; at most {MOST_ITEMS} are read"
        return
    for row in database.execute(f"SELECT {', '.join(kinds)} FROM item ORDER BY number"):
        values = dict(zip(kinds, row, strict=True))
        about = f"item {str(values['id'])[:80]!r}"
        for name, value in values.items():
            if not isinstance(value, kinds[name]):
                yield f"{about}: {name} is not what it should be"
            elif isinstance(value, str) and len(value) > MOST_CHARACTERS:
                yield f"{about}: {name} has more than {MOST_CHARACTERS} characters"
        if not _ID.fullmatch(str(values["id"])):
            yield f"{about}: id has more than small letters, digits and hyphens"
        elif values["file"] not in files:
            yield f"item {values['id']}: its file is not in the bundle"
    (unpacked,) = database.execute(
        "SELECT count(*) FROM words WHERE typeof(vi) <> 'blob' OR typeof(en) <> 'blob'"
    ).fetchone()
    if unpacked:
        yield f"{unpacked} items whose words are not packed"
