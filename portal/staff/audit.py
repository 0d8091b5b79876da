"""The audit trail: who did what and when. It only ever grows."""

from typing import Final

from aiohttp import web

from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash.workflow import Role

_DECIDES: Final[frozenset[Role]] = frozenset(("approver", "administrator"))
_PAGE: Final = 100
"""Lines."""

ACTIONS: Final = {
    "edit": Said("lưu bản", "saved revision"),
    "submit": Said("gửi duyệt bản", "sent to review"),
    "return": Said("trả lại bản", "returned"),
    "approve": Said("duyệt bản", "approved"),
    "publish": Said("đăng bản", "published"),
    "withdraw": Said("gỡ bản", "withdrew"),
    "release": Said("đưa lên lần đăng số", "made release"),
    "left_out": Said("bỏ bớt bài cũ cho vừa dung lượng, lần đăng số", "left out to fit release"),
    "roll_back": Said("quay về lần đăng số", "rolled back to release"),
    "add_account": Said("tạo tài khoản", "made an account"),
    "change_roles": Said("đổi vai trò", "changed roles"),
    "change_password": Said("đặt mật khẩu mới", "set a password"),
    "forget_code": Said("cho cài lại ứng dụng mã", "let the code app be set up again"),
    "remove_account": Said("xóa tài khoản", "removed an account"),
    "fault_done": Said("xử lý xong báo hỏng", "dealt with a fault"),
    "answer": Said("trả lời câu hỏi", "answered a question"),
    "answer_shown": Said("đăng câu trả lời", "showed an answer"),
    "question_aside": Said("để riêng câu hỏi", "put a question aside"),
    "question_deleted": Said("xóa câu hỏi", "deleted a question"),
    "prize_drawn": Said("rút thăm trúng thưởng", "drew a prize"),
    "prizes_given": Said("ghi là đã trao thưởng", "noted that prizes are given"),
    "draw_entry_deleted": Said("xóa một người khỏi quay thưởng", "deleted an entry of a draw"),
    "device_revoke": Said("kết thúc lượt của một thiết bị", "ended a device's session"),
    "device_block": Said("chặn một thiết bị", "blocked a device"),
    "report_made": Said("lập báo cáo", "had a report made"),
    "entry_added": Said("nhập cho báo cáo", "entered for reports"),
    "entry_changed": Said("sửa mục đã nhập cho báo cáo", "corrected for reports"),
    "entry_withdrawn": Said("rút mục đã nhập cho báo cáo", "withdrew from reports"),
    "report_deleted": Said("xóa báo cáo đã lập", "deleted a report"),
    "device_unblock": Said("bỏ chặn một thiết bị", "unblocked a device"),
}


def routes(site: StaffSite) -> list[Route]:
    async def show(visit: Visit) -> web.StreamResponse:
        query = visit.request.query
        page = query.get("page", "1")
        number = max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
        who, item = query.get("who", "")[:100], query.get("item", "")[:100]
        entries = await site.do(
            site.content.audit,
            who=who or None,
            item=item or None,
            most=_PAGE + 1,
            skip=_PAGE * (number - 1),
        )
        return visit.page(
            "audit.html",
            entries=entries[:_PAGE],
            more=len(entries) > _PAGE,
            number=number,
            who=who,
            item=item,
            actions=ACTIONS,
        )

    return [Route("GET", "/audit", show, _DECIDES)]
