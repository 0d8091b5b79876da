"""What the mirror remembers between two runs, in SQLite: copies of pages, pictures made small, and
which article has which id. It can be deleted; then everything is fetched again, and articles get
new ids if their titles have changed.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import sqlite_utils
from sqlite_utils.db import NotFoundError, Table
from sqlite_utils.migrations import Migrations

from content_cache.mirror.fetching import Answer, Validators
from content_cache.mirror.pictures import Picture
from content_cache.search import fold

_KEPT_DAYS: Final = 90
_LONGEST_ID: Final = 70

schema = Migrations("mirror")


@schema()
def m001_pages_pictures_articles(db: sqlite_utils.Database) -> None:
    said = {"address": str, "etag": str, "modified": str, "seen": float}
    page = {"final": str, "kind": str, "charset": str, "length": int, "body": bytes, "changed": str}
    picture = {"name": str, "width": int, "height": int, "webp": bytes, "trouble": str}
    db.table("page").create(said | page, pk="address")
    db.table("picture").create(said | picture, pk="address")
    db.table("article").create(
        {"address": str, "id": str, "source": str, "digest": str, "saved": float}, pk="address"
    )
    db.table("article").create_index(["id"], unique=True)
    db.table("report").create({"source": str, "at": float, "report": str}, pk="source")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was fetched last."""

    answer: Answer
    """With a body, unless it is a file that is only linked to."""
    changed: str
    """What the site's own list said of its change then."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A picture as it was fetched last, or why there is none."""

    name: str
    picture: Picture | None
    trouble: str
    validators: Validators


class Memory:
    """The file at `path`; None is a memory that is soon forgotten. Times are Unix seconds."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite_utils.Database(path) if path else sqlite_utils.Database(memory=True)
        schema.apply(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def page(self, address: str) -> Page | None:
        row = self._row("page", address)
        if row is None:
            return None
        body = gzip.decompress(row["body"]) if row["body"] is not None else None
        validators = Validators(row["etag"], row["modified"])
        answer = Answer(
            row["final"],
            row["kind"],
            row["charset"],
            validators,
            body,
            row["length"],
            changed=False,
        )
        return Page(answer, row["changed"])

    def keep_page(self, address: str, answer: Answer, changed: str, now: float) -> None:
        body = gzip.compress(answer.body, 6, mtime=0) if answer.body is not None else None
        self._put(
            "page",
            address=address,
            etag=answer.validators.etag,
            modified=answer.validators.modified,
            final=answer.address,
            kind=answer.kind,
            charset=answer.charset,
            length=answer.length,
            body=body,
            changed=changed,
            seen=now,
        )

    def still_there(self, table: str, address: str, now: float, changed: str | None = None) -> None:
        """A page or picture that has not changed since; keeps it from being forgotten."""
        new: dict[str, Any] = {"seen": now} | ({} if changed is None else {"changed": changed})
        self._table(table).update(address, new)

    def picture(self, address: str) -> Shrunk | None:
        row = self._row("picture", address)
        if row is None:
            return None
        picture = Picture(row["webp"], row["width"], row["height"]) if row["webp"] else None
        validators = Validators(row["etag"], row["modified"])
        return Shrunk(row["name"], picture, row["trouble"], validators)

    def keep_picture(self, address: str, shrunk: Shrunk, now: float) -> None:
        picture = shrunk.picture
        self._put(
            "picture",
            address=address,
            etag=shrunk.validators.etag,
            modified=shrunk.validators.modified,
            name=shrunk.name,
            width=picture.width if picture else 0,
            height=picture.height if picture else 0,
            webp=picture.webp if picture else None,
            trouble=shrunk.trouble,
            seen=now,
        )

    def id_of(self, address: str, title: str, source: str, used: Mapping[str, str]) -> str:
        """The id of the article at `address`: always the same one. A new one is of its title.

        `used` are the ids that others know, each with the address it belongs to or "".
        """
        row = self._row("article", address)
        if row is not None:
            return str(row["id"])
        articles = self._table("article")
        known = next((id for id, whose in used.items() if whose == address), None)
        if known is None or articles.count_where("id = ?", [known]):
            stem = "-".join(fold(title).split())[: _LONGEST_ID + 1]
            if len(stem) > _LONGEST_ID:
                stem = stem.rpartition("-")[0] or stem[:_LONGEST_ID]
            stem = stem.strip("-") or source
            number, known = 1, stem
            while known in used or articles.count_where("id = ?", [known]):
                number += 1
                known = f"{stem}-{number}"
        self._put("article", address=address, id=known, source=source, digest="", saved=None)
        return known

    def digest(self, address: str) -> str:
        """Of the article as it was saved last; "" if it was not."""
        row = self._row("article", address)
        return str(row["digest"]) if row else ""

    def saved(self, address: str, digest: str, now: float) -> None:
        self._table("article").update(address, {"digest": digest, "saved": now})

    def keep_report(self, source: str, report: dict[str, Any], now: float) -> None:
        self._put("report", source=source, at=now, report=json.dumps(report, ensure_ascii=False))

    def reports(self) -> dict[str, dict[str, Any]]:
        """The last report of every source."""
        return {row["source"]: json.loads(row["report"]) for row in self._table("report").rows}

    def forget_old(self, now: float) -> None:
        for table in ("page", "picture"):
            self._table(table).delete_where("seen < ?", [now - _KEPT_DAYS * 86400])

    def _table(self, name: str) -> Table:
        return self._db.table(name)

    def _row(self, table: str, address: str) -> dict[str, Any] | None:
        try:
            return dict(self._table(table).get(address))
        except NotFoundError:
            return None

    def _put(self, table: str, **values: Any) -> None:
        self._table(table).upsert(values, pk="address" if "address" in values else "source")


def media_name(webp: bytes) -> str:
    """What a picture is called in bundles: the SHA-256 of its bytes."""
    return f"{hashlib.sha256(webp).hexdigest()}.webp"
