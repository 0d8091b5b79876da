"""The reports' page: what is asked for, how it is made apart from the page, and what is shown."""

import asyncio
import json
import re
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData, web

from portal import report_process
from portal.staff import report_form, report_jobs
from portal.staff.report_form import Asked, Days, day_of, earlier, named, year_before
from portal.staff.report_jobs import Busy, Jobs
from tests.unit.reports.test_commands import TODAY, WEEK, Gateway
from tests.unit.staff.world import Browser, World

YESTERDAY = TODAY - timedelta(1)


def form(*files: tuple[str, bytes], **fields: str) -> FormData:
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name.replace("_", "-"), value)
    for name, content in files:
        data.add_field("file", content, filename=name, content_type="application/json")
    return data


OWN = {"period": "own", "from": str(WEEK), "to": str(YESTERDAY)}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of the process, in this one."""
    monkeypatch.setattr(report_process, "_limit", lambda: None)

    class Process:
        def __init__(self, command: tuple[str, ...], **_: Any) -> None:
            report_process.main(Path(command[-1]))

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(report_jobs.subprocess, "Popen", Process)


def records(world: World, folder: Path) -> None:
    """A week of sessions, where the site looks for them."""
    gateway = Gateway(folder / "gateway", "nha-01", "Nhà trọ số 1")
    (gateway.data / "sessions.db").rename(world.site.config.storage.data_dir / "sessions.db")
    world.now = time.time()


async def text(browser: Browser, path: str) -> str:
    response = await browser.get(path)
    assert response.status == 200, response.status
    return re.sub(r"\s+", " ", await response.text())


async def test_a_report_is_made_shown_and_downloaded(
    world: World, tmp_path: Path, at_once: None
) -> None:
    records(world, tmp_path)
    lan = await world.signed_in("Lan", "author")

    made = await lan.post("/reports", form(**OWN))

    assert made.status == 303
    path = made.headers["Location"]
    page = await text(lan, path)
    assert "Số lượt truy cập" in page
    assert "Lượt không phải là người" in page
    assert "hx-get" not in page
    for name in ("docx", "xlsx", "csv", "json"):
        answer = await lan.get(f"{path}/bao-cao.{name}")
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="bao-cao-{WEEK}-{YESTERDAY}.{name}"'
        )
        assert len(await answer.read()) > 500
    figures = json.loads(await (await lan.get(f"{path}/bao-cao.json")).read())["figures"]
    assert {f["key"]: f["value"] for f in figures}["sessions"] == 7
    assert (await lan.get(f"{path}/task.json")).status == 404
    assert "xong" in await text(lan, "/reports")
    [line] = world.content.audit(who="Lan")
    assert (line.action, line.note) == ("report_made", f"{WEEK} – {YESTERDAY}, 0 tệp")

    deleted = await lan.post(f"{path}/delete")
    assert deleted.headers["Location"] == "/reports"
    assert (await lan.get(path)).status == 404


async def test_exports_of_other_houses_are_read_and_removed(
    world: World, tmp_path: Path, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    world.now = time.time()
    other = Gateway(tmp_path / "other", "hp-002", "Khu trọ B")
    export = tmp_path / "b.json"
    assert (
        other.portal("export", "--from", str(WEEK), "--to", str(YESTERDAY), "-o", str(export)) == 0
    )
    assert other.portal("export", "--key") == 0
    key = capsys.readouterr().out.splitlines()[-1]
    lan = await world.signed_in("Lan", "author")
    files = ("C:\\tep\\b.json", export.read_bytes()), ("hong.json", b"{}")

    made = await lan.post("/reports", form(*files, **OWN))

    page = await text(lan, made.headers["Location"])
    assert "Hãy sửa tất cả" in page
    assert "b.json: là của hp-002 (Khu trọ B), mà khóa của nơi đó chưa được nhập" in page
    assert key in page
    assert "hong.json: không phải tệp xuất của một địa điểm" in page
    assert "C:" not in page

    world.site.record.write_text(
        f'[[site]]\nid = "hp-002"\nname = "Khu trọ B"\nkey = "{key}"\n', encoding="utf-8"
    )
    made = await lan.post("/reports", form(files[0], **OWN))
    page = await text(lan, made.headers["Location"])
    assert "Địa điểm: Khu trọ B; từ ngày" in page
    assert list((world.site.config.storage.data_dir / "reports").glob("*/sent")) == []


async def test_all_that_is_wrong_is_said_at_once_and_stays_typed(world: World) -> None:
    lan = await world.signed_in("Lan", "author")
    wrong = {"period": "own", "from": "30/2/2026", "compare": "own", "before_from": "2026-01-05"}

    answer = await lan.post("/reports", form(**wrong))

    page = await answer.text()
    assert answer.status == 422
    for line in (
        "Kỳ báo cáo, từ ngày: “30/2/2026” không phải là ngày; viết như 31/03/2026.",
        "Kỳ báo cáo: chưa điền đến ngày.",
        "Kỳ so sánh: chưa điền đến ngày.",
        "Máy này không ghi lượt truy cập nào",
    ):
        assert line in page
    assert 'value="2026-01-05"' in page
    assert Jobs(world.site.config.storage.data_dir / "reports").all() == []


async def test_too_much_is_refused_and_nothing_is_left_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.staff.reporting.MOST_BYTES", 1000)
    lan = await world.signed_in("Lan", "author")

    answer = await lan.post("/reports", form(("a.json", b"x" * 2000), **OWN))

    assert answer.status == 413
    assert list((world.site.config.storage.data_dir / "reports").glob("*")) == []


async def test_what_no_form_sends_is_refused(world: World, at_once: None) -> None:
    lan = await world.signed_in("Lan", "author")

    assert (await lan.post("/reports", {"period": "2026-10"})).status == 415
    assert (await lan.post("/reports", form(period="x" * 300))).status == 400
    assert (await lan.post("/reports", form(("a.json", b"{}"), period="2099"))).status == 303


async def test_empty_parts_without_end_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.staff.reporting._MOST_FILES", 5)
    lan = await world.signed_in("Lan", "author")

    answer = await lan.post("/reports", form(*[("a.json", b"")] * 11, **OWN))

    assert answer.status == 400


async def test_a_few_forms_come_in_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may be 32 MB, on the disk that the gateway writes to."""
    lan = await world.signed_in("Lan", "author")
    coming, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slowly(request: web.Request, folder: Path) -> None:
        coming.release()
        await go_on.wait()
        raise web.HTTPBadRequest

    monkeypatch.setattr("portal.staff.reporting._posted", slowly)
    async with asyncio.TaskGroup() as tasks:
        slow = [tasks.create_task(lan.post("/reports", form(**OWN))) for _ in range(3)]
        for _ in slow:
            await coming.acquire()
        assert (await lan.post("/reports", form(**OWN))).status == 409
        go_on.set()

    assert (await lan.post("/reports", form(**OWN))).status == 400  # It was looked at.


async def test_without_the_extra_the_page_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_jobs, "NEEDED", ("docx", "no_such_module"))
    lan = await world.signed_in("Lan", "author")

    page = await text(lan, "/reports")

    assert "union-portal[reports]</code> (no_such_module)" in page
    assert 'enctype="multipart/form-data"' not in page
    assert (await lan.post("/reports", form(**OWN))).status == 409


async def test_progress_is_asked_for_again_until_it_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    records(world, tmp_path)
    lan = await world.signed_in("Lan", "author")
    held: list[tuple[int, Path]] = []

    class Process:
        """Lives until it is let go."""

        def __init__(self, command: tuple[str, ...], pass_fds: tuple[int], **_: Any) -> None:
            held.append((report_jobs.os.dup(pass_fds[0]), Path(command[-1])))

        def poll(self) -> None:
            return None

    monkeypatch.setattr(report_jobs.subprocess, "Popen", Process)
    path = (await lan.post("/reports", form(**OWN))).headers["Location"]
    [(lock, folder)] = held

    page = await text(lan, path)
    assert 'hx-trigger="every 1s"' in page
    assert "bước 1/8" in page
    report_process._say(folder, step="docx")
    part = await (await lan.get(path + "/now", HX_Request="true")).text()
    assert "bước 4/8" in part
    assert "<html" not in part
    assert (await lan.get(path + "/now")).headers["Location"] == path
    busy = await lan.post("/reports", form(**OWN))
    assert busy.status == 409
    assert "Đang lập một báo cáo khác" in await busy.text()
    assert (await lan.post(path + "/delete")).headers["Location"] == path

    report_jobs.os.close(lock)  # It was killed.
    assert "Báo cáo bị dừng giữa chừng" in await text(lan, path)


def test_old_reports_go_and_so_does_what_was_never_asked(tmp_path: Path, at_once: None) -> None:
    jobs = Jobs(tmp_path / "reports")
    task = {"period": ["2026-01-01", "2026-01-02"], "before": None, "record": str(tmp_path / "x")}
    task |= {"entered": str(tmp_path / "entered.db")}
    task |= {"sites": [], "organisation": "", "unit": "", "sent": [], "own": None}
    ids = []
    for at in (0.0, 100.0):
        id, _ = jobs.prepare()
        jobs.start(id, task | {"at": at})
        ids.append(id)
    jobs.prepare()

    jobs.forget(report_jobs.KEEP_SECONDS + 50)

    [left] = jobs.all()
    assert left.id == ids[1]
    assert "không có gì để báo cáo" in left.problems[0].vi
    jobs.forget(time.time() + 7200)
    assert [path.name for path in (tmp_path / "reports").glob("*")] == ["lock"]


@pytest.mark.slow
def test_the_real_process_makes_one_and_lets_go(tmp_path: Path) -> None:
    """A report of one export; the second is refused meanwhile."""
    gateway = Gateway(tmp_path / "one", "hp-001", "Khu trọ A")
    jobs = Jobs(tmp_path / "reports")
    own = {
        "data_dir": str(gateway.data),
        "place": {"id": "hp-001", "name": "Khu trọ A", "rooms": 16, "residents": None},
        "keep_days": 90,
        "content_store": str(tmp_path / "none"),
    }
    task = {
        "at": 1.0, "by": "Lan", "period": [str(WEEK), str(TODAY)], "before": None, "sites": [],
        "sent": [], "own": own, "entered": str(tmp_path / "entered.db"),
        "record": str(tmp_path / "reports.toml"), "organisation": "LĐLĐ",
        "unit": "Ban Tuyên giáo",
    }  # fmt: skip
    id, _ = jobs.prepare()
    jobs.start(id, task)
    other, _ = jobs.prepare()

    with pytest.raises(Busy):
        jobs.start(other, task)

    assert jobs._process is not None
    assert jobs._process.wait(60) == 0
    job = jobs.get(id)
    assert job is not None
    assert job.done, job.state
    assert job.state["cut"] == str(YESTERDAY)
    assert job.preview()["sites"] == ["Khu trọ A"]
    assert jobs.get(other) is None


# Periods


def test_months_quarters_and_years_are_whole_days() -> None:
    assert named("2026-02") == Days(date(2026, 2, 1), date(2026, 2, 28))
    assert named("2026-Q4") == Days(date(2026, 10, 1), date(2026, 12, 31))
    assert named("2028") == Days(date(2028, 1, 1), date(2028, 12, 31))
    assert [named(value) for value in ("2026-13", "2026-Q5", "own", "")] == [None] * 4


def test_the_period_before_is_as_many_months_or_as_many_days() -> None:
    assert earlier(Days(date(2026, 1, 1), date(2026, 3, 31))) == named("2025-Q4")
    assert earlier(Days(date(2026, 3, 5), date(2026, 3, 9))) == Days(
        date(2026, 2, 28), date(2026, 3, 4)
    )
    february = named("2025-02")
    assert february is not None
    assert year_before(february) == named("2024-02")
    assert year_before(Days(date(2028, 2, 29), date(2028, 3, 4))) == Days(
        date(2027, 2, 28), date(2027, 3, 4)
    )


def test_choices_begin_with_the_month_that_is_over() -> None:
    found = report_form.choices(date(2026, 1, 5))

    assert found[0].value == "2025-12"
    assert [each.name.vi for each in found[12:15]] == ["Quý 1/2026", "Quý 4/2025", "Quý 3/2025"]
    assert all(named(each.value) for each in found)


def test_a_day_is_read_as_browsers_and_as_people_write_it() -> None:
    assert day_of("2026-3-1") == day_of(" 01/03/2026 ") == date(2026, 3, 1)
    assert [day_of(value) for value in ("31/4/2026", "2026", "1/1/0001")] == [None] * 3


def test_a_period_to_compare_with_lies_before() -> None:
    sent = {"period": "2026-03", "compare": "own", "before-from": "2026-03-05"}
    asked, problems = report_form.read(sent | {"before-to": "2026-03-09"}, [])

    assert asked is None
    assert [problem.vi for problem in problems] == [
        "Kỳ so sánh phải kết thúc trước khi kỳ báo cáo bắt đầu."
    ]
    assert report_form.read({"period": "2026-03", "compare": "before"}, ["a"])[0] == Asked(
        Days(date(2026, 3, 1), date(2026, 3, 31)), named("2026-02"), ("a",)
    )
    assert report_form.read({"period": "own", "from": "2026-03-02", "to": "2026-03-01"}, [])[1]
