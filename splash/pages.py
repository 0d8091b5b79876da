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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from splash import calculator, content, short, texts, views
from splash.edition import PLAIN, Articles, Edition
from splash.kept import Kept
from splash.site import Site
from splash.speech import Said, Speech
from splash.template_files import environment, template_of, texts_asked_for
from splash.views import LOOKS, Look, Status, View

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
        self.site = site
        self.forms = forms
        self._templates = environment()
        self._texts = texts.load(texts_folder, texts_asked_for())
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
            self.page(Status(self.site.session_minutes * 60, None), look, open=True)

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
        speak = Speech(self.site, words)
        said = Said(look, open, speak.text("articles.needs_internet"))
        html = self._templates.get_template(template_of(view)).render(
            view=view,
            look=look,
            open=open,
            site=self.site,
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

    def _short_conditions(self, said: "Said", speak: "Speech") -> list[Markup]:
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
                drawn, width = short.picture(f"http://{self.site.host}{path}")
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
        return today or self.site.session_minutes


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _of_one_person(view: View) -> bool:
    """What one person sees is not kept in memory."""
    match view:
        case views.MyData() | views.QuizResult() | views.DrawEntered() | views.Answers():
            return True
        case views.Failure() | views.SelfTest():
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
