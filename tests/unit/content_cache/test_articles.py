"""Articles: what staff write comes out as safe HTML, and every mistake is named at once."""

from datetime import date
from pathlib import Path

import pytest

from content_cache.articles import Article, ArticlesError, html_of, load, parse

SHIPPED = Path(__file__).parents[3] / "splash" / "articles"

GOOD = """---
id: luong
title: "Lương: trả \\"đúng\\" hạn"
lang: vi
category: quyen-loi
# a remark
legal_basis: Điều 94
legal_checked_on: 2026-11-22
sample: true
---

Trả **đủ**.
"""


def test_a_file_becomes_an_article() -> None:
    assert parse("luong.md", GOOD) == Article(
        slug="luong",
        title='Lương: trả "đúng" hạn',
        language="vi",
        category="quyen-loi",
        legal_basis="Điều 94",
        legal_checked_on=date(2026, 11, 22),
        legal_checked_by="",
        review_before=None,
        author="",
        sample=True,
        html="<p>Trả <strong>đủ</strong>.</p>",
    )


def test_windows_line_ends_make_no_difference() -> None:
    assert parse("luong.md", GOOD.replace("\n", "\r\n")) == parse("luong.md", GOOD)


def test_an_article_is_approved_only_when_nothing_says_it_is_a_sample() -> None:
    assert not parse("luong.md", GOOD.replace("sample: true\n", "")).sample


def test_the_shipped_articles_can_be_read_and_are_samples() -> None:
    articles = load(SHIPPED)

    assert [article.slug for article in articles] == sorted(p.stem for p in SHIPPED.glob("*.md"))
    assert all(article.sample and article.legal_basis for article in articles)


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "Lương.md").write_text(
        "---\ntitle:\nlang: fr\ncategory: Quyền lợi\nsample: maybe\nid: khac\n"
        'author: "no end\nnonsense\nreview_before: 28/02/2027\n---\n',
        encoding="utf-8",
    )
    (tmp_path / "b.md").write_text("no front matter", encoding="utf-8")
    (tmp_path / "c.md").write_bytes(b"---\ntitle: \xff\n---\n")
    (tmp_path / "d.md").mkdir()

    with pytest.raises(ArticlesError) as refused:
        load(tmp_path)

    assert {(problem.file, problem.field) for problem in refused.value.problems} == {
        ("Lương.md", "front matter"),
        ("Lương.md", "author"),
        ("Lương.md", "file name"),
        ("Lương.md", "id"),
        ("Lương.md", "title"),
        ("Lương.md", "lang"),
        ("Lương.md", "category"),
        ("Lương.md", "review_before"),
        ("Lương.md", "sample"),
        ("Lương.md", "text"),
        ("b.md", "front matter"),
        ("c.md", "text"),
        ("d.md", "file"),
    }
    assert str(refused.value).startswith("articles: 13 problems\n")
    assert "  Lương.md: lang = 'fr': write one of vi, en" in str(refused.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArticlesError, match=r"1 problem\n.*gone: folder: no such folder"):
        load(tmp_path / "gone")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>x</p>"),
        ("[x](data:text/html,1)", "<p>x</p>"),
        ("[x](//evil.example)", "<p>x</p>"),
        ("[gọi](tel:0225)", '<p><a href="tel:0225">gọi</a></p>'),
        (
            "[x](https://a.example/?a=1&b=2)",
            '<p><a href="https://a.example/?a=1&amp;b=2">x</a></p>',
        ),
        ("![ảnh <b>](http://a.example/p.png)", "<p>ảnh &lt;b&gt;</p>"),
        ("# Đầu", "<h2>Đầu</h2>"),
        ("###### Cuối", "<h6>Cuối</h6>"),
    ],
)
def test_nothing_in_an_article_can_run_or_be_fetched(markdown: str, html: str) -> None:
    assert html_of(markdown) == html
