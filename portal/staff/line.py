"""When the line to the Internet was down."""

from typing import Final

from aiohttp import web

from portal.staff.dashboard import DAYS
from portal.staff.records import Records, Unreadable
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said

FAULTS: Final = {
    "no route": Said("Máy Wi-Fi chưa có đường ra mạng", "The gateway has no route"),
    "gateway silent": Said("Cục mạng của nhà mạng không trả lời", "The provider's box is silent"),
    "no names": Said("Nhà mạng không phân giải được tên trang", "No name is resolved"),
    "no answer": Said("Không trang nào trên mạng trả lời", "No host answers"),
}


def routes(site: StaffSite) -> list[Route]:
    records = Records(site.config.storage.data_dir / "sessions.db")

    async def show(visit: Visit) -> web.StreamResponse:
        now = site.wall()
        try:
            found = await site.do(records.outages, now - DAYS * 86400)
        except Unreadable:
            why = Said("Không đọc được nhật ký.", "The log cannot be read.")
            return visit.page("refused.html", 503, why=why)
        return visit.page("line.html", outages=found[::-1], now=now, faults=FAULTS, days=DAYS)

    return [Route("GET", "/line", show)]
