"""What every page of the staff site is given, and what it may answer.

A module of pages has `def routes(site: StaffSite) -> list[Route]`; `portal.staff.app` puts them
together. Who may do what is in the route, and looked at in one place (`portal.staff.app`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, ParamSpec, TypeAlias, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from jinja2 import Environment
from multidict import MultiDict

from portal.config import Config
from portal.hearing import Hearing
from portal.staff.accounts import Account, Accounts, SignIn
from portal.staff.words import Language, Message
from splash.content_store import ContentStore
from splash.publishing import Press
from splash.workflow import ROLES, Actor, Role

NO_FORM: Final = (ValueError, HttpProcessingError)
"""What aiohttp raises over bytes that are no UTF-8, or no parts of a form."""

P = ParamSpec("P")
T = TypeVar("T")

EVERYBODY: Final[frozenset[Role]] = frozenset(ROLES)
"""Everybody who is signed in."""

Ask: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Asks the daemon, and blocks meanwhile (`portal.control.ask`)."""


@dataclass(frozen=True, slots=True)
class StaffSite:
    """What the pages work with."""

    config: Config
    accounts: Accounts
    content: ContentStore
    press: Press
    """Publishes what `content` has."""
    hearing: Hearing
    """What workers said (`answers.db`)."""
    ask: Ask
    wall: Callable[[], float]
    """The clock, Unix seconds."""
    worker: Executor
    """One thread: stores are used in turn."""
    templates: Environment
    record: Path
    """`reports.toml`, where technicians write down sites and costs; it need not be there."""
    told: dict[str, Message] = field(default_factory=dict)
    """What is to be said on the next page of a sign-in, by its hash."""

    def write_down(self, who: str, action: str, note: str = "") -> None:
        """Add a line to the audit trail: what no store of content writes by itself."""
        self.content.write_audit(who, action, self.wall(), note=note)

    async def do(self, work: Callable[P, T], *args: P.args, **words: P.kwargs) -> T:
        """Call something of a store, which may take its time, in the stores' thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.worker, partial(work, *args, **words))


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who may make it."""

    site: StaffSite
    request: web.Request
    language: Language
    sign_in: SignIn | None = None
    attended: bool = True
    """False where an open page asks on its own (`Route.unattended`)."""

    @property
    def account(self) -> Account:
        """Who is asking. Only where the route has roles."""
        assert self.sign_in is not None
        return self.sign_in.account

    @property
    def actor(self) -> Actor:
        """The same for `splash.workflow`."""
        return Actor(self.account.name, self.account.roles, self.account.sites)

    @property
    def part(self) -> bool:
        """Whether htmx asks, which wants the block `part` of the page and not all around it."""
        return self.request.headers.get("HX-Request") == "true"

    def say(self, vi: str, en: str) -> str:
        return vi if self.language == "vi" else en

    async def form(self) -> MultiDict[str]:
        """The fields of the form that was sent, without files. At most the route's bytes.

        Raises:
            web.HTTPBadRequest: it is none, or in another coding than browsers send.
        """
        if (self.request.charset or "utf-8").lower() != "utf-8":
            raise web.HTTPBadRequest
        try:
            posted = await self.request.post()
        except NO_FORM:
            raise web.HTTPBadRequest from None
        return MultiDict((key, value) for key, value in posted.items() if isinstance(value, str))

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """The page `template` with these values, or the part of it that was asked for.

        See `templates/base.html` for what it has.
        """
        told = None
        if self.sign_in and self.attended:
            told = self.site.told.pop(self.sign_in.hash, None)
        text = self.site.templates.get_template(template).render(
            visit=self,
            me=self.sign_in.account if self.sign_in and self.sign_in.open else None,
            language=self.language,
            say=self.say,
            told=told,
            house=self.site.config.site.name,
            here=self.request.path,
            **values,
        )
        return web.Response(text=text, status=status, content_type="text/html")

    def leads_to(self, path: str, told: Message | None = None) -> web.Response:
        """See other; `told` is said at the top of the page that comes next."""
        if told is not None and self.sign_in is not None:
            self.site.told[self.sign_in.hash] = told
        return web.Response(status=303, headers={"Location": path})


Answer: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One page, or one thing that can be done. `path` as aiohttp writes it: `/people/{id}`."""

    method: Literal["GET", "POST"]
    path: str
    answer: Answer
    roles: frozenset[Role] = EVERYBODY
    """Who may; whoever has one of these."""
    signed_in: bool = True
    """False for the sign-in itself."""
    most_bytes: int = 64 * 1024
    """Of what is sent."""
    unattended: bool = False
    """Asked by an open page on its own: no sign that somebody is still sitting there."""
