"""What workers read, look for and have worked out: every page that changes nothing.

A way out to the federation's website leads through here, to be counted by day.

The search box is the one place where something of a request is said again: bounded, cleaned and
escaped. The calculator shows numbers as it read them, never what was typed.
"""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse

from portal.allowances import Allowances, Rate
from portal.asking import Asking
from portal.desk import Desk
from portal.library import Shelf
from portal.replies import Replies
from portal.runner import Runner
from splash import calculator, short, views
from splash.content_values import clean
from splash.views import Look, View

MOST_TYPED: Final = 100
"""Characters of what is looked for."""
MOST_HITS: Final = 20
_SEARCHES: Final = (Rate(20, 600), Rate(100, 3600))
"""Of one device, and of all: on a small processor a search, or looking for a short address, costs
a tenth of a second."""

_LEAVING: Final = (Rate(10, 20), Rate(300, 1000))
"""What is counted of ways out; whoever leaves more often leaves uncounted."""
_WEBSITE_PAGES: Final = ("splash", "status", "union")
"""Pages with a link to the federation's website."""

_CHOSEN: Final = re.compile(r"[0-4x](?:\.[0-4x]){0,9}")

_ALWAYS: Final[Mapping[str, View]] = {
    views.path_of(view): view
    for view in (
        views.Conditions(),
        views.Privacy(),
        views.Federation(),
        views.Erased(),
        views.Erased(withdrawn=True),
        views.BlockedName(),
        views.LeaveDraw(),
        views.Fault(),
        views.FaultReported(),
        views.Ask(),
        views.Asked(),
    )
}
"""Pages that are the same for everybody."""


class WorkerPages:
    """Answers what is read."""

    def __init__(
        self, replies: Replies, asking: Asking, desk: Desk, runner: Runner, shelf: Shelf
    ) -> None:
        self._replies = replies
        self._asking = asking
        self._desk = desk
        self._runner = runner
        self._searches = Allowances(*_SEARCHES)
        self._leaving = Allowances(*_LEAVING)
        self._searching = ThreadPoolExecutor(1, "search")
        self.shelf = shelf
        """Where pictures and sounds are taken from."""

    async def read(self, request: BaseRequest, look: Look) -> StreamResponse | None:
        """The page that was asked for; None if no page here is called so."""
        match request.path.split("/")[1:]:
            case ["m", name]:
                return self._file(request, look, name)
            case ["go", *way]:
                return await self._leave(request, look, way)
            case ["d" | "D", code]:
                return await self._short(request, look, code)
            case ["poll", id]:
                view: View | None = await self._poll(request, id)
            case ["answers"]:
                view = views.Answers(await self._desk.answers())
            case ["search"]:
                view = await self._search(request)
            case ["calculator"]:
                view = views.Calculator(_typed(request))
            case ["left"]:
                view = views.Left()
            case parts:
                view = _ALWAYS.get(request.path) or _of_path(parts)
        if view is None:
            return None
        open = await self._asking.is_open(request)
        reply = self._replies.page(request, look, view, open=open)
        if reply.status in (200, 304) and request.method == "GET":
            self._count(view)
        return reply

    def _count(self, view: View) -> None:
        """Nobody is named: how often an item is read is all that is kept."""
        match view:
            case views.Article(id) | views.Notice(id) | views.Campaign(id):
                self._desk.viewed(id)
            case views.Poll(id) | views.Quiz(id):
                self._desk.viewed(id)

    def _file(self, request: BaseRequest, look: Look, name: str) -> StreamResponse:
        path = self.shelf.files / name
        if name in self.shelf.media and path.is_file():
            return self._replies.file(path)
        return self._replies.page(request, look, views.NotFound(), open=False)

    async def _leave(self, request: BaseRequest, look: Look, way: list[str]) -> StreamResponse:
        """To the federation's website, or to an article there; a held device gets no further."""
        address = self._way_out(way)
        if address is None:
            return self._replies.page(request, look, views.NotFound(), open=False)
        if not await self._asking.is_open(request):
            return self._replies.redirect(request, views.path_of(views.Federation()), look)
        who = await self._asking.mac(request) or request.remote
        if _is_meant(request) and self._leaving.take(who, self._runner.now()):
            self._desk.done("website", "article" if way[0] == "article" else way[1])
        return self._replies.to(address, status=303)

    def _way_out(self, way: list[str]) -> str | None:
        """The address is of the configuration or of a published article, never of the request."""
        site = self._replies.pages.site
        match way:
            case ["website", page] if page in _WEBSITE_PAGES:
                return site.website_address
            case ["article", id]:
                article = self._replies.pages.articles.get(id)
                url = article.content.source.url if article else ""
                return url if url and site.is_on_website(url) else None
            case _:
                return None

    async def _short(self, request: BaseRequest, look: Look, code: str) -> StreamResponse:
        """Where a short address leads."""
        who = await self._asking.mac(request) or request.remote
        if self._searches.take(who, self._runner.now()):
            articles = self._replies.pages.articles
            loop = asyncio.get_running_loop()
            id = await loop.run_in_executor(
                self._searching, lambda: short.find(code, articles.ids())
            )
            if id is not None:
                return self._replies.redirect(request, views.path_of(views.Article(id)), look)
        return self._replies.page(request, look, views.NotFound(), open=False)

    async def _poll(self, request: BaseRequest, id: str) -> View:
        """The form, or the totals for a device that has answered."""
        poll = self._replies.pages.edition.poll(id)
        mac = await self._asking.mac(request)
        if poll is None or mac is None:
            return views.Poll(id)
        return views.Poll(id, await self._desk.votes_after(id, mac, len(poll.content.options)))

    async def _search(self, request: BaseRequest) -> View:
        typed = " ".join(clean(request.query.get("q", "")[:MOST_TYPED]).split())
        if not typed:
            return views.Search()
        who = await self._asking.mac(request) or request.remote
        if not self._searches.take(who, self._runner.now()):
            return views.Search(typed, ())
        search = self._replies.pages.articles.search
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._searching, search, typed, MOST_HITS)
        return views.Search(typed, tuple(found))


def _is_meant(request: BaseRequest) -> bool:
    """Whether somebody tapped: browsers say where they only look ahead."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose


def _of_path(parts: list[str]) -> View | None:
    """The page about one thing, whether that is shown or not."""
    match parts:
        case ["a", id]:
            return views.Article(id)
        case ["articles"]:
            return views.Articles()
        case ["articles", number] if number.isascii() and number.isdecimal() and len(number) < 5:
            return views.Articles(int(number))
        case ["notices", id]:
            return views.Notice(id)
        case ["campaign", id]:
            return views.Campaign(id)
        case ["quiz", id]:
            return views.Quiz(id)
        case ["quiz", id, "draw"]:
            return views.Draw(id)
        case ["quiz", id, chosen]:
            return _result(id, chosen)
        case _:
            return None


def _result(id: str, chosen: str) -> View | None:
    """`2.x.0`: the third option, none, the first."""
    if not _CHOSEN.fullmatch(chosen):
        return None
    return views.QuizResult(id, tuple(None if c == "x" else int(c) for c in chosen.split(".")))


def _typed(request: BaseRequest) -> calculator.Typed | None:
    """What the calculator is asked; None if it only is to be shown."""
    return calculator.read(request.query) if "wage" in request.query else None
