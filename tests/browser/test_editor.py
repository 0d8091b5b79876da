"""The editor of the staff pages by itself, in a real Chromium, under the policy it must obey."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "portal" / "staff" / "static"
WORD = (Path(__file__).parent / "files" / "word-clipboard.html").read_text(encoding="utf-8")

OLD_FONTS = json.loads(
    (Path(__file__).parents[1] / "unit" / "staff" / "old_fonts.json").read_text(encoding="utf-8")
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)

PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>Bài</title>
<link rel="stylesheet" href="/pico.min.css"><link rel="stylesheet" href="/editor.css">
<link rel="icon" href="data:,">
<script src="/uplot.min.js" defer></script>
<script src="/editor.js" defer></script>
<main class="container"><form data-unsaved="try" data-revision="1">
<label for="body">Nội dung</label>
<textarea id="body" name="body" lang="vi" data-rich data-meter="m"></textarea>
<output id="m" for="body"></output>
</form></main>"""


class Site(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(STATIC)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """A page with the editor. Whatever the browser complains of fails the test."""
    context = chromium.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    complaints: list[str] = []
    # The picture of a test is not there.
    page.on(
        "console",
        lambda told: "404" in told.text or complaints.append(f"{told.type}: {told.text}"),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".tiptap")
    yield page
    context.close()
    assert complaints == []


def paste(page: Any, html: str = "", text: str = "") -> None:
    page.locator(".tiptap").first.focus()
    page.evaluate(
        """([html, text]) => {
          const data = new DataTransfer();
          if (html) data.setData("text/html", html);
          data.setData("text/plain", text);
          document.querySelector(".tiptap").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        [html, text],
    )


def written(page: Any) -> str:
    return str(page.locator("#body").input_value())


def test_a_text_of_word_keeps_its_lists_its_table_and_nothing_of_word(page: Any) -> None:
    paste(page, WORD)

    html = written(page)
    assert "<h2>Lương làm thêm giờ</h2>" in html
    assert "<p><strong>Người lao động</strong> cần biết:</p>" in html
    outer, _, rest = html.partition("<ol>")[2].partition("</ol>")
    assert outer.count("<li>") == 4, html
    assert '<ol type="a"><li><p>nghỉ hằng tuần: 200%</p></li>' in html, outer
    assert "Ban đêm: thêm 30%" in rest
    assert html.count("<tr>") == 3
    assert '<td colspan="2">' in html
    for foreign in ("mso", "style=", "class=", "file:", "javascript:", "onclick", "<img", "o:p"):
        assert foreign not in html


def test_old_fonts_become_unicode_and_the_editor_says_so(page: Any) -> None:
    paste(page, WORD)

    html = written(page)
    assert "Công ty phải trả lương đúng hạn." in html
    assert "Nghị định của Chính phủ" in html
    assert "CÔNG ĐOÀN" in html
    told = page.locator(".told").inner_text()
    assert "chữ Unicode" in told
    assert "1 ảnh không dán theo được" in told


def test_plain_text_of_an_old_font_is_known_by_itself(page: Any) -> None:
    paste(page, text="QuyÒn lîi cña c«ng nh©n lao ®éng")

    assert written(page) == "<p>Quyền lợi của công nhân lao động</p>"


def test_hostile_html_does_nothing_when_pasted(page: Any) -> None:
    paste(
        page,
        "<p>a<img src=x onerror=\"document.title='run'\"><svg onload=\"document.title='run'\">"
        "<script>document.title='run'</script><iframe srcdoc='<script>1</script>'></iframe>"
        '<a href="javascript:document.title=1">b</a><form action="//x"><input name=q></form></p>',
    )

    assert page.title() == "Bài"
    assert "b" in written(page)
    for foreign in ("<img", "<svg", "script", "<iframe", "<form", "<input"):
        assert foreign not in written(page)


def test_the_toolbar_is_one_stop_and_works_with_arrows(page: Any) -> None:
    page.locator(".tiptap").first.focus()
    page.keyboard.press("Shift+Tab")

    assert page.evaluate("document.activeElement.dataset.does") == "bold"
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.does") == "bullets"
    page.keyboard.press("Enter")
    page.keyboard.type("một")
    assert written(page) == "<ul><li><p>một</p></li></ul>"


def test_a_link_is_asked_for_in_a_dialog_and_needs_no_https(page: Any) -> None:
    page.locator("[data-does=link]").click()
    page.keyboard.type("congdoan.example/luong")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")

    assert written(page) == (
        '<p><a href="https://congdoan.example/luong">congdoan.example/luong</a></p>'
    )


def test_a_picture_is_described_anew_by_the_same_button(page: Any) -> None:
    paste(page, f'<p>a</p><img src="/m/{"0" * 64}.webp" alt="cũ">')
    page.locator(".tiptap img").click()

    page.locator("[data-does=picture]").click()
    page.locator("dialog input").fill("Công nhân trong xưởng")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")

    assert 'alt="Công nhân trong xưởng"' in written(page)


def test_unsaved_text_is_offered_after_a_reload(page: Any) -> None:
    page.locator(".tiptap").first.focus()
    page.keyboard.type("Chưa lưu")
    page.reload()
    page.wait_for_selector(".unsaved")
    assert written(page) == ""

    page.locator(".unsaved button").first.click()

    assert written(page) == "<p>Chưa lưu</p>"
    assert page.locator(".tiptap").inner_text() == "Chưa lưu"


def test_nothing_is_wider_than_a_phone(page: Any) -> None:
    paste(page, WORD)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("typed", "meant"), OLD_FONTS)
def test_the_browser_turns_old_fonts_as_the_server_does(page: Any, typed: str, meant: str) -> None:
    paste(page, text=typed)

    assert page.locator(".tiptap").inner_text() == meant
