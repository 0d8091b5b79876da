"""A day while it is being added up, and a database that is read for that."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlite_utils

from portal.schedule import DAY_SECONDS, SITE_OFFSET_SECONDS
from reports.facts import ReportError

_CACHE_KIB: Final = 16_384

DAY: Final = f"CAST((t + {SITE_OFFSET_SECONDS}) / {DAY_SECONDS} AS INTEGER)"
"""The number of the site's day that `t` is in, in SQL."""


@dataclass(slots=True)
class Tally:
    """One day, while it is being added up."""

    sessions: int = 0
    seconds: float = 0.0
    up_bytes: int = 0
    down_bytes: int = 0
    minutes: dict[int, int] = field(default_factory=dict)
    peak: int | None = None
    faults: dict[str, int] = field(default_factory=dict)
    faults_done: int = 0
    questions: int = 0
    answered: int = 0
    views: dict[str, int] = field(default_factory=dict)
    scores: dict[tuple[str, int], int] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    clicks: dict[str, int] = field(default_factory=dict)
    votes: dict[str, int] = field(default_factory=dict)


class Days(dict[date, Tally]):
    def __missing__(self, day: date) -> Tally:
        return self.setdefault(day, Tally())


@contextmanager
def opened(path: Path, version: int) -> Iterator[sqlite_utils.Database]:
    """A database of schema `version`, only to be read.

    Raises:
        ReportError: it cannot be read, or has another schema.
    """
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        db = sqlite_utils.Database(sqlite3.connect(address, uri=True, timeout=5))
    except sqlite3.Error as error:
        raise ReportError([f"{path} cannot be opened: {error}"]) from None
    try:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found != version:
            raise ReportError(
                [f"{path} has schema {found}, not {version}; it is of another portal"]
            )
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        db.execute("PRAGMA temp_store = FILE")
        yield db
    except sqlite3.Error as error:
        raise ReportError([f"{path} cannot be read: {error}"]) from None
    finally:
        db.close()
