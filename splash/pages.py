"""Turns a view into the bytes that are sent. No clock, no network; templates are read once.

A page is rendered and compressed once per (view, look, open) and then served from memory; the
memory is bounded, and pages that are asked for again and again stay. Rendering needs no lock
and no thread: once its template is compiled it takes about a millisecond, and only once.

No page uses JavaScript, a cookie, a font or a file of its own: a captive phone has nothing to
fetch, and one answer is the whole page.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from markupsafe import Markup

from content_cache.articles import Article
from splash import texts, views
from splash.site import Site
from splash.texts import Texts
from splash.views import LOOKS, Look, Status, View

ARTICLES: Final = Path(__file__).parent / "articles"
"""The sample articles that are shipped."""

_TEMPLATES: Final = Path(__file__).parent / "templates"

PREPARED_PAGES: Final = 256
"""Finished pages kept in memory: about 4 KiB each, so 1 MiB at most."""

RENEW_SECONDS: Final = 15 * 60
"""The status page offers to go on when less than this is left."""

HEADLINES: Final = 4
"""Articles named on the splash page; the others are one tap away."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, but for the headers that depend on the request."""

    status: int
    body: bytes
    """gzip. Every browser asks for it; `plain` is for the others."""
    content_type: str = "text/html; charset=utf-8"

    def plain(self) -> bytes:
        """The body without compression."""
        return gzip.decompress(self.body)


class Pages:
    """All pages of one site.

    `token` names the conditions in force; it comes back with every acceptance.

    Raises:
        TextsError: a text is missing or wrong.
    """

    def __init__(
        self,
        site: Site,
        token: str,
        articles: Sequence[Article],
        texts_folder: Path = texts.SHIPPED,
    ) -> None:
        self._site = site
        self._token = token
        self._articles = {article.slug: article for article in articles}
        self._templates = _environment()
        self._texts = texts.load(texts_folder, _texts_asked_for(self._templates))
        self._style = Markup(self._templates.get_template("style.css").render().strip())
        self._prepared = lru_cache(maxsize=PREPARED_PAGES)(self._prepare)
        # Compiling a template takes tens of milliseconds: not while the first phone waits.
        for look in LOOKS:
            self.page(views.Splash(), look, open=False)
            self.page(Status(site.session_minutes * 60, None), look, open=True)

    @property
    def content_security_policy(self) -> str:
        """The policy these pages live under: their one style sheet, their own forms, no more."""
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    @property
    def prepared_pages(self) -> int:
        """How many finished pages are in memory now."""
        return self._prepared.cache_info().currsize

    def page(self, view: View, look: Look, *, open: bool) -> Page:
        """The page for `view`. `open`: the device is online, and links may lead outside."""
        match view:
            case Status(seconds_left):
                # Minutes are what is shown, so that phones with as much time share a page.
                view = replace(view, seconds_left=-(-max(seconds_left, 0) // 60) * 60)
            case views.Article(slug) if slug not in self._articles:
                view = views.NotFound()
            case views.MyData():  # One person's: it is not kept in memory.
                return self._prepare(view, look, open)
        return self._prepared(view, look, open)

    def _prepare(self, view: View, look: Look, open: bool) -> Page:
        words = self._texts[look.language]
        speak = _Speech(self._site, words)
        html = self._templates.get_template(_template_of(view)).render(
            view=view,
            look=look,
            open=open,
            site=self._site,
            token=self._token,
            style=self._style,
            t=speak.text,
            lines=speak.lines,
            category=speak.category,
            sample=words.sample,
            query=views.query(look),
            path=views.path_of(view),
            other_language=views.query(views.in_other_language(look)),
            other_size=views.query(views.in_other_size(look)),
            articles=tuple(self._articles.values()),
            headlines=tuple(self._articles.values())[:HEADLINES],
            article=self._articles.get(view.slug) if isinstance(view, views.Article) else None,
            share=self._share_left(view),
            turn_minutes=self._turn_minutes(view),
            renew=isinstance(view, Status) and view.seconds_left < RENEW_SECONDS,
        )
        return Page(_status_of(view), gzip.compress(html.encode(), mtime=0))

    def _share_left(self, view: View) -> int:
        """Percent of a turn that is left, for the bar of the status page."""
        left = view.seconds_left if isinstance(view, Status) else 0
        return min(100, 100 * left // max(1, self._turn_minutes(view) * 60))

    def _turn_minutes(self, view: View) -> int:
        today = view.turn_minutes if isinstance(view, views.Splash | Status) else None
        return today or self._site.session_minutes


class _Speech:
    """The words of one language, about one site."""

    def __init__(self, site: Site, words: Texts) -> None:
        self._entries = words.entries
        self._facts: dict[str, object] = {
            "org": site.org,
            "unit": site.unit,
            "site_name": site.name,
            "phone": _dial(site.phone),
            "email": site.email,
            "address": site.address,
            "website": site.website_name,
            "host": site.host,
            "responsible": site.responsible,
            "speed": site.device_mbit,
            "date": "/".join(reversed(words.date.split("-"))),
            "version": words.version,
        }

    def text(self, name: str, **values: object) -> Markup:
        """The text called `name`, filled; empty if nothing of it can be said here."""
        return Markup(" ").join(self._fill(name, self._facts | values))

    def lines(self, name: str) -> list[Markup]:
        """The lines of the list called `name`, filled."""
        return self._fill(name, self._facts)

    def category(self, slug: str) -> Markup:
        """What readers call a category; empty if the texts have no word for it."""
        name = f"category.{slug}"
        return self.text(name) if name in self._entries else Markup("")

    def _fill(self, name: str, values: Mapping[str, object]) -> list[Markup]:
        entry = self._entries[name]
        lines = (entry,) if isinstance(entry, str) else entry
        return [filled for line in lines if (filled := texts.fill(line, values))]


def _template_of(view: View) -> str:
    """`NoInternet` is shown by `no_internet.html`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(view).__name__).lower() + ".html"


def _status_of(view: View) -> int:
    """200 for all that is shown instead of the splash page.

    Android and Chrome OS never open their sign-in window on 4xx and 5xx.
    """
    match view:
        case views.Failure(status=status):
            return status
        case views.NotFound():
            return 404
        case _:
            return 200


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["parted"] = _parted
    return environment


def _texts_asked_for(environment: Environment) -> set[str]:
    """The names of all texts that templates ask for, so that a missing one is found at start."""
    names = set()
    for template in environment.list_templates(extensions=["html"]):
        source = (_TEMPLATES / template).read_text(encoding="utf-8")
        for call in environment.parse(source).find_all(nodes.Call):
            match call.node, call.args:
                case nodes.Name(name="t" | "lines"), [nodes.Const(value=name)]:
                    names.add(str(name))
    return names


def _dial(number: str) -> Markup | str:
    """A telephone number as a link that dials it; text without digits stays text."""
    digits = re.sub(r"[^0-9+]", "", number)
    if not digits:
        return number
    return Markup('<a class="tel" href="tel:{}">{}</a>').format(digits, number)


def _parted(line: Markup) -> tuple[Markup, Markup]:
    """`Công an: 113` as the two sides of its first colon; all on the left if there is none."""
    left, colon, right = line.partition(": ")
    return (left, right) if colon else (line, Markup(""))
