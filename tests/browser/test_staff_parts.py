"""Parts of the staff pages that are fetched alone, in a real Chromium, and the same without script.

Whatever the browser complains of, a policy that does not hold among it, fails the test.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.staff_site import StaffSiteBeside
from tests.unit.staff.test_writing import NOTICE

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots" / "staff"

TYPED = "document.body.dataset.here = 'yes'"
STILL_HERE = "document.body.dataset.here"


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffSiteBeside]:
    with StaffSiteBeside(tmp_path_factory.mktemp("staff")) as staff:
        staff.world.answers["status"] = {"open_devices": 23, "firewall": "stands"}
        staff.person("Lan", "author")
        for title in ("Mất nước", "Mất điện", "Họp tổ"):
            staff.post("Lan", "/write/notice", NOTICE | {"title.vi": title, "_do": "save"})
        yield staff


@pytest.fixture(params=[(360, 640), (1280, 800)], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, chromium: Any, staff: StaffSiteBeside) -> Iterator[Any]:
    """A page of somebody who is signed in."""
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.add_cookies(staff.cookies("Lan"))
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def picture(page: Any, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    size = "phone" if page.viewport_size["width"] == 360 else "desktop"
    page.screenshot(path=PICTURES / f"{name}.{size}.png")


def test_the_list_follows_what_is_typed_and_back_leads_back(
    page: Any, staff: StaffSiteBeside
) -> None:
    page.goto(staff.address + "/items")
    page.evaluate(TYPED)

    page.locator("[name=q]").press_sequentially("dien")
    page.get_by_text("1 mục", exact=True).wait_for()

    assert page.locator("#found th[scope=row]").all_inner_texts() == ["Mất điện"]
    assert page.evaluate(STILL_HERE) == "yes"
    assert page.url.endswith("/items?q=dien&kind=&state=")
    picture(page, "items-found")
    page.select_option("[name=state]", "live")
    page.get_by_text("Không có mục nào như vậy.").wait_for()
    page.reload()
    assert page.input_value("[name=state]") == "live"
    page.go_back()
    page.get_by_text("1 mục", exact=True).wait_for()
    assert page.input_value("[name=q]") == "dien"
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "điện" not in kept


def test_the_figures_of_this_moment_follow_the_moment(page: Any, staff: StaffSiteBeside) -> None:
    page.clock.install()
    page.goto(staff.address + "/")
    page.wait_for_load_state("networkidle")
    page.evaluate(TYPED)
    drawn = page.locator("canvas").count()

    staff.world.answers["status"] = {"open_devices": 24, "firewall": "stands"}
    page.clock.fast_forward(31_000)
    page.get_by_text("24", exact=True).wait_for()
    staff.world.answers["status"] = {"open_devices": 23, "firewall": "stands"}
    page.clock.fast_forward(31_000)
    page.get_by_text("23", exact=True).wait_for()

    assert page.evaluate(STILL_HERE) == "yes"
    assert drawn == page.locator("canvas").count() > 0
    picture(page, "overview-again")


def test_a_fault_is_dealt_with_without_losing_the_place(page: Any, staff: StaffSiteBeside) -> None:
    for n in range(6):
        staff.world.hearing.report_fault("slow", f"chậm {n}", staff.world.now)
    page.goto(staff.address + "/voices")
    page.evaluate(TYPED)
    waiting = page.locator("article").count()
    page.locator("article input").nth(2).fill("viết dở")
    page.locator("article input").nth(4).fill("đã cắm lại dây")
    page.locator("article button").nth(4).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")

    page.locator("article button").nth(4).click()
    page.get_by_text("Đã ghi là xử lý xong.").wait_for()

    assert page.locator("article").count() == waiting - 1
    assert page.locator("article input").nth(2).input_value() == "viết dở"
    assert page.evaluate(STILL_HERE) == "yes"
    assert page.evaluate("scrollY") == before > 0
    assert page.url == staff.address + "/voices"
    assert page.get_by_text("Đã ghi là xử lý xong.").bounding_box()["y"] >= 0
    picture(page, "faults-done")


def test_a_question_is_answered_in_its_place(page: Any, staff: StaffSiteBeside) -> None:
    staff.world.hearing.ask("Lương tối thiểu?", staff.world.now)
    page.goto(staff.address + "/voices/questions")
    page.evaluate(TYPED)
    form = page.locator("article").first

    form.locator("textarea").fill("4.960.000 đồng.")
    form.get_by_role("button", name="Lưu câu trả lời").click()
    page.locator(".told").wait_for()

    assert page.evaluate(STILL_HERE) == "yes"
    assert page.locator(".answer").first.inner_text() == "4.960.000 đồng."
    picture(page, "questions-answered")


def test_the_same_pages_work_without_script(chromium: Any, staff: StaffSiteBeside) -> None:
    staff.world.hearing.report_fault("slow", "rất chậm", staff.world.now)
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(staff.cookies("Lan"))
    page = context.new_page()

    page.goto(staff.address + "/items")
    page.fill("[name=q]", "hop")
    page.get_by_role("button", name="Lọc").click()
    assert page.locator("#found th[scope=row]").all_inner_texts() == ["Họp tổ"]

    page.goto(staff.address + "/voices")
    page.locator("article button").first.click()
    assert page.url == staff.address + "/voices"
    assert page.get_by_text("Đã ghi là xử lý xong.").is_visible()
    context.close()
