"""The technician's page: there only while the window is open, and for who types the site's name.

A device that has typed it is known by its MAC address until the window closes, as devices are
known everywhere here: mini browsers lose cookies, and an address with a secret in it is kept.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from firewall.changes import MacAddress
from portal.asking import Asking
from portal.doctor import saved
from portal.replies import Replies
from portal.requests import form_of
from portal.site_code import code_of
from portal.technician import SelfTest, Window
from splash import views
from splash.views import Look, View

RESULT_PATH = f"{views.TECHNICIAN_PATH}/selftest.json"
_MOST_FORM_BYTES = 1024


class TechnicianPages:
    """Answers technicians. Whoever asks while the window is closed is led to the front page."""

    def __init__(
        self, replies: Replies, asking: Asking, window: Window, test: SelfTest, site: str
    ) -> None:
        self._replies = replies
        self._asking = asking
        self._window = window
        self._test = test
        self._site = site

    async def see(self, request: BaseRequest, look: Look) -> Response:
        """The form for the site's name, or the result."""
        mac = await self._asking.mac(request)
        if self._window.seconds_left is None or mac is None:
            return self._replies.redirect(request, "/", look)
        view = await self._result(look) if self._window.admits(mac) else views.TechnicianDoor()
        return self._replies.page(request, look, view, open=self._asking.passes(mac))

    async def copy(self, request: BaseRequest, look: Look) -> Response:
        """The result as the file that it is kept in."""
        if not self._window.admits(await self._asking.mac(request)):
            return self._replies.redirect(request, "/", look)
        loop = asyncio.get_running_loop()
        try:
            body = await loop.run_in_executor(None, self._test.result.read_bytes)
        except OSError:
            return self._replies.redirect(request, views.TECHNICIAN_PATH, look)
        return self._replies.body(
            body,
            Content_Type="application/json",
            Content_Disposition=f'attachment; filename="selftest-{self._site}.json"',
        )

    async def take(self, request: BaseRequest, look: Look) -> Response:
        """The site's name, or the wish for another test."""
        form = await form_of(request, _MOST_FORM_BYTES)
        device = await self._asking.confirmed(request)
        if self._window.seconds_left is None or device is None:
            return self._replies.redirect(request, "/", look)
        token = form.get("form", "").encode()
        if hmac.compare_digest(token, self._replies.pages.forms.encode()):
            view = await self._do(form, device.mac, look)
            if view is not None:
                open = self._asking.passes(device.mac)
                return self._replies.page(request, look, view, open=open)
        return self._replies.redirect(request, views.TECHNICIAN_PATH, look)

    async def _do(self, form: Mapping[str, str], mac: MacAddress, look: Look) -> View | None:
        """What was sent; the page that says why it was refused, if it was."""
        if self._window.admits(mac):
            if form.get("test") != "1" or self._test.seconds_running is not None:
                return None
            if not self._window.may_test():
                return replace(await self._result(look), too_often=True)
            self._test.start(*(["--speed"] if form.get("speed") == "1" else []))
            return None
        if not self._window.may_try(mac):
            return views.TechnicianDoor("too many")
        right = self._window.let_in(mac, form.get("site", ""))
        return None if right else views.TechnicianDoor("wrong")

    async def _result(self, look: Look) -> views.SelfTest:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(None, saved.read, self._test.result)
        told = result.told[look.language] if result else ()
        return views.SelfTest(
            code_of(self._site),
            tuple(
                views.Checked(each.good, each.looked, each.subject, each.found, each.advice)
                for each in told
            ),
            _time(result.made) if result else None,
            self._test.seconds_running,
            self._test.failed,
            -(-(self._window.seconds_left or 0) // 60),
        )


def _time(made: datetime) -> str:
    return f"{made:%H:%M} {made:%d/%m/%Y}"
