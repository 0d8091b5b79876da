"""The shape of answers.db, step by step (sqlite-utils migrations); see `portal.hearing`.

Run as a program (`python3 -m portal.answers_schema FILE`), as `portal.migrations` is. The daemon
and the staff site may both be the first to want the file, so they take turns.
"""

import fcntl
import os
import sys
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from portal.hearing import SCHEMA_VERSION

schema = Migrations("answers")


@schema()
def m001_what_people_say(db: sqlite_utils.Database) -> None:
    """Faults, questions, votes, quiz scores, the prize draw, and how often pages were read."""
    db.table("fault").create(
        {
            "id": int,
            "kind": str,  # one of `portal.hearing.FAULTS`
            "text": str,
            "at": float,  # Unix seconds; null if nobody had set the clock
            "done_at": float,  # null while open
            "note": str,  # what staff wrote
        },
        pk="id",
        not_null={"kind", "text"},
    )
    db.table("question").create(
        {
            "id": int,
            "text": str,
            "at": float,
            "done_at": float,  # when it was answered or put aside; null while open
            "answer": str,  # null if it was put aside
            "shown": str,  # the question as it is shown to all; null while it is not
            "answered_by": str,
        },
        pk="id",
        not_null={"text"},
    )
    # A device's mark is an HMAC under the poll's secret; both go when the poll closes.
    db.table("poll_secret").create({"poll": str, "secret": bytes}, pk="poll", not_null={"secret"})
    db.table("vote").create(
        {"poll": str, "mark": bytes, "choice": int},
        pk=("poll", "mark"),
        not_null={"choice"},
    )
    # What is left of the votes of a poll that has closed.
    db.table("tally").create(
        {"poll": str, "choice": int, "n": int}, pk=("poll", "choice"), not_null={"n"}
    )
    db.table("quiz_result").create(
        {"quiz": str, "day": str, "score": int, "n": int},
        pk=("quiz", "day", "score"),
        not_null={"n"},
    )
    db.table("draw_entry").create(
        {
            "id": int,
            "quiz": str,
            "name": str,
            "phone": str,
            "code": str,  # with it the person takes the entry back
            "consent": str,  # the version of the conditions whose words were agreed to
            "at": float,
            "delete_by": float,  # null if nobody had set the clock
        },
        pk="id",
        not_null={"quiz", "name", "phone", "code", "consent"},
    )
    db.table("draw_entry").create_index(["quiz", "phone"], unique=True)
    db.table("draw_entry").create_index(["code"], unique=True)
    db.table("view").create({"item": str, "day": str, "n": int}, pk=("item", "day"), not_null={"n"})


@schema()
def m002_what_was_done_by_day(db: sqlite_utils.Database) -> None:
    """What is counted by day alone; and votes lose the order in which they came."""
    db.table("deed").create(
        {
            "what": str,  # one of `portal.hearing.Deed`
            "of": str,
            "day": str,
            "n": int,
        },
        pk=("what", "of", "day"),
        not_null={"n"},
    )
    # Beside how many voted on each day, the order of the rows would tell whose vote was when.
    db.execute(
        "CREATE TABLE unordered (poll TEXT, mark BLOB, choice INTEGER NOT NULL,"
        " PRIMARY KEY (poll, mark)) WITHOUT ROWID"
    )
    db.execute("INSERT INTO unordered SELECT poll, mark, choice FROM vote")
    db.execute("DROP TABLE vote")
    db.execute("ALTER TABLE unordered RENAME TO vote")
    # Older programs name the columns, and do not count by day.
    db.table("usable_from").insert({"id": 1, "oldest": 1}, pk="id", replace=True)


def migrate(path: Path) -> None:
    """Bring the database at `path` to `SCHEMA_VERSION`; make it if it is not there."""
    turn = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        db = sqlite_utils.Database(path)
        try:
            schema.apply(db)
            db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        finally:
            db.close()
    finally:
        os.close(turn)


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
