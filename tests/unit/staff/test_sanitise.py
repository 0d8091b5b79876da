"""What comes out is always HTML that may be shown, and says what went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.staff.sanitise import sanitise
from splash import markup

NAME = "0" * 64 + ".webp"

KEPT = [
    "<p>Chào <strong>anh chị</strong></p>",
    '<h2>Lương</h2><ol start="3"><li><p>một</p><ul><li>hai</li></ul></li></ol>',
    '<table><tbody><tr><th colspan="2">Vùng</th></tr><tr><td>I</td><td>4.960.000</td></tr>'
    "</tbody></table>",
    f'<figure><img src="/m/{NAME}" alt="Ảnh"><figcaption>chú thích</figcaption></figure>',
    '<p><a href="https://congdoan.example/a?b=1&amp;c=2">tin</a>, <a href="tel:113">113</a></p>',
    "<blockquote><p>Điều 98</p></blockquote>",
    "<p>2 &lt; 3 &amp; 4 &gt; 1<br>dòng hai</p>",
]

MENDED = [
    ("chữ không", "<p>chữ không</p>"),
    ("<b>đậm</b> và <i>nghiêng</i>", "<p><strong>đậm</strong> và <em>nghiêng</em></p>"),
    ("<div>một</div><div>hai</div>", "<p>một</p><p>hai</p>"),
    ("<div>một<div>hai</div>ba</div>", "<p>một</p><p>hai</p><p>ba</p>"),
    ("<h1>A</h1><h4>B</h4>", "<h2>A</h2><h3>B</h3>"),
    ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li><p>a</p><ul><li>b</li></ul></li></ul>"),
    ("<ul><li><h2>Mục</h2></li></ul>", "<ul><li><p><strong>Mục</strong></p></li></ul>"),
    ("<ul>chữ</ul>", "<ul><li><p>chữ</p></li></ul>"),
    ("<p></p><p>a</p><p> </p><br>", "<p>a</p>"),
    ("<p>a</p><p>&nbsp;</p><p>b</p>", "<p>a</p><p>b</p>"),
    (
        "<table><caption>Bảng 1</caption><tr><td>a</td></tr></table>",
        "<p>Bảng 1</p><table><tbody><tr><td>a</td></tr></tbody></table>",
    ),
    (
        "<table><tr><td><table><tr><td>x</td></tr></table></td></tr></table>",
        "<table><tbody><tr><td>x</td></tr></tbody></table>",
    ),
    ("<p>a<b> </b>b</p>", "<p>a b</p>"),
    ('<p><a name="x">mỏ neo</a></p>', "<p>mỏ neo</p>"),
    ('<p><a href="mailto:a@b.example">thư</a></p>', "<p>thư</p>"),
    ('<td colspan="999">x</td>', "<p>x</p>"),
    ("<p>a<p>b", "<p>a</p><p>b</p>"),
    ("<p>e\u0302\u0301</p>", "<p>ế</p>"),
]

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa\tScRiPt:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example/x'>x</a>",
    "<a href='/accept'>x</a>",
    "<a href='https://a@b.example/'>x</a>",
    "<p style='background:url(http://evil.example)'>x</p>",
    "<p class=x id=y onclick=alert(1)>x</p>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=x></object><embed src=x><applet code=x>",
    "<form action=/leave method=post><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href='http://evil.example/'><link rel=stylesheet href=http://evil.example>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<template><script>alert(1)</script></template>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<img src='/m/../../etc/passwd'>",
    f"<img src='/m/{NAME}' alt='\"><script>alert(1)</script>'>",
    f"<img src='/m/{NAME}?x' alt=a>",
    "<style>@import 'http://evil.example'</style>",
    "<plaintext><script>alert(1)</script>",
    "\u0000<scr\u0000ipt>alert(1)</scr\u0000ipt>",
    "<a href='https://congdoan.example\" onmouseover=alert(1)'>x</a>",
]


def problems(html: str) -> tuple[markup.Wrong, ...]:
    """What `splash.markup` has against it, but for pictures that nobody has described yet."""
    return tuple(each for each in markup.problems(html) if "description" not in each.en)


@pytest.mark.parametrize("text", KEPT)
def test_what_may_be_shown_stays_as_it_is(text: str) -> None:
    assert sanitise(text).html == text


@pytest.mark.parametrize(("text", "mended"), MENDED)
def test_what_is_out_of_place_is_put_in_order(text: str, mended: str) -> None:
    assert sanitise(text).html == mended
    assert problems(mended) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_comes_through(text: str) -> None:
    clean = sanitise(f"<p>trước</p>{text}<p>sau</p>").html

    assert problems(clean) == ()
    assert "trước" in clean
    assert sanitise(clean).html == clean
    for word in ("<script", "onerror", "onload=", "javascript:", "<svg", "<iframe", "<form"):
        assert word not in clean.lower().replace("&lt;", "")


def test_foreign_pictures_are_counted() -> None:
    clean = sanitise('<p>a<img src="file:///C:/x.png"><img src="https://e.example/x.png"></p>')

    assert (clean.html, clean.pictures_lost) == ("<p>a</p>", 2)


def test_two_thousand_elements_in_each_other_are_flattened() -> None:
    clean = sanitise("<ul><li>" * 1_000 + "đáy").html

    assert "đáy" in clean
    assert problems(clean) == ()


def test_a_link_in_a_link_is_one_link_however_deep_it_stands() -> None:
    link = '<a href="https://a.example">'

    clean = sanitise(f"{link}mot <b><table>{link}hai").html

    assert clean.count("<a ") == 1
    assert "hai" in clean
    assert problems(clean) == ()


PIECES = st.sampled_from(
    [f"<{tag}>" for tag in sorted(markup.ELEMENTS | {"div", "h1", "b", "span", "caption"})]
    + [f"</{tag}>" for tag in sorted(markup.ELEMENTS | {"div", "b"})]
    + ["chữ", " ", "&lt;", "&nbsp;", "<", '<a href="https://a.example">', '<td colspan="3">']
    + [f'<img src="/m/{NAME}" alt="a">', "<!--", "-->", "<td colspan=99>", "\u200b", '"', ">"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_goes_in_what_comes_out_may_be_shown(text: str) -> None:
    clean = sanitise(text).html

    assert problems(clean) == ()
