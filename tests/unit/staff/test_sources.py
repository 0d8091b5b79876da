"""The page of the websites that are copied, and what trying one of them shows."""

import json
import re
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from content_cache.mirror.memory import Memory
from content_cache.mirror.report import Line, Note, Report, as_json
from content_cache.mirror.sources import Source, parse
from portal import config
from portal.house import house_of
from portal.staff import app, sources
from portal.staff.sources import as_toml, last_runs, table_of
from tests.newssite.articles import Site
from tests.newssite.server import Server
from tests.unit.staff.samples import published
from tests.unit.staff.world import CONFIG, NOVEMBER_2026, World

FORM = {
    "url": "https://congdoan.example/tin-tuc",
    "kind": "list",
    "title": "LĐLĐ “thành phố”",
    "name": "ldld-hp",
    "own": "yes",
    "rule-link": "h3 a",
    "rule-drop": ".lien-quan, .chia-se",
    "rule-body": " ",
    "hosts": "anh.congdoan.example",
}
REPORT = Report(
    "ldld-hp", "LĐLĐ thành phố", NOVEMBER_2026 - 7200, 9.0, 5, 3,
    (
        Line("new", "https://congdoan.example/1", "Bài một", "bai-mot"),
        Line("unchanged", "https://congdoan.example/2", "Bài hai", "bai-hai", (Note("no-date"),)),
        Line("failed", "https://congdoan.example/3", notes=(Note("script"),)),
    ),
)  # fmt: skip


def remembered(path: Path) -> None:
    with Memory(path) as memory:
        memory.keep_report(REPORT.source, as_json(REPORT), REPORT.began)


def test_a_form_means_a_source_and_its_toml_the_same(tmp_path: Path) -> None:
    table = table_of(FORM)

    assert tomllib.loads(as_toml(table)) == {"source": [table]}
    [source] = parse({"source": [table]})
    assert source == Source(
        name="ldld-hp", title="LĐLĐ “thành phố”", kind="list",
        url="https://congdoan.example/tin-tuc", own=True, hosts=("anh.congdoan.example",),
        rule=source.rule,
    )  # fmt: skip
    assert (source.rule.link, source.rule.body, source.rule.drop) == (
        "h3 a", "", (".lien-quan", ".chia-se"),
    )  # fmt: skip


def test_the_last_run_says_what_to_look_at(tmp_path: Path) -> None:
    remembered(tmp_path / "mirror.db")

    [run] = last_runs(tmp_path / "mirror.db")

    assert (run.title, run.at) == ("LĐLĐ thành phố", NOVEMBER_2026 - 7200)
    assert run.counts == {"new": 1, "changed": 0, "unchanged": 1, "failed": 1}
    assert [(title, notes) for title, _, notes in run.told] == [
        ("https://congdoan.example/3",
         ("trang cần JavaScript mới hiện nội dung; hãy nhập bài bằng tay",)),
        ("Bài hai", ("không rõ ngày đăng",)),
    ]  # fmt: skip
    assert last_runs(tmp_path / "none.db") == []


async def test_staff_see_how_old_each_source_is(tmp_path: Path) -> None:
    remembered(tmp_path / "mirror.db")
    async with World(tmp_path) as world:
        hoa = await world.signed_in("hoa", "author")

        page = await (await hoa.get("/sources")).text()

    assert "LĐLĐ thành phố" in page
    assert "cách đây" in page
    assert "2 giờ" in page
    assert "không rõ ngày đăng" in page


async def test_the_overview_says_how_old_the_release_and_each_source_are(tmp_path: Path) -> None:
    remembered(tmp_path / "mirror.db")
    async with World(tmp_path) as world:
        published(world, "Cắt nước")
        world.now += 5 * 3600
        hoa = await world.signed_in("hoa", "author")

        page = " ".join((await (await hoa.get("/")).text()).split())

    assert re.search(r"Lần đăng số 1, đang hiện: [^<]*cách đây 5 giờ", page)
    assert re.search(r"LĐLĐ thành phố: [^<]*cách đây 7 giờ", page)


async def test_a_memory_of_sources_that_is_damaged_takes_the_overview_with_it_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "mirror.db").write_bytes(b"no database at all" * 100)
    async with World(tmp_path) as world:
        assert (await (await world.signed_in("hoa", "author")).get("/")).status == 200


async def test_house_owners_have_no_business_there(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        chu = await world.signed_in("chu", "house_owner", sites=("nha-01",))

        assert (await chu.get("/sources")).status == 403
        assert (await chu.post("/sources", FORM)).status == 403


async def test_what_was_tried_is_shown_in_frames_to_who_tried_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = []

    async def tried(task: dict[str, Any]) -> dict[str, Any]:
        tasks.append(task)
        return {
            "problems": [], "report": "bài mới: 1", "policy": "x; frame-ancestors 'none'",
            "pages": [{"title": "Bài một", "html": "<h1>Bài một</h1>"}],
        }  # fmt: skip

    pages = tuple(
        (lambda site: sources.routes(site, tried)) if one is sources.routes else one
        for one in app.PAGES
    )
    monkeypatch.setattr(app, "PAGES", pages)
    async with World(tmp_path) as world:
        hoa = await world.signed_in("hoa", "author")
        lan = await world.signed_in("lan", "author")

        page = await (await hoa.post("/sources", FORM)).text()
        frame = page.split('<iframe src="')[1].split('"')[0]
        shown = await hoa.get(frame)
        others = await lan.get(frame)

    assert tasks[0]["table"] == table_of(FORM)
    assert "bài mới: 1" in page
    assert "name = &#34;ldld-hp&#34;" in page
    assert (await shown.text(), shown.headers["Content-Security-Policy"]) == (
        "<h1>Bài một</h1>",
        "x; frame-ancestors 'self'",
    )
    assert others.status == 404


@pytest.mark.slow
async def test_problems_are_told_and_nothing_is_asked(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        hoa = await world.signed_in("hoa", "author")

        page = await (await hoa.post("/sources", FORM | {"rule-body": "..", "url": "x"})).text()

    assert "not a CSS selector" in page
    assert "not a web address" in page


@pytest.mark.slow
async def test_a_trial_is_a_process_of_its_own() -> None:
    server = Server(Site(6, pictures=1, drips=False))
    async with TestServer(server.app()) as at:
        table = {
            "name": "mau", "title": "Mẫu", "kind": "page", "own": True, "allow_private": True,
            "url": str(at.make_url(server.site.articles[0].path)),
            "rule": {"body": ".content", "drop": [".related"]},
        }  # fmt: skip
        house = asdict(house_of(config.parse(CONFIG)))

        found = await sources.try_apart({"table": table, "house": house, "agent": "thu/1"})

    assert found["problems"] == []
    assert "bài mới: 1" in found["report"]
    [page] = found["pages"]
    assert page["title"] == server.site.articles[0].title
    assert "data:image/webp;base64," in page["html"]
    assert "portal.mirror_trial" not in sys.modules
    json.dumps(found)
