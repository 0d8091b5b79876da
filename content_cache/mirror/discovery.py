"""Finds the articles of a site in what it publishes about itself. Pure: bytes and text in."""

import io
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

import feedparser
from selectolax.lexbor import LexborHTMLParser, LexborNode

from content_cache.mirror import dates
from content_cache.mirror.addresses import normal

_MOST_UNPACKED: Final = 50_000_000
_FAR_PAST: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a site names, and what it says of it."""

    address: str
    title: str = ""
    date: datetime | None = None
    """When it appeared."""
    changed: str = ""
    """When it was changed, in the site's own words; "" if it does not say."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    pages: tuple[Found, ...]
    more: tuple[str, ...]
    """Addresses of further sitemaps."""


def feed(text: str, base: str) -> tuple[Found, ...]:
    """The articles of an RSS or Atom feed, in its order."""
    # Without a declaration feedparser takes the bytes for what they are, UTF-8.
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode()
    parsed: Any = feedparser.parse(io.BytesIO(body), sanitize_html=False)
    found = []
    for entry in map(dict, parsed.entries):  # Not feedparser's own, which knows better and warns.
        address = normal(str(entry.get("link", "")), base)
        if address is not None:
            changed = str(entry.get("updated", ""))
            moment = dates.read(str(entry.get("published", changed)))
            title = " ".join(unescape(re.sub(r"<[^>]*>", "", str(entry.get("title", "")))).split())
            found.append(Found(address, title, moment, changed))
    return tuple(found)


def unpacked(body: bytes) -> bytes:
    """What is in a gzip file, up to a limit; other bytes as they are."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _MOST_UNPACKED)
    except zlib.error:
        return b""


def sitemap(text: str, base: str) -> Sitemap:
    """The pages of a sitemap, or the sitemaps of an index. Tolerant: many are not quite XML."""
    pages, more = [], []
    for part in re.split(r"<(?=(?:\w+:)?(?:url|sitemap)[\s>])", text)[1:]:
        address = normal(_element(part, "loc"), base)
        if address is None:
            continue
        if re.match(r"(?:\w+:)?sitemap", part):
            more.append(address)
        else:
            pages.append(Found(address, changed=_element(part, "lastmod")))
    return Sitemap(tuple(pages), tuple(more))


def _element(part: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>\s*(?:<!\[CDATA\[)?([^<\]]*)", part)
    return unescape(found[1]).strip() if found else ""


def listed(text: str, base: str, link: str, onward: str) -> tuple[tuple[Found, ...], str | None]:
    """The articles on a list page, and the address of the next one; the arguments are selectors."""
    tree = LexborHTMLParser(text)
    found = []
    for node in tree.css(link):
        anchor = node if node.tag == "a" else node.css_first("a[href]")
        address = normal(_href(anchor), base) if anchor is not None else None
        if anchor is not None and address is not None:
            found.append(Found(address, " ".join(node.text(separator=" ").split())))
    following = tree.css_first(onward) if onward else None
    return tuple(found), normal(_href(following), base) if following is not None else None


def _href(node: LexborNode) -> str:
    return node.attributes.get("href") or ""


def newest(found: Iterable[Found], most: int) -> tuple[Found, ...]:
    """Each address once, the newest first where the site says when, at most `most`."""
    once: dict[str, Found] = {}
    for one in found:
        once.setdefault(one.address, one)

    def age(one: Found) -> float:
        moment = one.date or dates.read(one.changed) or _FAR_PAST
        return -moment.timestamp()

    return tuple(sorted(once.values(), key=age)[:most])
