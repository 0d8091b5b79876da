"""Who is online now, and who may not be. For administrators, by pseudonyms alone."""

import asyncio
import logging
from typing import Any, Final

from aiohttp import web

from portal.control import NotRunning, Refused
from portal.staff.records import Records, Unreadable
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash.workflow import Role

_ADMINISTRATORS: Final[frozenset[Role]] = frozenset(("administrator",))
_MOST_REASON: Final = 200
_IMITATED_SECONDS: Final = 7 * 86400
"""How far back imitations are told of."""

_DONE: Final = {
    "revoke": Said("Đã kết thúc lượt của thiết bị.", "The device's session has ended."),
    "block": Said("Đã chặn thiết bị.", "The device is blocked."),
    "unblock": Said("Đã bỏ chặn thiết bị.", "The device is not blocked any more."),
}
_FAILED: Final = {
    "revoke": Said("Lượt của thiết bị này đã hết rồi.", "The device has no session any more."),
    "block": Said(
        "Thiết bị không còn trong mạng nên không chặn được.",
        "The device is not online any more, so it was not blocked.",
    ),
    "unblock": Said("Thiết bị này không bị chặn.", "The device is not blocked."),
}
_SILENT: Final = Said(
    "Máy Wi-Fi không thực hiện được. Hãy thử lại sau.",
    "The gateway could not do it. Try again later.",
)

log = logging.getLogger("portal.staff")


def routes(site: StaffSite) -> list[Route]:
    records = Records(site.config.storage.data_dir / "sessions.db")

    async def show(visit: Visit) -> web.StreamResponse:
        try:
            answer = await asyncio.to_thread(site.ask, {"command": "sessions"})
            online: list[dict[str, Any]] | None = answer["sessions"]
        except (NotRunning, Refused, OSError):
            online = None
        try:
            blocked = await site.do(records.blocked)
            imitated = await site.do(records.imitated, site.wall() - _IMITATED_SECONDS)
        except Unreadable as error:
            log.warning("the session log cannot be read: %s", error)
            blocked, imitated = [], []
        return visit.page("devices.html", online=online, blocked=blocked, imitated=imitated)

    async def tell(visit: Visit) -> web.StreamResponse:
        command = visit.request.match_info["command"]
        form = await visit.form()
        question = {"command": command, "pseudonym": form.get("device", "")[:64]}
        reason = form.get("reason", "").strip()[:_MOST_REASON]
        if command == "block":
            question["reason"] = reason
        try:
            await asyncio.to_thread(site.ask, question)
        except Refused as error:
            told = _SILENT if error.by_firewall else _FAILED[command]
            return visit.leads_to("/devices", told)
        except (NotRunning, OSError):
            return visit.leads_to("/devices", _SILENT)
        # Without the device's name: the trail is kept for ever, names are not.
        await site.do(site.write_down, visit.account.name, f"device_{command}", reason)
        return visit.leads_to("/devices", _DONE[command])

    return [
        Route("GET", "/devices", show, _ADMINISTRATORS),
        Route("POST", "/devices/{command:revoke|block|unblock}", tell, _ADMINISTRATORS),
    ]
