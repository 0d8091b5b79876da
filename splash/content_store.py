"""Everything the staff wrote: items, their revisions, what is live, and who did what.

Synchronous; a web site calls it in a thread. Who may do what is `splash.workflow`'s decision, and
it is asked here, so that nobody gets around it. Saving never overwrites: it adds a revision.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from splash import content, content_records, workflow
from splash.content import Content, ContentProblems, Item, Problem
from splash.content_database import BrokenContent, ContentDatabase, write_whole
from splash.content_records import (
    COLUMNS,
    AuditEntry,
    Live,
    Medium,
    Release,
    Revision,
    Summary,
    live_of,
    release_of,
    revision_of,
)
from splash.markup import MEDIA_NAME
from splash.workflow import Action, Actor, Refusal, State, Subject

__all__ = ["AuditEntry", "BrokenContent", "Live", "Medium", "Release", "Revision", "Summary"]


class Refused(Exception):
    """Somebody may not do this; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.en)


class NoSuchItem(Exception):
    """There is no such item, or no such revision of it."""


ELSEWHERE = Refusal(
    "Có người vừa lưu bản mới hơn; hãy xem bản đó rồi sửa tiếp.",
    "Somebody has saved a newer revision meanwhile; look at it before you go on.",
)
WRONG_TIMES = Refusal("Giờ kết thúc phải sau giờ bắt đầu.", "It has to end after it begins.")

_TAKEN = Problem("id", "mã này đã có mục khác dùng.", "another item has this id already.", False)

_REVISIONS = "FROM revision AS r JOIN item ON item.id = r.item"


class ContentStore(ContentDatabase):
    """The staff's database. Every method raises BrokenContent when the file cannot be used."""

    @property
    def media_folder(self) -> Path:
        """Where the bytes of a medium are, under its name."""
        return self.path.parent / "media"

    # Items and revisions.

    def create(
        self,
        made: Content,
        actor: Actor,
        now: float,
        *,
        sites: Iterable[str] = (),
        pinned: bool = False,
        id: str = "",
    ) -> Revision:
        """A new item with its first revision, a draft. Its id comes from the title, or is `id`.

        Raises:
            Refused: the actor may not.
            ContentProblems: the envelope is wrong, or there is an item called `id` already.
        """
        kind = content.kind_of(made)
        with self.transaction() as db:
            wished = id or content.slug_of(content.title_of(made).vi)
            item = Item(wished if id else self._free(wished), kind, _sorted(sites), pinned)
            self._check(item)
            _ask("edit", actor, Subject(kind, item.sites, "draft", actor.name))
            if self._row("SELECT 1 FROM item WHERE id = ?", item.id):
                raise ContentProblems((_TAKEN,))
            db.execute(
                "INSERT INTO item (id, kind, created, created_by) VALUES (?, ?, ?, ?)",
                (item.id, kind, now, actor.name),
            )
            return self._add(item, 1, made, actor, now)

    def save(
        self,
        id: str,
        made: Content,
        actor: Actor,
        now: float,
        *,
        base: int,
        sites: Iterable[str] = (),
        pinned: bool = False,
    ) -> Revision:
        """A new revision of the item `id`, a draft; the newest itself if nothing was changed.

        `base` is the revision that was open in the editor.

        Raises:
            Refused: the actor may not, or somebody else has saved since `base`.
            NoSuchItem, ContentProblems: as they say.
        """
        with self.transaction():
            newest = self.revision(id)
            item = Item(id, newest.item.kind, _sorted(sites), pinned)
            self._check(item)
            if content.kind_of(made) != item.kind:
                raise TypeError(f"{id} is of kind {item.kind}, not {content.kind_of(made)}")
            # What it was and what it becomes: nobody moves a notice into another house.
            _ask("edit", actor, newest.subject)
            _ask("edit", actor, Subject(item.kind, item.sites, "draft", actor.name))
            if newest.n != base:
                raise Refused(ELSEWHERE)
            if newest.content == made and newest.item == item:
                return newest
            return self._add(item, newest.n + 1, made, actor, now)

    def revision(self, id: str, n: int | None = None) -> Revision:
        """The revision `n` of an item, or its newest.

        Raises:
            NoSuchItem: there is none.
        """
        row = self._row(
            f"SELECT {COLUMNS} {_REVISIONS} WHERE r.item = ? AND r.n = coalesce(?,"
            " (SELECT max(n) FROM revision WHERE item = r.item))",
            id,
            n,
        )
        if row is None:
            raise NoSuchItem(f"{id}, revision {n}" if n else id)
        return revision_of(row)

    def revisions(self, id: str) -> list[Revision]:
        """All revisions of an item, the newest first; none of an item that is not there."""
        rows = self._rows(f"SELECT {COLUMNS} {_REVISIONS} WHERE r.item = ? ORDER BY r.n DESC", id)
        return [revision_of(row) for row in rows]

    def items(
        self, *, kind: str | None = None, state: State | None = None, author: str | None = None
    ) -> list[Summary]:
        """Every item, the newest change first; of one kind, in one state, by one author."""
        rows = self._rows(
            f"SELECT {COLUMNS} {_REVISIONS}"
            " WHERE r.n = (SELECT max(n) FROM revision WHERE item = r.item)"
            " AND (?1 IS NULL OR item.kind = ?1) AND (?2 IS NULL OR r.state = ?2)"
            " AND (?3 IS NULL OR r.author = ?3) ORDER BY r.state_at DESC, r.item",
            kind,
            state,
            author,
        )
        live = {one.revision.item.id: one for one in self.live()}
        return [Summary(revision_of(row), live.get(row["item"])) for row in rows]

    def live(self) -> list[Live]:
        """What phones are to see, by item id."""
        rows = self._rows(
            f"SELECT {COLUMNS}, begins, ends, published_by, published_at {_REVISIONS}"
            " JOIN live ON live.item = r.item AND live.n = r.n ORDER BY r.item"
        )
        return [live_of(row) for row in rows]

    def act(
        self,
        action: Action,
        id: str,
        n: int,
        actor: Actor,
        now: float,
        *,
        note: str = "",
        begins: float | None = None,
        ends: float | None = None,
    ) -> Revision:
        """Do one step of the workflow with one revision; `begins` and `ends` are for `publish`.

        Raises:
            Refused: the actor may not, or not now; nothing was changed.
            NoSuchItem: there is no such revision.
        """
        after = workflow.AFTER[action]
        with self.transaction() as db:
            revision = self.revision(id, n)
            _ask(action, actor, revision.subject)
            match action:
                case "submit":
                    self._move_others(id, n, "in_review", "returned", actor, now)
                case "approve":
                    db.execute(
                        "UPDATE revision SET approved_by = ?, approved_at = ?"
                        " WHERE item = ? AND n = ?",
                        (actor.name, now, id, n),
                    )
                case "return":
                    db.execute(
                        "UPDATE revision SET state = ?, approved_by = NULL, approved_at = NULL"
                        " WHERE item = ? AND n = ?",
                        (after, id, n),
                    )
                case "publish":
                    if begins is not None and ends is not None and ends <= begins:
                        raise Refused(WRONG_TIMES)
                    self._move_others(id, n, "live", "superseded", actor, now)
                    self._put_live(id, n, begins, ends, actor.name, now)
                case "withdraw":
                    db.execute("DELETE FROM live WHERE item = ?", (id,))
            self._move(id, n, after, actor.name, now, note)
            self.write_audit(actor.name, action, now, item=id, n=n, note=note)
            return self.revision(id, n)

    # Releases.

    def releases(self) -> list[Release]:
        """Every release, the newest first."""
        return [release_of(row) for row in self._rows("SELECT * FROM release ORDER BY n DESC")]

    def add_release(self, n: int, made: float, made_by: str, note: str = "") -> Release:
        """Write down that what is live now was released as `n`."""
        what = [(one.revision.item.id, one.revision.n, one.begins, one.ends) for one in self.live()]
        with self.transaction() as db:
            db.execute(
                "INSERT INTO release (n, made, made_by, what, note) VALUES (?, ?, ?, ?, ?)",
                (n, made, made_by, json.dumps(what), note),
            )
            self.write_audit(made_by, "release", made, n=n, note=note)
        return Release(n, made, made_by, tuple(what), note)

    def roll_back(self, n: int, actor: Actor, now: float, note: str = "") -> Release:
        """Make live what was live in the release `n`, as it was then.

        Raises:
            Refused: the actor may not.
            NoSuchItem: there is no such release.
        """
        _ask("roll_back", actor, None)
        with self.transaction() as db:
            row = self._row("SELECT * FROM release WHERE n = ?", n)
            if row is None:
                raise NoSuchItem(f"release {n}")
            release = release_of(row)
            wanted = {id: revision for id, revision, _, _ in release.what}
            for one in self.live():
                here = one.revision
                if wanted.get(here.item.id) != here.n:
                    state: State = "superseded" if here.item.id in wanted else "withdrawn"
                    self._move(here.item.id, here.n, state, actor.name, now, note)
            db.execute("DELETE FROM live")
            for id, revision, begins, ends in release.what:
                self._put_live(id, revision, begins, ends, actor.name, now)
                if self.revision(id, revision).state != "live":
                    self._move(id, revision, "live", actor.name, now, note)
            self.write_audit(actor.name, "roll_back", now, n=n, note=note)
            return release

    # The audit trail.

    def write_audit(
        self,
        who: str,
        action: str,
        now: float,
        *,
        item: str | None = None,
        n: int | None = None,
        note: str = "",
    ) -> None:
        """Add a line to the audit trail; it can never be taken away."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO audit (at, who, action, item, n, note) VALUES (?, ?, ?, ?, ?, ?)",
                (now, who, action, item, n, note),
            )

    def audit(
        self, *, item: str | None = None, who: str | None = None, most: int = 200, skip: int = 0
    ) -> list[AuditEntry]:
        """The audit trail, the newest first."""
        rows = self._rows(
            "SELECT * FROM audit WHERE (?1 IS NULL OR item = ?1) AND (?2 IS NULL OR who = ?2)"
            " ORDER BY id DESC LIMIT ?3 OFFSET ?4",
            item,
            who,
            most,
            skip,
        )
        return [content_records.audit_entry_of(row) for row in rows]

    # Pictures and sounds.

    def add_media(
        self,
        data: bytes,
        suffix: str,
        type: str,
        actor: Actor,
        now: float,
        *,
        width: int | None = None,
        height: int | None = None,
        seconds: int | None = None,
    ) -> Medium:
        """Keep `data`, which was checked and made small already, under the hash of its bytes.

        Adding it again changes nothing.

        Raises:
            ValueError: `suffix` (like `webp`) is none that may be shown.
        """
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        if not MEDIA_NAME.fullmatch(name):
            raise ValueError(f"{suffix!r} is no suffix of a picture or a sound")
        with self.transaction() as db:
            if found := self.find_media(name):
                return found
            self.media_folder.mkdir(exist_ok=True)
            write_whole(self.media_folder / name, data)
            db.execute(
                "INSERT INTO media (name, type, bytes, width, height, seconds, added, added_by)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (name, type, len(data), width, height, seconds, now, actor.name),
            )
            return Medium(name, type, len(data), width, height, seconds, now, actor.name)

    def find_media(self, name: str) -> Medium | None:
        row = self._row("SELECT * FROM media WHERE name = ?", name)
        return content_records.medium_of(row) if row else None

    def media(self) -> list[Medium]:
        """Every picture and sound, the newest first."""
        rows = self._rows("SELECT * FROM media ORDER BY added DESC, name")
        return [content_records.medium_of(row) for row in rows]

    # How it is done.

    def _row(self, query: str, *values: object) -> sqlite3.Row | None:
        return next(iter(self._rows(query, *values)), None)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self.transaction() as db:
            return db.execute(query, values).fetchall()

    def _check(self, item: Item) -> None:
        if problems := content.item_problems(item):
            raise ContentProblems(problems)

    def _free(self, wished: str) -> str:
        """`wished`, or with a number if another item has it."""
        taken = {row["id"] for row in self._rows("SELECT id FROM item")}
        names = (f"{wished}-{n}" if n > 1 else wished for n in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def _add(self, item: Item, n: int, made: Content, actor: Actor, now: float) -> Revision:
        with self.transaction() as db:
            db.execute(
                "INSERT INTO revision"
                " (item, n, author, at, sites, pinned, content, state, state_by, state_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'draft', ?, ?)",
                (
                    item.id,
                    n,
                    actor.name,
                    now,
                    json.dumps(item.sites),
                    item.pinned,
                    json.dumps(content.to_json(made), ensure_ascii=False),
                    actor.name,
                    now,
                ),
            )
            self.write_audit(actor.name, "edit", now, item=item.id, n=n)
            return self.revision(item.id, n)

    def _move(self, id: str, n: int, state: State, by: str, now: float, note: str) -> None:
        with self.transaction() as db:
            db.execute(
                "UPDATE revision SET state = ?, state_by = ?, state_at = ?, note = ?"
                " WHERE item = ? AND n = ?",
                (state, by, now, note, id, n),
            )

    def _move_others(
        self, id: str, n: int, before: State, after: State, actor: Actor, now: float
    ) -> None:
        """Every other revision of the item that is in one state goes to another."""
        for other in self.revisions(id):
            if other.n != n and other.state == before:
                self._move(id, other.n, after, actor.name, now, "")

    def _put_live(
        self, id: str, n: int, begins: float | None, ends: float | None, by: str, now: float
    ) -> None:
        with self.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO live (item, n, begins, ends, published_by, published_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (id, n, begins, ends, by, now),
            )


def _ask(action: Action, actor: Actor, subject: Subject | None) -> None:
    if refusal := workflow.refusal(action, actor, subject):
        raise Refused(refusal)


def _sorted(sites: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(sites)))
