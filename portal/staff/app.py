"""Puts the staff site together: which pages there are, and who is let in to them.

The one place where a request meets `portal.staff.guard`, its sign-in and the roles of its route.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.control import NotRunning, Refused
from portal.metrics import CONTENT_TYPE
from portal.staff import (
    audit,
    dashboard,
    devices,
    draws,
    entering,
    guard,
    line,
    own,
    paper,
    people,
    releases,
    reporting,
    sign_in,
    sources,
    voices,
    words,
    writing,
)
from portal.staff.accounts import SignIn
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Language, Message, Said

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
COOKIE: Final = sign_in.COOKIE

PAGES: Final[Sequence[Callable[[StaffSite], list[Route]]]] = (
    sign_in.routes,
    dashboard.routes,
    writing.routes,
    releases.routes,
    sources.routes,
    voices.routes,
    draws.routes,
    line.routes,
    entering.routes,
    reporting.routes,
    paper.routes,
    devices.routes,
    audit.routes,
    people.routes,
    own.routes,
)
"""Every module of pages adds its `routes` here."""

log = logging.getLogger("portal.staff")


def templates() -> Environment:
    """The pages' templates. What is in a value is shown, never taken as markup."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        when=words.when,
        day=words.day,
        written_day=words.written_day,
        number=words.number,
        amount=words.amount,
        lasting=words.lasting,
    )
    return found


def application(site: StaffSite, names: Collection[str]) -> web.Application:
    """The whole site; it answers to these host `names` alone."""

    @web.middleware
    async def guarded(
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        visit = Visit(site, request, language_of(request))
        if not guard.is_ours(request.headers.get("Host", ""), names):
            response: web.StreamResponse = web.Response(
                status=421, text="This address has another name ([staff] names).\n"
            )
        elif request.method not in ("GET", "HEAD") and not guard.from_own_page(request.headers):
            response = refused(visit, 403, FOREIGN)
        else:
            try:
                response = await handler(request)
            except web.HTTPRequestEntityTooLarge:
                response = refused(visit, 413, TOO_LARGE)
            except web.HTTPBadRequest:
                response = refused(visit, 400, UNREADABLE)
            except web.HTTPException as error:
                response = refused(visit, error.status, NOT_FOUND)
            except Exception:
                log.exception("%s %s failed", request.method, request.match_info.handler)
                response = refused(visit, 500, FAULT)
        for name, value in guard.HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    app = web.Application(middlewares=[guarded])
    for pages in PAGES:
        for route in pages(site):
            app.router.add_route(route.method, route.path, _answering(site, route))
    app.router.add_get("/static/{name}", _file)
    app.router.add_get("/metrics", partial(_metrics, site))
    return app


def _answering(
    site: StaffSite, route: Route
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route's answer, for those who may have it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        request = request.clone(client_max_size=route.most_bytes)
        language = language_of(request)
        cookie = request.cookies.get(COOKIE)
        found: SignIn | None = None
        attended = not route.unattended
        if cookie:
            found = await site.do(site.accounts.who, cookie, site.wall(), attended=attended)
        visit = Visit(site, request, language, found, attended)
        if route.signed_in:
            if found is None or not found.open:
                return _sign_in_first(visit)
            if not route.roles & found.account.roles:
                log.warning("account %d may not %s %s", found.account.id, route.method, route.path)
                return refused(visit, 403, NOT_YOURS)
        return await route.answer(visit)

    return answer


def _sign_in_first(visit: Visit) -> web.Response:
    """Lead to the sign-in, and back here afterwards."""
    if visit.part:  # The whole page is to be loaded again, and finds itself there.
        return web.Response(headers={"HX-Refresh": "true"})
    here = visit.request.path_qs if visit.request.method == "GET" else "/"
    return visit.leads_to("/sign-in" + ("" if here == "/" else "?" + urlencode({"to": here})))


def language_of(request: web.Request) -> Language:
    return "en" if request.cookies.get("lang") == "en" else "vi"


def refused(visit: Visit, status: int, why: Message) -> web.Response:
    return visit.page("refused.html", status, why=why)


async def _metrics(site: StaffSite, request: web.Request) -> web.StreamResponse:
    """What the daemon measures, for Prometheus. It names no device, so that nobody signs in."""
    try:
        answer = await asyncio.to_thread(site.ask, {"command": "metrics"})
    except (NotRunning, Refused, OSError) as error:
        return web.Response(status=503, text=f"{error}\n")
    return web.Response(text=answer["text"], headers={"Content-Type": CONTENT_TYPE})


async def _file(request: web.Request) -> web.StreamResponse:
    """A file of the front end. All are in one folder, so that a name is no path."""
    name = request.match_info["name"]
    path = STATIC / name
    # Longer names than a file system has are an error of its own.
    if len(name) > 100 or path.parent != STATIC or path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    response = web.FileResponse(path)
    response.headers["Content-Type"] = _TYPES[path.suffix]
    response.headers["Cache-Control"] = "no-cache"  # Asked for again, answered 304.
    return response


_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}

FOREIGN: Final = Said(
    "Yêu cầu này không đến từ một trang của hệ thống nên không được thực hiện. Hãy quay lại trang"
    " trước, tải lại rồi thử lại.",
    "This request did not come from a page of this site, so nothing was done. Go back, reload the"
    " page and try again.",
)
TOO_LARGE: Final = Said(
    "Nội dung gửi lên quá lớn. Hãy rút ngắn rồi gửi lại.",
    "What was sent is too large. Shorten it and send it again.",
)
UNREADABLE: Final = Said(
    "Không đọc được nội dung gửi lên. Hãy tải lại trang rồi thử lại.",
    "What was sent cannot be read. Reload the page and try again.",
)
NOT_FOUND: Final = Said("Không có trang này.", "There is no such page.")
NOT_YOURS: Final = Said(
    "Tài khoản của bạn không có quyền làm việc này. Nếu cần, hãy hỏi quản trị viên.",
    "Your account may not do this. Ask an administrator if it should.",
)
FAULT: Final = Said(
    "Hệ thống gặp lỗi. Chưa có gì bị thay đổi ngoài ý muốn; hãy thử lại, nếu vẫn lỗi xin báo cho"
    " người quản lý kỹ thuật.",
    "Something went wrong here. Try again, and tell the technician if it happens again.",
)
