"""The page of one's own account: who one is here, and a new password."""

from aiohttp import web

from portal.staff.accounts import AccountProblem
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said


def routes(site: StaffSite) -> list[Route]:
    async def show(visit: Visit) -> web.StreamResponse:
        return visit.page("own.html", wrong=None)

    async def change(visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        new, account = form.get("new", ""), visit.account
        if new != form.get("again", ""):
            why = Said("Hai lần gõ mật khẩu mới không giống nhau.", "The new passwords differ.")
            return visit.page("own.html", 400, wrong=why)
        if await site.do(site.accounts.checked, account.name, form.get("old", "")) is None:
            why = Said("Mật khẩu hiện tại không đúng.", "The present password is wrong.")
            return visit.page("own.html", 403, wrong=why)
        assert visit.sign_in is not None
        try:
            await site.do(site.accounts.change_password, account.id, new, but=visit.sign_in.hash)
        except AccountProblem as problem:
            return visit.page("own.html", 400, wrong=problem.said)
        return visit.leads_to("/me", Said("Đã đổi mật khẩu.", "The password is changed."))

    return [
        Route("GET", "/me", show),
        Route("POST", "/me/password", change, most_bytes=4096),
    ]
