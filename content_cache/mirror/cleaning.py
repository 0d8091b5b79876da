"""Turns a page's HTML into a text's: safe, and of the few elements that texts may hold.

nh3 takes away what is dangerous. What is left is written anew in the grammar of the texts
(`splash.markup`): `div` becomes paragraphs, `h1` becomes `h2`, loose words get a paragraph, two
line breaks end one, a table inside a table becomes paragraphs, empty elements go. Every element
of the result is closed where it was opened, and attributes are in double quotes.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import nh3

Address = Callable[[str], str | None]
"""What an address in the page becomes; None drops the link or the picture."""

_SAME: Final = {
    "b": "strong", "i": "em", "cite": "em", "ins": "u",
    "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3", "tfoot": "tbody",
}  # fmt: skip
_STYLES: Final = frozenset(("strong", "em", "u", "a"))
_HEADS: Final = frozenset(("h2", "h3"))
_LISTS: Final = frozenset(("ul", "ol"))
_CELLS: Final = frozenset(("td", "th"))
_ROW_GROUPS: Final = frozenset(("thead", "tbody"))
_ONLY_BREAK: Final = frozenset(
    ("p", "div", "section", "article", "main", "header", "footer", "center", "address", "dl", "dt",
     "dd", "details", "summary", "pre", "caption", "hr", "picture")
)  # fmt: skip
_SILENT: Final = {
    "script", "style", "noscript", "template", "iframe", "object", "svg", "math", "form", "select",
    "textarea", "button", "nav", "title", "head",
}  # fmt: skip
_HOLD_LISTS: Final = frozenset(("", "li", "td", "th", "blockquote"))
_TEXT_GOES_INTO: Final = {
    "": "p", "blockquote": "p", "ul": "li", "ol": "li", "figure": "figcaption",
    "table": "tr", "thead": "tr", "tbody": "tr", "tr": "td",
}  # fmt: skip
_DEEPEST_LIST: Final = 3

_nh3: Final = nh3.Cleaner(
    tags={*_SAME, *_STYLES, *_HEADS, *_LISTS, *_CELLS, *_ROW_GROUPS, *_ONLY_BREAK}
    | {"li", "br", "img", "table", "tr", "blockquote", "figure", "figcaption"},
    attributes={
        "a": {"href"},
        "img": {"src", "alt"},
        "ol": {"start"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
    },
    clean_content_tags=_SILENT,
    url_schemes={"http", "https", "tel"},
    link_rel=None,
)


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: "list[_Element | str]" = field(default_factory=list)
    implied: bool = False
    """Opened for loose words; ends where an element of the page's own begins."""

    def is_empty(self) -> bool:
        return self.tag != "img" and all(
            not part.strip() if isinstance(part, str) else part.is_empty() for part in self.inside
        )

    def written(self) -> str:
        if self.tag == "br":
            return "<br>"
        if self.is_empty() and self.tag not in _CELLS:
            return " " if self.inside and self.tag in _STYLES else ""
        keys = "".join(f' {name}="{html.escape(value)}"' for name, value in self.attributes.items())
        inside = self.written_inside()
        return f"<{self.tag}{keys}>" + ("" if self.tag == "img" else f"{inside}</{self.tag}>")

    def written_inside(self) -> str:
        return "".join(
            html.escape(part, quote=False) if isinstance(part, str) else part.written()
            for part in self.inside
        )


def clean(page: str, link: Address, picture: Address, caption: str) -> str:
    """The HTML `page` as a text may hold it.

    `link` is given every `href` and `picture` every `src`, as the page has them. `caption`
    describes pictures that have no description of their own.
    """
    writer = _Writer(link, picture, " ".join(caption.split()))
    writer.feed(_nh3.clean(page))
    writer.close()
    written = writer.top.written_inside()
    return re.sub(r"(?:\s|<br>)+(</(?:p|h2|h3|li|td|th|figcaption)>)", r"\1", written)


class _Writer(HTMLParser):
    """Reads well-formed HTML of the elements that nh3 leaves."""

    def __init__(self, link: Address, picture: Address, caption: str) -> None:
        super().__init__(convert_charrefs=True)
        self.top = _Element("")
        self._link = link
        self._picture = picture
        self._caption = caption
        self._blocks = [self.top]
        self._styles: list[_Element] = []  # wanted by the page; opened where words come
        self._open_styles: list[tuple[_Element, _Element]] = []  # wanted, and as it was opened
        self._source: list[tuple[str, _Element | None]] = []  # what to close at an element's end
        self._tables: list[bool] = []  # whether each table around may be a table
        self._line_breaks = 0
        self._paragraph_ends = False
        self._after_space = True

    # What the page says

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = _SAME.get(name, name)
        given = {key: value or "" for key, value in attrs}
        match tag:
            case "br":
                self._line_breaks += 1
            case "hr":
                self._end_paragraph()
            case "img":
                self._image(given)
            case _ if tag in _STYLES:
                self._source.append((name, self._style(tag, given)))
            case _:
                self._end_paragraph()
                self._source.append((name, self._block(tag, given)))

    def handle_endtag(self, name: str) -> None:
        if not self._source or self._source[-1][0] != name:
            return  # </p> alone, which HTML takes for an empty paragraph.
        _, element = self._source.pop()
        if _SAME.get(name, name) not in _STYLES:
            self._end_paragraph()
        if name == "table":
            self._tables.pop()
            if not any(self._tables):
                self._leave("table")
        if element is None:
            return
        if element in self._styles:
            self._styles = [style for style in self._styles if style is not element]
            if self._open_styles and self._open_styles[-1][0] is element:
                self._open_styles.pop()
        if any(block is element for block in self._blocks):
            while self._blocks.pop() is not element:
                pass
            self._after_space = True

    def handle_data(self, data: str) -> None:
        words = re.sub(r"\s+", " ", re.sub(r"[\u200b\u2060\ufeff\xad]", "", data))
        if not words.strip():
            self._space()
            return
        into = self._room()
        into.inside.append(words.lstrip() if self._after_space else words)
        self._after_space = words.endswith(" ")

    # What is written

    def _style(self, tag: str, given: dict[str, str]) -> _Element | None:
        if any(style.tag == tag for style in self._styles):
            return None
        if tag == "a":
            address = self._link(given["href"]) if "href" in given else None
            given = {"href": address} if address else {}
            if not given:
                return None
        style = _Element(tag, given)
        self._styles.append(style)
        return style

    def _block(self, tag: str, given: dict[str, str]) -> _Element | None:
        """Open a block where it may stand; None where its words go into what is open."""
        if tag in _CELLS | _ROW_GROUPS | {"li", "tr", "figcaption"}:
            while self._blocks[-1].implied:
                self._blocks.pop()
        here = self._blocks[-1].tag
        if tag in _HEADS:
            return self._enter(tag) if here == "" else self._style("strong", {})
        if tag in ("blockquote", "figure"):
            return self._enter(tag) if here == "" else None
        if tag == "figcaption":
            return self._enter(tag) if here == "figure" else None
        if tag in _LISTS:
            depth = sum(block.tag in _LISTS for block in self._blocks)
            if here not in _HOLD_LISTS or depth >= _DEEPEST_LIST:
                return None
            start = given.get("start", "")
            numbered = tag == "ol" and re.fullmatch(r"[1-9][0-9]{0,3}", start) and start != "1"
            return self._enter(tag, {"start": start} if numbered else {})
        if tag == "li":
            return self._enter(tag) if here in _LISTS else None
        if tag == "table":
            self._tables.append(here == "" and not self._tables)
            return None  # Opened by its first row: a caption becomes a paragraph above it.
        if self._tables == [True] and tag in _ROW_GROUPS | {"tr"} | _CELLS:
            return self._table_part(tag, here, given)
        return None

    def _table_part(self, tag: str, here: str, given: dict[str, str]) -> _Element | None:
        if tag in _CELLS:
            spans = {
                key: value for key, value in given.items() if re.fullmatch("[2-9]|1[0-9]|20", value)
            }
            return self._enter(tag, spans) if here == "tr" else None
        if here == "":
            here = self._enter("table").tag
        fits = here == "table" or (tag == "tr" and here in _ROW_GROUPS)
        return self._enter(tag) if fits else None

    def _image(self, given: dict[str, str]) -> None:
        address = self._picture(given.get("src", ""))
        if not address:
            return
        alt = " ".join(given.get("alt", "").split()) or self._caption
        into = self._blocks[-1] if self._blocks[-1].tag == "figure" else self._room()
        into.inside.append(_Element("img", {"src": address, "alt": alt}))
        self._after_space = False

    def _enter(self, tag: str, attributes: dict[str, str] | None = None) -> _Element:
        element = _Element(tag, attributes or {})
        self._blocks[-1].inside.append(element)
        self._blocks.append(element)
        self._paragraph_ends = False
        self._after_space = True
        return element

    def _leave(self, tag: str) -> None:
        if any(block.tag == tag for block in self._blocks):
            while self._blocks.pop().tag != tag:
                pass

    def _end_paragraph(self) -> None:
        self._open_styles = []
        self._line_breaks = 0
        if self._blocks[-1].tag == "p":
            self._blocks.pop()
        elif self._blocks[-1].tag in ("h2", "h3", "figcaption"):
            self._space()
        self._paragraph_ends = True

    def _room(self) -> _Element:
        """Where words go now: a block that holds text, and in it the styles that are wanted."""
        if self._line_breaks > 1 and self._blocks[-1].tag in ("p", "li", *_CELLS):
            self._end_paragraph()
        while into := _TEXT_GOES_INTO.get(self._blocks[-1].tag):
            self._enter(into).implied = True
        block = self._blocks[-1]
        if block.tag in ("li", *_CELLS) and self._paragraph_ends and not block.is_empty():
            block = self._enter("p")
        kept = 0
        for (wanted, _), style in zip(self._open_styles, self._styles, strict=False):
            if wanted is not style:
                break
            kept += 1
        del self._open_styles[kept:]
        if self._line_breaks and not block.is_empty():
            self._innermost(block).inside.append(_Element("br"))
            self._after_space = True
        self._line_breaks = 0
        for style in self._styles[kept:]:
            opened = _Element(style.tag, style.attributes)
            self._innermost(block).inside.append(opened)
            self._open_styles.append((style, opened))
        return self._innermost(block)

    def _innermost(self, block: _Element) -> _Element:
        return self._open_styles[-1][1] if self._open_styles else block

    def _space(self) -> None:
        """A space between words, if words are open."""
        block = self._blocks[-1]
        if not self._after_space and block.tag not in _TEXT_GOES_INTO:
            self._innermost(block).inside.append(" ")
            self._after_space = True
