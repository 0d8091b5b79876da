"""Articles are found in feeds, sitemaps and lists, also in those that are not quite right."""

import gzip
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from content_cache.mirror.discovery import Found, feed, listed, newest, sitemap, unpacked

BASE = "https://a.vn/tin"


def test_a_feed_has_titles_and_dates() -> None:
    text = """<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel>
        <item><title>Lương &amp; thưởng</title><link>/1.html?utm_source=rss</link>
        <pubDate>Mon, 12 May 2025 14:30:00 +0700</pubDate></item>
        <item><title>B</title><link>https://a.vn/2.html</link>
        <pubDate>12/05/2025 08:00</pubDate></item>
        <item><title>Không có đường dẫn</title></item></channel></rss>"""

    first, second = feed(text, BASE)

    assert (first.address, first.title) == ("https://a.vn/1.html", "Lương & thưởng")
    assert first.date == datetime(2025, 5, 12, 7, 30, tzinfo=UTC)
    assert second.date == datetime(2025, 5, 12, 1, 0, tzinfo=UTC)


def test_atom_says_when_it_changed() -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title>
        <link href="https://a.vn/1"/><published>2025-05-01T00:00:00Z</published>
        <updated>2025-05-02T00:00:00Z</updated></entry></feed>"""

    assert feed(text, BASE) == (
        Found("https://a.vn/1", "A", datetime(2025, 5, 1, tzinfo=UTC), "2025-05-02T00:00:00Z"),
    )


def test_a_sitemap_has_pages_or_sitemaps() -> None:
    text = """<sm:urlset><sm:url><sm:loc> https://a.vn/1?a=1&amp;b=2 </sm:loc>
        <sm:lastmod>2025-05-01</sm:lastmod></sm:url>
        <url><loc><![CDATA[https://a.vn/2]]></loc></url><url><loc>ftp://x</loc></url>
        <sitemap><loc>https://a.vn/more.xml.gz</loc></sitemap>"""

    found = sitemap(text, BASE)

    assert found.pages == (
        Found("https://a.vn/1?a=1&b=2", changed="2025-05-01"),
        Found("https://a.vn/2"),
    )
    assert found.more == ("https://a.vn/more.xml.gz",)


def test_gzip_is_unpacked_and_nothing_else() -> None:
    assert unpacked(gzip.compress(b"abc")) == b"abc"
    assert unpacked(b"abc") == b"abc"
    assert unpacked(b"\x1f\x8bnot gzip") == b""


def test_a_list_has_links_and_a_next_page() -> None:
    text = """<h3><a href="1.html"> Bài <b>một</b></a></h3><h3 class="t">không</h3>
        <h3><a href="javascript:x()">x</a></h3><a class="sau" href="?trang=2">Sau</a>"""

    assert listed(text, BASE, "h3", "a.sau") == (
        (Found("https://a.vn/1.html", "Bài một"),),
        "https://a.vn/tin?trang=2",
    )
    assert listed(text, BASE, "h3 a", "") == ((Found("https://a.vn/1.html", "Bài một"),), None)


def test_the_newest_are_kept_each_once() -> None:
    found = [
        Found("https://a.vn/1", date=datetime(2025, 1, 1, tzinfo=UTC)),
        Found("https://a.vn/2", changed="2025-03-01"),
        Found("https://a.vn/1", "noch einmal"),
        Found("https://a.vn/3", date=datetime(2025, 2, 1, tzinfo=UTC)),
    ]

    assert [one.address[-1] for one in newest(found, 2)] == ["2", "3"]


@given(st.text(max_size=200))
def test_any_text_is_searched_without_harm(text: str) -> None:
    feed(text, BASE)
    sitemap(f"<url><loc>{text}", BASE)
    listed(text, BASE, "a", "a")
