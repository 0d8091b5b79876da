"""A report from the form to the files, in a real Chromium: with script, without, read by axe.

The report is made by the real process, out of a house's real records.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browser.staff_site import StaffSiteBeside
from tests.browser.test_staff_parts import PICTURES, STILL_HERE, TYPED
from tests.browser.test_staff_writing import SMALL
from tests.unit.reports.test_commands import TODAY, WEEK, Gateway

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.browser

SIZES = {"phone": (360, 640), "desktop": (1280, 800)}


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffSiteBeside]:
    folder = tmp_path_factory.mktemp("staff")
    with StaffSiteBeside(folder) as staff:
        gateway = Gateway(tmp_path_factory.mktemp("house"), "nha-01", "Nhà trọ số 1")
        (gateway.data / "sessions.db").rename(folder / "sessions.db")
        staff.world.now = time.time()
        for n in range(1, 6):
            day = str(TODAY - timedelta(n))
            staff.world.hearing.add_views({("luong-toi-thieu-vung-2026", day): 4 + n})
        staff.person("Lan", "author")
        yield staff


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Any, staff: StaffSiteBeside) -> Iterator[Any]:
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.add_cookies(staff.cookies("Lan"))
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [line for line in complaints if "422" not in line] == []


def looked_at(page: Any, name: str) -> None:
    """Keep a picture; whoever cannot see it, or has large thumbs, can use the page, too."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    size = "phone" if page.viewport_size["width"] == 360 else "desktop"
    page.screenshot(path=PICTURES / f"{name}.{size}.png", full_page=True)
    serious = [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:4]}"
        for each in axe.Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate(SMALL) == []


def fill(page: Any, staff: StaffSiteBeside) -> None:
    page.goto(staff.address + "/reports")
    page.select_option("[name=period]", "own")
    page.get_by_text("Ngày tự chọn", exact=True).click()
    page.fill("[name=from]", str(WEEK))
    page.fill("main [name=to]", str(TODAY - timedelta(1)))


def test_a_report_is_asked_for_watched_read_and_downloaded(
    page: Any, staff: StaffSiteBeside, tmp_path: Path
) -> None:
    fill(page, staff)
    page.select_option("[name=compare]", "before")
    looked_at(page, "reports")

    page.get_by_role("button", name="Lập báo cáo").click()
    page.wait_for_url("**/reports/*")
    page.evaluate(TYPED)
    page.get_by_text("Word, bản dự thảo").wait_for()

    row = page.locator("tr", has_text="Số lượt truy cập").first
    assert row.locator("td").first.inner_text() == "7"
    row.get_by_text("Cách tính, giới hạn").click()
    assert page.get_by_text("Lượt không phải là người").first.is_visible()
    looked_at(page, "report")
    with page.expect_download() as coming:
        page.get_by_text("Excel (").click()
    coming.value.save_as(tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes()[:2] == b"PK"
    assert coming.value.suggested_filename == f"bao-cao-{WEEK}-{TODAY - timedelta(1)}.xlsx"


def test_what_is_wrong_is_listed_at_the_top(
    page: Any, staff: StaffSiteBeside, tmp_path: Path
) -> None:
    (tmp_path / "hp-009.json").write_text("{}")
    fill(page, staff)
    page.fill("[name=from]", "")
    page.get_by_role("button", name="Lập báo cáo").click()
    page.get_by_text("Kỳ báo cáo: chưa điền từ ngày.").wait_for()
    looked_at(page, "reports-wrong")

    page.fill("[name=from]", str(WEEK))
    page.set_input_files("[name=file]", tmp_path / "hp-009.json")
    page.get_by_role("button", name="Lập báo cáo").click()
    page.get_by_text("hp-009.json: không phải tệp xuất").wait_for()
    looked_at(page, "report-wrong")


def test_sites_and_costs_are_entered_corrected_and_withdrawn(
    page: Any, staff: StaffSiteBeside
) -> None:
    page.goto(staff.address + "/reports/sites")
    if not page.get_by_text("Sửa hoặc rút").count():
        page.get_by_text("Nhập mới").click()
        page.fill("[name=residents]", "32")
        looked_at(page, "report-site")
        page.get_by_role("button", name="Lưu", exact=True).click()
        page.get_by_text("Đã lưu.").wait_for()
    page.goto(staff.address + "/reports/costs")
    page.get_by_text("Nhập mới").click()
    page.locator("[name=kind]").first.select_option("repair")
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.get_by_text("Số tiền (đồng): chưa điền.").wait_for()
    looked_at(page, "report-cost-wrong")
    page.locator("[name=amount]").first.fill("330.000")
    page.locator("[name=first]").first.fill("2026-11-02")
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.get_by_text("Đã lưu.").wait_for()

    page.get_by_text("Sửa hoặc rút").first.click()
    page.get_by_role("button", name="Rút, không tính").click()
    page.get_by_text("báo cáo không tính nữa").wait_for()

    assert page.get_by_text("Lấy lại").last.is_visible()
    looked_at(page, "report-costs")


def test_houses_that_asked_are_listed(page: Any, staff: StaffSiteBeside) -> None:
    page.goto(staff.address + "/reports/proposals")
    page.get_by_text("Nhập mới").click()
    page.locator("[name=name]").first.fill("Khu trọ bà Mẫu")
    page.locator("[name=asked_by]").first.fill("Công đoàn phường Hồng Phong")
    page.locator("[name=rooms]").first.fill("24")
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.get_by_text("Đã lưu.").wait_for()

    page.locator("article").first.get_by_text("Sửa hoặc rút").click()
    looked_at(page, "report-proposals")


def test_without_script_a_report_is_looked_at_again(chromium: Any, staff: StaffSiteBeside) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(staff.cookies("Lan"))
    page = context.new_page()
    fill(page, staff)

    page.get_by_role("button", name="Lập báo cáo").click()
    page.wait_for_url("**/reports/*")
    again = page.locator("noscript a").get_attribute("href")
    for _ in range(120):
        page.goto(staff.address + again)
        if page.get_by_text("Word, bản dự thảo").is_visible():
            break
        time.sleep(0.25)

    assert page.get_by_text("Word, bản dự thảo").is_visible()
    context.close()


def test_the_page_stays_while_the_report_is_watched(page: Any, staff: StaffSiteBeside) -> None:
    fill(page, staff)
    page.get_by_role("button", name="Lập báo cáo").click()
    page.wait_for_url("**/reports/*")
    page.evaluate(TYPED)

    page.get_by_text("Word, bản dự thảo").wait_for()

    assert page.evaluate(STILL_HERE) == "yes"
