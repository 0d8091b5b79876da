"""How long a report takes, and how much memory, over how many sessions.

A year of one house: rows are put straight into the tables that `portal run` fills, two events for
each session, an outage a week. `portal report` then runs as a program of its own, as a person
types it, and writes the Word draft.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlite_utils

from bench.figures import OURS, Figure
from bench.site import BenchSite
from portal import migrations
from portal.schedule import DAY_SECONDS
from reports.facts import Period

SECTION: Final = "reports"
SIZES: Final = (10_000, 100_000, 1_000_000)
YEAR: Final = Period(date(2026, 1, 2), date(2026, 10, 31))
_BATCH: Final = 50_000
_DEVICES: Final = 400


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """`site` and `peer` are of no use here: nothing is sent."""
    found = []
    for sessions in SIZES[:2] if quick else SIZES:
        with tempfile.TemporaryDirectory() as folder:
            config = a_house(Path(folder), sessions)
            runs = [_run(config) for _ in range(min(repetitions, 3))]
        what = f"{sessions:,} sessions"
        found += [
            Figure(SECTION, f"{what}: time", OURS, "s", tuple(seconds for seconds, _ in runs)),
            Figure(SECTION, f"{what}: most memory", OURS, "MiB", tuple(mib for _, mib in runs)),
        ]
    return found


def a_house(folder: Path, sessions: int) -> Path:
    """Make the records of a house; returns its portal.toml."""
    config = folder / "portal.toml"
    config.write_text(
        '[site]\nid = "hp-001"\nname = "Khu trọ Mẫu"\nrooms = 400\nresidents = 800\n'
        '[organisation]\nname = "LĐLĐ"\nunit = "Ban Tuyên giáo"\n'
        '[interfaces]\nphones = "br-lan"\nuplink = "wan"\n'
        f'[storage]\ndata_dir = "{folder}"\n',
        encoding="utf-8",
    )
    log = folder / "sessions.db"
    migrations.migrate(log)
    db = sqlite_utils.Database(log)
    db.execute("PRAGMA synchronous = OFF")
    for rows in _batches(sessions):
        with db.conn:
            db.conn.executemany(
                "INSERT INTO sessions (pseudonym, conditions, boot_id, started, ends,"
                " started_wall, ended_wall, seconds, end_reason, up_bytes, down_bytes)"
                " VALUES (?, '1', 'boot-1', ?, ?, ?, ?, ?, 'expired', ?, ?)",
                (row for row, _ in rows),
            )
            db.conn.executemany(
                "INSERT INTO events (epoch, n, kind, wall, monotonic, boot_id, pseudonym, detail)"
                " VALUES (?, ?, ?, ?, ?, 'boot-1', ?, ?)",
                (event for _, events in rows for event in events),
            )
    db.close()
    return config


def _batches(sessions: int) -> Iterator[list[tuple[Any, Any]]]:
    chance = random.Random(7)
    step = YEAR.days * DAY_SECONDS / sessions
    rows: list[tuple[Any, Any]] = []
    week = 0
    for n in range(sessions):
        wall = YEAR.begins + n * step + chance.uniform(0, step)
        monotonic = wall - YEAR.begins + 1000
        seconds = chance.choice((14_400.0, 14_400.0, chance.uniform(60, 14_000)))
        # Names change with the month, and every fifth telephone makes up an address a day.
        month = int(wall // (30 * DAY_SECONDS))
        who = chance.randrange(_DEVICES) if n % 5 else n
        name = f"{who * 7919 + month:032x}"
        events: list[tuple[Any, ...]] = [
            (1, 2 * n + 1, "session-opened", wall, monotonic, name, '{"started": 1, "ends": 2}'),
            (1, 2 * n + 2, "session-ended", wall, monotonic, name, '{"reason": "expired"}'),
        ]
        if wall > YEAR.begins + week * 7 * DAY_SECONDS:
            week += 1
            outage = '{"fault": "no answer", "seconds_before": 5}'
            events += [
                (2, 2 * week, "outage-began", wall, monotonic, None, outage),
                (2, 2 * week + 1, "outage-ended", wall + 60, monotonic + 60, None, "{}"),
            ]
        row = (
            *(name, monotonic, monotonic + 14_400, wall, wall + seconds, seconds),
            *(chance.randrange(10**8), chance.randrange(10**9)),
        )
        rows.append((row, events))
        if len(rows) == _BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _run(config: Path) -> tuple[float, float]:
    """Seconds, and the most memory (RSS) in MiB."""
    words: Sequence[str] = (
        *(sys.executable, "-m", "portal", "report", "--config", str(config)),
        *("--from", str(YEAR.first), "--to", str(YEAR.last)),
        *("-o", str(config.with_name("report.docx"))),
    )
    begun = time.monotonic()
    child = os.posix_spawn(
        sys.executable,
        words,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"portal report ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - begun, used.ru_maxrss / 1024
