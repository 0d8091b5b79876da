"""Another version of the program, and back, while phones use the network.

The newer version is a copy of this source with another number and one more migration of the
session log. An open phone talks over a connection and by datagrams, IPv4 and IPv6, more than fifty
times a second; a captive one tries to get out all the while, and is watched from outside.
"""

import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.demo.lab import Lab
from tests.netns.test_robustness import Row, Site, built, site

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("upgrade")]
__all__ = ["built", "site"]

ROOT = Path(__file__).parents[2]
OURS = ("portal", "splash", "firewall", "content_cache", "reports")

ADDS = """
@schema()
def m002_more(db):
    db.table("sessions").add_column("more", str)
    db.table("usable_from").insert({"id": 1, "oldest": 1}, pk="id", replace=True)
"""
CHANGES = """
@schema()
def m002_other(db):
    db.execute("ALTER TABLE sessions RENAME COLUMN end_reason TO why")
"""


@dataclass
class Program:
    """A folder that the daemon is started from, whose content is replaced under it."""

    lab: Lab
    here: Path
    newer: Path
    older: Path

    def become(self, version: Path) -> None:
        """As a package manager does it: the daemon is stopped, files go, files come, it starts."""
        self.lab.portal_stop()
        shutil.rmtree(self.here)
        shutil.copytree(version, self.here)
        self.start()

    def start(self) -> None:
        self.lab.portal_restart(under=self._under())

    def _under(self) -> Sequence[str]:
        # The laboratory says `python -m portal run`, of whatever folder it is in.
        return "env", f"--chdir={self.here}", f"PYTHONPATH={self.here}"

    @property
    def version(self) -> str:
        return str(self.lab.portal_command("status", "--json").stdout.split('"version": "')[1][:5])


def copied(folder: Path, version: str, migration: str = "") -> Path:
    for name in OURS:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    changed(folder / "portal/__init__.py", r'__version__ = ".*"', f'__version__ = "{version}"')
    if migration:
        changed(folder / "portal/session_store.py", r"^SCHEMA_VERSION = 1", "SCHEMA_VERSION = 2")
        changed(folder / "portal/migrations.py", r"\n\ndef migrate", f"{migration}\n\ndef migrate")
    return folder


def changed(path: Path, what: str, to: str) -> None:
    text, times = re.subn(what, lambda _: to, path.read_text(), count=1, flags=re.MULTILINE)
    assert times == 1, what
    path.write_text(text)


@pytest.fixture
def program(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Iterator[Program]:
    older = copied(tmp_path / "older", "0.8.0")
    migration = getattr(request, "param", ADDS)
    newer = copied(tmp_path / "newer", "0.9.0", migration)
    if migration == CHANGES:
        changed(newer / "portal/session_store.py", "end_reason = ", "why = ")
    made = Program(site.lab, tmp_path / "here", newer, older)
    shutil.copytree(older, made.here)
    site.end()
    site.lab.write_configuration({"session": {"length": "600s"}})
    made.start()
    yield made
    site.lab.portal_kill()


def schema(site: Site) -> int:
    with closing(sqlite3.connect(site.lab.folder / "data/sessions.db")) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def row(site: Site) -> Row:
    return site.sessions[site.visitor.mac]


@pytest.mark.parametrize(
    ("program", "adds"),
    [(ADDS, True), (CHANGES, False)],
    indirect=["program"],
    ids=["the migration adds", "the migration changes"],
)
def test_forward_and_back_nobody_is_cut_off_and_nobody_slips_out(
    program: Program, site: Site, adds: bool
) -> None:
    site.tap(site.visitor)
    before, begun = row(site), time.monotonic()
    with site.attempts() as attempts, site.talk() as talk:
        site.goes_on(talk, 50)
        assert (program.version, schema(site)) == ("0.8.0", 1)
        program.become(program.newer)
        site.goes_on(talk, 50)
        assert (program.version, schema(site)) == ("0.9.0", 2)
        newer = row(site)
        program.become(program.older)
        site.goes_on(talk, 50)
        assert (program.version, schema(site)) == ("0.8.0", 2 if adds else 1)
        after, ended = row(site), time.monotonic()

    assert (talk.lost, talk.broken, attempts.arrived) == (0, "", [])
    assert attempts.sent > 300
    assert newer.goes_on_from(before), (before, newer)
    assert after.goes_on_from(newer), (newer, after)
    assert after.pseudonym == newer.pseudonym == before.pseudonym
    assert after.up_bytes > newer.up_bytes > before.up_bytes
    assert [each["ended_utc"] for each in site.logged()] == [None]
    data = site.lab.folder / "data"
    assert (data / "sessions.db.v1").exists() == adds
    assert (data / "sessions.db.v2").exists() != adds
    assert ("is kept as sessions.db.v2" in site.log()) != adds
    assert "Traceback" not in site.log()
    print(
        f"{talk.answered} rounds of a word by TCP and two datagrams, none lost, longest"
        f" {talk.longest_pause * 1000:.0f} ms; none of {attempts.sent} attempts arrived;"
        f" {before.seconds_left} s left, then {after.seconds_left} s after {ended - begun:.1f} s"
    )


def test_a_version_that_does_not_start_cuts_nobody_off_either(program: Program, site: Site) -> None:
    site.tap(site.visitor)
    before = row(site)
    with site.attempts() as attempts, site.talk() as talk:
        site.lab.portal_stop()
        (program.here / "portal/daemon.py").write_text("raise SystemExit('a bug')\n")
        broken = site.lab.gateway.run(
            *program._under(), sys.executable, "-m", "portal", "run", "--config",
            str(site.lab.folder / "portal.toml"),
        )  # fmt: skip
        assert broken.returncode == 1
        assert "a bug" in broken.stderr
        site.goes_on(talk, 50)
        program.become(program.older)
        site.goes_on(talk, 20)

    assert (talk.lost, talk.broken, attempts.arrived) == (0, "", [])
    assert row(site).goes_on_from(before)
