"""Signing in and out: name and password, then a code for those who approve or administer."""

import hmac
import secrets
from typing import Final
from urllib.parse import urlencode

import segno
from aiohttp import web

from portal.staff import guard, totp
from portal.staff.accounts import Account, key_of
from portal.staff.attempts import PER_ACCOUNT, PER_ADDRESS, PER_CODE, Attempts
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said

COOKIE: Final = "staff"
_KNOWN: Final = "known"
_KNOWN_SECONDS: Final = 180 * 86400

_WRONG: Final = Said("Tên hoặc mật khẩu không đúng.", "The name or the password is wrong.")
_WRONG_CODE: Final = Said(
    "Mã không đúng hoặc đã dùng rồi. Hãy chờ mã mới trong ứng dụng rồi nhập lại.",
    "The code is wrong or was used already. Wait for the next one and type that.",
)


def routes(site: StaffSite) -> list[Route]:
    pages = _SignIn(site)
    return [
        Route("GET", "/sign-in", pages.ask, signed_in=False),
        Route("POST", "/sign-in", pages.take, signed_in=False, most_bytes=4096),
        Route("GET", "/sign-in/code", pages.ask_code, signed_in=False),
        Route("POST", "/sign-in/code", pages.take_code, signed_in=False, most_bytes=4096),
        Route("POST", "/sign-out", pages.leave, signed_in=False, most_bytes=4096),
        Route("POST", "/language", pages.language, signed_in=False, most_bytes=4096),
    ]


class _SignIn:
    def __init__(self, site: StaffSite) -> None:
        self._site = site
        self._attempts = Attempts()
        self._known_key = secrets.token_bytes(32)
        """Of this process: after a restart browsers are strangers again, and so are attackers."""

    async def ask(self, visit: Visit) -> web.StreamResponse:
        if visit.sign_in is not None and visit.sign_in.open:
            return visit.leads_to("/")
        to = guard.own_path(visit.request.query.get("to", "/"))
        return visit.page("sign_in.html", to=to, name="", wrong=None)

    async def take(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        name, password = form.get("name", "")[:100], form.get("password", "")
        to = guard.own_path(form.get("to", "/"))
        now = self._site.wall()
        whose = f"account {key_of(name)}"
        if self._knows(visit, name):
            whose += " at home"
        address = f"address {visit.request.remote}"
        wait = max(
            self._attempts.wait_seconds(whose, PER_ACCOUNT, now),
            self._attempts.wait_seconds(address, PER_ADDRESS, now),
        )
        if wait > 0:
            return self._later(visit, wait, to=to, name=name)
        # Taken before looking, so that many at once are counted too; given back if it was right.
        self._attempts.failed(whose, PER_ACCOUNT, now)
        self._attempts.failed(address, PER_ADDRESS, now)
        found = await self._site.do(self._site.accounts.checked, name, password)
        if found is None:
            return visit.page("sign_in.html", 403, to=to, name=name, wrong=_WRONG)
        self._attempts.succeeded(whose)
        self._attempts.succeeded(address)
        before = visit.sign_in.hash if visit.sign_in else ""
        cookie = await self._site.do(self._site.accounts.sign_in, found, now, before=before)
        response = visit.leads_to(to)
        if found.needs_code:
            response = visit.leads_to(
                "/sign-in/code" + ("" if to == "/" else f"?{urlencode({'to': to})}")
            )
        _set(visit, response, COOKIE, cookie)
        self._remember(visit, response, found)
        return response

    async def ask_code(self, visit: Visit) -> web.StreamResponse:
        if visit.sign_in is None:
            return visit.leads_to("/sign-in")
        if visit.sign_in.open:
            return visit.leads_to("/")
        return await self._code_page(visit, 200, guard.own_path(visit.request.query.get("to", "/")))

    async def take_code(self, visit: Visit) -> web.StreamResponse:
        if visit.sign_in is None or visit.sign_in.open:
            return visit.leads_to("/sign-in")
        form = await visit.form()
        to = guard.own_path(form.get("to", "/"))
        now = self._site.wall()
        whose = f"code {visit.account.id}"
        if wait := self._attempts.wait_seconds(whose, PER_CODE, now):
            await self._site.do(self._site.accounts.sign_out, visit.sign_in)
            return self._later(visit, wait, to=to, name=visit.account.name)
        self._attempts.failed(whose, PER_CODE, now)
        secret, used = await self._site.do(
            self._site.accounts.secret, visit.sign_in, totp.new_secret()
        )
        step = totp.accepted_step(secret, form.get("code", "")[:20], now, used)
        cookie = None
        if step is not None:
            cookie = await self._site.do(self._site.accounts.open, visit.sign_in, step, now)
        if cookie is None:
            return await self._code_page(visit, 403, to, wrong=_WRONG_CODE)
        self._attempts.succeeded(whose)
        response = visit.leads_to(to)
        _set(visit, response, COOKIE, cookie)
        return response

    async def leave(self, visit: Visit) -> web.StreamResponse:
        if visit.sign_in is not None:
            await self._site.do(self._site.accounts.sign_out, visit.sign_in)
        response = visit.leads_to("/sign-in")
        response.del_cookie(COOKIE, path="/")
        return response

    async def language(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        response = visit.leads_to(guard.own_path(form.get("to", "/")))
        chosen = "en" if form.get("language") == "en" else "vi"
        _set(visit, response, "lang", chosen, max_age=365 * 86400)
        return response

    async def _code_page(
        self, visit: Visit, status: int, to: str, wrong: Said | None = None
    ) -> web.Response:
        """Ask for a code; with the QR code of a new secret until an app is set up."""
        assert visit.sign_in is not None
        picture = secret = None
        if not visit.account.has_code:
            secret, _ = await self._site.do(
                self._site.accounts.secret, visit.sign_in, totp.new_secret()
            )
            issuer = f"Wi-Fi {self._site.config.site.id}"
            uri = totp.uri(secret, visit.account.name, issuer)
            picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="#fff")
        return visit.page(
            "sign_in_code.html", status, to=to, picture=picture, secret=secret, wrong=wrong
        )

    def _later(self, visit: Visit, wait: float, to: str, name: str) -> web.Response:
        minutes = max(1, round(wait / 60 + 0.49))
        why = Said(
            f"Đã thử sai nhiều lần. Hãy chờ {minutes} phút rồi thử lại.",
            f"Too many wrong tries. Wait {minutes} min and try again.",
        )
        response = visit.page("sign_in.html", 429, to=to, name=name, wrong=why)
        response.headers["Retry-After"] = str(max(1, round(wait)))
        return response

    def _knows(self, visit: Visit, name: str) -> bool:
        """Whether somebody signed in with this name in this browser before."""
        shown, mark = visit.request.cookies.get(_KNOWN, ""), self._mark(name)
        return any(
            hmac.compare_digest(each.encode(errors="replace"), mark.encode())
            for each in shown.split(".")[:8]
        )

    def _remember(self, visit: Visit, response: web.Response, account: Account) -> None:
        mark = self._mark(account.name)
        others = [m for m in visit.request.cookies.get(_KNOWN, "").split(".") if m and m != mark]
        _set(visit, response, _KNOWN, ".".join([mark, *others[:7]]), max_age=_KNOWN_SECONDS)

    def _mark(self, name: str) -> str:
        return hmac.new(self._known_key, key_of(name).encode(), "sha256").hexdigest()


def _set(
    visit: Visit, response: web.Response, name: str, value: str, max_age: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        path="/",
        max_age=max_age,
        httponly=True,
        samesite="Strict",
        secure=visit.request.secure,
    )
