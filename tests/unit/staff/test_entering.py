"""Costs, sites and proposed houses on the page: entered, corrected, withdrawn, and never lost."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from portal.__main__ import main
from portal.staff import entry_form
from reports import entries
from reports.entries import Entries, Full, as_tables, current
from reports.facts import ReportError
from reports.record import TABLES, parse
from reports.record_file import load
from tests.unit.reports.test_commands import ALL, Gateway
from tests.unit.staff.world import Browser, World

SITE = {"id": "nha-01", "name": "Nhà trọ số 1", "rooms": "16", "residents": "32"}
COST = {
    "site": "nha-01",
    "kind": "monthly",
    "amount": "330.000",
    "first": "2026-01-15",
    "note": "hóa đơn 7",
}


async def text(browser: Browser, path: str) -> str:
    return re.sub(r"\s+", " ", await (await browser.get(path)).text())


def now(world: World) -> dict[str, list[dict[str, Any]]]:
    found = as_tables(current(world.site.config.storage.data_dir / "entered.db"))
    return {kind: list(tables) for kind, tables in found.items()}


async def enter(browser: Browser, path: str, **form: str) -> str:
    done = await browser.post(path, form)
    assert done.status == 303, await done.text()
    return await text(browser, done.headers["Location"])


async def test_a_cost_is_entered_corrected_withdrawn_and_taken_back(world: World) -> None:
    lan = await world.signed_in("Lan", "author")
    await enter(lan, "/reports/sites", **SITE)

    page = await enter(lan, "/reports/costs", **COST)

    assert "330.000" in page
    assert "Cước tháng" in page
    [cost] = now(world)["cost"]
    assert (cost["amount"], str(cost["first"]), cost["note"]) == (
        330_000,
        "2026-01-15",
        "hóa đơn 7",
    )

    await enter(lan, "/reports/costs/2", **(COST | {"amount": "350000", "note": ""}))
    assert [one["amount"] for one in now(world)["cost"]] == [350_000]
    assert "note" not in now(world)["cost"][0]

    page = await enter(lan, "/reports/costs/2", do="withdraw")
    assert "cost" not in now(world)
    assert "Đã rút (1)" in page
    assert "330.000" in page
    await enter(lan, "/reports/costs/2", do="restore")
    assert [one["amount"] for one in now(world)["cost"]] == [350_000]
    assert [(line.action, line.who) for line in world.content.audit(who="Lan")] == [
        ("entry_changed", "Lan"),
        ("entry_withdrawn", "Lan"),
        ("entry_changed", "Lan"),
        ("entry_added", "Lan"),
        ("entry_added", "Lan"),
    ]
    assert "nha-01; Cước tháng; 330.000; 15/01/2026" in world.content.audit(who="Lan")[3].note


async def test_all_that_is_wrong_is_said_at_once_and_stays_typed(world: World) -> None:
    lan = await world.signed_in("Lan", "author")
    wrong = {"site": "nha-01", "kind": "x", "amount": "ba trăm", "first": "31/2/2026"}

    answer = await lan.post("/reports/costs", wrong)

    page = await answer.text()
    assert answer.status == 422
    for line in (
        "Khoản: hãy chọn một mục.",
        "Số tiền (đồng): phải là số tiền đồng",
        "Ngày chi: không phải là ngày; viết như 31/03/2026.",
    ):
        assert line in page
    assert 'value="ba trăm"' in page
    assert now(world) == {}


async def test_what_contradicts_what_is_entered_is_refused(world: World) -> None:
    lan = await world.signed_in("Lan", "author")

    answer = await lan.post("/reports/costs", COST)
    assert "chưa nhập địa điểm nha-01; nhập địa điểm trước" in await answer.text()
    await enter(lan, "/reports/sites", **SITE)
    await enter(lan, "/reports/costs", **COST)
    answer = await lan.post("/reports/costs", COST | {"first": "2026-03-01"})
    assert "cước tháng của nha-01 cho những ngày này đã nhập rồi" in await answer.text()
    answer = await lan.post("/reports/costs", COST | {"kind": "repair", "last": "2026-03-01"})
    assert "chỉ cước tháng mới có ngày cuối" in await answer.text()
    answer = await lan.post("/reports/sites", SITE)
    assert "Mã địa điểm này đã nhập rồi" in await answer.text()
    answer = await lan.post("/reports/sites/1", SITE | {"id": "nha-02"})
    assert "Không đổi được mã địa điểm" in await answer.text()
    answer = await lan.post("/reports/sites/1", {"do": "withdraw"})
    assert answer.status == 303
    assert len(now(world)["cost"]) == 1


async def test_what_the_file_says_stands_beside_and_its_sites_are_corrected_here(
    world: World,
) -> None:
    world.site.record.write_text(
        '[[site]]\nid = "nha-01"\nname = "Tên trong tệp"\nrooms = 10\nkey = "' + "a" * 64 + '"\n'
        '[[cost]]\nsite = "nha-01"\nkind = "repair"\namount = 5000\nfirst = 2026-01-02\n',
        encoding="utf-8",
    )
    lan = await world.signed_in("Lan", "approver")

    page = await text(lan, "/reports/costs")
    assert "Ghi trong tệp reports.toml (1)" in page
    await enter(lan, "/reports/sites", **SITE)
    await enter(lan, "/reports/costs", **COST)

    path = world.site.config.storage.data_dir / "entered.db"
    record = load(world.site.record, as_tables(current(path)))
    [site] = record.sites
    assert (site.name, site.rooms, site.residents, site.key) == ("Nhà trọ số 1", 16, 32, "a" * 64)
    assert [cost.amount for cost in record.costs] == [5000, 330_000]


@pytest.mark.parametrize(
    "file",
    [
        "site = 5\ncost = [7]",
        '[[site]]\nid = ["a"]\nname = {}',
        "[site]",
        "cost = {}",
        "\0",
        "a = ",
    ],
)
async def test_whatever_the_file_says_the_pages_are_there(world: World, file: str) -> None:
    world.site.record.write_text(file, encoding="utf-8")
    lan = await world.signed_in("Lan", "approver")

    for path in ("/reports", "/reports/costs", "/reports/sites", "/reports/proposals"):
        assert (await lan.get(path)).status == 200


async def test_a_proposed_house_goes_from_waiting_to_a_decision(world: World) -> None:
    lan = await world.signed_in("Lan", "administrator")
    house = {"name": "Khu trọ bà Mẫu", "asked_by": "Công đoàn phường", "rooms": "24"}

    await enter(lan, "/reports/proposals", **house, decision="waiting")
    page = await enter(
        lan, "/reports/proposals/1", **house, decision="agreed", line="VNPT kéo được"
    )

    [proposal] = parse({}, entered=as_tables(current(_path(world)))).proposals
    assert (proposal.decision, proposal.line, proposal.rooms) == ("agreed", "VNPT kéo được", 24)
    assert "Đã sửa những gì (2)" in page


def _path(world: World) -> Path:
    return world.site.config.storage.data_dir / "entered.db"


async def test_what_is_not_there_is_not_changed(world: World) -> None:
    lan = await world.signed_in("Lan", "author")
    await enter(lan, "/reports/sites", **SITE)

    for path, form in (
        ("/reports/sites/9", SITE),
        ("/reports/costs/1", COST | {"kind": "repair"}),
        ("/reports/sites/1", {"do": "restore"}),
        ("/reports/proposals/1", {"do": "withdraw"}),
    ):
        assert "không còn nữa" in await enter(lan, path, **form), path
    await enter(lan, "/reports/sites/1", do="withdraw")
    assert "không còn nữa" in await enter(lan, "/reports/sites/1", **SITE)


def test_the_form_has_every_key_of_the_record() -> None:
    for kind, table in TABLES.items():
        assert [field.name for field in entry_form.FIELDS[kind]] == list(
            table.__dataclass_fields__
        ), kind


def test_the_command_reads_what_was_entered_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = Gateway(tmp_path / "one", "hp-001", "Khu trọ A")
    store = Entries(gateway.data / "entered.db")
    store.add("site", {"id": "hp-001", "name": "Khu trọ A", "residents": 40}, "Lan", 1.0)
    store.close()
    cost = ["report", "--config", str(gateway.config), "cost"]
    output = tmp_path / "a.json"

    added = ["add", "--site", "hp-001", "--kind", "repair", "--amount", "5000"]
    assert main([*cost, *added, "--first", ALL[1]]) == 0
    assert gateway.portal("report", *ALL, "-o", str(output)) == 0

    figures = {f["key"]: f["value"] for f in json.loads(output.read_text())["figures"]}
    assert (figures["residents"], figures["spent_running"]) == (40, 5000)
    assert main([*cost, "list"]) == 0
    assert "5,000" in capsys.readouterr().out


def test_the_store_has_an_end_and_its_damage_has_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "MOST", 1)
    store = Entries(tmp_path / "entered.db")
    store.add("site", {"id": "a", "name": "A"}, "Lan", 1.0)

    with pytest.raises(Full):
        store.add("site", {"id": "b", "name": "B"}, "Lan", 1.0)
    with pytest.raises(Full):
        store.change(1, None, "Lan", 1.0)

    store.close()
    assert current(tmp_path / "none.db") == []
    (tmp_path / "entered.db").write_bytes(b"no database at all")
    with pytest.raises(ReportError, match="cannot be read"):
        current(tmp_path / "entered.db")
