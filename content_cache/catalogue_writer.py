"""Writes the catalogue of a bundle (`content_cache.catalogue` reads it).

The words of an item are there twice: folded and indexed to be found, in a table of FTS5 that
keeps no copy of its own, and packed as they are, for the part of them that is shown.
"""

import sqlite3
import zlib
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

from content_cache import search
from content_cache.catalogue import COLUMNS, Item
from content_cache.catalogue_schema import SCHEMA


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written of one item: what is listed of it, and its words to be searched."""

    item: Item
    text_vi: str
    text_en: str = ""


def write(entries: Collection[Entry]) -> bytes:
    """The bytes of a catalogue; the same entries make the same bytes, in whatever order."""
    ordered = sorted(entries, key=lambda entry: entry.item.id)
    ordered.sort(key=lambda entry: (entry.item.pinned, entry.item.date), reverse=True)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("PRAGMA page_size = 4096")
        database.executescript(SCHEMA)
        database.execute("BEGIN")
        for number, entry in enumerate(ordered, 1):
            _insert(database, number, entry)
        database.execute("INSERT INTO search (search) VALUES ('optimize')")
        database.execute("COMMIT")
        database.execute("VACUUM")
        return database.serialize()


def _insert(database: sqlite3.Connection, number: int, entry: Entry) -> None:
    item = entry.item
    sites = f" {' '.join(item.sites)} " if item.sites else ""
    row = {name: getattr(item, name) for name in COLUMNS.split(", ") if name != "sites"} | {
        "number": number,
        "sites": sites,
    }
    columns = f"number, {COLUMNS}"
    places = ", ".join(f":{name}" for name in columns.split(", "))
    database.execute(f"INSERT INTO item ({columns}) VALUES ({places})", row)
    database.execute(
        "INSERT INTO words VALUES (?, ?, ?)",
        (
            number,
            _packed(entry.text_vi),
            _packed(entry.text_en),
        ),
    )
    database.execute(
        "INSERT INTO search (rowid, title, summary, text) VALUES (?, ?, ?, ?)",
        (
            number,
            search.fold(f"{item.title_vi}\n{item.title_en}"),
            search.fold(f"{item.summary_vi}\n{item.summary_en}"),
            search.fold(f"{entry.text_vi}\n{entry.text_en}"),
        ),
    )


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), 9) if text else b""
