"""The line is down and the phone captive: news is read all the same, in a real phone's browser with
JavaScript off. What is seen is kept in artefacts/screenshots/walk, to be looked at.
"""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from splash import short
from splash.content import Article, Source, Words
from tests.browser.conftest import OpenWindow
from tests.browser.test_walk import words
from tests.browser.window import PORTAL, Window
from tests.netns.content import item, publish

pytestmark = pytest.mark.browser

ORIGINAL = "https://congdoan.example/tin/luong-toi-thieu"
NEWS = {
    "luong-toi-thieu-2026": Article(
        "tin",
        Words("Lương tối thiểu vùng tăng từ năm 2026"),
        Words("Vùng I là 5.310.000 đồng một tháng."),
        Words(
            "<p>Từ 01/01/2026, lương tối thiểu tháng tại vùng I là <strong>5.310.000 đồng</strong>."
            " Hải Phòng có các phường thuộc vùng I và vùng II.</p><h2>Bạn cần làm gì</h2>"
            "<ul><li>Xem hợp đồng: mức lương có thấp hơn mức trên không.</li>"
            '<li>Hỏi công đoàn cơ sở, hoặc đọc <a href="/a/dinh-cong-hop-phap">bài về đình công'
            "</a>.</li></ul>"
            f'<p>Toàn văn ở <a href="{ORIGINAL}">trang của LĐLĐ</a>.</p>'
        ),
        Source("LĐLĐ thành phố Hải Phòng", ORIGINAL, published=date(2026, 11, 20)),
    ),
    "dinh-cong-hop-phap": Article(
        "tin",
        Words("Đình công hợp pháp là gì?"),
        Words("Ai được tổ chức, và phải báo trước bao lâu."),
        Words("<p>Đình công do tổ chức đại diện người lao động tổ chức và lãnh đạo.</p>"),
        Source("LĐLĐ thành phố Hải Phòng", published=date(2026, 11, 18)),
    ),
}


@pytest.fixture
def window(lab: Lab, phone: Phone, open_window: OpenWindow) -> Window:
    lab.start_portal()
    more = [
        item(id, news, date=str(news.source.published), url=news.source.url)
        for id, news in NEWS.items()
    ]
    publish(lab, more)
    lab.gateway.ip("link set wan down")
    lab.gateway.wait_until(
        lambda: "outage-began" in events(lab), "an outage is told", log="portal", seconds=45
    )
    return open_window(phone)


def events(lab: Lab) -> list[str]:
    path = lab.folder / "data/sessions.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return [kind for (kind,) in db.execute("SELECT kind FROM events")]


def test_from_the_front_page_to_an_article_to_a_search_to_another(
    lab: Lab, phone: Phone, window: Window
) -> None:
    asked = phone.open(f"{PORTAL}/captive-portal/api")
    assert isinstance(asked, Answer)
    assert '"captive": true' in asked.body
    window.open(f"{PORTAL}/")
    assert window.heading == words("errors.no_internet_title")
    assert words("errors.saved_copy") in window.text
    window.picture("50-line-down.vi")

    window.tap("Lương tối thiểu vùng tăng từ năm 2026")
    assert window.heading == "Lương tối thiểu vùng tăng từ năm 2026"
    assert "Nguồn: LĐLĐ thành phố Hải Phòng. Đăng ngày 20/11/2026" in window.text
    assert "Bài gốc ở congdoan.example" in window.text
    assert ORIGINAL not in window.page.content()
    window.picture("51-line-down-article.vi")
    window.page.get_by_text(words("articles.later")).tap()
    assert f"/d/{short.code_of('luong-toi-thieu-2026')}" in window.text
    window.page.get_by_role("img", name="Mã QR").scroll_into_view_if_needed()
    window.picture("52-line-down-read-later.vi")

    window.tap(words("nav.search"))
    window.page.get_by_label(words("search.label")).fill("dinh cong")
    window.tap(words("search.send"))
    window.picture("53-line-down-search.vi")
    window.tap("Đình công hợp pháp là gì?")
    assert window.url == f"{PORTAL}/a/dinh-cong-hop-phap"
    assert "Đăng ngày 18/11/2026" in window.text
    window.picture("54-line-down-second-article.vi")

    window.open(f"{PORTAL}/D/{short.code_of('luong-toi-thieu-2026').upper()}")
    assert window.url == f"{PORTAL}/a/luong-toi-thieu-2026"
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])
    assert window.posts == []
