"""Makes one report for the staff's page, in a process of its own.

    python3 -m portal.report_process FOLDER

`FOLDER/task.json` says what is wanted (`portal.staff.report_jobs` writes it). What comes of it is
in the same folder: the report in every format, `preview.json`, and `state.json`, which says how
far it is and in the end what came of it. The process bounds itself, and outlives the page that
asked for it.
"""

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

from portal import report_making as making
from reports import record_file
from reports.entries import as_tables, current
from reports.facts import Period, Place, ReportError

MEMORY: Final = 768 << 20
"""Bytes of address space; a million sessions take 130 MB of memory."""
PROCESSOR_SECONDS: Final = 180
SECONDS: Final = 600
FILE_BYTES: Final = 1 << 30
"""What SQLite sorts goes to files."""

FORMATS: Final[Mapping[str, str]] = {
    "docx": "reports.document",
    "xlsx": "reports.workbook",
    "csv": "reports.csv_file",
    "json": "reports.json_file",
}
NAME: Final = "bao-cao"
"""Of the files, without their suffix."""


def main(folder: Path) -> None:
    _limit()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    try:
        _work(folder, task)
    except ReportError as error:
        _say(folder, problems=[[one.vi, one.en or one.vi] for one in error.said])
    finally:
        shutil.rmtree(folder / "sent", ignore_errors=True)


def _work(folder: Path, task: Mapping[str, Any]) -> None:
    period, before = _period(task["period"]), task["before"] and _period(task["before"])
    there = as_tables(current(Path(task["entered"])))
    entered = record_file.load(Path(task["record"]), there)
    wanted = making.Wanted(
        period, before, frozenset(task["sites"]), task["organisation"], task["unit"]
    )
    sent = [making.Sent(folder / "sent" / file, name) for file, name in task["sent"]]
    own = task["own"] and making.Own(
        Path(task["own"]["data_dir"]),
        Place(**task["own"]["place"]),
        task["own"]["keep_days"],
        Path(task["own"]["content_store"]),
    )
    made = making.make(
        wanted, own, entered, sent, time.time(), lambda step: _say(folder, step=step)
    )
    for form, writer in {**FORMATS, "preview": "reports.preview_file"}.items():
        _say(folder, step=form)
        name = "preview.json" if form == "preview" else f"{NAME}.{form}"
        (folder / name).write_bytes(importlib.import_module(writer).written(made))
    _say(folder, done=True, cut=made.period.last.isoformat() if made.period != period else None)


def _period(days: list[str]) -> Period:
    first, last = map(date.fromisoformat, days)
    return Period(first, last)


def _say(folder: Path, **state: Any) -> None:
    """Whoever reads it reads the whole of it."""
    unfinished = folder / ".state.new"
    unfinished.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(folder / "state.json")


def _limit() -> None:
    """Bound this process, for good."""
    with suppress(OSError):  # If memory runs out, the kernel is to take this process.
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(10)  # Phones come first.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
