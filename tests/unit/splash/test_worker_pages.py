"""What staff have published, on pages: in its language, escaped, with links that lead where they
may; and the forms that workers fill in."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from splash import calculator, example, short, views
from splash.content import (
    Article,
    Audio,
    Campaign,
    Conditions,
    Legal,
    Notice,
    PhoneNumber,
    Phones,
    Picture,
    Poll,
    Privacy,
    Question,
    Quiz,
    Source,
    Splash,
    Words,
)
from splash.edition import Articles, Edition, MemoryArticles, Shown
from splash.pages import Pages
from splash.views import LOOKS, Look, View

EVIL = "<script>evil()</script>\"'><img src=x onerror=evil()>{{7*7}}"
NAME = "a" * 64
NO_ARTICLES = MemoryArticles({})
VI, EN = Look(), Look("en")


def words(text: str = EVIL) -> Words:
    return Words(text, text)


def pages(edition: Edition, articles: Articles = NO_ARTICLES, *, sealed: bool = False) -> Pages:
    site = replace(example.SITE, sealed=sealed)
    return Pages(site, "token-1", articles, edition, forms="forms-1")


def html(shown: Pages, view: View, look: Look = VI, *, open: bool = False) -> str:
    return shown.page(view, look, open=open).plain().decode()


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(text)
    return found


def article(**changes: object) -> Article:
    usual = Article(
        "tin", Words("Bài"), Words(""), Words("<p>Chữ</p>", "<p>Text</p>"), Source("Công đoàn")
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def of_article(**changes: object) -> Pages:
    return pages(Edition(), MemoryArticles({"bai": article(**changes)}))


# Whatever staff write stays text

HOSTILE = Edition(
    splash=Splash(words(), words(), Picture(f"{NAME}.webp", words(), 10, 10)),
    campaigns=(Shown("c", Campaign(words(), words(), words("<p>x</p>"))),),
    notices=(Shown("n", Notice(words(), words("<p>x</p>"))),),
    polls=(Shown("p", Poll(words(), (words(), words()))),),
    quizzes=(
        Shown(
            "q",
            Quiz(
                words(),
                (Question(words(), (words(), words()), 0, words(), EVIL, "hostile"),),
                draw=True,
            ),
        ),
    ),
    phones=Phones((PhoneNumber(words(), EVIL),)),
    conditions=Shown("r", Conditions((words(),), words("<p>x</p>")), EVIL, 1),
    privacy=Shown("s", Privacy(words(), words("<p>x</p>")), EVIL, 1),
)
HOSTILE_ARTICLE = article(
    category=EVIL,
    title=words(),
    summary=words(),
    source=Source(EVIL),
    legal=Legal(EVIL, EVIL),
    picture=Picture(f"{NAME}.webp", words(), 10, 10),
    audio=Audio(f"{NAME}.mp3", 60),
)
HOSTILE_PAGES = pages(HOSTILE, MemoryArticles({"hostile": HOSTILE_ARTICLE}))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "view",
    [
        views.Splash(),
        views.Status(600, None),
        views.Left(),
        views.Conditions(),
        views.Privacy(),
        views.Federation(),
        views.Articles(),
        views.Article("hostile"),
        views.Notice("n"),
        views.Campaign("c"),
        views.Poll("p"),
        views.Poll("p", (1, 2)),
        views.Quiz("q"),
        views.QuizResult("q", (0,)),
        views.QuizResult("q", (1,)),
        views.QuizResult("q", (None,)),
        views.Draw("q"),
        views.DrawEntered("q", EVIL),
        views.Fault(),
        views.Ask(),
        views.Answers((views.Answered(EVIL, EVIL, EVIL),)),
        views.Search(EVIL, (views.Hit("article", "hostile", words(), ((EVIL, True),)),)),
    ],
)
def test_nothing_that_is_written_becomes_markup(view: View, look: Look) -> None:
    text = html(HOSTILE_PAGES, view, look)

    assert "evil" in text or isinstance(view, views.Left | views.Federation | views.Fault)
    for tag, attributes in elements(text):
        assert tag != "script"
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "img" or re.fullmatch(r"/m/[0-9a-f]{64}\.webp", str(attributes["src"]))
    assert "49" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_what_was_typed_into_the_search_travels_escaped_with_the_look() -> None:
    links = {
        attributes.get("href")
        for tag, attributes in elements(html(HOSTILE_PAGES, views.Search('"&lang=vi', ())))
        if tag == "a"
    }

    assert "/search?q=%22%26lang%3Dvi&lang=en" in links


# Where things are


@pytest.mark.parametrize(
    "view",
    [
        views.Article("x"),
        views.Notice("x"),
        views.Campaign("x"),
        views.Poll("x"),
        views.Quiz("x"),
        views.QuizResult("x", ()),
        views.Draw("x"),
        views.DrawEntered("x", "A"),
        views.QuizResult("hieu-luat", (0,)),
        views.QuizResult("hieu-luat", (0, 0, 0, 0, 9)),
    ],
)
def test_what_is_not_shown_is_not_found(view: View) -> None:
    shown = pages(example.EDITION, example.ARTICLES)

    assert shown.page(view, VI, open=False).status == 404


def test_a_quiz_without_a_draw_asks_nobody_for_a_name() -> None:
    quiz = replace(example.QUIZ, draw=False)
    shown = pages(Edition(quizzes=(Shown("q", quiz),)))

    assert shown.page(views.Draw("q"), VI, open=False).status == 404
    assert "/draw" not in html(shown, views.QuizResult("q", (0, 0, 0, 0, 0)))


def test_the_first_page_leads_to_all_that_is_on() -> None:
    shown = pages(example.EDITION, example.ARTICLES)
    links = {a.get("href") for tag, a in elements(html(shown, views.Splash(), EN)) if tag == "a"}

    assert {
        f"{path}?lang=en"
        for path in (
            "/notices/cat-nuoc",
            "/campaign/ngay-phap-luat",
            "/poll/mang-the-nao",
            "/quiz/hieu-luat",
            "/calculator",
            "/answers",
            "/search",
            "/fault",
            "/ask",
            "/articles",
        )
    } <= links


def test_faults_and_questions_are_one_tap_away_from_every_page() -> None:
    shown = pages(example.EDITION, example.ARTICLES)
    for view in (example.CAPTIVE | example.OPEN).values():
        links = [a.get("href") for tag, a in elements(html(shown, view)) if tag == "a"]
        assert {"/fault", "/ask"} <= set(links), view


def test_a_list_of_many_articles_has_pages() -> None:
    many = MemoryArticles({f"bai-{n}": article() for n in range(45)})
    shown = pages(Edition(), many)

    second = html(shown, views.Articles(2))

    assert second.count('href="/a/bai-') == 20
    assert 'href="/articles/3"' in second
    assert 'href="/articles"' in second
    assert html(shown, views.Articles(99)) == html(shown, views.Articles(3))


# Languages and links


def test_a_text_in_the_other_language_says_so() -> None:
    shown = of_article(title=Words("Bài <1>"))

    assert '<span lang="vi">Bài &lt;1&gt;</span>' in html(shown, views.Article("bai"), EN)
    assert "<h1>Bài &lt;1&gt;</h1>" in html(shown, views.Article("bai"), VI)
    assert "<p>Text</p>" in html(shown, views.Article("bai"), EN)


def test_links_in_a_text_keep_the_look_and_lead_outside_only_when_online() -> None:
    body = '<p><a href="/a/x">1</a> <a href="https://x.example/y">2</a> <a href="tel:113">3</a></p>'
    shown = of_article(body=Words(body))

    captive = html(shown, views.Article("bai"), Look("en", large=True))
    online = html(shown, views.Article("bai"), EN, open=True)

    assert (
        '<a href="/a/x?lang=en&amp;text=large">1</a> <a>2</a> <small>(needs the Internet)</small>'
        in captive
    )
    assert '<a href="/a/x?lang=en">1</a> <a href="https://x.example/y">2</a>' in online


def test_an_article_can_be_heard_and_says_where_it_is_from() -> None:
    shown = of_article(
        audio=Audio(f"{NAME}.m4a", 90),
        picture=Picture(f"{NAME}.webp", Words("Ảnh"), 480, 300),
        source=Source("Báo Mẫu", "https://bao.example/1", "được phép"),
        legal=Legal("Bộ luật Lao động", "Bà Luật"),
    )

    text = html(shown, views.Article("bai"))

    assert f'<audio controls preload="none" src="/m/{NAME}.m4a"></audio>' in text
    assert f'href="/m/{NAME}.m4a"' in text
    assert f'src="/m/{NAME}.webp" alt="Ảnh" width="480" height="300"' in text
    assert "Nguồn: Báo Mẫu" in text
    assert "Người kiểm tra pháp lý: Bà Luật" in text
    assert "Bài gốc ở bao.example, mở được khi đã vào mạng." in text
    assert "https://bao.example" not in text
    assert 'href="https://bao.example/1"' in html(shown, views.Article("bai"), open=True)


@pytest.mark.parametrize("open", [False, True])
def test_every_article_shows_its_source_and_its_day(open: bool) -> None:
    there = Source("LĐLĐ thành phố", "https://congdoan.example/1", published=date(2026, 3, 9))
    shown = pages(
        Edition(),
        MemoryArticles(
            {"own": article(source=Source("Ban Tuyên giáo")), "copy": article(source=there)},
            "2026-11-22",
        ),
    )

    own, copy = (html(shown, views.Article(id), open=open) for id in ("own", "copy"))
    assert "Nguồn: Ban Tuyên giáo. Đăng ngày 22/11/2026" in own
    assert "Nguồn: LĐLĐ thành phố. Đăng ngày 09/03/2026" in copy
    assert ('href="/go/article/copy"' in copy) is open


def test_an_article_has_a_short_address_and_a_picture_of_it() -> None:
    shown = pages(Edition(), MemoryArticles({"bai": article()}))

    text = html(shown, views.Article("bai"))

    path = f"/d/{short.code_of('bai')}"
    address = example.SITE.host + path
    assert f"<b>{example.SITE.host}<wbr>{path}</b>" in text
    assert f'aria-label="Mã QR dẫn tới {address}"' in text
    assert short.picture(f"http://{address}")[0] in text


# What is agreed to

RULES = Edition(
    conditions=Shown(
        "rules", Conditions((Words("Một"), Words("Hai")), Words("<p>Tất cả</p>")), "2026-11-20", 3
    ),
    privacy=Shown("privacy", Privacy(Words("Gọn"), Words("<p>Đủ</p>")), "2026-11-21", 1),
)


def test_rules_of_staff_take_the_place_of_the_shipped_ones() -> None:
    shown = pages(RULES)
    splash, rules = html(shown, views.Splash()), html(shown, views.Conditions())

    assert "đồng ý với 2 điều" in splash
    assert "<li>Hai</li>" in splash
    assert "đánh bạc" not in splash + rules
    assert "<p>Tất cả</p>" in rules
    assert "Bản 2026-11-20.3, ngày 20/11/2026." in rules


@pytest.mark.parametrize("sealed", [False, True])
def test_a_notice_of_staff_cannot_hide_the_seal_or_how_long(sealed: bool) -> None:
    shown = pages(RULES, sealed=sealed)
    privacy = html(shown, views.Privacy())

    assert "<p>Đủ</p>" in privacy
    assert "90 ngày" in privacy
    assert "/my-data" in privacy
    for text in (privacy, html(shown, views.Splash())):
        assert ("niêm phong" in text) is sealed


def test_emergency_numbers_are_on_every_list_once() -> None:
    shown = pages(Edition(phones=Phones((PhoneNumber(Words("Trẻ em"), "111"),))))
    numbers = [a["href"] for tag, a in elements(html(shown, views.Splash())) if tag == "a"]

    assert [n for n in numbers if n and n.startswith("tel:1")] == [
        "tel:111",
        "tel:113",
        "tel:114",
        "tel:115",
    ]


def test_a_long_greeting_does_not_push_the_button_down() -> None:
    greeting = Splash(Words("Chào"), Words("x" * 81))
    text = html(pages(Edition(splash=greeting)), views.Splash())

    assert text.index('class="go"') < text.index("x" * 81)


def test_another_edition_is_shown_without_reading_the_texts_again() -> None:
    first = pages(Edition())
    second = first.showing("token-2", NO_ARTICLES, RULES)

    assert "token-1" in html(first, views.Splash())
    assert "token-2" in html(second, views.Splash())
    assert "<li>Hai</li>" not in html(first, views.Splash())
    assert first.content_security_policy == second.content_security_policy


# Forms


@pytest.mark.parametrize(
    ("view", "action", "names"),
    [
        (views.Poll("mang-the-nao"), "/poll/mang-the-nao", {"form", "choice"}),
        (views.Quiz("hieu-luat"), "/quiz/hieu-luat", {"form", *(f"q{n}" for n in range(5))}),
        (views.Draw("hieu-luat"), "/quiz/hieu-luat/draw", {"form", "name", "phone", "consent"}),
        (views.LeaveDraw(), "/draw/leave", {"form", "code"}),
        (views.Fault(), "/fault", {"form", "kind", "more"}),
        (views.Ask(), "/ask", {"form", "text"}),
    ],
)
def test_forms_carry_their_token_and_nothing_is_ticked_before(
    view: View, action: str, names: set[str]
) -> None:
    found = elements(html(pages(example.EDITION, example.ARTICLES), view, EN))
    [form] = [a for tag, a in found if tag == "form"]
    fields = [a for tag, a in found if tag in ("input", "textarea")]

    assert form == {"method": "post", "action": f"{action}?lang=en"}
    assert {field["name"] for field in fields} == names
    assert [field["value"] for field in fields if field["name"] == "form"] == ["forms-1"]
    assert not [field for field in fields if "checked" in field]


@pytest.mark.parametrize("view", [views.Search(), views.Calculator()])
def test_forms_that_only_ask_keep_the_look_in_their_fields(view: View) -> None:
    found = elements(html(pages(Edition()), view, Look("en", large=True)))
    hidden = {a["name"]: a["value"] for t, a in found if t == "input" and a.get("type") == "hidden"}

    assert [a["method"] for tag, a in found if tag == "form"] == ["get"]
    assert hidden == {"lang": "en", "text": "large"}


def test_a_quiz_tells_what_was_right_and_why() -> None:
    shown = pages(example.EDITION, example.ARTICLES)
    text = html(shown, views.QuizResult("hieu-luat", (2, 0, 3, None, 2)))

    assert "Bạn đúng 3/5 câu." in text
    assert text.count("✓ Đúng rồi!") == 3
    assert text.count(">✕ ") == 2
    assert "Bạn chưa chọn câu này." in text
    assert text.count("Căn cứ: ") == 5
    assert 'href="/a/01-tien-luong"' in text


def test_the_calculator_says_what_the_law_wants() -> None:
    text = html(pages(Edition()), views.Calculator(example.WORK))
    result = calculator.calculate(example.WORK.work or pytest.fail("no work"))

    assert calculator.written(result.total) in text
    assert "8.893.125" in text
    assert "49,5 giờ làm thêm một tháng: nhiều hơn mức thông thường 40 giờ." in text
    assert "Nghị định 145/2020/NĐ-CP" in text


def test_the_calculator_keeps_what_could_be_read() -> None:
    text = html(pages(Edition()), views.Calculator(calculator.read({"wage": "7tr", "days": "<b>"})))

    assert 'value="7.000.000"' in text
    assert "<b>" not in text.split("<main")[1].split("</main>")[0]
    assert "“Số ngày công trong tháng” phải là con số" in text


def test_a_wage_below_the_minimum_is_said() -> None:
    typed = calculator.read({"wage": "4.000.000", "region": "I", "workday-day": "61"})
    text = html(pages(Edition()), views.Calculator(typed))

    assert "thấp hơn lương tối thiểu vùng (5.310.000 đồng)" in text
    assert "quá mức cao nhất 60 giờ" in text
