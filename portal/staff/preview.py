"""Shows on a phone beside the form what is written, by the pages that phones really get.

What is not saved yet is kept in memory, for a while, under a name nobody can guess: a frame has to
be led to an address, because a page within a page lives under the outer one's policy, and the
phone's page has its own.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aiohttp import web

from portal.house import house_of
from portal.staff.site import Route, StaffSite, Visit
from splash import content, edition, views
from splash.content import Content
from splash.edition import Edition, MemoryArticles, Shown
from splash.pages import Pages
from splash.site import Site
from splash.views import Look, View

MOST_KEPT: Final = 64
"""Previews; each is one text, and the oldest goes."""

NAME: Final = "xem-truoc"
"""What a text is called that has no name yet."""


class Phone:
    """The pages of this house, with one text in them."""

    def __init__(self, site: StaffSite) -> None:
        self._house = house_of(site.config)
        self._kept: OrderedDict[str, tuple[str, Content]] = OrderedDict()

    def keep(self, account: str, words: Content) -> str:
        """A name under which `account` may look at these words."""
        name = secrets.token_urlsafe(16)
        self._kept[name] = (account, words)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return name

    def kept(self, account: str, name: str) -> Content | None:
        owner, words = self._kept.get(name, ("", None))
        return words if owner == account else None

    def page(self, words: Content, look: Look) -> tuple[bytes, str]:
        """The page that has these words, and the policy it lives under."""
        pages = _pages_of(self._house).showing("", *_with(words))
        policy = pages.content_security_policy.replace(
            "frame-ancestors 'none'", "frame-ancestors 'self'"
        ).replace("form-action 'self'", "form-action 'none'")
        body = pages.page(_view_of(words), look, open=False).plain()
        # It leads nowhere: here is only this one page of a phone.
        return re.sub(rb' href="[^"]*"', b' href="#"', body), policy


@lru_cache(maxsize=1)
def _pages_of(house: Site) -> Pages:
    """Compiling their templates takes half a second: once."""
    return Pages(house, "", edition.samples())


def _with(words: Content) -> tuple[MemoryArticles, Edition]:
    """What a house shows that shows these words."""
    articles: Mapping[str, content.Article] = {}
    shown = Edition()
    match words:
        case content.Splash():
            shown = Edition(splash=words)
        case content.Article():
            articles = {NAME: words}
        case content.Notice():
            shown = Edition(notices=(Shown(NAME, words),))
        case content.Campaign():
            shown = Edition(campaigns=(Shown(NAME, words),))
        case content.Poll():
            shown = Edition(polls=(Shown(NAME, words),))
        case content.Quiz():
            shown = Edition(quizzes=(Shown(NAME, words),))
        case content.Phones():
            shown = Edition(phones=words)
        case content.Conditions():
            shown = Edition(conditions=Shown(NAME, words))
        case content.Privacy():
            shown = Edition(privacy=Shown(NAME, words))
    return MemoryArticles(articles), shown


def _view_of(words: Content) -> View:
    match words:
        case content.Article():
            return views.Article(NAME)
        case content.Notice():
            return views.Notice(NAME)
        case content.Campaign():
            return views.Campaign(NAME)
        case content.Poll():
            return views.Poll(NAME)
        case content.Quiz():
            return views.Quiz(NAME)
        case content.Conditions():
            return views.Conditions()
        case content.Privacy():
            return views.Privacy()
        case _:
            return views.Splash()


def answer(phone: Phone, words: Content, language: str) -> web.Response:
    """The page as it goes into the frame."""
    body, policy = phone.page(words, Look("en" if language == "en" else "vi"))
    return web.Response(
        body=body,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": policy},
    )


def routes(site: StaffSite, phone: Phone) -> list[Route]:
    async def kept(visit: Visit) -> web.StreamResponse:
        words = phone.kept(visit.account.name, visit.request.match_info["name"])
        if words is None:
            raise web.HTTPNotFound
        return answer(phone, words, visit.request.query.get("lang", "vi"))

    return [Route("GET", "/preview/{name}", kept)]
