"""What staff do in a real Chromium: write, paste from Word, add a photo, see it on the phone."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from splash import content, markup
from tests.browser.staff_site import StaffSiteBeside
from tests.browser.test_editor import paste
from tests.unit.staff.sounds import m4a, mp3
from tests.unit.staff.test_writing import FORMS

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots" / "staff"
WORD = (Path(__file__).parent / "files" / "word-clipboard.html").read_text(encoding="utf-8")
SIZES = {"phone": (360, 640), "desktop": (1280, 900)}

LAW = {
    "category": "quyen-loi",
    "title.vi": "Làm thêm giờ được trả bao nhiêu?",
    "summary.vi": "Ngày thường, ngày nghỉ, lễ Tết và ban đêm.",
    "body.vi": "<p>Mức thấp nhất:</p><ul><li>Ngày thường: 150%</li><li>Ngày nghỉ: 200%</li></ul>"
    "<table><tbody><tr><th>Ngày</th><th>Mức</th></tr><tr><td>Lễ, Tết</td><td>300%</td></tr>"
    "</tbody></table>",
    "source.name": "LĐLĐ thành phố",
    "legal.basis": "Điều 98 Bộ luật Lao động 2019",
    "legal.checked_by": "Tổ pháp chế",
    "legal.checked_on": "2025-06-01",
    "legal.review_by": "2026-06-01",
}


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffSiteBeside]:
    with StaffSiteBeside(tmp_path_factory.mktemp("staff")) as staff:
        staff.person("Lan", "author")
        staff.person("Minh", "approver")
        staff.person("Bác Chủ", "house_owner", sites=("nha-01",))
        yield staff


class Screen:
    """A browser of somebody who is signed in; what it complains of is kept."""

    def __init__(self, chromium: Any, staff: StaffSiteBeside, name: str, size: str) -> None:
        width, height = SIZES[size]
        self.staff, self.size = staff, size
        self.context = chromium.new_context(viewport={"width": width, "height": height})
        self.context.add_cookies(staff.cookies(name))
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, told: Any) -> None:
        # What a form was refused with is no complaint about the page.
        if told.type in ("error", "warning") and "status of 4" not in told.text:
            self.complaints.append(f"{told.type}: {told.text}")

    def go(self, path: str) -> Any:
        self.page.goto(self.staff.address + path)
        return self.page

    def picture(self, name: str, *, full: bool = True) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.{self.size}.png", full_page=full)


@pytest.fixture
def screen(chromium: Any, staff: StaffSiteBeside) -> Iterator[Any]:
    opened: list[Screen] = []

    def screen(name: str = "Lan", size: str = "desktop") -> Screen:
        opened.append(Screen(chromium, staff, name, size))
        return opened[-1]

    yield screen
    for each in opened:
        each.context.close()
    assert [complaint for each in opened for complaint in each.complaints] == []


@pytest.fixture(scope="module")
def written(staff: StaffSiteBeside) -> dict[str, str]:
    """One item of each kind, in every state; their ids by what they are."""

    def new(kind: str, form: dict[str, str], do: str) -> str:
        led = staff.post("Lan", f"/write/{kind}", form | {"_do": do})
        return led.split("?")[0].split("/")[2]

    def act(id: str, do: str, **more: str) -> None:
        staff.post("Minh", f"/items/{id}/act", {"n": "1", "do": do} | more)

    ids = {kind: new(kind, form, "submit") for kind, form in FORMS.items() if kind != "article"}
    ids["article"] = new("article", LAW, "submit")
    act(ids["article"], "approve_publish")
    act(ids["campaign"], "approve_publish", begins="2027-11-09T00:00", ends="2027-11-10T00:00")
    act(ids["poll"], "return", note="Thêm lựa chọn “Khác”.")
    act(ids["splash"], "approve_publish")
    act(ids["phones"], "approve")
    form = FORMS["notice"] | {"_base": "1", "title.vi": "Mất nước sáng mai", "_do": "submit"}
    staff.post("Lan", f"/items/{ids['notice']}/edit", form)
    return ids


def photo_of_12_megapixels() -> bytes:
    """As a telephone takes it: lying on its side, with the place where it was."""
    noise = Image.effect_noise((80, 60), 60).resize((4000, 3000))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    Image.merge("RGB", (noise, noise.rotate(180), noise)).save(file, "JPEG", exif=exif, quality=92)
    return file.getvalue()


PAGES = {
    "items": "/items",
    "items-overdue": "/items?state=overdue",
    "item-live": "/items/{article}",
    "item-to-approve": "/items/{notice}",
    "item-returned": "/items/{poll}",
    "compare": "/items/{notice}/compare?before=1&after=2",
    "edit-article": "/items/{article}/edit",
    "media": "/media",
    "import": "/import",
    "overview": "/",
    "me": "/me",
} | {f"write-{kind}": f"/write/{kind}" for kind in FORMS}

SMALL = r"""
() => [...document.querySelectorAll('button, a, input, select, summary')]
  .filter(e => e.getClientRects().length && getComputedStyle(e).display !== 'inline')
  .filter(e => e.type !== 'hidden' && !e.closest('iframe') && !e.closest('.skip'))
  .filter(e => !e.matches('[type=checkbox], [type=radio]') && !e.closest('ul.problem, .wrong li'))
  .map(e => ({text: (e.textContent || e.name).trim().slice(0, 30), b: e.getBoundingClientRect()}))
  .filter(({b}) => b.height < 47.5 && b.width > 1)
  .map(({text, b}) => `${text}: ${b.width}x${b.height}`)
"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_read_and_tapped(
    screen: Any, written: dict[str, str], name: str, size: str
) -> None:
    seen = screen("Minh" if name.startswith("item-") else "Lan", size)
    page = seen.go(PAGES[name].format(**written))
    page.wait_for_load_state("networkidle")
    seen.picture(name)

    serious = [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:4]}"
        for each in axe.Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]

    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("size", SIZES)
def test_from_word_and_a_photo_to_the_phone(
    screen: Any, staff: StaffSiteBeside, tmp_path: Path, size: str
) -> None:
    photo = tmp_path / "IMG_2018.jpg"
    photo.write_bytes(photo_of_12_megapixels())
    seen = screen("Lan", size)
    page = seen.go("/write/article")
    page.select_option("#f-category", "tin")
    page.fill("#f-title-vi", f"Hội thao {size}")
    paste(page, WORD)
    page.set_input_files("#f-picture-file", photo)
    page.wait_for_selector(".picture img[src]", timeout=30_000)
    page.fill("#f-picture-alt-vi", "Các đội trên sân")
    frame = page.frame_locator("iframe[name=phone]")
    frame.locator("text=Ban đêm: thêm 30%").wait_for()
    frame.locator("img[alt='Các đội trên sân']").wait_for()
    seen.picture("write-article-filled")

    page.click("button[value=submit]")

    page.wait_for_url("**/items/hoi-thao*")
    seen.picture("item-sent")
    id = page.url.split("/items/")[1].split("?")[0]
    revision = staff.world.content.revision(id)
    assert revision.state == "in_review"
    article = revision.content
    assert isinstance(article, content.Article)
    assert article.picture is not None
    assert (article.picture.width, article.picture.height) == (800, 1067)
    kept = (staff.world.content.media_folder / article.picture.name).read_bytes()
    assert len(kept) <= 120_000
    assert b"EXIF" not in kept
    assert markup.problems(article.body.vi) == ()
    assert "<ol><li><p>nghỉ hằng tuần: 200%</p></li>" in article.body.vi
    assert "Công ty phải trả lương đúng hạn." in article.body.vi


def test_what_was_typed_is_offered_after_a_reload_and_forgotten_once_saved(screen: Any) -> None:
    seen = screen()
    page = seen.go("/write/notice")
    page.fill("#f-title-vi", "Chưa kịp lưu")
    page.locator(".tiptap").first.focus()
    page.keyboard.type("Mất điện tối nay.")
    page.reload()
    page.locator(".unsaved button").first.click()
    assert page.input_value("#f-title-vi") == "Chưa kịp lưu"
    assert page.locator(".tiptap").first.inner_text() == "Mất điện tối nay."

    page.click("text=Lưu nháp")
    page.wait_for_url("**/edit*")
    assert page.locator(".unsaved").count() == 0
    seen.go("/write/notice")
    assert page.locator(".unsaved").count() == 0


def test_a_notice_is_written_with_the_keyboard_alone(screen: Any, staff: StaffSiteBeside) -> None:
    seen = screen("Bác Chủ")
    page = seen.go("/write/notice")
    page.locator("body").focus()

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({wanted!r})"):
                return
        raise AssertionError(f"the Tab key does not lead to {wanted}")

    tab_to("#f-title-vi")
    page.keyboard.type("Họp nhà")
    tab_to("[data-does=bold]")
    page.keyboard.press("Enter")
    page.keyboard.type("Tối nay 19 giờ")
    tab_to("button[value=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/hop-nha*")

    revision = staff.world.content.revision("hop-nha")
    assert revision.state == "in_review"
    assert revision.item.sites == ("nha-01",)
    assert isinstance(revision.content, content.Notice)
    assert revision.content.body.vi == "<p><strong>Tối nay 19 giờ</strong></p>"


def test_problems_take_the_focus_and_lead_to_their_fields(screen: Any) -> None:
    seen = screen("Lan", "phone")
    page = seen.go("/write/article")
    page.fill("#f-title-vi", "x" * 130)
    assert page.locator("#f-title-vi-meter").inner_text() == "130/120 ký tự — dài quá 10 ký tự"
    page.click("button[value=submit]")
    page.wait_for_selector("[data-problems]")

    assert page.evaluate("document.activeElement.matches('[data-problems]')")
    page.click("[data-problems] a[href='#f-title-vi']")
    assert page.evaluate("document.activeElement.id") == "f-title-vi"
    seen.picture("write-problems")


def test_an_approver_schedules_by_the_calendar_and_withdraws_by_two_presses(
    screen: Any, staff: StaffSiteBeside, written: dict[str, str]
) -> None:
    seen = screen("Minh")
    page = seen.go(f"/items/{written['quiz']}")
    page.fill("input[name=begins]", "2027-11-09T08:00")
    page.click("text=Duyệt và đăng")
    page.wait_for_selector("text=Đã hẹn đăng lúc 08:00 09/11/2027")
    seen.picture("item-scheduled")

    page.click("text=Gỡ ngay")
    assert page.locator(".danger").inner_text() == "Bấm lần nữa để làm thật"
    page.click(".danger")
    page.wait_for_selector("text=Đã gỡ")

    assert staff.world.content.revision(written["quiz"]).state == "withdrawn"


def test_without_scripts_it_works_plainer(chromium: Any, staff: StaffSiteBeside) -> None:
    context = chromium.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=False
    )
    context.add_cookies(staff.cookies("Lan"))
    page = context.new_page()
    page.goto(f"{staff.address}/write/notice")
    page.fill("#f-title-vi", "Không kịch bản")
    page.fill("#f-body-vi", "Đoạn một\n\nĐoạn hai")
    page.click("text=Xem lại")
    page.frame_locator("iframe[name=phone]").locator("text=Đoạn hai").wait_for()

    page.click("button[value=submit]")

    page.wait_for_url("**/items/khong-kich-ban*")
    revision = staff.world.content.revision("khong-kich-ban")
    assert isinstance(revision.content, content.Notice)
    assert revision.content.body.vi == "<p>Đoạn một</p><p>Đoạn hai</p>"
    context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "data"), [("a.mp3", mp3(200)), ("a.m4a", m4a(216))])
def test_a_sound_is_sent_and_heard_beside_the_form_and_on_the_phone(
    screen: Any, size: str, name: str, data: bytes
) -> None:
    seen = screen("Lan", size)
    page = seen.go("/write/article")
    field = page.locator("[data-sound]")

    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    page.set_input_files("#f-audio-file", file)
    field.get_by_text("Đã gửi bài đọc: 0:05").wait_for()
    frame = page.frame_locator("iframe[name=phone]")
    frame.locator("audio").wait_for()

    # No script runs in the frame, so that the sounds are looked at from outside.
    for audio in (field.locator("audio"), frame.locator("audio")):
        audio.evaluate("(audio) => { audio.muted = true; audio.play(); }")
        for _ in range(50):
            if audio.evaluate("(audio) => audio.currentTime") > 0.1:
                break
            page.wait_for_timeout(100)
        assert audio.evaluate("(audio) => audio.currentTime") > 0.1
        assert 4.9 < audio.evaluate("(audio) => audio.duration") < 5.4
    field.scroll_into_view_if_needed()
    seen.picture("sound", full=False)
    field.get_by_role("button", name="Bỏ bài đọc này").click()
    frame.locator("audio").wait_for(state="detached")
    assert page.locator("[name='audio.name']").input_value() == ""
