"""Finds the article on a page: by the site's rule (selectolax), or a guess (trafilatura). Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from content_cache.mirror import dates
from content_cache.mirror.addresses import normal, origin_of
from content_cache.mirror.sources import Rule

_FEWEST_WORDS: Final = 20
"""Less is no article; often the words of a page that needs JavaScript."""
_LAZY: Final = ("data-src", "data-original", "data-lazy-src", "data-srcset", "srcset")
_NEEDS_SCRIPT: Final = re.compile(r"javascript|trình duyệt", re.IGNORECASE)
_EMPTY_ROOTS: Final = "#app:empty, #root:empty, #__next:empty, app-root:empty"


class Unreadable(Exception):
    """There is no article. `reason` is a key of `report.WORDS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Extracted:
    title: str
    date: datetime | None
    summary: str
    body: str
    """HTML as the page has it: not clean, addresses relative to the page."""
    picture: str
    """The address of the picture that stands for the article; "" if it has none."""
    canonical: str
    """What the page says its address is; the page's own if it says nothing."""


def extract(page: str, address: str, rule: Rule, told: datetime | None = None) -> Extracted:
    """The article on `page`; `told` is its date as the feed says.

    Raises:
        Unreadable: the page needs JavaScript, or holds no article.
    """
    tree = LexborHTMLParser(page)
    notes = " ".join(node.text() for node in tree.css("noscript"))
    scripted = bool(tree.css_first(_EMPTY_ROOTS)) or bool(
        _NEEDS_SCRIPT.search(notes) and tree.css_first("script[src]")
    )
    title = _title(tree, rule)
    date = _date(tree, rule, told)
    about = _first(tree, rule.summary) or _meta(tree, "description", "og:description")
    picture = normal(_meta(tree, "og:image"), address) or ""
    canonical = _canonical(tree, address)
    _tidy(tree)
    body = _by_rule(tree, rule) if rule.body else _by_guess(tree, address)
    words = len(re.sub(r"<[^>]*>", " ", body).split())
    if words < _FEWEST_WORDS and not (words and "<img" in body):
        raise Unreadable("script" if scripted else "no-body" if rule.body else "empty")
    if not title:
        raise Unreadable("no-title")
    return Extracted(title, date or _guessed_date(page), about, body, picture, canonical)


def _first(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector) if selector else None
    return _line(node.text(separator=" ")) if node is not None else ""


def _line(text: str) -> str:
    return re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))


def _meta(tree: LexborHTMLParser, *names: str) -> str:
    for name in names:
        node = tree.css_first(
            f'meta[property="{name}"], meta[name="{name}"], meta[itemprop="{name}"]'
        )
        if node is not None and (content := (node.attributes.get("content") or "").strip()):
            return " ".join(content.split())
    return ""


def _title(tree: LexborHTMLParser, rule: Rule) -> str:
    if by_rule := _first(tree, rule.title):
        return by_rule
    title = _meta(tree, "og:title")
    heads = [_line(node.text(separator=" ")) for node in tree.css("h1")]
    if not title and len(heads) == 1:
        title = heads[0]
    title = title or _first(tree, "title") or next(iter(heads), "")
    site = _meta(tree, "og:site_name")
    return re.sub(rf"\s+[|–—-]\s+{re.escape(site)}\s*$", "", title) if site else title


def _canonical(tree: LexborHTMLParser, address: str) -> str:
    """Of this site only, and never its front page: some sites say that of every page."""
    node = tree.css_first('link[rel="canonical"]')
    said = normal(node.attributes.get("href") or "", address) if node is not None else None
    if said is None or origin_of(said) != origin_of(address):
        return address
    return address if said == f"{origin_of(said)}/" else said


# Dates


def _date(tree: LexborHTMLParser, rule: Rule, told: datetime | None) -> datetime | None:
    for written in _dates_by_rule(tree, rule):
        if moment := dates.read(written):
            return moment
    written = _meta(tree, "article:published_time", "datePublished") or _linked_data_date(tree)
    if moment := dates.read(written):
        return moment
    if told is not None:
        return told
    for node in tree.css("time, [class*=date], [class*=time], [class*=ngay]")[:20]:
        for written in (node.attributes.get("datetime") or "", node.text(separator=" ")[:200]):
            if moment := dates.read(written):
                return moment
    return None


def _dates_by_rule(tree: LexborHTMLParser, rule: Rule) -> Iterator[str]:
    for node in tree.css(rule.date)[:5] if rule.date else ():
        yield node.attributes.get("datetime") or node.attributes.get("content") or ""
        yield node.text(separator=" ")[:300]


def _linked_data_date(tree: LexborHTMLParser) -> str:
    for node in tree.css('script[type="application/ld+json"]'):
        found = re.search(r'"datePublished"\s*:\s*("(?:[^"\\]|\\.){4,40}")', node.text())
        if found:
            return str(json.loads(found[1]))
    return ""


def _guessed_date(page: str) -> datetime | None:
    from htmldate import find_date

    guessed: Any = find_date(page, original_date=True, extensive_search=False)
    return dates.read(guessed) if guessed else None


# The text


def _tidy(tree: LexborHTMLParser) -> None:
    """Take away what is never text, and give pictures that load late their address."""
    for node in tree.css("script, style, noscript, template, iframe, form, svg"):
        node.decompose()
    for image in tree.css("img"):
        given = image.attributes
        shown = given.get("src") or ""
        if not shown or shown.startswith("data:") or given.get("data-src"):
            late = next((given[name] for name in _LAZY if given.get(name)), None)
            if late:
                image.attrs["src"] = late.split(",")[0].split()[0]
    for table in tree.css("table"):  # Made for the layout: one cell is no table.
        if len(table.css("td, th")) == 1:
            for part in table.css("thead, tbody, tr, td, th"):
                part.unwrap()
            table.unwrap()


def _by_rule(tree: LexborHTMLParser, rule: Rule) -> str:
    for selector in rule.drop:
        for node in tree.css(selector):
            node.decompose()
    nodes = tree.css(rule.body)
    outer = [node for node in nodes if not any(_is_inside(node, other) for other in nodes)]
    return "".join(node.html or "" for node in outer)


def _is_inside(node: LexborNode, other: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id == other.mem_id:
            return True
        parent = parent.parent
    return False


def _by_guess(tree: LexborHTMLParser, address: str) -> str:
    import trafilatura

    page = tree.html or ""
    body = trafilatura.extract(
        page,
        url=address,
        output_format="html",
        include_comments=False,
        include_images=True,
        include_links=True,
        include_tables=True,
        include_formatting=True,
    )
    return body or ""
