"""A page is sent whole to a browser, and in part to htmx."""

import json
import re

import pytest

from portal.staff import app
from portal.staff.accounts import IDLE_SECONDS
from tests.unit.staff.test_writing import written
from tests.unit.staff.world import Browser, World

pytestmark = pytest.mark.usefixtures("_jobs_in_this_process")


async def part(browser: Browser, path: str) -> str:
    response = await browser.get(path, HX_Request="true")
    assert response.status == 200
    return await response.text()


async def test_the_list_of_items_is_sent_alone(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    await written(browser, title__vi="Mất nước")
    await written(browser, title__vi="Mất điện")

    await browser.get("/items")
    found = await part(browser, "/items?q=dien&kind=&state=")
    whole = await (await browser.get("/items?q=dien&kind=&state=")).text()

    assert "Mất điện" in found
    assert "Mất nước" not in found
    assert "<html" not in found
    assert "<form" not in found
    assert found.strip() in whole


async def test_the_figures_of_this_moment_are_sent_alone(world: World) -> None:
    world.answers["status"] = {"open_devices": 23, "firewall": "stands"}
    world.hearing.report_fault("slow", "", world.now)
    browser = await world.signed_in("lan", "author")

    found = await part(browser, "/now")

    assert "<b>23</b> thiết bị đang vào mạng" in found
    assert "<b>1</b> báo hỏng" in found
    assert "<html" not in found
    assert "data-chart" not in found
    assert (await browser.get("/now")).headers["Location"] == "/"


async def test_a_page_that_is_left_open_signs_out_all_the_same(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    for _ in range(2):
        world.now += IDLE_SECONDS / 2
        await part(browser, "/now")
    world.now += 1

    ended = await browser.get("/now", HX_Request="true")

    assert ended.headers["HX-Refresh"] == "true"
    assert await ended.text() == ""
    assert (await browser.get("/")).headers["Location"] == "/sign-in"


async def test_what_was_done_is_said_to_somebody_and_not_to_a_page_left_open(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    await written(browser)

    asked_by_itself = await part(browser, "/now")

    assert "Đã lưu bản nháp" not in asked_by_itself
    assert "Đã lưu bản nháp" in await (await browser.get("/items")).text()


async def test_what_was_done_is_said_in_the_part_that_comes_next(world: World) -> None:
    world.hearing.report_fault("slow", "", world.now)
    browser = await world.signed_in("lan", "author")
    [fault] = world.hearing.faults()

    done = await browser.post(f"/voices/faults/{fault.id}/done", {"note": "x"}, HX_Request="true")
    found = await part(browser, done.headers["Location"])

    assert (done.status, done.headers["Location"]) == (303, "/voices")
    assert found.lstrip().startswith('<p class="told" role="status">Đã ghi là xử lý xong.</p>')
    assert "Không có báo hỏng nào đang chờ." in found
    assert "<html" not in found


async def test_a_page_without_a_part_of_its_own_is_sent_without_its_frame(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    refused = await browser.get("/people", HX_Request="true")
    page = await refused.text()

    assert refused.status == 403
    assert "không có quyền" in page
    assert "<html" not in page


def test_htmx_evaluates_nothing_adds_no_style_and_keeps_no_page() -> None:
    found = re.search(r"content='([^']+)'", app.templates().get_template("htmx.html").render())
    assert found is not None
    config = json.loads(found[1])

    for switch in ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyCacheSize"):
        assert not config[switch]
