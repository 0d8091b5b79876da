"""What is recorded about the device that asks: see, copy, delete, withdraw.

The kernel is asked anew who it is: what is shown here is one person's.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from portal import my_data
from portal.asking import Asking
from portal.desk import Desk
from portal.device_record import DeviceRecord
from portal.events import SessionWithdrawn
from portal.replies import Replies
from portal.requests import form_of
from portal.runner import Runner
from portal.session import Device
from splash import views
from splash.views import Look


class Records(Protocol):
    """What is written down about devices; the session log holds it."""

    async def record_of(self, device: Device) -> DeviceRecord: ...
    async def erase(self, device: Device) -> None: ...


class OwnData:
    """Answers for `/my-data`."""

    def __init__(
        self,
        replies: Replies,
        asking: Asking,
        runner: Runner,
        records: Records,
        desk: Desk,
        is_our_form: Callable[[Mapping[str, str]], bool],
    ) -> None:
        self._replies = replies
        self._asking = asking
        self._runner = runner
        self._records = records
        self._desk = desk
        self._is_our_form = is_our_form

    async def see(self, request: BaseRequest, look: Look) -> Response:
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        view = my_data.shown(await self._records.record_of(device), look.language)
        is_open = self._asking.passes(device.mac)
        return self._replies.page(request, look, view, open=is_open)

    async def copy(self, request: BaseRequest, look: Look) -> Response:
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        record = await self._records.record_of(device)
        return self._replies.body(
            my_data.as_csv(record),
            Content_Type="text/csv; charset=utf-8",
            Content_Disposition='attachment; filename="wifi-my-data.csv"',
        )

    async def delete(self, request: BaseRequest, look: Look) -> Response:
        return await self._erase(request, look, withdraw=False)

    async def withdraw(self, request: BaseRequest, look: Look) -> Response:
        return await self._erase(request, look, withdraw=True)

    async def _erase(self, request: BaseRequest, look: Look, *, withdraw: bool) -> Response:
        form = await form_of(request)
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        if not self._is_our_form(form):
            return self._replies.redirect(request, "/my-data", look)
        if withdraw:  # First, so that the turn is over and its row goes too.
            await self._runner.submit(SessionWithdrawn(device.mac, "person"))
        await self._records.erase(device)
        await self._desk.take_back_votes(device.mac)
        view = views.Erased(withdrawn=withdraw)
        return self._replies.redirect(request, views.path_of(view), look)
