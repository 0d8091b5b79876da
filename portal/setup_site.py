"""What a router that does not know its house answers: every request leads to the page where a
technician types the site's code.

Anybody near can join, and this runs as root: so a request is read as little as it can be. Of
what a phone sends, two short fields of a small form are looked at: a code, which is compared
with the codes there are and goes nowhere else, and a token. What is set comes from the list that
was built into the image. A few codes a minute may be tried by all phones together, so that the
list of houses cannot be read out by trying.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from portal.allowances import Allowances, Rate
from portal.requests import form_of, is_for, is_from_page_of
from portal.session import Instant
from portal.setup_pages import NO_LIST, TOO_OFTEN, SetupPages, Stage
from portal.site_change import AnotherHouse
from portal.site_code import Mistyped, NotACode
from portal.site_commands import WRONG, house_of
from portal.site_file import House, SiteFileError
from portal.site_work import CannotSetUp

MOST_FORM_BYTES: Final = 512
TRIES: Final = (Rate(4, 60), Rate(6, 180))
"""Of one address, and of all: who plays with the page leaves something to the technician."""
_READ_SECONDS: Final = 2.0
"""Before the network goes away under it, the page about that is given time to arrive."""

log = logging.getLogger("portal.setup")


class SetupSite:
    """Answers requests. `handle` is the one entry; it never raises."""

    def __init__(
        self,
        pages: SetupPages,
        host: str,
        sites: Path,
        set_up: Callable[[House, Callable[[], None]], object],
        now: Callable[[], Instant],
    ) -> None:
        """`set_up` makes this router the house's, in a thread; it calls its other argument when
        the settings are right and the longer part begins."""
        self._pages = pages
        self._host = host
        self._sites = sites
        self._set_up = set_up
        self._now = now
        self._tries = Allowances(*TRIES)
        self._secret = secrets.token_bytes(32)
        self._headers = {
            "Server": "portal",
            "Cache-Control": "no-store",
            "Connection": "close",
            "Content-Security-Policy": pages.content_security_policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        self._house: House | None = None
        self._stage: Stage = "writing"
        self._said = ""
        self._begin = asyncio.Event()

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer one request, whatever it is."""
        try:
            response = await self._answer(request)
        except (RequestPayloadError, ConnectionError):
            response = self.unreadable()
        except Exception:  # A bug: one page fails, the others go on.
            log.exception("a page of the setup failed")
            response = self.unreadable()
        response.force_close()
        return response

    def unreadable(self) -> Response:
        """The answer to bytes that are no request."""
        response = Response(status=400, headers=self._headers)
        response.force_close()
        return response

    async def run(self) -> None:
        """Wait for codes that somebody confirms, and set the router up; ends when it is."""
        while not await self.set_up_once():
            pass

    async def set_up_once(self) -> bool:
        """Wait for one code that somebody confirmed; whether the router is set up by it."""
        await self._begin.wait()
        assert self._house is not None
        await asyncio.sleep(_READ_SECONDS)
        try:
            await asyncio.to_thread(self._set_up, self._house, self._applying)
        except (CannotSetUp, AnotherHouse) as error:
            log.error("this router could not be set up: %s", error)
            self._stage, self._said = "failed", str(error)
            self._begin.clear()
            return False
        log.info("this router is set up as %s", self._house.id)
        self._stage = "done"
        return True

    def _applying(self) -> None:
        self._stage = "applying"

    async def _answer(self, request: BaseRequest) -> Response:
        own = next((host for host in self._names(request) if is_for(host, request)), None)
        if own is None:
            # 302 because Chrome OS opens its window on nothing else (docs/compatibility.md).
            return self._to(f"http://{self._names(request)[0]}/", 302)
        if request.method in ("GET", "HEAD"):
            return self._shown(request)
        if request.method != "POST" or request.path not in ("/code", "/apply"):
            return Response(status=405, headers={**self._headers, "Allow": "GET, HEAD, POST"})
        if not is_from_page_of(own, request) or self._begin.is_set():
            return self._to("/", 303)
        form = await form_of(request, MOST_FORM_BYTES)
        if request.path == "/apply":
            return await self._chosen(form.get("code", ""), form.get("token", ""))
        return await self._asked(form.get("code", ""), request.remote)

    def _names(self, request: BaseRequest) -> tuple[str, ...]:
        """What this router may be called: by its address first, which needs no DNS."""
        name = request.transport and request.transport.get_extra_info("sockname")
        if not name:
            raise ConnectionError("the phone has left")
        address = name[0]
        return (self._host,) if ":" in address else (address, self._host)

    def _shown(self, request: BaseRequest) -> Response:
        if self._house is None or (self._stage == "failed" and "another" in request.query):
            return self._page(self._pages.code())
        token = self._token(self._house)
        return self._page(self._pages.work(self._house, token, self._stage, self._said))

    async def _asked(self, code: str, who: str | None) -> Response:
        may = self._tries.take(who, self._now())
        found = await self._find(code) if may else TOO_OFTEN
        if isinstance(found, House):
            return self._page(self._pages.house(found, self._token(found)))
        return self._page(self._pages.code(found))

    async def _chosen(self, code: str, token: str) -> Response:
        """The house was confirmed. Its token was made by us for nobody but who knew its code."""
        if not hmac.compare_digest(self._sign(code).encode(), token.encode("utf-8", "replace")):
            return self._to("/", 303)
        found = await self._find(code)
        if not isinstance(found, House):
            return self._page(self._pages.code(found))
        if not self._begin.is_set():
            self._house, self._stage, self._said = found, "writing", ""
            self._begin.set()
        return self._to("/progress", 303)

    async def _find(self, code: str) -> House | tuple[str, str]:
        """The house of a code, or what to say in its stead."""
        try:
            return await asyncio.to_thread(house_of, code, self._sites)
        except (NotACode, Mistyped, LookupError) as error:
            log.info("a code was typed that is none of a house here")
            return WRONG[type(error)]
        except SiteFileError as error:
            log.error("the list of houses cannot be used: %s", error)
            return NO_LIST

    def _token(self, house: House) -> str:
        return self._sign(house.code)

    def _sign(self, code: str) -> str:
        return hmac.new(self._secret, code.encode("utf-8", "replace"), "sha256").hexdigest()

    def _page(self, text: str) -> Response:
        headers = {**self._headers, "Content-Type": "text/html; charset=utf-8"}
        return Response(body=text.encode(), headers=headers)

    def _to(self, address: str, status: int) -> Response:
        return Response(status=status, headers={**self._headers, "Location": address})
