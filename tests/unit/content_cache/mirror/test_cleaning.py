"""What is left of a page's HTML may be shown as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.mirror.cleaning import clean
from splash import markup

PICTURE = f"/m/{'a' * 64}.webp"


def cleaned(page: str) -> str:
    return clean(
        page,
        lambda href: href if href.startswith("https://") else None,
        lambda src: PICTURE if src.startswith("anh") else None,
        "Bài mẫu",
    )


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("chữ trơn", "<p>chữ trơn</p>"),
        ("<div>một<div>hai</div>ba</div>", "<p>một</p><p>hai</p><p>ba</p>"),
        ("<p>một<br><br>hai<br>ba<br></p>", "<p>một</p><p>hai<br>ba</p>"),
        ("<h1>đầu</h1><h5>nhỏ</h5>", "<h2>đầu</h2><h3>nhỏ</h3>"),
        ("<b>đậm <i>nghiêng</i></b>", "<p><strong>đậm <em>nghiêng</em></strong></p>"),
        ("<strong><p>một</p><p>hai</p></strong>",
         "<p><strong>một</strong></p><p><strong>hai</strong></p>"),
        ("<p>a</p><p>&nbsp;</p><p><b> </b></p><ul><li></li></ul>", "<p>a</p>"),
        ("<ul>x<li>1<ul><li>2</ul><li><p>3<p>4</ul>",
         "<ul><li>x</li><li>1<ul><li>2</li></ul></li><li>3<p>4</p></li></ul>"),
        ('<ol start="3"><li>ba</li></ol>', '<ol start="3"><li>ba</li></ol>'),
        ("<table><caption>Bảng</caption><tr><td colspan=2>a</td><td></td></tr></table>",
         '<p>Bảng</p><table><tbody><tr><td colspan="2">a</td><td></td></tr></tbody></table>'),
        ("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>",
         "<table><tbody><tr><td>a<p>b</p></td></tr></tbody></table>"),
        ("<figure><a href='x.jpg'><img src=anh.jpg></a><figcaption>chú <i>thích</i></figcaption>",
         f'<figure><img src="{PICTURE}" alt="Bài mẫu"><figcaption>chú <em>thích</em>'
         "</figcaption></figure>"),
        ('<p>x <img src="http://la.example/a.gif"> y</p>', "<p>x y</p>"),
        ("<blockquote>lời<blockquote>sâu</blockquote></blockquote>",
         "<blockquote><p>lời</p><p>sâu</p></blockquote>"),
        ('<a href="https://a.vn/?x=1&y=&quot;">đi</a> <a href="javascript:x()">không</a>',
         '<p><a href="https://a.vn/?x=1&amp;y=&quot;">đi</a> không</p>'),
        ("<script>alert(1)</script><style>p{}</style><noscript>bật lên</noscript>", ""),
        ('<p onclick="x()" style="color:red" class="y">a &lt; b &amp; c</p>',
         "<p>a &lt; b &amp; c</p>"),
        ("<p>mềm\u00admại\u200b\ufeff</p>", "<p>mềmmại</p>"),
    ],
)  # fmt: skip
def test_a_page_becomes_a_text(page: str, text: str) -> None:
    assert cleaned(page) == text
    assert markup.problems(text) == ()


TAGS = [*sorted(markup.ELEMENTS), "div", "span", "center", "b", "h1", "h6", "font", "script"]
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(
        ['<a href="https://a.vn/">', '<img src="anh.jpg">', "<td colspan=99>", "&nbsp;"]
    ),
    st.text("ab <>&\"'", max_size=4),
)


@given(st.lists(PIECES, max_size=40))
def test_whatever_comes_in_what_goes_out_may_be_shown(pieces: list[str]) -> None:
    text = cleaned("".join(pieces))

    assert markup.problems(text) == ()


@given(st.lists(PIECES, max_size=30))
def test_what_is_clean_stays_as_it_is(pieces: list[str]) -> None:
    once = cleaned("".join(pieces)).replace(PICTURE, "anh")

    assert cleaned(once).replace(PICTURE, "anh") == once
