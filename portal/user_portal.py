"""The user portal (RFC 8952 §2.3) and its API (RFC 8908): where every request of a phone arrives.

Every byte here comes from a phone and is hostile. Who asks is told by the packet's address and
the kernel's neighbour table, never by anything the request says. Nothing of a request is ever
repeated in an answer, but for what was looked for on the search page; the only Location we send
is our own host, or the federation's website by its configured address. There are no cookies: mini
browsers lose them. Nothing but a POST from our own page changes anything.

Going online and leaving is here; what is read is in `portal.worker_pages`, what is sent in
`portal.worker_forms`, and what is recorded of a device in `portal.own_data`.
"""

import hmac
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from typing import assert_never

from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from firewall.enforcer import EnforcementError
from portal.asking import Asking
from portal.captive_checks import API_PATH, expected
from portal.desk import Desk
from portal.events import ConditionsAccepted, SessionWithdrawn
from portal.library import Shelf
from portal.own_data import OwnData, Records
from portal.policy import Refusal, opens_again, turn_seconds
from portal.replies import Replies
from portal.requests import form_of, is_for, is_from_page_of
from portal.runner import Overloaded, Runner
from portal.schedule import day_of_month, time_of_day
from portal.session import Instant
from portal.session_log import Unreadable
from portal.technician_pages import RESULT_PATH, TechnicianPages
from portal.worker_forms import WorkerForms
from portal.worker_pages import WorkerPages
from splash import views
from splash.views import TECHNICIAN_PATH, Look, View, look_of

BLOCKED_NAME_PATH = views.path_of(views.BlockedName())
_FULL_RETRY_MINUTES = 10
_CHECK_HEADERS = {"Server": "portal", "Cache-Control": "no-store", "Connection": "close"}

log = logging.getLogger("portal.pages")


Handler = Callable[[BaseRequest, Look], Awaitable[Response]]


def form_token(secret: Callable[[str], str], conditions: str) -> str:
    """What the form of a page sends back: it names these conditions and no others.

    `secret` makes a lasting secret for a purpose: a page stays good when the daemon restarts.
    """
    return secret(f"the form of the splash page, with conditions {conditions}")[:16]


def forms_token(secret: Callable[[str], str]) -> str:
    """What every other form sends back; no new conditions spoil what somebody is writing."""
    return secret("the forms of workers")[:16]


class UserPortal:
    """Answers requests. `handle` is the one entry; it never raises."""

    def __init__(
        self,
        replies: Replies,
        runner: Runner,
        asking: Asking,
        wall: Callable[[], float | None],
        records: Records,
        desk: Desk,
        shelf: Shelf,
        technician: TechnicianPages,
        *,
        blocks_names: bool = False,
        down_since: Callable[[], Instant | None] = lambda: None,
    ) -> None:
        """`blocks_names` says whether the site's resolver leads blocked names here."""
        self._replies = replies
        self._runner = runner
        self._asking = asking
        self._wall = wall
        self._blocks_names = blocks_names
        self._down_since = down_since
        self._pages = WorkerPages(replies, asking, desk, runner, shelf)
        self._forms = WorkerForms(replies, asking, desk, runner)
        own = OwnData(replies, asking, runner, records, desk, self._is_our_form)
        self._reading: dict[str, Handler] = {
            "/": self._front,
            "/status": self._front,
            "/my-data": own.see,
            "/my-data/copy": own.copy,
            API_PATH: self._api,
            TECHNICIAN_PATH: technician.see,
            RESULT_PATH: technician.copy,
        }
        self._changing: dict[str, Handler] = {
            "/accept": self._accept,
            "/leave": self._leave,
            "/my-data/delete": own.delete,
            "/my-data/withdraw": own.withdraw,
            TECHNICIAN_PATH: technician.take,
        }

    def show(self, shelf: Shelf) -> None:
        """Show the pictures and sounds of this one from now on."""
        self._pages.shelf = shelf

    @property
    def shown(self) -> Counter[str]:
        """How often each kind of page was shown."""
        return self._replies.shown

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer one request, whatever it is."""
        try:
            response = await self._answer(request)
        except (EnforcementError, Overloaded, Unreadable) as error:
            response = self._replies.failed(look_of(request.query), error, 503)
        except (RequestPayloadError, ConnectionError):  # A form that never came whole.
            response = self.unreadable()
        except Exception as error:  # A bug: one page fails, the others go on.
            log.exception("a page failed")
            response = self._replies.failed(look_of(request.query), error, 500)
        response.force_close()
        return response

    def unreadable(self) -> Response:
        """The answer to bytes that are no request."""
        return self._replies.unreadable()

    async def _answer(self, request: BaseRequest) -> StreamResponse:
        replies = self._replies
        if not is_for(replies.host, request):
            # RFC 8952 §2.4: a plain redirect, and only for plain HTTP. 302 because Chrome OS
            # opens its window on nothing else (docs/compatibility.md).
            answer = await self._check(request)
            return answer or replies.to(replies.root + await self._meant(request), status=302)
        look = look_of(request.query)
        if request.method in ("GET", "HEAD"):
            return await self._read(request, look)
        handler = self._changing.get(request.path)
        if handler is None and self._forms.takes(request.path):
            handler = self._forms.take
        if request.method != "POST" or handler is None:
            return replies.refused_method()
        if not is_from_page_of(replies.host, request):
            log.info("a form from another site was refused")
            return replies.redirect(request, "/", look)
        return await handler(request, look)

    async def _read(self, request: BaseRequest, look: Look) -> StreamResponse:
        if request.path in self._reading:
            return await self._reading[request.path](request, look)
        if request.path in self._changing:  # A reload after the browser was closed.
            return self._replies.redirect(request, "/", look)
        reply = await self._pages.read(request, look)
        if reply is not None:
            return reply
        is_open = await self._asking.is_open(request)
        return self._replies.page(request, look, views.NotFound(), open=is_open)

    async def _check(self, request: BaseRequest) -> Response | None:
        """What an open device expects of its captive check, while the line is down."""
        if self._down_since() is None or request.method not in ("GET", "HEAD"):
            return None
        answer = expected(request.headers.get("Host", ""), request.path_qs)
        if answer is None or not await self._asking.passes_already(request):
            return None
        headers = {**_CHECK_HEADERS, **answer.headers}
        if answer.content_type:
            headers["Content-Type"] = answer.content_type
        return Response(status=answer.status, body=answer.body.encode() or None, headers=headers)

    async def _meant(self, request: BaseRequest) -> str:
        """The page for whoever wanted a page of somebody else's.

        No rule leads a device that is open here: only a blocked name does, or an outage.
        """
        blocked = self._blocks_names and self._down_since() is None
        if blocked and await self._asking.passes_already(request):
            return BLOCKED_NAME_PATH
        return "/"

    # Going online and leaving

    async def _front(self, request: BaseRequest, look: Look) -> Response:
        """Where this device stands: online, or in front of the button."""
        mac = await self._asking.mac(request)
        if mac is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        device = self._asking.device(mac)
        session = self._runner.session_of(mac)
        wall = self._wall()
        turn = ceil(turn_seconds(self._runner.policy, wall) / 60)
        if session is None:
            refusal = self._runner.refusal_for(device)
            if refusal is not None:
                return self._refused(request, look, refusal)
            outage = self._outage()
            if outage is not None:  # A turn would only run out.
                return self._replies.page(request, look, outage, open=False)
            ended = mac in self._runner.lately_expired
            return self._replies.page(request, look, views.Splash(ended, turn), open=False)
        now = self._runner.now()
        seconds = session.seconds_remaining(now)
        # Half a second later, so that closing time is not told as the minute before.
        until = None if wall is None else time_of_day(wall + session.ends - now + 0.5)
        view = views.Status(seconds, until, turn, self._outage())
        return self._replies.page(request, look, view, open=True)

    async def _accept(self, request: BaseRequest, look: Look) -> Response:
        form = await form_of(request)
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        if not self._is_our_form(form):
            return self._replies.redirect(request, "/", look)
        # The token names the conditions it was made for, so these are the ones agreed to.
        step = await self._runner.submit(ConditionsAccepted(device, self._runner.policy.conditions))
        if step.refusal is not None:
            return self._refused(request, look, step.refusal)
        # Only now is the gate open. A full navigation ending in 200 tells mini browsers so.
        return self._replies.redirect(request, "/status", look)

    def _refused(self, request: BaseRequest, look: Look, refusal: Refusal) -> Response:
        """Say why this device may not go online now, and when it may."""
        view: View
        match refusal:
            case "outdated conditions":
                return self._replies.redirect(request, "/", look)
            case "blocked":
                view = views.Blocked()
            case "full":
                view = views.Full(self._minutes_to_wait())
            case "closed":
                view = views.Closed(self._opens_again(refusal))
            case "daily limit":
                view = views.DailyLimit(self._daily_hours(look), self._opens_again(refusal))
            case _:
                assert_never(refusal)
        return self._replies.page(request, look, view, open=False)

    def _opens_again(self, refusal: Refusal) -> str | None:
        wall = self._wall()
        opens = None if wall is None else opens_again(self._runner.policy, refusal, wall)
        return None if opens is None else time_of_day(opens)

    def _daily_hours(self, look: Look) -> str:
        """`8`, or `1,5` as the language writes it."""
        wall, schedule = self._wall(), self._runner.policy.schedule
        limit = schedule.day(wall).limit_seconds if schedule and wall is not None else None
        hours = f"{(limit or 0) / 3600:.3g}"
        return hours.replace(".", ",") if look.language == "vi" else hours

    async def _leave(self, request: BaseRequest, look: Look) -> Response:
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        await self._runner.submit(SessionWithdrawn(device.mac, "person"))
        return self._replies.redirect(request, "/left", look)

    def _is_our_form(self, form: Mapping[str, str]) -> bool:
        token = form.get("conditions", "")
        return hmac.compare_digest(token.encode(), self._replies.pages.token.encode())

    async def _api(self, request: BaseRequest, look: Look) -> Response:
        """RFC 8908 §5."""
        mac = await self._asking.mac(request)
        session = self._runner.session_of(mac) if mac is not None else None
        state: dict[str, object] = {
            "captive": session is None,
            "can-extend-session": True,
        }
        if self._replies.https:  # The portal's address must be secure, the venue's should be.
            state["user-portal-url"] = f"{self._replies.secure_root}/"
            state["venue-info-url"] = f"{self._replies.secure_root}/articles"
        if session is not None:
            state["seconds-remaining"] = session.seconds_remaining(self._runner.now())
        return self._replies.body(
            json.dumps(state).encode(),
            Content_Type="application/captive+json",
            Cache_Control="private, no-store",
        )

    def _outage(self) -> views.NoInternet | None:
        """What to say of the line; None while it is up."""
        since, wall = self._down_since(), self._wall()
        if since is None:
            return None
        began = None if wall is None else wall - (self._runner.now() - since)
        made = self._replies.pages.edition.made
        return views.NoInternet(
            None if began is None else time_of_day(began),
            None if made is None else (time_of_day(made), day_of_month(made)),
        )

    def _minutes_to_wait(self) -> int:
        sessions = self._runner.state.sessions.values()
        left = min((s.seconds_remaining(self._runner.now()) for s in sessions), default=0)
        return min(_FULL_RETRY_MINUTES, 1 + left // 60)
