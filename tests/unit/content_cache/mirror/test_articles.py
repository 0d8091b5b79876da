"""What becomes of an article that was found on a page."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from content_cache.mirror.articles import (
    LONGEST_BODY,
    Draft,
    Media,
    drafted,
    finished,
    pdf_article,
    plain,
    shortened,
)
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.extraction import Extracted, Unreadable
from content_cache.mirror.report import Note
from content_cache.mirror.sources import Source

NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "https://congdoan.example/1.html"
OWN = Source(name="ldld", title="LĐLĐ", kind="page", url=URL, own=True)
FOUND = Extracted(
    "Tên bài", datetime(2026, 5, 12, tzinfo=VIETNAM), "Tóm tắt.", "<p>Chữ.</p>", "", URL
)


def draft(source: Source = OWN, **found: object) -> Draft:
    return drafted(replace(FOUND, **found), URL, source, NOW, ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "summary", "html", "kept"),
    [
        ("<p>Chữ.</p>", "Tóm tắt.", "<p>Chữ.</p>", "Tóm tắt."),
        ("<p><b>Tóm tắt.</b></p><p>Chữ.</p>", "Tóm tắt.", "<p>Chữ.</p>", "Tóm tắt."),
        ("<p>Câu đầu. Câu hai.</p>", "Câu đầu…", "<p>Câu đầu. Câu hai.</p>", ""),
        ("<p>Chữ.</p>", "", "<p>Chữ.</p>", ""),
        ("<h1>Tên bài</h1><p>Chữ.</p>", "", "<p>Chữ.</p>", ""),
    ],
)
def test_nothing_is_said_twice(body: str, summary: str, html: str, kept: str) -> None:
    made = draft(body=body, summary=summary)

    assert (made.html, made.summary) == (html, kept)


def test_a_picture_that_stands_for_it_is_not_shown_twice() -> None:
    inside = '<p>Chữ.</p><p><img src="/cache/400x300/anh.jpg"></p>'
    lead = "https://congdoan.example/anh.jpg"

    assert draft(body="<p>Chữ.</p>", picture=lead).picture == lead
    assert draft(body=inside, picture=lead).picture == ""
    assert draft(picture="https://khac.example/anh.jpg").picture == ""


def test_dates_that_cannot_be_are_told() -> None:
    assert draft(date=None).notes == (Note("no-date"),)
    assert draft(date=datetime(2027, 1, 1, tzinfo=VIETNAM)).notes == (Note("future", "01/01/2027"),)


def test_what_is_too_long_is_cut_at_a_block_and_leads_to_the_whole() -> None:
    made = draft(title="Từ " * 60, body="".join(f"<p>{n} {'chữ ' * 100}</p>" for n in range(80)))

    assert len(plain(made.html)) <= LONGEST_BODY + 100
    assert made.html.endswith(f'</p><p><a href="{URL}">Đọc tiếp ở trang gốc</a></p>')
    assert len(made.title) <= 120
    assert made.notes == (Note("title-cut"), Note("cut"))


def test_somebody_elses_article_is_two_lines_and_a_link() -> None:
    long = "Câu dài. " * 60

    made = draft(replace(OWN, own=False), body=f"<p>{long}</p><p>Nữa.</p>", summary="")

    assert made.html.endswith(f'<p><a href="{URL}">Đọc toàn bài ở trang gốc</a></p>')
    assert len(plain(made.html)) < 250
    assert "Nữa" not in made.html


def test_text_for_old_fonts_is_refused() -> None:
    with pytest.raises(Unreadable, match="old-font"):
        draft(title="C«ng ®oµn", body="<p>thµnh phè H¶i Phßng tæ chøc héi nghÞ ®éng n¨m</p>")


def test_links_and_pictures_become_local_where_they_can() -> None:
    made = draft(
        body='<p><a href="/2.html#x">hai</a> <a href="/3.html">ba</a> <a href="/1.html">đây</a>'
        ' <a href="/a.pdf">/a.pdf</a> <a href="/anh.jpg">ảnh</a>'
        ' <a href="tel:0225 3842">gọi</a></p>'
        '<figure><img src="/co.jpg" alt="Có"></figure>'
        '<figure><img src="/mat.jpg"><figcaption>Mất</figcaption></figure>'
    )
    media = Media("a" * 64 + ".webp", b"", 480, 300)
    site = "https://congdoan.example"

    article = finished(
        made,
        "mot",
        {URL: "mot", f"{site}/2.html": "hai"},
        {f"{site}/co.jpg": media},
        {f"{site}/a.pdf": 1_240_000},
    )

    assert article.html == (
        f'<p><a href="/a/hai">hai</a> <a href="{site}/3.html">ba</a> <a href="{URL}">đây</a>'
        f' <a href="{site}/a.pdf">/a.pdf (PDF, 1,2 MB)</a> ảnh <a href="tel:02253842">gọi</a></p>'
        f'<figure><img src="/m/{media.name}" alt="Có"></figure>'
    )
    assert article.media == (media,)


def test_a_pdf_alone_is_an_article_with_a_link() -> None:
    made = pdf_article(f"{URL}/Nghi%20quyet.pdf", "", 512_000, None, OWN)

    assert made.title == "Nghi quyet.pdf"
    assert made.html == f'<p><a href="{URL}/Nghi%20quyet.pdf">Nghi quyet.pdf (PDF, 512 KB)</a></p>'
    assert made.notes == (Note("no-date"),)


def test_shortened_texts_end_at_a_word() -> None:
    assert shortened("một hai ba", 20) == "một hai ba"
    assert shortened("một hai, ba", 9) == "một hai…"
