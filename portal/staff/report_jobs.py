"""Reports that the staff's page had made: a folder for each, in `data_dir/reports`.

A process of its own makes one (`portal.report_process`), one at a time. It holds a lock as long as
it lives, so that the folder and the lock alone tell how it stands: no page has to wait, and the
staff site may be started again meanwhile.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from portal.staff.words import Said

NEEDED: Final = ("docx", "xlsxwriter", "PIL")
"""What the extra `[reports]` installs."""
FORMATS: Final = ("docx", "xlsx", "csv", "json")
STEPS: Final = ("records", "files", "figures", *FORMATS, "preview")
KEEP_SECONDS: Final = 7 * 86400.0
MOST_KEPT: Final = 20
_ENDING_LOOKS: Final = 40
_ENDING_SECONDS: Final = 0.05
"""A process that has said how it ended is gone a moment later."""
_ID: Final = re.compile(r"[0-9a-f]{16}")
_ROOT: Final = Path(__file__).parents[2]

Process = subprocess.Popen[bytes]


class Busy(Exception):
    """Another report is being made."""


@dataclass(frozen=True, slots=True)
class Job:
    """A report that was asked for."""

    id: str
    folder: Path
    task: Mapping[str, Any]
    state: Mapping[str, Any]
    running: bool

    @property
    def at(self) -> float:
        return float(self.task["at"])

    @property
    def done(self) -> bool:
        return bool(self.state.get("done"))

    @property
    def step(self) -> int:
        """How many of `STEPS` are over."""
        step = self.state.get("step")
        return STEPS.index(step) if step in STEPS else 0

    @property
    def problems(self) -> list[Said]:
        return [Said(vi, en) for vi, en in self.state.get("problems", ())]

    def preview(self) -> Any:
        return json.loads((self.folder / "preview.json").read_text(encoding="utf-8"))

    def file(self, name: str) -> Path | None:
        """One of its results."""
        path = self.folder / name
        known = {f"bao-cao.{form}" for form in FORMATS}
        return path if self.done and name in known and path.is_file() else None


def missing() -> list[str]:
    """What reports need and is not installed here."""
    return [name for name in NEEDED if find_spec(name) is None]


class Jobs:
    """The folder of reports. For one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process | None = None

    def prepare(self) -> tuple[str, Path]:
        """A new, empty folder; `start` or `drop` has to follow."""
        id = secrets.token_hex(8)
        folder = self._folder / id
        (folder / "sent").mkdir(parents=True)
        self._folder.chmod(0o700)
        return id, folder

    def start(self, id: str, task: Mapping[str, Any]) -> None:
        """Have it made.

        Raises:
            Busy: another one is; the folder is gone.
        """
        self._reap()
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not self._take(lock):
                self.drop(id)
                raise Busy
            os.truncate(lock, 0)
            os.write(lock, id.encode())
            text = json.dumps(task, ensure_ascii=False)
            (self._folder / id / "task.json").write_text(text, encoding="utf-8")
            # The lock goes with the process: it is the same open file.
            self._process = subprocess.Popen(
                (sys.executable, "-m", "portal.report_process", str(self._folder / id)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
                pass_fds=(lock,),
                start_new_session=True,
            )
        finally:
            os.close(lock)

    def drop(self, id: str) -> None:
        """Forget a report, with its files."""
        if _ID.fullmatch(id):
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def get(self, id: str) -> Job | None:
        if not _ID.fullmatch(id):
            return None
        self._reap()
        return self._job(id, self._running())

    def all(self) -> list[Job]:
        """The newest first."""
        self._reap()
        running = self._running()
        found = [job for id in self._ids() if (job := self._job(id, running)) is not None]
        return sorted(found, key=lambda job: job.at, reverse=True)

    def forget(self, now: float) -> None:
        """Drop what is old, and what is too much; not what is being made."""
        for n, job in enumerate(self.all()):
            if not job.running and (n >= MOST_KEPT or job.at < now - KEEP_SECONDS):
                self.drop(job.id)
        for id in self._ids():  # What was being sent when this program ended.
            folder = self._folder / id
            if not (folder / "task.json").exists() and folder.stat().st_mtime < now - 3600:
                self.drop(id)

    def _ids(self) -> list[str]:
        return [path.name for path in self._folder.glob("*") if _ID.fullmatch(path.name)]

    def _job(self, id: str, running: str | None) -> Job | None:
        """`running` was asked before: what ends says so before it lets go of the lock."""
        folder = self._folder / id
        try:
            task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        state: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        over = "done" in state or "problems" in state
        return Job(id, folder, task, state, running=running == id and not over)

    def _take(self, lock: int) -> bool:
        """Whether the lock was to be had; a process whose report is over is waited for."""
        for _ in range(_ENDING_LOOKS):
            if _locked(lock):
                return True
            job = self.get(os.pread(lock, 16, 0).decode())
            if job is not None and job.running:
                return False
            time.sleep(_ENDING_SECONDS)
        return False

    def _running(self) -> str | None:
        try:
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            return None if _locked(lock) else os.pread(lock, 16, 0).decode()
        finally:
            os.close(lock)

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._process = None


def _locked(lock: int) -> bool:
    """Whether the lock was to be had."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
