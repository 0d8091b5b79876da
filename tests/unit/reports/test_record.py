"""What staff entered: every problem at once, and what it costs."""

import re
import tomllib
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from reports.facts import Period, ReportError
from reports.money import Spent, spent
from reports.record import Cost, Document, Proposal, Record, Site, parse
from reports.record_file import add_cost, load

FILE = """
[[site]]
id = "hp-001"
name = "Khu trọ Đồng Xuân"
residents = 32

[[cost]]
site = "hp-001"
kind = "monthly"
amount = 300_000
first = 2026-01-16
"""
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


def paid(kind: str, amount: int, first: date, last: date | None = None) -> Cost:
    return Cost(site="hp-001", kind=kind, amount=amount, first=first, last=last)  # type: ignore[arg-type]


def test_nothing_is_entered_while_there_is_no_file(tmp_path: Path) -> None:
    assert load(tmp_path / "reports.toml") == Record()


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ReportError) as caught:
        parse(
            tomllib.loads(
                """
                [[site]]
                id = "HP 1"
                nam = "Khu trọ"
                [[site]]
                id = "hp-002"
                name = "B"
                rooms = 0
                [[cost]]
                site = "hp-003"
                kind = "month"
                amount = "300.000"
                first = "1/1/2026"
                [[cost]]
                site = "hp-009"
                kind = "repair"
                amount = 5
                first = 2026-01-02
                last = 2026-01-01
                [dokument]
                """
            )
        )

    assert sorted(caught.value.problems) == [
        'reports.toml: [dokument]   unknown; did you mean "document"?',
        'reports.toml: cost 1.amount = "300.000"   not an amount in đồng; write a whole number,'
        " like 250000 or 250_000",
        'reports.toml: cost 1.first = "1/1/2026"   not a date; write it without quotes, like'
        " 2026-03-31",
        'reports.toml: cost 1.kind = "month"   unknown; write "monthly", "repair",'
        ' "installation", "equipment"',
        "reports.toml: cost 2.last = 2026-01-01   before first = 2026-01-02",
        "reports.toml: cost 2.last = 2026-01-01   only monthly fees have a last day; leave it out",
        'reports.toml: cost 2.site = "hp-009"   no [[site]] is entered',
        'reports.toml: site 1.id = "HP 1"   not the id of a site; write small letters, digits and'
        ' "-", like "hp-001"',
        'reports.toml: site 1.nam   unknown; did you mean "name"?',
        "reports.toml: site 1.name is missing   Tên khu trọ hiện nay.",
        "reports.toml: site 2.rooms = 0   not a whole number from 1 to 100000",
    ]


def test_a_fee_for_the_same_days_is_not_entered_twice() -> None:
    again = FILE + FILE.partition("[[cost]]")[1] + FILE.partition("[[cost]]")[2]

    with pytest.raises(ReportError, match="cost 2   a monthly fee of hp-001 for these days"):
        parse(tomllib.loads(again))


def test_a_cost_is_put_at_the_end_and_the_file_stays_as_people_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "reports.toml"
    file.write_text("# của chị Hoa\n" + FILE, encoding="utf-8")
    cost = Cost(
        site="hp-001", kind="repair", amount=120_000, first=date(2026, 2, 3), note='Thay "dây"'
    )

    add_cost(file, cost)

    assert file.read_text(encoding="utf-8").startswith("# của chị Hoa\n" + FILE)
    assert load(file).costs[-1] == cost


def test_a_cost_of_an_unknown_site_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "reports.toml"
    file.write_text(FILE, encoding="utf-8")
    cost = Cost(site="hp-002", kind="repair", amount=1, first=date(2026, 2, 3))

    with pytest.raises(ReportError, match='site = "hp-002"   unknown; did you mean "hp-001"'):
        add_cost(file, cost)

    assert file.read_text(encoding="utf-8") == FILE


def test_a_monthly_fee_counts_by_days_and_whole_months_are_the_fee() -> None:
    assert spent([paid("monthly", 310_000, date(2026, 1, 22))], QUARTER) == Spent(720_000, 0)
    assert spent([paid("monthly", 310_000, date(2025, 1, 1), date(2026, 1, 10))], QUARTER) == (
        Spent(100_000, 0)
    )
    assert spent([paid("monthly", 310_000, date(2026, 5, 1))], QUARTER) == Spent(0, 0)


def test_what_is_paid_once_counts_in_the_period_of_its_day() -> None:
    costs = [
        paid("installation", 1_000, date(2026, 3, 31)),
        paid("equipment", 500, date(2026, 4, 1)),
        paid("repair", 70, date(2026, 1, 1)),
    ]

    assert spent(costs, QUARTER) == Spent(70, 1_000)
    assert spent([], QUARTER) is None


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("[[site]]", Site),
        ("[[cost]]", Cost),
        ("[[proposal]]", Proposal),
        ("[document]", Document),
    ],
)
def test_every_key_is_documented_with_its_own_words(heading: str, kind: type) -> None:
    text = (Path(__file__).parents[3] / "docs/bao-cao.md").read_text(encoding="utf-8")
    part = text.partition(f"### {heading}\n")[2].partition("###")[0]

    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", part, flags=re.MULTILINE))

    assert rows == {entry.name: entry.metadata["doc"] for entry in fields(kind)}


def test_the_example_in_the_documentation_is_a_record() -> None:
    text = (Path(__file__).parents[3] / "docs/bao-cao.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]

    assert [site.id for site in parse(tomllib.loads(example)).sites] == ["hp-001"]


def test_what_is_no_text_list_or_table_has_words() -> None:
    with pytest.raises(ReportError) as caught:
        parse(
            {
                "site": [{"id": "a", "name": 5, "former_names": "cũ", "key": "ab"}] * 2,
                "cost": {"site": "a"},
                "document": [],
            }
        )
    with pytest.raises(ReportError, match=r'site\.id = "b"   written twice'):
        parse({"site": [{"id": "b", "name": "B"}, {"id": "b", "name": "B"}]})

    assert caught.value.problems[:3] == [
        'reports.toml: site 1.name = 5   not a line of text; write it in quotes, like "…"',
        'reports.toml: site 1.former_names = "cũ"   not a list; write ["…", "…"]',
        'reports.toml: site 1.key = "ab"   not 64 hexadecimal digits; copy what `portal export'
        " --key` printed",
    ]
    assert caught.value.problems[-2:] == [
        "reports.toml: cost   not a list of tables; write [[cost]] above each",
        "reports.toml: document   not a table; write [document]",
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe", "is not UTF-8 text"), (b"[[site", "is not TOML"), (None, "cannot be read")],
)
def test_a_file_that_cannot_be_used_has_words(
    tmp_path: Path, data: bytes | None, words: str
) -> None:
    file = tmp_path / "reports.toml"
    if data is None:
        file.mkdir()
    else:
        file.write_bytes(data)

    with pytest.raises(ReportError, match=words):
        load(file)


def test_a_fee_that_ended_before_the_period_costs_nothing_in_it() -> None:
    assert spent([paid("monthly", 1, date(2025, 1, 1), date(2025, 2, 1))], QUARTER) == Spent(0, 0)
