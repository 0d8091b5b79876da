"""What a house shows: found by name, paged, searched; texts in the language there is."""

import pytest

from content_cache.catalogue import ITEMS_PER_PAGE
from content_cache.search import Piece
from splash.content import Article, Notice, Source, Words
from splash.edition import Edition, MemoryArticles, Shown, samples, spoken
from splash.views import Language


def article(title: str, body: str = "<p>…</p>", *, english: str = "") -> Article:
    return Article(
        "tin", Words(title, english), Words(""), Words(body), Source("Công đoàn"), sample=True
    )


ARTICLES = MemoryArticles(
    {
        "dinh-cong": article("Đình công đúng luật", "<p>Lương tối thiểu &amp; <b>quyền</b></p>"),
        "luong": article("Lương tối thiểu vùng", "<p>Mức mới.</p>", english="Minimum wage"),
    }
)


def test_content_is_found_by_its_name() -> None:
    notice = Shown("cat-nuoc", Notice(Words("Cắt nước"), Words("<p>Mai.</p>")), "2026-11-22", 3)
    edition = Edition(notices=(notice,))

    assert edition.notice("cat-nuoc") is notice
    assert notice.version == "2026-11-22.3"
    assert (edition.notice("x"), edition.poll("x"), edition.quiz("x"), edition.campaign("x")) == (
        (None,) * 4
    )


def test_articles_come_in_pages() -> None:
    many = MemoryArticles({f"bai-{n}": article(f"Bài {n}") for n in range(ITEMS_PER_PAGE + 1)})

    first, last = many.page(1), many.page(99)

    assert (len(first.items), first.number, first.pages) == (ITEMS_PER_PAGE, 1, 2)
    assert ([item.id for item in last.items], last.number) == ([f"bai-{ITEMS_PER_PAGE}"], 2)
    assert MemoryArticles({}).page(1).pages == 1
    assert [item.id for item in many.headlines(2)] == ["bai-0", "bai-1"]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("dinh cong", ["dinh-cong"]),
        ("LƯƠNG tối thiểu", ["luong", "dinh-cong"]),
        ("minimum", ["luong"]),
        ("lương khô", []),
        ("", []),
        ("<script>'\"%_*", []),
    ],
)
def test_articles_are_found_by_their_words(typed: str, ids: list[str]) -> None:
    assert [found.id for found in ARTICLES.search(typed, 10)] == ids


def test_what_was_looked_for_is_marked() -> None:
    [found] = ARTICLES.search("toi thieu quyen", 10)

    assert found.snippet == (Piece("Lương ", False), Piece("tối thiểu & quyền", True))


def test_the_shipped_samples_are_whole() -> None:
    shipped = samples()

    items = shipped.page(1).items
    assert len(items) == 8
    for item in items:
        whole = shipped.get(item.id)
        assert whole is not None
        assert whole.content.sample
        assert whole.content.body.vi
    assert shipped.get("none") is None


@pytest.mark.parametrize(
    ("words", "language", "said"),
    [
        (Words("Chào", "Hello"), "en", ("Hello", "en")),
        (Words("Chào", "Hello"), "vi", ("Chào", "vi")),
        (Words("Chào"), "en", ("Chào", "vi")),
        (Words("", "Hello"), "vi", ("Hello", "en")),
    ],
)
def test_a_text_is_in_the_language_there_is(
    words: Words, language: Language, said: tuple[str, Language]
) -> None:
    assert spoken(words, language) == said
