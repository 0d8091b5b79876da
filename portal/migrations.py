"""The shape of the session log, step by step (sqlite-utils migrations).

The daemon reads and writes this schema with the standard library's sqlite3; sqlite-utils serves
here, in tools and in reports. When the schema has to change the daemon runs this module as a
program of its own (`python3 -m portal.migrations FILE`), so that the 4 MiB of sqlite-utils are
not in its memory for the rest of its life.

An upgrade may be taken back (docs/adr/0025-forward-and-back.md). So a migration adds, and leaves
what older programs use as it is; it then writes the lowest schema whose programs may go on into
`usable_from`:

    db.table("usable_from").insert({"id": 1, "oldest": 1}, pk="id", replace=True)
"""

import sys
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from portal.session_store import SCHEMA_VERSION

schema = Migrations("portal")


@schema()
def m001_events_and_sessions(db: sqlite_utils.Database) -> None:
    """The event log, the sessions it adds up to, and what a restart must know."""
    # (epoch, n) is the key of an event for ever: a hub that has seen it never asks again.
    db.table("events").create(
        {
            "epoch": int,  # one for each start of the daemon
            "n": int,  # 1, 2, 3 ... within the epoch
            "kind": str,
            "wall": float,  # Unix seconds, as the clock had it
            "monotonic": float,  # seconds of the boot `boot_id`
            "boot_id": str,
            "pseudonym": str,
            "detail": str,  # JSON
        },
        pk=("epoch", "n"),
        not_null={"kind", "wall", "monotonic", "boot_id"},
    )
    db.table("sessions").create(
        {
            "id": int,
            "pseudonym": str,
            "conditions": str,  # the version agreed to; null if staff opened it
            "boot_id": str,
            "started": float,  # monotonic, of that boot
            "ends": float,  # monotonic, of that boot
            "started_wall": float,
            "ended_wall": float,  # null while open
            "seconds": float,  # how long it lasted
            "end_reason": str,
            "up_bytes": int,
            "down_bytes": int,
            "up_before": int,  # of these, how many the kernel's counters forgot in a power cut
            "down_before": int,
        },
        pk="id",
        not_null={"pseudonym", "boot_id", "started", "ends", "started_wall"},
        defaults={"up_bytes": 0, "down_bytes": 0, "up_before": 0, "down_before": 0},
    )
    db.table("sessions").create_index(["pseudonym"])
    db.table("sessions").create_index(["ended_wall"])
    db.table("blocked").create(
        {"pseudonym": str, "reason": str, "since_wall": float}, pk="pseudonym"
    )
    # The last moment of a boot that is known: what was left of a turn is counted from here.
    db.table("last_moment").create(
        {"id": int, "boot_id": str, "wall": float, "monotonic": float}, pk="id"
    )
    # What is left of sessions after `privacy.keep_days`.
    db.table("days").create(
        {"day": str, "sessions": int, "seconds": float, "up_bytes": int, "down_bytes": int},
        pk="day",
    )


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
