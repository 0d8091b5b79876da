"""Shows copied articles before anything is kept: as text, and as the pages of phones."""

import base64
import re
import textwrap
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from content_cache.mirror.articles import Article
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.sources import Source
from portal.config import Config
from portal.content_desk import ContentError
from portal.house import house_of
from portal.mirror_keeping import article_of
from splash import edition, views
from splash.edition import Edition, MemoryArticles
from splash.pages import Pages
from splash.site import Site
from splash.views import Look

_WIDTH: Final = 76


def as_text(article: Article, source: Source) -> str:
    """An article as a terminal can show it: what a reader would see, and where it leads."""
    reader = _Reader()
    reader.feed(article.html)
    reader.close()
    lines = (" ".join(line.split()) for line in reader.text.splitlines())
    day = article.date.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M") if article.date else "?"
    head = [
        "─" * _WIDTH,
        textwrap.fill(article.title, _WIDTH),
        f"{day} · {source.title} · {article.address}",
        *([f"[ảnh: {article.title}]"] if article.picture else []),
    ]
    return "\n".join([*head, "", *(textwrap.fill(line, _WIDTH) for line in lines if line), ""])


class _Reader(HTMLParser):
    """Reads the HTML of a text (`splash.markup`) as lines."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._href = ""
        self._is_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        match tag:
            case "a":
                self._href = given.get("href") or ""
            case "img":
                self.text += f"[ảnh: {given.get('alt')}]\n"
            case "li":
                self.text += "\n• "
            case "br":
                self.text += "\n"
            case "h2" | "h3":
                self._is_head = True

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "a":
                self.text += f" <{self._href}>"
            case "td" | "th":
                self.text += " | "
            case "strong" | "em" | "u":
                pass
            case _:
                self.text += "\n"
                self._is_head = False

    def handle_data(self, data: str) -> None:
        self.text += data.upper() if self._is_head else data


def pages_of(
    copies: Sequence[Article], source: Source, house: Site
) -> tuple[list[tuple[str, str]], str]:
    """Each article as a captive phone shows it, pictures inside: (id, HTML); and their policy."""
    articles = {copy.id: article_of(copy, source) for copy in copies}
    pages = Pages(house, "", edition.samples())
    pages = pages.showing("", MemoryArticles(articles), Edition())
    found = []
    for copy in copies:
        html = pages.page(views.Article(copy.id), Look("vi"), open=False).plain().decode()
        for media in copy.media:
            data = base64.b64encode(media.webp).decode()
            html = html.replace(f"/m/{media.name}", f"data:image/webp;base64,{data}")
        html = re.sub(
            r' href="/a/([a-z0-9-]+)[^"]*"',
            lambda link: f' href="{link[1]}.html"' if link[1] in articles else "",
            html,
        )
        found.append((copy.id, html))
    return found, pages.content_security_policy


def write_pages(
    folder: Path, copies: Sequence[Article], source: Source, config: Config
) -> list[Path]:
    """Write those pages into a folder; return the files.

    Raises:
        ContentError: the folder cannot be written.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for id, html in pages_of(copies, source, house_of(config))[0]:
            files.append(folder / f"{id}.html")
            files[-1].write_text(html, encoding="utf-8")
    except OSError as error:
        raise ContentError(f"{error.filename} cannot be written: {error.strerror}") from None
    return files
