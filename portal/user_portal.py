"""The user portal (RFC 8952 §2.3) and its API (RFC 8908): all that a phone can ask of us.

Every byte here comes from a phone and is hostile. Who asks is told by the packet's address and
the kernel's neighbour table, never by anything the request says. Nothing of a request is ever
repeated in an answer; the only Location we send is our own host. There are no cookies: mini
browsers lose them. Nothing but a POST from our own page changes anything.
"""

import hmac
import json
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from typing import Protocol, assert_never

from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from firewall.changes import MacAddress
from firewall.enforcer import EnforcementError
from portal import my_data
from portal.captive_checks import expected
from portal.device_record import DeviceRecord
from portal.events import ConditionsAccepted, EquipmentSeen, SessionWithdrawn
from portal.policy import Refusal, opens_again, turn_seconds
from portal.requests import form_of, is_for, is_from_page_of
from portal.runner import Overloaded, Runner
from portal.schedule import time_of_day
from portal.session import Device, Instant
from portal.session_log import Unreadable
from splash import views
from splash.pages import Page, Pages
from splash.views import Look, View, look_of, query

API_PATH = "/captive-portal/api"
BLOCKED_NAME_PATH = views.path_of(views.BlockedName())
_REFERENCE_LETTERS = "ACDEFHJKMNPRTUVWXY34679"  # No two that look or sound alike.
_FULL_RETRY_MINUTES = 10
_CHECK_HEADERS = {"Server": "portal", "Cache-Control": "no-store", "Connection": "close"}

log = logging.getLogger("portal.pages")


class Equipment(Protocol):
    """Who is behind an address; `portal.equipment.Neighbours` knows."""

    async def find(self, address: str) -> MacAddress | None: ...
    async def confirm(self, address: str) -> MacAddress | None: ...


class Records(Protocol):
    """What is written down about devices; the session log holds it."""

    async def record_of(self, device: Device) -> DeviceRecord: ...
    async def erase(self, device: Device) -> None: ...


Handler = Callable[[BaseRequest, Look], Awaitable[Response]]


def form_token(secret: Callable[[str], str], conditions: str) -> str:
    """What the form of a page sends back: it names these conditions and no others.

    `secret` makes a lasting secret for a purpose: a page stays good when the daemon restarts.
    """
    return secret(f"the form of the splash page, with conditions {conditions}")[:16]


class UserPortal:
    """Answers requests. `handle` is the one entry; it never raises."""

    def __init__(
        self,
        host: str,
        pages: Pages,
        token: str,
        runner: Runner,
        equipment: Equipment,
        device: Callable[[MacAddress], Device],
        wall: Callable[[], float | None],
        records: Records,
        *,
        https: bool = False,
        blocks_names: bool = False,
        down_since: Callable[[], Instant | None] = lambda: None,
    ) -> None:
        """`token` comes back with the form of our own pages and with no other.

        `https` says whether the portal can be reached that way at all; `blocks_names`, whether
        the site's resolver leads blocked names here.
        """
        self._host = host
        self._root = f"http://{host}"
        self._secure_root = f"https://{host}" if https else self._root
        self.shown: Counter[str] = Counter()
        """How often each kind of page was shown."""
        self._blocks_names = blocks_names
        self._down_since = down_since
        self._pages = pages
        self._token = token
        self._runner = runner
        self._equipment = equipment
        self._device = device
        self._wall = wall
        self._records = records
        self._headers = {
            "Server": "portal",
            "Cache-Control": "no-store",
            "Connection": "close",
            "Content-Security-Policy": pages.content_security_policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        self._reading: dict[str, Handler] = {
            "/": self._front,
            "/status": self._front,
            "/rules": self._shows(views.Conditions()),
            "/privacy": self._shows(views.Privacy()),
            "/my-data": self._my_data,
            "/my-data/copy": self._copy,
            "/my-data/deleted": self._shows(views.Erased()),
            "/my-data/withdrawn": self._shows(views.Erased(withdrawn=True)),
            "/union": self._shows(views.Federation()),
            "/articles": self._shows(views.Articles()),
            "/left": self._shows(views.Left()),
            BLOCKED_NAME_PATH: self._shows(views.BlockedName()),
            API_PATH: self._api,
        }
        self._changing: dict[str, Handler] = {
            "/accept": self._accept,
            "/leave": self._leave,
            "/my-data/delete": self._delete,
            "/my-data/withdraw": self._withdraw,
        }

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer one request, whatever it is."""
        try:
            response = await self._answer(request)
        except (EnforcementError, Overloaded, Unreadable) as error:
            response = self._failed(look_of(request.query), error, 503)
        except (RequestPayloadError, ConnectionError):  # A form that never came whole.
            response = self.unreadable()
        except Exception as error:  # A bug: one page fails, the others go on.
            log.exception("a page failed")
            response = self._failed(look_of(request.query), error, 500)
        response.force_close()
        return response

    def unreadable(self) -> Response:
        """The answer to bytes that are no request. It has no words: nobody reads it."""
        response = Response(status=400, headers=self._headers)
        response.force_close()
        return response

    async def _answer(self, request: BaseRequest) -> Response:
        if not is_for(self._host, request):
            # RFC 8952 §2.4: a plain redirect, and only for plain HTTP. 302 because Chrome OS
            # opens its window on nothing else (docs/compatibility.md).
            answer = await self._check(request)
            return answer or self._to(self._root + await self._meant(request), status=302)
        look = look_of(request.query)
        reading = request.method in ("GET", "HEAD")
        if reading and request.path.startswith("/a/"):
            return await self._show(request, look, views.Article(request.path[3:]))
        handler = (self._reading if reading else self._changing).get(request.path)
        if request.method == "POST" and handler is not None:
            if not is_from_page_of(self._host, request):
                log.info("a form from another site was refused")
                return self._redirect(request, "/", look)
            return await handler(request, look)
        if reading and handler is not None:
            return await handler(request, look)
        if reading and request.path in self._changing:
            return self._redirect(request, "/", look)  # A reload after the browser was closed.
        if reading:
            return await self._show(request, look, views.NotFound())
        return Response(status=405, headers={**self._headers, "Allow": "GET, HEAD, POST"})

    async def _check(self, request: BaseRequest) -> Response | None:
        """What an open device expects of its captive check, while the line is down."""
        if self._down_since() is None or request.method not in ("GET", "HEAD"):
            return None
        answer = expected(request.headers.get("Host", ""), request.path_qs)
        mac = None if answer is None else await self._equipment.find(request.remote or "")
        if answer is None or mac is None or self._runner.session_of(mac) is None:
            return None
        headers = {**_CHECK_HEADERS, **answer.headers}
        if answer.content_type:
            headers["Content-Type"] = answer.content_type
        return Response(status=answer.status, body=answer.body.encode() or None, headers=headers)

    async def _meant(self, request: BaseRequest) -> str:
        """The page for whoever wanted a page of somebody else's.

        No rule leads a device that is open here: only a blocked name does, or an outage.
        """
        if self._blocks_names and self._down_since() is None:
            mac = await self._equipment.find(request.remote or "")
            if mac is not None and self._runner.session_of(mac) is not None:
                return BLOCKED_NAME_PATH
        return "/"

    # Pages

    async def _front(self, request: BaseRequest, look: Look) -> Response:
        """Where this device stands: online, or in front of the button."""
        mac = await self._mac(request)
        if mac is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        device = self._device(mac)
        session = self._runner.session_of(mac)
        wall = self._wall()
        turn = ceil(turn_seconds(self._runner.policy, wall) / 60)
        if session is None:
            refusal = self._runner.refusal_for(device)
            if refusal is not None:
                return self._refused(request, look, refusal)
            outage = self._outage()
            if outage is not None:  # A turn would only run out.
                return self._page(request, look, outage, open=False)
            ended = mac in self._runner.lately_expired
            return self._page(request, look, views.Splash(ended, turn), open=False)
        now = self._runner.now()
        seconds = session.seconds_remaining(now)
        # Half a second later, so that closing time is not told as the minute before.
        until = None if wall is None else time_of_day(wall + session.ends - now + 0.5)
        view = views.Status(seconds, until, turn, self._outage())
        return self._page(request, look, view, open=True)

    def _shows(self, view: View) -> Handler:
        async def show(request: BaseRequest, look: Look) -> Response:
            return await self._show(request, look, view)

        return show

    async def _show(self, request: BaseRequest, look: Look, view: View) -> Response:
        mac = await self._mac(request)
        is_open = mac is not None and self._runner.session_of(mac) is not None
        return self._page(request, look, view, open=is_open)

    async def _accept(self, request: BaseRequest, look: Look) -> Response:
        form = await form_of(request)
        device = await self._asking_device(request)
        if device is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        if not self._is_our_form(form):
            return self._redirect(request, "/", look)
        # The token names the conditions it was made for, so these are the ones agreed to.
        step = await self._runner.submit(ConditionsAccepted(device, self._runner.policy.conditions))
        if step.refusal is not None:
            return self._refused(request, look, step.refusal)
        # Only now is the gate open. A full navigation ending in 200 tells mini browsers so.
        return self._redirect(request, "/status", look)

    def _refused(self, request: BaseRequest, look: Look, refusal: Refusal) -> Response:
        """Say why this device may not go online now, and when it may."""
        view: View
        match refusal:
            case "outdated conditions":
                return self._redirect(request, "/", look)
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
        return self._page(request, look, view, open=False)

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
        device = await self._asking_device(request)
        if device is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        await self._runner.submit(SessionWithdrawn(device.mac, "person"))
        return self._redirect(request, "/left", look)

    def _is_our_form(self, form: Mapping[str, str]) -> bool:
        token = form.get("conditions", "")
        return hmac.compare_digest(token.encode(), self._token.encode())

    # What is recorded about this device. The kernel is asked anew: it is one person's.

    async def _my_data(self, request: BaseRequest, look: Look) -> Response:
        device = await self._asking_device(request)
        if device is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        view = my_data.shown(await self._records.record_of(device), look.language)
        is_open = self._runner.session_of(device.mac) is not None
        return self._page(request, look, view, open=is_open)

    async def _copy(self, request: BaseRequest, look: Look) -> Response:
        device = await self._asking_device(request)
        if device is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        described = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="wifi-my-data.csv"',
        }
        record = await self._records.record_of(device)
        return Response(body=my_data.as_csv(record), headers={**self._headers, **described})

    async def _delete(self, request: BaseRequest, look: Look) -> Response:
        return await self._erase(request, look, withdraw=False)

    async def _withdraw(self, request: BaseRequest, look: Look) -> Response:
        return await self._erase(request, look, withdraw=True)

    async def _erase(self, request: BaseRequest, look: Look, *, withdraw: bool) -> Response:
        form = await form_of(request)
        device = await self._asking_device(request)
        if device is None:
            return self._page(request, look, views.UnknownDevice(), open=False)
        if not self._is_our_form(form):
            return self._redirect(request, "/my-data", look)
        if withdraw:  # First, so that the turn is over and its row goes too.
            await self._runner.submit(SessionWithdrawn(device.mac, "person"))
        await self._records.erase(device)
        view = views.Erased(withdrawn=withdraw)
        return self._redirect(request, views.path_of(view), look)

    async def _api(self, request: BaseRequest, look: Look) -> Response:
        """RFC 8908 §5."""
        mac = await self._mac(request)
        session = self._runner.session_of(mac) if mac is not None else None
        state: dict[str, object] = {
            "captive": session is None,
            "user-portal-url": f"{self._secure_root}/",
            "venue-info-url": f"{self._secure_root}/union",
            "can-extend-session": True,
        }
        if session is not None:
            state["seconds-remaining"] = session.seconds_remaining(self._runner.now())
        return Response(
            body=json.dumps(state).encode(),
            content_type="application/captive+json",
            headers={**self._headers, "Cache-Control": "private, no-store"},
        )

    # What pages are made of

    async def _mac(self, request: BaseRequest) -> MacAddress | None:
        """Who asks; gives the device back the session it had before a power cut."""
        mac = await self._equipment.find(request.remote or "")
        if mac is not None and self._runner.state.remembered:
            device = self._device(mac)
            if not self._runner.state.remembered.keys().isdisjoint(device.pseudonyms):
                await self._runner.submit(EquipmentSeen(device))
        return mac

    async def _asking_device(self, request: BaseRequest) -> Device | None:
        """Who asks for a change: the kernel is asked anew, because addresses change hands."""
        mac = await self._equipment.confirm(request.remote or "")
        return None if mac is None else self._device(mac)

    def _outage(self) -> views.NoInternet | None:
        """What to say of the line; None while it is up."""
        since, wall = self._down_since(), self._wall()
        if since is None:
            return None
        began = None if wall is None else wall - (self._runner.now() - since)
        return views.NoInternet(None if began is None else time_of_day(began))

    def _minutes_to_wait(self) -> int:
        sessions = self._runner.state.sessions.values()
        left = min((s.seconds_remaining(self._runner.now()) for s in sessions), default=0)
        return min(_FULL_RETRY_MINUTES, 1 + left // 60)

    def _redirect(self, request: BaseRequest, path: str, look: Look) -> Response:
        """To a page of ours, by the scheme the person came by.

        `form-action 'self'` holds for where a form leads in the end, too (CSP 3 §6.3.1).
        """
        root = self._secure_root if request.secure else self._root
        return self._to(root + path + query(look), status=303)

    def _to(self, address: str, *, status: int) -> Response:
        return Response(status=status, headers={**self._headers, "Location": address})

    def _failed(self, look: Look, error: Exception, status: int) -> Response:
        """A page with a short code; the log has the same code beside what went wrong."""
        reference = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(5))
        log.error("error code %s: %s", reference, error)
        page = self._pages.page(
            views.Failure(reference, 503 if status == 503 else 500), look, open=False
        )
        return Response(
            status=page.status,
            body=page.plain(),
            headers={**self._headers, "Content-Type": page.content_type},
        )

    def _page(self, request: BaseRequest, look: Look, view: View, *, open: bool) -> Response:
        page: Page = self._pages.page(view, look, open=open)
        self.shown[type(view).__name__] += 1
        headers = {**self._headers, "Content-Type": page.content_type, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(status=page.status, body=page.body, headers=headers)
        return Response(status=page.status, body=page.plain(), headers=headers)
