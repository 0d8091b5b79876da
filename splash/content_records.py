"""What the content store gives out: values, and how they are read from its rows.

All times are Unix seconds.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import date

from splash import content
from splash.content import Content, Item, Words
from splash.workflow import State, Subject


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of an item's words. Only `state` and what belongs to it ever change."""

    item: Item
    n: int
    """1 for the first revision of the item."""
    content: Content
    author: str
    at: float
    """Unix seconds, like all times here."""
    state: State
    state_by: str
    state_at: float
    note: str
    """What was said with the last change of state: why it was returned."""
    approved_by: str | None
    approved_at: float | None

    @property
    def complete(self) -> bool:
        """Whether it could be published."""
        return not content.read(self.item.kind, content.to_json(self.content))[1]

    @property
    def subject(self) -> Subject:
        return Subject(
            self.item.kind, self.item.sites, self.state, self.author, complete=self.complete
        )


@dataclass(frozen=True, slots=True)
class Live:
    """What phones are to see, and from when until when."""

    revision: Revision
    begins: float | None
    ends: float | None
    published_by: str
    published_at: float


@dataclass(frozen=True, slots=True)
class Summary:
    """An item in a list: its newest revision, and the live one if there is one."""

    newest: Revision
    live: Live | None

    @property
    def title(self) -> Words:
        return content.title_of(self.newest.content)

    def overdue(self, today: date) -> bool:
        """Whether the law in what phones see had to be looked at again by now."""
        return self.live is not None and content.overdue(self.live.revision.content, today)


@dataclass(frozen=True, slots=True)
class Release:
    """One set of live revisions that was given to phones. `what`: (item, n, begins, ends)."""

    n: int
    made: float
    made_by: str
    what: tuple[tuple[str, int, float | None, float | None], ...]
    note: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: float
    who: str
    action: str
    item: str | None
    n: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or a sound that was uploaded. Its bytes are in `ContentStore.media_folder`."""

    name: str
    type: str
    bytes: int
    width: int | None
    height: int | None
    seconds: int | None
    added: float
    added_by: str


COLUMNS = (
    "r.item, r.n, item.kind, r.sites, r.pinned, r.content, r.author, r.at, r.state, r.state_by,"
    " r.state_at, r.note, r.approved_by, r.approved_at"
)
"""What `revision_of` reads, from `revision AS r JOIN item ON item.id = r.item`."""


def revision_of(row: sqlite3.Row) -> Revision:
    item = Item(row["item"], row["kind"], tuple(json.loads(row["sites"])), bool(row["pinned"]))
    # Read, not parsed: a draft may be incomplete.
    words, _ = content.read(item.kind, json.loads(row["content"]))
    return Revision(
        item,
        row["n"],
        words,
        row["author"],
        row["at"],
        row["state"],
        row["state_by"],
        row["state_at"],
        row["note"],
        row["approved_by"],
        row["approved_at"],
    )


def live_of(row: sqlite3.Row) -> Live:
    return Live(
        revision_of(row), row["begins"], row["ends"], row["published_by"], row["published_at"]
    )


def release_of(row: sqlite3.Row) -> Release:
    what = tuple((id, n, begins, ends) for id, n, begins, ends in json.loads(row["what"]))
    return Release(row["n"], row["made"], row["made_by"], what, row["note"])


def audit_entry_of(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry(row["at"], row["who"], row["action"], row["item"], row["n"], row["note"])


def medium_of(row: sqlite3.Row) -> Medium:
    return Medium(
        row["name"],
        row["type"],
        row["bytes"],
        row["width"],
        row["height"],
        row["seconds"],
        row["added"],
        row["added_by"],
    )
