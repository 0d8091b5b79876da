"""The catalogue of a bundle: what is shown where and when, and what has which words in it.

One SQLite file, made once by `content_cache.catalogue_writer` and then only read: it is opened
as immutable, so no lock and no journal is ever made, and SQLite reads the pages it needs. A
bundle of ten thousand articles costs a process the same memory as one of ten.

Items have the order in which they are listed: pinned ones first, then the newest.
"""

import sqlite3
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from content_cache import search
from content_cache.catalogue_schema import check_schema, wrong_values
from content_cache.search import Piece

ITEMS_PER_PAGE: Final = 20
MOST_TEXT_BYTES: Final = 1 << 17
"""Of the words of one item in one language; more are not looked through for a snippet."""
_CANDIDATES: Final = 40
"""So many finds are looked at for the accents that were typed."""
_MOST_PROBLEMS: Final = 20
COLUMNS: Final = (
    "id, kind, sites, begins, ends, pinned, date, title_vi, title_en, summary_vi, summary_en,"
    " category, source, url, revision, file"
)
_HERE: Final = "(sites = '' OR instr(sites, ' ' || :site || ' '))"
_SHOWN: Final = (
    f"(begins IS NULL OR begins <= :wall) AND (ends IS NULL OR ends > :wall) AND {_HERE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the catalogue; the rest of it is in its file (`Releases.content`)."""

    id: str
    """Its address: lower-case letters, digits and hyphens."""
    kind: str
    """`article`, `notice`, `campaign` and so on; whoever builds the bundle names them."""
    sites: tuple[str, ...] = ()
    """The houses that show it; empty: every house."""
    begins: float | None = None
    """Unix seconds from which it is shown; None: at once."""
    ends: float | None = None
    """Unix seconds from which it is no longer shown; None: it stays."""
    pinned: bool = False
    date: str
    """The day it is from, as 2026-11-22."""
    title_vi: str
    title_en: str = ""
    summary_vi: str = ""
    summary_en: str = ""
    category: str = ""
    source: str = ""
    url: str = ""
    revision: int
    file: str = ""
    """The name of its content in the bundle; the builder fills it in."""

    def shown(self, site: str, wall: float) -> bool:
        """Whether the house `site` shows it at `wall` (Unix seconds)."""
        return (
            (self.begins is None or self.begins <= wall)
            and (self.ends is None or self.ends > wall)
            and (not self.sites or site in self.sites)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: tuple[Item, ...]
    number: int
    """From 1."""
    pages: int
    """How many there are, at least 1."""


@dataclass(frozen=True, slots=True)
class Found:
    """An item in which the words were found, with the part of its text where they stand."""

    item: Item
    snippet: tuple[Piece, ...]


class Catalogue:
    """An opened catalogue. Every method takes the house and the wall time (Unix seconds).

    Raises `sqlite3.Error`, from any method, if the file is no catalogue or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        try:
            self._database.execute("PRAGMA trusted_schema = OFF")
            self._database.execute("PRAGMA cache_size = -512")
            check_schema(self._database)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        self._database.close()

    def current(self, kind: str, site: str, wall: float, most: int = -1) -> tuple[Item, ...]:
        """The items of a kind that are shown now: all of them, or the first `most`."""
        where = f"kind = :kind AND {_SHOWN}"
        return self._items(where, most=most, kind=kind, site=site, wall=wall)

    def foremost(self, kind: str, site: str, wall: float) -> Item | None:
        """The first one of a kind; what is for this house alone goes before all others."""
        for which in ("sites <> ''", "TRUE"):
            where = f"kind = :kind AND {_SHOWN} AND {which}"
            if found := self._items(where, most=1, kind=kind, site=site, wall=wall):
                return found[0]
        return None

    def headlines(
        self, site: str, wall: float, most: int, kind: str = "article"
    ) -> tuple[Item, ...]:
        """The first `most` of them."""
        where = f"kind = :kind AND {_SHOWN}"
        return self._items(where, most=most, kind=kind, site=site, wall=wall)

    def page(
        self,
        site: str,
        wall: float,
        number: int,
        category: str | None = None,
        kind: str = "article",
    ) -> Page:
        """Page `number`, from 1; the last one if there are not so many."""
        where = f"kind = :kind AND {_SHOWN}"
        if category is not None:
            where += " AND category = :category"
        values = {"kind": kind, "site": site, "wall": wall, "category": category}
        (count,) = self._database.execute(
            f"SELECT count(*) FROM item WHERE {where}", values
        ).fetchone()
        pages = max(1, -(-count // ITEMS_PER_PAGE))
        number = min(max(number, 1), pages)
        skipped = (number - 1) * ITEMS_PER_PAGE
        return Page(
            self._items(where, most=ITEMS_PER_PAGE, skipped=skipped, **values), number, pages
        )

    def categories(self, site: str, wall: float, kind: str = "article") -> tuple[str, ...]:
        """Those that have something to show, by name."""
        rows = self._database.execute(
            f"SELECT DISTINCT category FROM item WHERE kind = :kind AND {_SHOWN} ORDER BY 1",
            {"kind": kind, "site": site, "wall": wall},
        )
        return tuple(category for (category,) in rows)

    def get(self, id: str, site: str, wall: float) -> Item | None:
        """The item, if this house shows it now."""
        found = self._items(f"id = :id AND {_SHOWN}", id=id, site=site, wall=wall)
        return found[0] if found else None

    def ids(self, kind: str, site: str, wall: float) -> Iterator[str]:
        """The names of all items of a kind that are shown now, one by one."""
        rows = self._database.execute(
            f"SELECT id FROM item WHERE kind = :kind AND {_SHOWN} ORDER BY number",
            {"kind": kind, "site": site, "wall": wall},
        )
        return (id for (id,) in rows)

    def next_change(self, site: str, wall: float) -> float | None:
        """When something begins or ends next in this house; None if nothing ever does."""
        (change,) = self._database.execute(
            "SELECT min(at) FROM ("
            f"SELECT min(begins) AS at FROM item WHERE begins > :wall AND {_HERE}"
            f" UNION ALL SELECT min(ends) FROM item WHERE ends > :wall AND {_HERE})",
            {"site": site, "wall": wall},
        ).fetchone()
        return None if change is None else float(change)

    def search(self, typed: str, site: str, wall: float, most: int) -> tuple[Found, ...]:
        """At most `most` items that have the words, whatever a phone sent as `typed`.

        First those with the words as they are written, accents and all; then by where they
        stand: in the title, the summary, the text; then those that have every word, but not
        side by side.
        """
        looked_for = search.query(typed)
        if looked_for is None:
            return ()
        limit = max(most, _CANDIDATES) if looked_for.accented else most
        found: dict[int, Item] = {}
        phrase = looked_for.phrase()
        for expression in (
            f"title : {phrase}",
            f"summary : {phrase}",
            phrase,
            *([looked_for.all_words()] if len(looked_for.words) > 1 else []),
        ):
            if len(found) < limit:
                rows = self._database.execute(
                    f"SELECT number, {COLUMNS} FROM search JOIN item ON number = search.rowid"
                    f" WHERE search MATCH :expression AND {_SHOWN}"
                    " ORDER BY search.rowid LIMIT :limit",
                    {"expression": expression, "site": site, "wall": wall, "limit": limit},
                )
                for number, *row in rows:
                    found.setdefault(number, _item(row))
        results = []
        texts = self._texts(list(found)[:limit])
        for number, text in texts.items():
            item = found[number]
            everything = f"{item.title_vi}\n{item.title_en}\n{item.summary_vi}\n{text}"
            results.append((not looked_for.written_in(everything), item, text))
        results.sort(key=lambda result: result[0])
        return tuple(
            Found(item, search.snippet(text or item.summary_vi, looked_for))
            for _, item, text in results[:most]
        )

    def _texts(self, numbers: Sequence[int]) -> dict[int, str]:
        """The words of these items, in the order asked for."""
        rows = self._database.execute(
            f"SELECT number, vi, en FROM words WHERE number IN ({', '.join(map(str, numbers))})"
        )
        texts = {
            number: "\n".join(_unpacked(part) for part in parts if part) for number, *parts in rows
        }
        return {number: texts.get(number, "") for number in numbers}

    def _items(
        self, where: str, most: int = -1, skipped: int = 0, **values: Any
    ) -> tuple[Item, ...]:
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM item WHERE {where} ORDER BY number LIMIT :most OFFSET :skipped",
            {**values, "most": most, "skipped": skipped},
        )
        return tuple(map(_item, rows))


def _item(row: Sequence[Any]) -> Item:
    names = COLUMNS.split(", ")
    values = dict(zip(names, row, strict=True))
    return Item(
        **{**values, "sites": tuple(values["sites"].split()), "pinned": bool(values["pinned"])}
    )


def _unpacked(packed: bytes) -> str:
    """The words of an item, as far as they may go; none if they cannot be unpacked."""
    try:
        found = zlib.decompressobj().decompress(packed, MOST_TEXT_BYTES)
    except zlib.error:
        return ""
    return found.decode(errors="replace")


def problems(path: Path, files: Collection[str]) -> list[str]:
    """What is wrong with the catalogue at `path` of a bundle that has these files."""
    try:
        with closing(Catalogue(path)) as catalogue:
            catalogue._database.execute(
                "SELECT rowid FROM search WHERE search MATCH 'a' LIMIT 1"
            ).fetchone()
            found = islice(wrong_values(catalogue._database, files), _MOST_PROBLEMS)
            return [f"catalogue: {problem}" for problem in found]
    except (sqlite3.Error, UnicodeDecodeError) as error:  # What SQLite says repeats broken names.
        return [f"catalogue: cannot be read: {error}"]
