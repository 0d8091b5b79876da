"""The shape of the content store, step by step (sqlite-utils migrations).

`splash.content_store` runs this module as a program of its own (`python3 -m
splash.content_migrations FILE`) when the schema has to change, so that sqlite-utils is not in a
process's memory for the rest of its life.

What must never change is guarded here too, by triggers and checks, so that no program can get
around it by mistake: revisions, the audit trail and releases are only ever added to, nobody is
written down as the approver of his own words, and only what was approved is live.
"""

import sys
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from splash.content_database import SCHEMA_VERSION

schema = Migrations("content")


@schema()
def m001_items_revisions_and_releases(db: sqlite_utils.Database) -> None:
    """Items, their revisions, what is live, what was released, and who did what."""
    db.table("item").create(
        {"id": str, "kind": str, "created": float, "created_by": str},
        pk="id",
        not_null={"kind", "created", "created_by"},
    )
    # sqlite-utils writes no table-wide CHECK.
    db.execute(
        """
        CREATE TABLE revision (
            item TEXT NOT NULL REFERENCES item(id),
            n INTEGER NOT NULL,         -- 1, 2, 3 ... within the item
            author TEXT NOT NULL,
            at REAL NOT NULL,           -- Unix seconds
            sites TEXT NOT NULL,        -- JSON; [] is every house
            pinned INTEGER NOT NULL,
            content TEXT NOT NULL,      -- JSON, as splash.content.to_json makes it
            state TEXT NOT NULL,        -- splash.workflow.State
            state_by TEXT NOT NULL,
            state_at REAL NOT NULL,
            note TEXT NOT NULL DEFAULT '',
            approved_by TEXT,
            approved_at REAL,
            PRIMARY KEY (item, n),
            CHECK (approved_by <> author),
            CHECK (state NOT IN ('approved', 'live', 'superseded', 'withdrawn')
                   OR approved_by IS NOT NULL)
        )
        """
    )
    db.table("revision").create_index(["state"])
    db.execute(
        """
        CREATE TABLE live (
            item TEXT PRIMARY KEY,
            n INTEGER NOT NULL,
            begins REAL,                -- Unix seconds; null is at once
            ends REAL,                  -- null is never
            published_by TEXT NOT NULL,
            published_at REAL NOT NULL,
            CHECK (ends IS NULL OR begins IS NULL OR ends > begins),
            FOREIGN KEY (item, n) REFERENCES revision(item, n)
        )
        """
    )
    db.table("release").create(
        {
            "n": int,
            "made": float,
            "made_by": str,
            "what": str,  # JSON: [[item, n, begins, ends], ...]
            "note": str,
        },
        pk="n",
        not_null={"made", "made_by", "what"},
        defaults={"note": ""},
    )
    db.table("media").create(
        {
            "name": str,  # SHA-256 of the bytes and a suffix; the bytes are in files
            "type": str,
            "bytes": int,
            "width": int,  # null for sounds
            "height": int,
            "seconds": int,  # null for pictures
            "added": float,
            "added_by": str,
        },
        pk="name",
        not_null={"type", "bytes", "added", "added_by"},
    )
    db.table("audit").create(
        {
            "id": int,
            "at": float,
            "who": str,
            "action": str,
            "item": str,  # null for what concerns no item
            "n": int,
            "note": str,
        },
        pk="id",
        not_null={"at", "who", "action", "note"},
    )
    db.table("audit").create_index(["item"])
    for table, what in (("item", ""), ("audit", ""), ("release", ""), ("revision", _WORDS)):
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE {what} ON {table}"
            f" BEGIN SELECT raise(ABORT, '{table} rows never change'); END"
        )
        db.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table}"
            f" BEGIN SELECT raise(ABORT, '{table} rows are never deleted'); END"
        )
    for event in ("INSERT", "UPDATE"):
        db.execute(
            f"CREATE TRIGGER live_was_approved_{event.lower()} BEFORE {event} ON live"
            " WHEN NOT EXISTS (SELECT 1 FROM revision WHERE item = new.item AND n = new.n"
            " AND approved_by IS NOT NULL)"
            " BEGIN SELECT raise(ABORT, 'only what was approved is live'); END"
        )


_WORDS = "OF item, n, author, at, sites, pinned, content"
"""The columns of a revision that never change; its state does."""


def migrate(path: Path) -> None:
    """Bring the database at `path` to `SCHEMA_VERSION`; make it if it is not there."""
    db = sqlite_utils.Database(path)
    try:
        schema.apply(db)
        db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    finally:
        db.close()


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
