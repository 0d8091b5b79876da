"""A worker with a real phone's browser, JavaScript off, before login: reads, votes, does the quiz,
reports a fault, asks. What is seen is kept in artefacts/screenshots/walk.
"""

import hashlib
import struct
import zlib

import pytest

from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.hearing import Hearing
from splash.content import Campaign, Notice, Picture, Splash, Words
from tests.browser.conftest import OpenWindow
from tests.browser.test_walk import words
from tests.browser.window import CHECK, PORTAL, Window
from tests.netns.content import ARTICLE, POLL, QUIZ, item, publish

pytestmark = pytest.mark.browser


@pytest.fixture
def window(lab: Lab, phone: Phone, open_window: OpenWindow) -> Window:
    lab.start_portal()
    publish(lab)
    window = open_window(phone)
    window.open(CHECK)
    assert window.shows(words("splash.connect_button"))
    return window


def picture(width: int, height: int) -> bytes:
    """A PNG with a red band on yellow, as a poster."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack("!I", len(data)) + body + struct.pack("!I", zlib.crc32(body))

    rows = b"".join(
        b"\0" + (b"\xc4\x16\x1c" if row < height // 3 else b"\xf9\xc5\x1c") * width
        for row in range(height)
    )
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def test_the_greeting_and_poster_of_the_staff(lab: Lab, phone: Phone, window: Window) -> None:
    poster = picture(480, 640)
    name = f"{hashlib.sha256(poster).hexdigest()}.png"
    greeting = Splash(
        Words("Tháng Công nhân"),
        Words("Chào bạn! Công đoàn mời bạn dùng mạng miễn phí."),
        Picture(name, Words("Áp phích: Tháng Công nhân"), 480, 640),
    )
    campaign = Campaign(Words("Ngày Pháp luật 9/11"), Words("Làm 5 câu hỏi"), Words("<p>x</p>"))
    notice = Notice(Words("Cắt nước sáng thứ bảy"), Words("<p>x</p>"))
    more = [item("chao", greeting), item("luat", campaign), item("nuoc", notice)]
    publish(lab, more, pictures={name: poster})

    window.open(CHECK)

    assert window.heading == "Tháng Công nhân"
    assert window.shows(words("splash.connect_button"))
    seen = window.page.locator("img.picture")
    assert seen.get_attribute("alt") == "Áp phích: Tháng Công nhân"
    seen.scroll_into_view_if_needed()
    assert window.page.evaluate("document.querySelector('img.picture').naturalWidth") == 480
    window.picture("41-greeting.vi")
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])


def choose(window: Window, words: str) -> None:
    """Tap a line of a form."""
    window.page.get_by_text(words, exact=True).first.tap()


def test_a_worker_reads_votes_and_does_the_quiz(lab: Lab, window: Window) -> None:
    window.tap("Làm thêm giờ được trả bao nhiêu?")
    assert window.url == f"{PORTAL}/a/{ARTICLE}"
    assert window.page.locator("audio").get_attribute("preload") == "none"
    window.picture("30-article-with-sound.vi")

    window.tap(words("nav.home"))
    window.tap("Bạn thấy mạng thế nào?")
    choose(window, "Chậm")
    window.picture("31-poll.vi")
    window.tap(words("poll.send"))
    assert words("poll.thanks") in window.text
    window.picture("32-poll-thanks.vi")
    window.page.reload()
    assert words("poll.results") in window.text

    window.open(f"{PORTAL}/quiz/{QUIZ}")
    for option in ("200%", "Không cần đưa gì", "45 ngày", "3 tháng", "5.310.000 đồng"):
        choose(window, option)
    window.picture("33-quiz.vi")
    window.tap(words("quiz.send"))
    assert window.heading == "Bạn đúng 4/5 câu."
    window.picture("34-quiz-result.vi")
    window.tap("English")
    assert window.heading == "You got 4/5 right."
    window.picture("34-quiz-result.en")

    with_staff = Hearing(lab.folder / "data/answers.db")
    assert with_staff.votes(POLL) == {1: 1}
    assert [score.score for score in with_staff.quiz_scores()] == [4]
    with_staff.close()
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])
    assert window.check() == 302


def test_a_worker_reports_a_fault_and_asks(lab: Lab, window: Window) -> None:
    window.tap(words("nav.report"))
    window.tap(words("fault.send"))
    assert words("forms.nothing_chosen") in window.text
    choose(window, words("fault.slow"))
    window.page.get_by_label(words("fault.more")).fill("Phòng 12, từ 19 giờ")
    window.picture("35-fault.vi")
    window.tap(words("fault.send"))
    assert window.heading == words("fault.done")
    window.picture("36-fault-reported.vi")

    window.tap(words("nav.ask"))
    window.page.get_by_label(words("ask.label")).fill("Công ty nợ lương, hỏi ai?\nCảm ơn.")
    window.tap(words("ask.send"))
    assert window.heading == words("ask.done")
    window.picture("37-asked.vi")

    with_staff = Hearing(lab.folder / "data/answers.db")
    assert [fault.text for fault in with_staff.faults()] == ["Phòng 12, từ 19 giờ"]
    assert [q.text for q in with_staff.open_questions()] == ["Công ty nợ lương, hỏi ai?\nCảm ơn."]
    with_staff.close()
    assert window.posts == ["/fault", "/fault", "/ask"]


def test_a_worker_looks_for_something_and_has_a_wage_worked_out(window: Window) -> None:
    window.tap(words("nav.search"))
    window.page.get_by_label(words("search.label")).fill("lam them gio")
    window.tap(words("search.send"))
    assert window.link("Làm thêm giờ").count() == 1
    window.picture("38-search.vi")
    window.tap("English")
    assert window.page.get_by_label(words("search.label", "en")).input_value() == "lam them gio"

    window.open(f"{PORTAL}/calculator")
    window.page.get_by_label(words("calculator.wage")).fill("5,31 triệu")
    window.page.get_by_label(words("calculator.restday")).first.fill("8")
    window.picture("39-calculator.vi")
    window.tap("Tính")
    assert "Cả tháng: 5.718.462 đồng" in window.text
    window.picture("40-calculator-result.vi")
    assert (window.strangers, window.cookies) == ([], [])
