"""Which HTML a text of the staff may hold. Pure; the tree of its elements is checked, not changed.

What passes may be put into a page as it is: no script, no style, nothing that a phone would fetch
but our own pictures, links to http, https, telephone numbers and our own pages only. The grammar
is stricter than HTML's, so that a browser cannot read a text differently from this module: small
letters, attributes in double quotes, every element closed where it was opened.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MEDIA_NAME: Final = re.compile(r"[0-9a-f]{64}\.(?:webp|jpg|png|m4a|mp3)")
"""A picture or a sound by its content, as it stands behind `/m/`."""

PICTURE_NAME: Final = re.compile(r"[0-9a-f]{64}\.(?:webp|jpg|png)")

_TOKEN: Final = re.compile(
    r"""<(?P<end>/)?(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?:\ [a-z]+="[^"<>]*")*)\ ?/?>"""
    r"""|(?P<text>[^<]+)"""
)
_ATTRIBUTE: Final = re.compile(r' ([a-z]+)="([^"<>]*)"')
_OUTSIDE: Final = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#][^\s\\]*)?|tel:\+?[0-9]{2,15}")
_INSIDE: Final = re.compile(
    r"/(?:(?:a|notices|campaign|poll|quiz)/[a-z0-9]+(?:-[a-z0-9]+)*"
    r"|articles|answers|ask|calculator|fault|privacy|rules|union)"
)
_SPAN: Final = re.compile(r"[1-9]|1[0-9]|20")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")

_INLINE: Final = frozenset(("strong", "em", "u", "br", "a", "img"))
_FLOW: Final = _INLINE | {"p", "ul", "ol"}
_BLOCKS: Final = _FLOW | {"h2", "h3", "blockquote", "table", "figure"}
_ROWS: Final = frozenset(("tr",))
_CELLS: Final = frozenset(("th", "td"))

MAY_HOLD: Final = {
    "": _BLOCKS,
    "p": _INLINE,
    "h2": _INLINE,
    "h3": _INLINE,
    "strong": _INLINE,
    "em": _INLINE,
    "u": _INLINE,
    "a": _INLINE - {"a"},
    "ul": frozenset(("li",)),
    "ol": frozenset(("li",)),
    "li": _FLOW,
    "blockquote": _FLOW,
    "table": frozenset(("thead", "tbody", "tr")),
    "thead": _ROWS,
    "tbody": _ROWS,
    "tr": _CELLS,
    "th": _FLOW,
    "td": _FLOW,
    "figure": frozenset(("img", "figcaption")),
    "figcaption": _INLINE,
}
"""Element -> the elements that may stand right in it; "" is the text itself."""

ELEMENTS: Final = frozenset(MAY_HOLD) - {""} | {"br", "img"}

_EMPTY: Final = frozenset(("br", "img"))
NO_TEXT: Final = frozenset(("ul", "ol", "table", "thead", "tbody", "tr", "figure"))
_DEEPEST: Final = 16

_KNOWN: Final = {
    "a": frozenset(("href",)),
    "img": frozenset(("src", "alt")),
    "ol": frozenset(("start",)),
    "th": frozenset(("colspan", "rowspan")),
    "td": frozenset(("colspan", "rowspan")),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing a text may not hold, in words that finish "Nội dung: ..."."""

    vi: str
    en: str


def problems(text: str) -> tuple[Wrong, ...]:
    """All that is wrong with the HTML `text`, each thing once; empty if it may be shown."""
    return tuple(dict.fromkeys(_problems(text)))


def _problems(text: str) -> Iterator[Wrong]:
    open_elements = [""]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            near = text[at : at + 20]
            yield Wrong(
                f"có ký hiệu lạ gần “{near}”; hãy xóa và gõ lại đoạn đó.",
                f"markup that is not known near “{near}”; delete that part and type it again.",
            )
            return
        at = token.end()
        tag = token["tag"]
        if tag is None:
            if open_elements[-1] in NO_TEXT and token["text"].strip():
                yield _misplaced(f"“{token['text'].strip()[:20]}”")
        elif tag not in ELEMENTS:
            yield Wrong(
                f"có định dạng không dùng được (<{tag}>); hãy bôi đen đoạn đó và xóa định dạng.",
                f"formatting that cannot be used (<{tag}>); select that part and clear it.",
            )
            return  # What follows cannot be judged without knowing what this was.
        elif token["end"]:
            if tag in _EMPTY or open_elements[-1] != tag or token["attributes"]:
                yield _misplaced(f"</{tag}>")
                return
            open_elements.pop()
        else:
            if tag not in MAY_HOLD[open_elements[-1]]:
                yield _misplaced(f"<{tag}>")
            if tag == "a" and "a" in open_elements:
                yield _misplaced("<a>")  # Not only right in a link: <a><em><a>.
            yield from _wrong_attributes(tag, _ATTRIBUTE.findall(token["attributes"]))
            if tag not in _EMPTY:
                open_elements.append(tag)
            if len(open_elements) > _DEEPEST:
                yield Wrong(
                    "có danh sách lồng nhau quá nhiều tầng; hãy bớt tầng.",
                    "lists inside lists, too deep; use fewer levels.",
                )
                return
    if len(open_elements) > 1:
        yield _misplaced(f"<{open_elements[-1]}>")


def _misplaced(what: str) -> Wrong:
    return Wrong(
        f"định dạng bị lỗi ở {what}; hãy xóa và làm lại đoạn đó.",
        f"broken formatting at {what}; delete that part and make it again.",
    )


def _wrong_attributes(tag: str, attributes: list[tuple[str, str]]) -> Iterator[Wrong]:
    known = _KNOWN.get(tag, frozenset())
    values = dict(attributes)
    if len(values) < len(attributes) or values.keys() - known:
        name = next(iter(values.keys() - known), attributes[0][0])
        yield Wrong(
            f"có định dạng không dùng được ({name} của <{tag}>); hãy xóa định dạng đoạn đó.",
            f"formatting that cannot be used ({name} of <{tag}>); clear it.",
        )
    match tag:
        case "a" if not is_link(address := html.unescape(values.get("href", ""))):
            yield Wrong(
                f"có đường dẫn không dùng được “{address[:60]}”; "
                "hãy viết https://… hoặc tel: kèm số điện thoại.",
                f"a link that cannot be used “{address[:60]}”; "
                "write https://… or tel: with a telephone number.",
            )
        case "img":
            source = values.get("src", "")
            if not (source.startswith("/m/") and PICTURE_NAME.fullmatch(source[3:])):
                yield Wrong(
                    "có ảnh lấy từ nơi khác; hãy tải ảnh lên từ máy của bạn.",
                    "a picture from somewhere else; upload it from your computer.",
                )
            if not html.unescape(values.get("alt", "")).strip():
                yield Wrong(
                    "có ảnh chưa có lời tả; hãy viết một câu cho người không thấy ảnh.",
                    "a picture without a description; write a sentence for who cannot see it.",
                )
        case "th" | "td" if not all(
            _SPAN.fullmatch(values.get(name, "1")) for name in ("colspan", "rowspan")
        ):
            yield Wrong(
                "bảng có ô gộp quá lớn; nhiều nhất 20 cột hoặc 20 dòng.",
                "a table cell spans too much; 20 columns or rows at most.",
            )
        case "ol" if not _NUMBER.fullmatch(values.get("start", "1")):
            yield Wrong(
                "danh sách đánh số bắt đầu từ số lạ; hãy bắt đầu từ 1.",
                "a numbered list starts at an odd number; start at 1.",
            )


def is_link(address: str) -> bool:
    """Whether a text may link to `address`: http, https, tel, or a page of ours."""
    return bool(_OUTSIDE.fullmatch(address) or _INSIDE.fullmatch(address))


def plain(text: str) -> str:
    """The words of the HTML `text`, one block a line: for the search, and to measure it."""
    apart = re.sub(r"</?(?:p|h2|h3|li|tr|br|blockquote|figcaption|table)\b[^>]*>", "\n", text)
    apart = re.sub(r"</?(?:td|th)\b[^>]*>", " ", apart)
    words = html.unescape(re.sub(r"<[^>]*>", "", apart))
    return "\n".join(filter(None, (" ".join(line.split()) for line in words.splitlines())))


def pictures(text: str) -> tuple[str, ...]:
    """The names of the pictures in the HTML `text`, each once."""
    return tuple(dict.fromkeys(re.findall(r'<img\b[^>]*? src="/m/([^"]*)"', text)))
