"""Accounts of staff, for administrators: who there is, new ones, roles, lost telephones."""

from typing import Final

from aiohttp import web
from multidict import MultiDict

from portal.staff.accounts import Account, AccountProblem
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Message, Said
from splash.workflow import ROLES, Role

_ADMINISTRATORS: Final[frozenset[Role]] = frozenset(("administrator",))

GONE: Final = Said("Tài khoản này không còn nữa.", "This account is not there any more.")


def routes(site: StaffSite) -> list[Route]:
    pages = _People(site)
    return [
        Route("GET", "/people", pages.show, _ADMINISTRATORS),
        Route("POST", "/people", pages.add, _ADMINISTRATORS, most_bytes=8192),
        Route("GET", "/people/{id:[0-9]+}", pages.one, _ADMINISTRATORS),
        Route("POST", "/people/{id:[0-9]+}/roles", pages.roles, _ADMINISTRATORS),
        Route("POST", "/people/{id:[0-9]+}/password", pages.password, _ADMINISTRATORS),
        Route("POST", "/people/{id:[0-9]+}/code", pages.code, _ADMINISTRATORS),
        Route("POST", "/people/{id:[0-9]+}/remove", pages.remove, _ADMINISTRATORS),
    ]


class _People:
    def __init__(self, site: StaffSite) -> None:
        self._site = site

    async def show(self, visit: Visit) -> web.StreamResponse:
        return await self._list(visit)

    async def add(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        roles, sites = _roles(form), _sites(form)
        try:
            account = await self._site.do(
                self._site.accounts.add,
                *(form.get("name", ""), form.get("new", ""), roles, sites, self._site.wall()),
            )
        except AccountProblem as problem:
            return await self._list(visit, 400, problem.said, form.get("name", ""), roles, sites)
        await self._write_down(visit, "add_account", account)
        return visit.leads_to(
            "/people",
            Said(
                f"Đã tạo tài khoản “{account.name}”. Hãy đưa mật khẩu cho người dùng và nhắc họ"
                " đổi ngay.",
                f"The account “{account.name}” is made. Give the password to its owner, who should"
                " change it at once.",
            ),
        )

    async def one(self, visit: Visit) -> web.StreamResponse:
        account = await self._account(visit)
        if account is None:
            return visit.leads_to("/people", GONE)
        return self._one(visit, account)

    async def roles(self, visit: Visit) -> web.StreamResponse:
        account, form = await self._account(visit), await visit.form()
        if account is None:
            return visit.leads_to("/people", GONE)
        try:
            await self._site.do(
                self._site.accounts.change_roles, account.id, _roles(form), _sites(form)
            )
        except AccountProblem as problem:
            return self._one(visit, account, problem.said)
        changed = await self._account(visit)
        assert changed is not None
        await self._write_down(visit, "change_roles", changed)
        return visit.leads_to(
            f"/people/{account.id}",
            Said(
                "Đã đổi vai trò; người này phải đăng nhập lại.",
                "The roles are changed; the person has to sign in again.",
            ),
        )

    async def password(self, visit: Visit) -> web.StreamResponse:
        account, form = await self._account(visit), await visit.form()
        if account is None:
            return visit.leads_to("/people", GONE)
        try:
            await self._site.do(
                self._site.accounts.change_password, account.id, form.get("new", "")
            )
        except AccountProblem as problem:
            return self._one(visit, account, problem.said)
        await self._write_down(visit, "change_password", account)
        return visit.leads_to(
            f"/people/{account.id}",
            Said(
                "Đã đặt mật khẩu mới. Hãy đưa cho người dùng và nhắc họ đổi ngay.",
                "The new password is set. Give it to its owner, who should change it at once.",
            ),
        )

    async def code(self, visit: Visit) -> web.StreamResponse:
        account = await self._account(visit)
        if account is None:
            return visit.leads_to("/people", GONE)
        await self._site.do(self._site.accounts.forget_code, account.id)
        await self._write_down(visit, "forget_code", account)
        return visit.leads_to(
            f"/people/{account.id}",
            Said(
                "Lần đăng nhập tới, người này sẽ cài lại ứng dụng tạo mã.",
                "At the next sign-in the code app is set up anew.",
            ),
        )

    async def remove(self, visit: Visit) -> web.StreamResponse:
        account = await self._account(visit)
        if account is None:
            return visit.leads_to("/people", GONE)
        try:
            await self._site.do(self._site.accounts.remove, account.id)
        except AccountProblem as problem:
            return self._one(visit, account, problem.said)
        await self._write_down(visit, "remove_account", account)
        told = Said(f"Đã xóa tài khoản “{account.name}”.", f"“{account.name}” is removed.")
        return visit.leads_to("/people", told)

    async def _account(self, visit: Visit) -> Account | None:
        id = int(visit.request.match_info["id"][:15])
        return await self._site.do(self._site.accounts.get, id)

    async def _list(
        self,
        visit: Visit,
        status: int = 200,
        wrong: Message | None = None,
        name: str = "",
        roles: frozenset[Role] = frozenset(("author",)),
        sites: tuple[str, ...] = (),
    ) -> web.Response:
        """Everybody, and the form for a new one with what was typed."""
        return visit.page(
            "people.html",
            status,
            people=await self._site.do(self._site.accounts.all),
            wrong=wrong,
            name=name,
            roles=roles,
            sites=" ".join(sites),
            own_site=self._site.config.site.id,
        )

    def _one(self, visit: Visit, account: Account, wrong: Message | None = None) -> web.Response:
        return visit.page(
            "person.html",
            400 if wrong else 200,
            person=account,
            wrong=wrong,
            own_site=self._site.config.site.id,
        )

    async def _write_down(self, visit: Visit, action: str, account: Account) -> None:
        roles = " ".join(role for role in ROLES if role in account.roles)
        note = " ".join([f"{account.name} ({roles})", *account.sites])
        await self._site.do(self._site.write_down, visit.account.name, action, note)


def _roles(form: MultiDict[str]) -> frozenset[Role]:
    return frozenset(role for role in ROLES if role in form.getall("role", []))


def _sites(form: MultiDict[str]) -> tuple[str, ...]:
    return tuple(form.get("sites", "").replace(",", " ").split())[:50]
