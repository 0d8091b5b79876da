"""Makes of any HTML the little that a text of the staff may hold (`splash.markup`).

Two steps: nh3 throws away what is dangerous or unknown, as a browser would read it; then what is
left is put in order, so that lists hold items and tables rows, and a heading in a list item
becomes bold. `splash.markup.problems` has the last word on what comes out, here and when saving.

Runs in the process of `portal.staff.converter`: what comes in may be made to hurt.
"""

import html
import re
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import nh3

from splash import markup

MOST_CHARACTERS: Final = 1_000_000

_DEEPEST: Final = 12
"""Elements in elements; `splash.markup` takes a few more."""

_RENAMED: Final = {"b": "strong", "i": "em", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
_APART: Final = frozenset(
    (
        *("div", "section", "article", "header", "footer", "main"),
        *("center", "dl", "dt", "dd", "pre", "caption"),
    )
)
"""Blocks that are no element of ours: called `div` here, and only their edges matter."""

_TAGS: Final = set(markup.ELEMENTS | _RENAMED.keys() | _APART)
_ATTRIBUTES: Final = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_CELLS: Final = frozenset(("li", "td", "th"))
"""May hold words alone, or paragraphs."""
_FLOWS: Final = _CELLS | {"", "blockquote"}
_MAY_STAND_EMPTY: Final = frozenset(("td", "th", "br", "img"))
_BLOCKS: Final = frozenset(
    ("p", "h2", "h3", "ul", "ol", "li", "blockquote", "table", "tr", "td", "th", "figure")
)
_HIDDEN: Final = frozenset(("script", "style", "title", "template", "textarea", "xml", "object"))


@dataclass(slots=True)
class Element:
    """An element of the text, or text itself with `tag` empty."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: "list[Element]" = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Clean:
    """HTML that `splash.markup` has nothing against, but for pictures without a description."""

    html: str
    pictures_lost: int
    """Pictures of other places, that were left out."""


def sanitise(text: str) -> Clean:
    """The part of `text` that may be kept.

    Raises:
        ValueError: it is longer than any text can be.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"more than {MOST_CHARACTERS} characters")
    known = nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "tel"},
        clean_content_tags=set(_HIDDEN),
        link_rel=None,
        strip_comments=True,
    )
    tree = _Tree()
    tree.feed(known)
    tree.close()
    order = _Order()
    found = order.inside(tree.root, "", 0)
    result = "".join(_written(each) for each in _trimmed(found))
    return Clean(unicodedata.normalize("NFC", result), order.pictures_lost)


class _Tree(HTMLParser):
    """Reads what nh3 wrote: every element is closed, or needs no closing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(
            _RENAMED.get(tag, "div" if tag in _APART else tag),
            {name: value or "" for name, value in attrs},
        )
        self._open[-1].inside.append(element)
        # Past this depth everything is a child of the deepest; nobody writes so, and no
        # recursion below has to fear it.
        if tag not in ("br", "img") and len(self._open) < 4 * _DEEPEST:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        name = _RENAMED.get(tag, "div" if tag in _APART else tag)
        for n in range(len(self._open) - 1, 0, -1):
            if self._open[n].tag == name:
                del self._open[n:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(Element("", text=data))


class _Order:
    """Puts elements where `splash.markup` lets them stand."""

    def __init__(self) -> None:
        self.pictures_lost = 0
        self._in_link = False

    def inside(self, parent: Element, name: str, depth: int) -> list[Element]:
        """What of `parent`'s content may stand in an element called `name`."""
        placed: list[Element] = []
        for child in parent.inside:
            placed.extend(self._placed(child, name, depth))
        return _paragraphs(placed, mixed=name in _CELLS) if name in _FLOWS else placed

    def _placed(self, element: Element, parent: str, depth: int) -> list[Element]:
        tag = element.tag
        if tag == "":
            return _text_in(element.text, parent)
        if tag == "img" and not self._is_ours(element):
            self.pictures_lost += 1
            return []
        if tag == "a" and not self._may_lead(element):
            return self.inside(element, parent, depth)
        if tag == "div":
            return self._apart(element, parent, depth)
        if depth >= _DEEPEST and tag not in ("br", "img"):
            return self._unwrapped(element, parent, depth)
        if tag in markup.MAY_HOLD.get(parent, frozenset()):
            return self._kept(element, depth)
        if tag in ("h2", "h3") and "p" in markup.MAY_HOLD.get(parent, frozenset()):
            bold = Element("strong", inside=element.inside)
            return self._kept(Element("p", inside=[bold]), depth)
        if parent in ("ul", "ol"):
            return self._in_list(element, parent, depth)
        if parent == "figure":
            return []
        return self._unwrapped(element, parent, depth)

    def _apart(self, element: Element, parent: str, depth: int) -> list[Element]:
        if parent in ("ul", "ol"):
            return self._in_list(element, parent, depth)
        placed = [each for child in element.inside for each in self._placed(child, parent, depth)]
        if parent in _FLOWS:
            return [Element("div"), *placed, Element("div")]
        return [*placed, Element("br")] if placed and parent not in markup.NO_TEXT else placed

    def _in_list(self, element: Element, parent: str, depth: int) -> list[Element]:
        inner = self.inside(Element("li", inside=[element]), "li", depth + 1)
        return [Element("li", inside=inner)] if inner else []

    def _kept(self, element: Element, depth: int) -> list[Element]:
        tag = element.tag
        captions = [each for each in element.inside if tag == "table" and each.tag == "div"]
        around, self._in_link = self._in_link, self._in_link or tag == "a"
        kept = Element(tag, _attributes(element), self.inside(element, tag, depth + 1))
        self._in_link = around
        if tag in ("ul", "ol"):
            kept.inside = _joined(kept.inside)
        if tag == "figure" and not any(each.tag == "img" for each in kept.inside):
            return kept.inside[0].inside if kept.inside else []
        if not kept.inside and tag not in _MAY_STAND_EMPTY:
            return []
        if tag in ("strong", "em", "u", "a") and not _says_something(kept):
            return kept.inside  # The space between two words is all that is bold.
        if tag in ("p", "h2", "h3") and not _says_something(kept):
            return []
        return [*self.inside(Element("", inside=captions), "", depth), kept]

    def _unwrapped(self, element: Element, parent: str, depth: int) -> list[Element]:
        found = self.inside(element, parent, depth)
        if element.tag in _BLOCKS and "br" in markup.MAY_HOLD.get(parent, frozenset()) and found:
            return [*found, Element("br")]
        return found

    def _may_lead(self, link: Element) -> bool:
        """It leads somewhere, and stands in no other link, however deep: browsers end that one."""
        href = link.attributes.get("href", "").strip()
        return not self._in_link and markup.is_link(href)

    def _is_ours(self, image: Element) -> bool:
        source = image.attributes.get("src", "")
        return source.startswith("/m/") and bool(markup.PICTURE_NAME.fullmatch(source[3:]))


def _text_in(text: str, parent: str) -> list[Element]:
    if parent in markup.NO_TEXT:
        words = text.strip()
        if not words:
            return []
        if parent in ("ul", "ol"):
            return [Element("li", inside=[Element("p", inside=[Element("", text=words)])])]
        return []
    return [Element("", text=text)]


def _paragraphs(found: list[Element], mixed: bool) -> list[Element]:
    """Loose text becomes paragraphs; with `mixed`, only if it stands beside blocks."""
    if mixed and not any(each.tag in _BLOCKS for each in found):
        edges = [Element("br") if each.tag == "div" else each for each in _trimmed(found)]
        return _trimmed(edges)
    result: list[Element] = []
    loose: list[Element] = []

    def close() -> None:
        words = _trimmed(loose)
        if any(_says_something(each) for each in words):
            result.append(Element("p", inside=words))
        loose.clear()

    for each in found:
        if each.tag in _BLOCKS or each.tag == "div":
            close()
            result.extend([each] if each.tag != "div" else [])
        else:
            loose.append(each)
    close()
    return result


def _joined(items: list[Element]) -> list[Element]:
    """A list that stood between two items belongs to the one before it, as Word means it."""
    result: list[Element] = []
    for item in items:
        alone = len(item.inside) == 1 and item.inside[0].tag in ("ul", "ol")
        if alone and result:
            result[-1].inside.append(item.inside[0])
            result[-1].inside = _paragraphs(result[-1].inside, mixed=True)
        else:
            result.append(item)
    return result


def _trimmed(found: list[Element]) -> list[Element]:
    """Without the empty at both ends."""
    result = list(found)
    while result and _is_gap(result[0]):
        del result[0]
    while result and _is_gap(result[-1]):
        del result[-1]
    return result


def _is_gap(element: Element) -> bool:
    if element.tag == "":
        return not element.text.strip()
    return element.tag in ("br", "div") or (element.tag == "p" and not _says_something(element))


def _says_something(element: Element) -> bool:
    if element.tag == "":
        return bool(element.text.strip())
    return element.tag == "img" or any(_says_something(each) for each in element.inside)


def _attributes(element: Element) -> dict[str, str]:
    found = {}
    for name, value in element.attributes.items():
        match element.tag, name:
            case ("a", "href") | ("img", "src"):
                found[name] = value.strip()
            case "img", "alt":
                found[name] = re.sub(r"[<>\s]+", " ", value).strip()
            case ("ol", "start") if value != "1" and re.fullmatch(r"[1-9][0-9]{0,3}", value):
                found[name] = value
            case ("td" | "th", _) if value != "1" and re.fullmatch(r"[1-9]|1[0-9]|20", value):
                found[name] = value
    return found


def _written(element: Element) -> str:
    if element.tag == "":
        return html.escape(re.sub(r"[ \t\r\n\f]+", " ", element.text), quote=False)
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in element.attributes.items()
    )
    if element.tag in ("br", "img"):
        return f"<{element.tag}{attributes}>"
    inside = "".join(_written(each) for each in element.inside)
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"
