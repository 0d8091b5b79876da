"""Markup: what staff need passes; nothing else does, however it is written."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache import articles
from splash.edition import SAMPLES
from splash.markup import ELEMENTS, is_link, pictures, plain, problems

NAME = "a" * 64 + ".webp"

GOOD = [
    "",
    "Chữ trần, 3 > 2 & “ngoặc”",
    "<p>Một<br>hai<br />ba</p><h2>Điều 1</h2><h3>a)</h3>",
    '<ul><li><p>một</p><ol start="3"><li>hai</li></ol></li></ul>\n',
    "<table><thead><tr><th>Giờ</th></tr></thead>\n<tbody><tr>"
    '<td colspan="2" rowspan="20"><p>150%</p></td></tr></tbody></table>',
    "<blockquote><p><strong><em><u>đậm</u></em></strong></p></blockquote>",
    '<p><a href="https://congdoan.vn/x?a=1&amp;b=2#y">web</a> <a href="tel:+84225123">gọi</a></p>',
    '<a href="/a/02-lam-them-gio">bài</a><a href="/calculator">tính</a>',
    f'<figure><img src="/m/{NAME}" alt="Ảnh &quot;1&quot;"><figcaption>Chú</figcaption></figure>',
]

BAD = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    '<p onclick="x()">a</p>',
    '<p style="color:red">a</p>',
    "<p class=x>a</p>",
    "<p>a",
    "a</p>",
    "<p>a</strong></p>",
    "</br>",
    '<p></p class="x">',
    "<!-- a -->",
    "<![CDATA[a]]>",
    "a < b",
    "<svg><p>a</p></svg>",
    "<math><mtext></mtext></math>",
    "<style>p{}</style>",
    "<iframe></iframe>",
    '<form action="/accept"></form>',
    "<p><p>a</p></p>",
    "<p><ul><li>a</li></ul></p>",
    "<ul>a</ul>",
    "<li>a</li>",
    "<table><p>a</p></table>",
    "<table>a<tr><td>b</td></tr></table>",
    '<table><tr><td colspan="9999">a</td></tr></table>',
    '<ol start="x"><li>a</li></ol>',
    "<a>a</a>",
    '<a href="https://a.b"><em><a href="https://c.d">x</a></em></a>',
    '<a href="javascript:alert(1)">a</a>',
    '<a href="java&#115;cript:alert(1)">a</a>',
    '<a href=" https://a.b">a</a>',
    '<a href="//a.b">a</a>',
    '<a href="/accept">a</a>',
    '<a href="/a/../accept">a</a>',
    '<a href="https://a.b" target="_blank">a</a>',
    '<a href="https://user@a.b">a</a>',
    '<a href="https://a.b" href="javascript:1">a</a>',
    '<img src="https://a.b/x.png" alt="a">',
    f'<img src="/m/{NAME}">',
    f'<img src="/m/{NAME}" alt=" ">',
    f'<img src="/m/{NAME}" alt="a" onerror="x()">',
    f'<img src="/m/{"a" * 64}.m4a" alt="a">',
    f'<img src="/m/{"a" * 64}.svg" alt="a">',
    "<blockquote>" * 20,
    "<ul><li>" * 12 + "</li></ul>" * 12,
]


@pytest.mark.parametrize("text", GOOD)
def test_what_staff_write_passes(text: str) -> None:
    assert problems(text) == ()


@pytest.mark.parametrize("text", BAD)
def test_nothing_else_passes(text: str) -> None:
    assert problems(text)


class Seen(HTMLParser):
    """What another parser makes of a text: its elements, and all their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_comment(self, data: str) -> None:
        self.elements.add("a comment")

    def handle_decl(self, decl: str) -> None:
        self.elements.add("a declaration")

    def handle_pi(self, data: str) -> None:
        self.elements.add("an instruction")


PIECES = st.lists(
    st.sampled_from(
        """<p> </p> <em> </em> <a_href="https://a.b"> <a_href='javascript:1'> </a> <br> <br/> <!--
        --> <script> </script> <svg/onload=x> <ul> <li> </li> </ul> < > / " ' = & &lt; &#60; \0 _
        _onclick= <P> <img <table> </table> <?x ?> <![CDATA[ ]]> x""".replace("\n", " ").split()
    ).map(lambda piece: piece.replace("_", " ")),
    max_size=12,
).map("".join)


@given(PIECES)
def test_what_passes_is_harmless_to_another_parser_too(text: str) -> None:
    if problems(text):
        return
    seen = Seen(text)

    assert seen.elements <= ELEMENTS
    assert seen.attributes <= {"href", "src", "alt", "start", "colspan", "rowspan"}
    assert all(is_link(link) or link.startswith("/m/") for link in seen.links)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.md")), ids=lambda path: path.stem)
def test_what_markdown_gives_passes(path: Path) -> None:
    assert problems(articles.parse(path.name, path.read_text(encoding="utf-8")).html) == ()


def test_each_thing_is_told_once() -> None:
    twice = problems('<p><a href="ftp://x">a</a><a href="ftp://x">b</a></p>')

    assert [one.en for one in twice] == [
        "a link that cannot be used “ftp://x”; write https://… or tel: with a telephone number."
    ]


def test_the_words_of_a_text_are_found_block_by_block() -> None:
    text = "<p>Tiền &amp; lương</p><ul><li>một</li><li>hai<br>ba</li></ul><table><tr><td>4</td>"

    assert plain(text + "<td>5</td></tr></table>") == "Tiền & lương\nmột\nhai\nba\n4 5"


def test_the_pictures_of_a_text_are_found_once_each() -> None:
    image = f'<img src="/m/{NAME}" alt="a">'

    assert pictures(image + image + '<img alt="b" src="/m/x">') == (NAME, "x")
