"""Turns a view into the bytes that are sent. No clock, no network; templates are read once.

A page is rendered and compressed once per (view, look, open) and then served from memory, without
another look at the content. The memory is bounded in bytes (`splash.kept`), and pages that are
asked for again and again stay. Rendering needs no lock and no thread: once its template is
compiled it takes about a millisecond, and only once.

No page uses JavaScript, a cookie or a font. One answer is the whole page but for the pictures and
sounds that staff put in, which are our own files behind `/m/`.
"""

import base64
import copy
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from markupsafe import Markup, escape

from splash import calculator, content, short, texts, views
from splash.content import Words
from splash.edition import PLAIN, Articles, Edition, spoken
from splash.kept import Kept
from splash.site import Site
from splash.texts import Texts
from splash.views import LOOKS, Language, Look, Status, View

_TEMPLATES: Final = Path(__file__).parent / "templates"

PREPARED_BYTES: Final = 1 << 20
"""Of finished pages kept in memory: about 200, of 4 KiB each."""

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
    tag: str
    """Names these bytes and no others (RFC 9110 §8.8.3)."""
    content_type: str = "text/html; charset=utf-8"

    def plain(self) -> bytes:
        """The body without compression."""
        return gzip.decompress(self.body)


class _OfNothing(Exception):
    """The page is about something that is not shown here now."""


class Pages:
    """All pages of one site, with one edition of the content.

    `token` names the conditions in force; it comes back with every acceptance. `forms` comes back
    with every other form, and outlives a change of the conditions.

    Raises:
        TextsError: a text is missing or wrong.
    """

    def __init__(
        self,
        site: Site,
        token: str,
        articles: Articles,
        edition: Edition = PLAIN,
        *,
        forms: str = "",
        texts_folder: Path = texts.SHIPPED,
    ) -> None:
        self._site = site
        self.forms = forms
        self._templates = _environment()
        self._texts = texts.load(texts_folder, _texts_asked_for())
        self._styles = {
            sheet.removesuffix(".css"): Markup(self._templates.get_template(sheet).render().strip())
            for sheet in self._templates.list_templates(extensions=["css"])
        }
        self._show(token, articles, edition)

    def _show(self, token: str, articles: Articles, edition: Edition) -> None:
        self.token = token
        self.edition = edition
        self.articles = articles
        self._kept: Kept[Page] = Kept(PREPARED_BYTES)
        # Compiling a template takes tens of milliseconds: not while the first phone waits.
        for look in LOOKS:
            self.page(views.Splash(), look, open=False)
            self.page(Status(self._site.session_minutes * 60, None), look, open=True)

    def showing(self, token: str, articles: Articles, edition: Edition) -> "Pages":
        """The pages of the same site with another edition."""
        others = copy.copy(self)
        others._show(token, articles, edition)
        return others

    @property
    def content_security_policy(self) -> str:
        """The policy these pages live under: their style sheets, their own forms, no more."""
        styles = " ".join(f"'sha256-{_digest(style)}'" for style in self._styles.values())
        return (
            f"default-src 'none'; style-src {styles}; img-src 'self' data:; "
            "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    @property
    def prepared_bytes(self) -> int:
        """What the finished pages in memory cost now."""
        return self._kept.bytes

    def page(self, view: View, look: Look, *, open: bool) -> Page:
        """The page for `view`. `open`: the device is online, and links may lead outside."""
        match view:
            case Status(seconds_left):
                # Minutes are what is shown, so that phones with as much time share a page.
                view = replace(view, seconds_left=-(-max(seconds_left, 0) // 60) * 60)
        try:
            if _of_one_person(view):
                return self._prepare(view, look, open)
            return self._prepared(view, look, open)
        except _OfNothing:  # Not remembered: made-up names take no place.
            return self._prepared(views.NotFound(), look, open)

    def _prepared(self, view: View, look: Look, open: bool) -> Page:
        """What is kept was there when it was made, and until the next `showing` nothing changes."""
        key = (view, look, open)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        match view:
            case views.Articles(number) if number != (last := self.articles.page(number).number):
                return self._prepared(views.Articles(last), look, open)
        made = self._prepare(view, look, open)
        self._kept.put(key, made, len(made.body))
        return made

    def _is_of_nothing(self, view: View) -> bool:
        """Whether the page is about something that is not shown here now."""
        match view:
            case views.Notice(id):
                return self.edition.notice(id) is None
            case views.Campaign(id):
                return self.edition.campaign(id) is None
            case views.Poll(id):
                return self.edition.poll(id) is None
            case views.Quiz(id):
                return self.edition.quiz(id) is None
            case views.QuizResult(id, choices):
                quiz = self.edition.quiz(id)
                return quiz is None or not _answers(quiz.content, choices)
            case views.Draw(id) | views.DrawEntered(id):
                quiz = self.edition.quiz(id)
                return quiz is None or not quiz.content.draw
            case _:
                return False

    def _prepare(self, view: View, look: Look, open: bool) -> Page:
        # Not before it is known that no finished page is there: a long article costs a look.
        if self._is_of_nothing(view):
            raise _OfNothing
        words = self._texts[look.language]
        speak = _Speech(self._site, words)
        said = _Said(look, open, speak.text("articles.needs_internet"))
        html = self._templates.get_template(_template_of(view)).render(
            view=view,
            look=look,
            open=open,
            site=self._site,
            token=self.token,
            forms=self.forms,
            styles=self._styles,
            t=speak.text,
            lines=speak.lines,
            category=speak.category,
            say=said.inline,
            plain=said.plain,
            html=said.block,
            of_item=said.of_item,
            sample=words.sample,
            look_fields=views.fields_of(look),
            query=views.query(look),
            other_language=views.address_of(view, views.in_other_language(look)),
            other_size=views.address_of(view, views.in_other_size(look)),
            edition=self.edition,
            short_conditions=self._short_conditions(said, speak),
            first_page=self.articles.page(1),
            headlines=self.articles.headlines(HEADLINES),
            share=self._share_left(view),
            turn_minutes=self._turn_minutes(view),
            renew=isinstance(view, Status) and view.seconds_left < RENEW_SECONDS,
            **self._subject(view),
        )
        body = gzip.compress(html.encode(), mtime=0)
        return Page(_status_of(view), body, hashlib.sha256(body).hexdigest()[:16])

    def _short_conditions(self, said: "_Said", speak: "_Speech") -> list[Markup]:
        conditions = self.edition.conditions
        if conditions is None:
            return speak.lines("terms.short")
        return [said.inline(point) for point in conditions.content.short]

    def _subject(self, view: View) -> dict[str, Any]:
        """What the page is about, by the names its template knows."""
        match view:
            case views.Articles(number):
                return {"list": self.articles.page(number)}
            case views.Article(id):
                article = self.articles.get(id)
                if article is None:
                    raise _OfNothing
                path = f"/d/{short.code_of(id)}"
                drawn, width = short.picture(f"http://{self._site.host}{path}")
                return {
                    "article": article.content,
                    "date": article.date,
                    "path": path,
                    "drawn": drawn,
                    "width": width,
                }
            case views.Notice(id):
                return {"notice": self.edition.notice(id)}
            case views.Campaign(id):
                campaign = self.edition.campaign(id)
                assert campaign is not None
                return {"campaign": campaign, "leads_to": self._address(campaign.content.leads_to)}
            case views.Poll(id):
                return {"poll": self.edition.poll(id)}
            case views.Quiz(id) | views.QuizResult(id) | views.Draw(id) | views.DrawEntered(id):
                return {
                    "quiz": self.edition.quiz(id),
                    "address": self._address,
                    "prize_days": views.PRIZE_DAYS,
                    "draw_days": views.DRAW_DAYS,
                }
            case views.Search():
                return {"paths": views.ITEM_PATHS}
            case views.Fault():
                return {"most": views.MOST_FAULT_CHARACTERS}
            case views.Ask():
                return {"most": views.MOST_QUESTION_CHARACTERS}
            case views.Calculator(typed):
                work = typed and typed.work
                return {
                    "typed": dict(typed.fields) if typed else {},
                    "wrong": typed.wrong if typed else (),
                    "work": work,
                    "result": calculator.calculate(work) if work else None,
                    "calculator": calculator,
                }
            case _:
                return {}

    def _address(self, id: str) -> str | None:
        """Where the item of this name is shown; None if it is not, now."""
        for kind in ("notice", "campaign", "poll", "quiz"):
            if getattr(self.edition, kind)(id) is not None:
                return views.ITEM_PATHS[kind] + id
        return views.ITEM_PATHS["article"] + id if id and self.articles.get(id) else None

    def _share_left(self, view: View) -> int:
        """Percent of a turn that is left, for the bar of the status page."""
        left = view.seconds_left if isinstance(view, Status) else 0
        return min(100, 100 * left // max(1, self._turn_minutes(view) * 60))

    def _turn_minutes(self, view: View) -> int:
        today = view.turn_minutes if isinstance(view, views.Splash | Status) else None
        return today or self._site.session_minutes


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _of_one_person(view: View) -> bool:
    """What one person sees is not kept in memory."""
    match view:
        case views.MyData() | views.QuizResult() | views.DrawEntered() | views.Answers():
            return True
        case views.Failure():
            return True
        case views.Poll(counts=counts):
            return counts is not None
        case views.Search(found=found):
            return found is not None
        case views.Calculator(typed):
            return typed is not None
        case _:
            return False


def _answers(quiz: content.Quiz, choices: tuple[int | None, ...]) -> bool:
    """Whether these can be the choices of somebody who did this quiz."""
    return len(choices) == len(quiz.questions) and all(
        chosen is None or chosen < len(question.options)
        for chosen, question in zip(choices, quiz.questions, strict=True)
    )


_LINK_HERE: Final = re.compile(r'<a href="/[^"?#]*(?=")')
_LINK_ELSEWHERE: Final = re.compile(r'<a href="https?:[^>]*>(.*?)</a>', re.DOTALL)


class _Said:
    """What staff have written, in the language there is; told where it is not the page's."""

    def __init__(self, look: Look, open: bool, later: Markup) -> None:
        self._language: Language = look.language
        self._open = open
        self._later = later  # What follows a link that leads nowhere yet.
        self._query = views.query(look)

    def plain(self, words: Words) -> str:
        return spoken(words, self._language)[0]

    def inline(self, words: Words) -> Markup:
        return self._marked(*spoken(words, self._language), Markup("span"))

    def block(self, words: Words) -> Markup:
        """HTML of staff, which has been checked (`splash.markup`).

        Links to our pages keep the look; those to elsewhere lead nowhere before login, and say so.
        """
        text, language = spoken(words, self._language)
        text = _LINK_HERE.sub(rf"\g<0>{escape(self._query)}", text)
        if not self._open:
            text = _LINK_ELSEWHERE.sub(rf"<a>\1</a> <small>{self._later}</small>", text)
        return self._marked(Markup(text), language, Markup("div"))

    def of_item(self, item: Any) -> Words:
        """What lists call an item of the catalogue."""
        return Words(item.title_vi, item.title_en)

    def _marked(self, text: str, language: Language, element: Markup) -> Markup:
        if language == self._language:
            return escape(text)
        return Markup('<{0} lang="{1}">{2}</{0}>').format(element, language, text)


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
            "date": _day(words.date),
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


@cache
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
    environment.filters["digits"] = _digits
    environment.filters["day"] = _day
    environment.filters["host"] = _host
    environment.filters["dong"] = calculator.written
    return environment


@cache
def _texts_asked_for() -> frozenset[str]:
    """The names of all texts that templates ask for, so that a missing one is found at start.

    Parsing all templates takes longer than all else at start; they never change meanwhile.
    """
    environment = _environment()
    names = set()
    for template in environment.list_templates(extensions=["html"]):
        source = (_TEMPLATES / template).read_text(encoding="utf-8")
        for call in environment.parse(source).find_all(nodes.Call):
            match call.node, call.args:
                case nodes.Name(name="t" | "lines"), [nodes.Const(value=name)]:
                    names.add(str(name))
    return frozenset(names)


def _digits(number: str) -> str:
    """A telephone number as it is dialled."""
    return re.sub(r"[^0-9+]", "", number)


def _day(date: str) -> str:
    """`22/11/2026` of `2026-11-22`."""
    return "/".join(reversed(date.split("-")))


def _host(address: str) -> str:
    """`congdoan.example` of `https://congdoan.example/tin/1`."""
    return urlsplit(address).hostname or address


def _dial(number: str) -> Markup | str:
    """A telephone number as a link that dials it; text without digits stays text."""
    digits = _digits(number)
    if not digits:
        return number
    return Markup('<a class="tel" href="tel:{}">{}</a>').format(digits, number)


def _parted(line: Markup) -> tuple[Markup, Markup]:
    """`Công an: 113` as the two sides of its first colon; all on the left if there is none."""
    left, colon, right = line.partition(": ")
    return (left, right) if colon else (line, Markup(""))
