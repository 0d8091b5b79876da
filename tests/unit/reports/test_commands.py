"""`portal report` and `portal export`, as they are typed."""

import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from portal.__main__ import main
from portal.events import SessionEnded, SessionOpened
from portal.session import Instant, Pseudonym, Session
from portal.session_store import Entry, Moment, SessionStore
from reports.facts import begins, day_at
from tests.unit.portal.world import new_database

TODAY = day_at(time.time())
WEEK = TODAY - timedelta(7)


class Gateway:
    """A house with one session a day in the week before today."""

    def __init__(self, folder: Path, id: str, name: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.config = folder / "portal.toml"
        self.config.write_text(
            f'[site]\nid = "{id}"\nname = "{name}"\n'
            '[organisation]\nname = "LĐLĐ"\nunit = "Ban Tuyên giáo"\n'
            '[interfaces]\nphones = "br-lan"\nuplink = "wan"\n'
            f'[storage]\ndata_dir = "{self.data}"\n',
            encoding="utf-8",
        )
        store = SessionStore(new_database(self.data / "sessions.db"), "boot-1")
        for n in range(7):
            wall, monotonic = begins(WEEK + timedelta(n)) + 3600, 1000.0 + 86400 * n
            session = Session(Pseudonym("a"), Instant(monotonic), Instant(monotonic + 600))
            over = Moment(wall + 600, Instant(monotonic + 600))
            opened = Moment(wall, Instant(monotonic))
            store.write(
                [
                    Entry(opened, SessionOpened(session, "person", "1"), 2 * n + 1),
                    Entry(over, SessionEnded(session, "expired"), 2 * n + 2),
                ]
            )
        store.close()

    def portal(self, *words: str) -> int:
        what, *rest = words
        return main([what, "--config", str(self.config), *rest])


def days(first: date, last: date) -> list[str]:
    return ["--from", str(first), "--to", str(last)]


ALL = days(WEEK, TODAY - timedelta(1))


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path / "one", "hp-001", "Khu trọ A")


def test_a_gateway_reports_on_itself(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bao-cao.json"

    assert gateway.portal("report", *ALL, "-o", str(output)) == 0

    figures = {f["key"]: f["value"] for f in json.loads(output.read_text())["figures"]}
    assert (figures["sessions"], figures["known_days"], figures["median_minutes"]) == (7, 7, 10)
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{output}: 1 site, {WEEK} to {TODAY - timedelta(1)}"
    )


@pytest.mark.parametrize("form", ["docx", "xlsx", "csv", "html"])
def test_every_format_is_written(gateway: Gateway, tmp_path: Path, form: str) -> None:
    output = tmp_path / "bao-cao"

    assert gateway.portal("report", *ALL, "--format", form, "-o", str(output)) == 0

    assert output.stat().st_size > 1000


def test_a_day_that_is_not_over_is_cut_off_and_said(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "a.csv"

    assert gateway.portal("report", *days(WEEK, TODAY), "-o", str(output)) == 0

    assert f"the period was cut to {TODAY - timedelta(1)}" in capsys.readouterr().out


def test_what_is_missing_is_named_at_once(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gateway.portal("report", "-o", "a.csv") == 1

    assert capsys.readouterr().err == (
        "portal: no report was written; 2 problems\n"
        "  --from is missing; write a day like 2026-01-01\n"
        "  --to is missing; write a day like 2026-01-01\n"
    )


def test_a_period_that_ends_before_it_begins_or_is_to_come_has_words(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "a.csv")

    assert gateway.portal("report", *days(TODAY, WEEK), "-o", output) == 1
    assert f"the period ends ({WEEK}) before it begins ({TODAY})" in capsys.readouterr().err
    assert gateway.portal("report", *days(TODAY, TODAY), "-o", output) == 1
    assert f"no day from {TODAY} on is over yet" in capsys.readouterr().err
    assert gateway.portal("report", *ALL, "-o", str(tmp_path / "a.pdf")) == 1
    assert "what format? give --format docx|xlsx|csv|json|html" in capsys.readouterr().err


def test_two_houses_become_one_report_by_their_exports(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Gateway(tmp_path / "two", "hp-002", "Khu trọ B")
    exports = tmp_path / "exports"
    exports.mkdir()
    first_half = days(WEEK, WEEK + timedelta(4))
    # The second one overlaps the first by two days.
    second_half = days(WEEK + timedelta(3), TODAY - timedelta(1))
    assert other.portal("export", *first_half, "-o", str(exports / "b1.json")) == 0
    assert other.portal("export", *second_half, "-o", str(exports / "b2.json")) == 0
    report = ["report", *ALL, "--read", str(exports), "-o", str(tmp_path / "a.json")]
    capsys.readouterr()

    assert gateway.portal(*report) == 1
    told = capsys.readouterr().err
    assert "b1.json: is of hp-002 (Khu trọ B), whose key is not in reports.toml" in told

    assert other.portal("export", "--key") == 0
    key = capsys.readouterr().out.strip()
    assert key in told
    record = gateway.folder / "reports.toml"
    record.write_text(f'[[site]]\nid = "hp-002"\nname = "Khu trọ B mới"\nkey = "{key}"\n')
    assert gateway.portal(*report) == 0

    made = json.loads((tmp_path / "a.json").read_text())
    sessions = {s["id"]: s["figures"]["sessions"]["value"] for s in made["sites"]}
    assert sessions == {"hp-001": 7, "hp-002": 7}
    # An office without a gateway of its own reads the same files.
    office = ["--config", str(tmp_path / "none.toml"), "--record", str(record)]
    assert main([*report[:1], *office, *report[1:]]) == 0
    assert len(json.loads((tmp_path / "a.json").read_text())["sites"]) == 1


def test_a_tampered_export_stops_the_report(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.json"
    assert gateway.portal("export", *ALL, "-o", str(file)) == 0
    key = json.loads(file.read_text())["key"]
    file.write_text(file.read_text().replace('sessions\\":1', 'sessions\\":8'))
    record = gateway.folder / "reports.toml"
    record.write_text(f'[[site]]\nid = "hp-001"\nname = "A"\nkey = "{key}"\n')
    report = ["report", *ALL, "--read", str(file), str(tmp_path / "no.json")]

    assert gateway.portal(*report, "-o", str(tmp_path / "b.csv")) == 1

    assert capsys.readouterr().err == (
        "portal: no report was written; 2 problems\n"
        "  a.json: was changed after it was signed, or is damaged; ask for it again\n"
        f"  {tmp_path}/no.json: cannot be read: No such file or directory\n"
    )
    assert not (tmp_path / "b.csv").exists()


def test_an_export_by_another_key_is_not_believed(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gateway.portal("export", *ALL, "-o", str(tmp_path / "a.json")) == 0
    record = gateway.folder / "reports.toml"
    record.write_text(f'[[site]]\nid = "hp-001"\nname = "A"\nkey = "{"0" * 64}"\n')

    read = ["--read", str(tmp_path / "a.json"), "-o", str(tmp_path / "b.csv")]
    assert gateway.portal("report", *ALL, *read) == 1

    assert "a.json: is signed by another key than hp-001 has" in capsys.readouterr().err


def test_a_site_that_nothing_is_known_of_is_named(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["-o", str(tmp_path / "a.csv")]

    assert gateway.portal("report", *ALL, "--site", "hp-009", *output) == 1

    assert "--site hp-009: there are no records of it" in capsys.readouterr().err


def test_costs_are_entered_and_listed(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = gateway.folder / "reports.toml"
    record.write_text('[[site]]\nid = "hp-001"\nname = "A"\n')
    cost = ["--site", "hp-001", "--kind", "monthly", "--amount", "300.000", "--first", "2026-01-01"]

    assert gateway.portal("report", "cost", "add", *cost, "--note", "HĐ 12") == 0
    assert gateway.portal("report", "cost", "add", *cost) == 1
    assert "a monthly fee of hp-001 for these days is entered already" in capsys.readouterr().err
    assert gateway.portal("report", "cost", "list") == 0

    assert capsys.readouterr().out == (
        "site    kind     amount   first       last  note\n"
        "hp-001  monthly  300,000  2026-01-01  -     HĐ 12\n"
    )


def test_the_key_of_a_site_is_for_its_owner_alone(gateway: Gateway, tmp_path: Path) -> None:
    assert gateway.portal("export", *ALL, "-o", str(tmp_path / "a.json")) == 0

    assert (gateway.data / "export.key").stat().st_mode & 0o777 == 0o600
