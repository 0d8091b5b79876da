"""From Word to the phone: one story through every part, with the line down.

Lan writes, Minh approves and sets the hour, a phone without scripts reads, votes and reports,
and Minh goes back to what was shown before. Staff sit at the gateway; all is the real program.
"""

import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.staff import totp
from tests.browser.conftest import OpenWindow
from tests.browser.test_editor import WORD, paste
from tests.browser.test_staff_writing import photo_of_12_megapixels
from tests.browser.window import CHROMIUM, PORTAL, Window

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.browser

ADDRESS = "http://127.0.0.1:2081"
PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots" / "story"
PASSWORDS = {"Lan": "trau vang uong nuoc 7", "Minh": "thuyen ve ben cang 3"}
HANOI = timezone(timedelta(hours=7))
GREETING = "Công đoàn chúc bạn năm mới"
POLL = {"question.vi": "Thích gì?", "options.0.vi": "Bóng đá", "options.1.vi": "Cờ"}
QUIZ = {
    "title.vi": "Hiểu luật",
    "questions.0.text.vi": "Làm thêm ngày thường được trả bao nhiêu?",
    "questions.0.options.0.vi": "100%",
    "questions.0.options.1.vi": "150%",
    "questions.0.explain.vi": "Ít nhất 150%.",
    "questions.0.legal_basis": "Điều 98 Bộ luật Lao động",
}
SECONDS = 30


class Desk:
    """Somebody of the staff at a browser on the gateway, signed in."""

    def __init__(self, page: "Page", name: str) -> None:
        self.page, self.name = page, name
        page.goto(f"{ADDRESS}/sign-in")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORDS[name])
        page.click("main button")
        if page.locator("input[name=code]").count():
            secret = "".join(page.locator(".key span").all_text_contents())
            page.fill("input[name=code]", totp.code_at(secret, int(time.time()) // 30))
            page.click("main button")
        page.wait_for_url(f"{ADDRESS}/")

    def write(self, kind: str, fields: Mapping[str, str]) -> None:
        self.page.goto(f"{ADDRESS}/write/{kind}")
        for name, value in fields.items():
            self.page.fill(f"#f-{name.replace('.', '-')}", value)

    def photo(self, field: str, file: Path, alt: str) -> None:
        self.page.set_input_files(f"#f-{field}-file", file)
        self.page.wait_for_selector(".picture img[src]", timeout=SECONDS * 1000)
        self.page.fill(f"#f-{field}-alt-vi", alt)

    def submit(self) -> str:
        """Send what is written to review; the item's id."""
        self.page.click("button[value=submit]")
        self.page.wait_for_url("**/items/*")
        return self.page.url.split("/items/")[1].split("?")[0]

    def approve(self, id: str, begins: str = "") -> None:
        self.page.goto(f"{ADDRESS}/items/{id}")
        if begins:
            self.page.fill("input[name=begins]", begins)
        self.page.click("text=Duyệt và đăng")
        self.page.wait_for_selector("text=/Đã (hẹn )?đăng/")

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@contextmanager
def browser_on(library: "Playwright", host: Host) -> Iterator[Any]:
    """A browser with scripts, as staff have it, inside the host's network."""
    program = host.folder / "chromium"
    there = f"nsenter --target={host.pid} --net --mount"
    program.write_text(f'#!/bin/sh\nexec {there} {CHROMIUM} "$@"\n')
    program.chmod(0o755)
    browser = library.chromium.launch(
        executable_path=program,
        args=["--no-sandbox", "--disable-gpu", "--no-proxy-server", "--disable-quic"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(host.folder)},
    )
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture
def staffed(lab: Lab) -> Lab:
    """A gateway whose staff can sign in."""
    lab.start_portal({"staff": {"site": True}})
    for name, role in (("Lan", "author"), ("Minh", "approver")):
        made = lab.gateway.run(
            *(sys.executable, "-m", "portal", "staff", "add", name, "--role", role),
            *("--password-stdin", "--config", lab.folder / "portal.toml"),
            stdin=f"{PASSWORDS[name]}\n",
        )
        assert made.returncode == 0, made.stderr
    lab.gateway.wait_until(
        lambda: "password" in lab.gateway.run("curl", "-s", f"{ADDRESS}/sign-in").stdout,
        "staff can sign in",
        log="portal",
    )
    return lab


def served(phone: Phone, path: str) -> str:
    """What a phone gets, to the last byte."""
    found = phone.must("curl", "--silent", "--compressed", "--fail", f"{PORTAL}{path}")
    return hashlib.sha256(found.encode()).hexdigest()


def until(holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, what
        time.sleep(0.2)


def choose(window: Window, number: int, words: str) -> None:
    """Tap an answer; `number` is that of the question, from 0."""
    window.page.locator("fieldset").nth(number).get_by_text(words, exact=True).tap()


def test_from_word_to_the_phone_and_back(
    staffed: Lab, phone: Phone, library: "Playwright", open_window: OpenWindow, tmp_path: Path
) -> None:
    photo = tmp_path / "IMG_2018.jpg"
    photo.write_bytes(photo_of_12_megapixels())
    with browser_on(library, staffed.gateway) as browser:
        lan = Desk(browser.new_context().new_page(), "Lan")
        minh = Desk(browser.new_context().new_page(), "Minh")

        # Lan writes: a text from Word with old letters, a poll, a quiz; and a poster from a photo.
        lan.write("article", {"title.vi": "Lương làm thêm giờ"})
        lan.page.select_option("#f-category", "tin")
        paste(lan.page, WORD)
        lan.photo("picture", photo, "Các đội trên sân")
        seen_before = lan.page.frame_locator("iframe[name=phone]")
        seen_before.get_by_text("Ban đêm: thêm 30%").wait_for()
        lan.picture("1-lan-writes")
        article = lan.submit()
        lan.write("poll", POLL)
        poll = lan.submit()
        lan.write("quiz", QUIZ)
        lan.page.check("input[name='questions.0.answer'][value='1']")
        quiz = lan.submit()
        lan.write("splash", {"title.vi": GREETING, "welcome.vi": "Bấm nút xanh là vào mạng."})
        lan.photo("poster", photo, "Áp phích năm mới")
        greeting = lan.submit()
        assert "Duyệt và đăng" not in lan.page.locator("main").inner_text()

        # Minh reads it as a phone shows it, and publishes.
        for id in (article, poll, quiz):
            minh.approve(id)
        pages = ("/", f"/a/{article}", "/articles", f"/quiz/{quiz}", "/rules", "/union")
        until(
            lambda: phone.run("curl", "-sf", f"{PORTAL}/quiz/{quiz}").returncode == 0,
            "phones have the quiz",
        )
        before = [served(phone, path) for path in pages]

        # The line goes down. The greeting is to change at the next whole minute but one.
        staffed.gateway.ip("link set wan down")
        soon = datetime.now(HANOI) + timedelta(seconds=75)
        hour = soon.replace(second=0, microsecond=0)
        minh.approve(greeting, hour.strftime("%Y-%m-%dT%H:%M"))
        minh.picture("2-minh-sets-the-hour")

        window = open_window(phone)
        window.open(PORTAL)
        assert GREETING not in window.text

        # A phone reads, votes, answers and reports, with the line down and held back.
        window.open(f"{PORTAL}/a/{article}")
        assert "Ban đêm: thêm 30%" in window.text
        picture = window.page.get_by_alt_text("Các đội trên sân")
        picture.scroll_into_view_if_needed()
        until(
            lambda: picture.evaluate("each => each.complete && each.naturalWidth > 0"),
            "the picture is there",
        )
        window.picture("article")
        window.open(f"{PORTAL}/poll/{poll}")
        choose(window, 0, "Bóng đá") if window.page.locator("fieldset").count() else (
            window.page.get_by_text("Bóng đá", exact=True).tap()
        )
        window.tap("Gửi trả lời")
        assert "Cảm ơn bạn đã góp ý." in window.text
        window.open(f"{PORTAL}/quiz/{quiz}")
        choose(window, 0, "150%")
        window.tap("Xem kết quả")
        assert "Bạn đúng 1/1 câu." in window.text
        assert "Điều 98 Bộ luật Lao động" in window.text
        window.open(f"{PORTAL}/fault")
        choose(window, 0, "Mạng hay bị rớt")
        window.page.fill("textarea", "Dãy B mất mạng từ trưa")
        window.tap("Gửi báo hỏng")
        assert "Đã báo. Cảm ơn bạn." in window.text

        # At that minute, not before, and without any line.
        def greets() -> bool:
            window.open(PORTAL)
            return GREETING in window.text

        until(greets, "the greeting changes", 120)
        late = (datetime.now(HANOI) - hour).total_seconds()
        assert 0 <= late < 5
        assert window.page.get_by_alt_text("Áp phích năm mới").is_visible()
        assert "Đường truyền đang mất" in window.text
        window.picture("greeting")
        assert window.strangers == []

        # Staff see what came in, and go back to what was shown before.
        minh.page.goto(f"{ADDRESS}/voices")
        assert "Dãy B mất mạng từ trưa" in minh.page.locator("main").inner_text()
        minh.page.goto(ADDRESS)
        minh.picture("3-minh-sees")
        assert "Bóng đá" in minh.page.locator("main").inner_text()
        minh.page.goto(f"{ADDRESS}/releases")
        [release] = re.findall(r"/releases/([0-9]+)/back", minh.page.content())[:1]
        minh.picture("4-minh-goes-back")
        back = minh.page.locator(f"form[action='/releases/{release}/back']")
        back.locator("xpath=ancestor::details/summary").click()
        back.locator("input[name=note]").fill("Đăng nhầm ngày")
        back.locator("button").click()
        minh.page.get_by_text("Đã quay về lần đăng").first.wait_for()
        until(lambda: not greets(), "the earlier greeting is back")

    assert [served(phone, path) for path in pages[1:]] == before[1:]
