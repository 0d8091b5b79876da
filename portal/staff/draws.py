"""Prize draws of quizzes: who takes part, whom chance picks, and when their numbers go.

Names and telephone numbers are here because their owners asked for it, and nowhere else: the audit
trail says that somebody was drawn, not who.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from portal.hearing import DrawEntry
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash.content import Words
from splash.views import PRIZE_DAYS
from splash.workflow import Role

_DECIDES: Final[frozenset[Role]] = frozenset(("approver", "administrator"))


@dataclass(frozen=True, slots=True)
class Draw:
    quiz: str
    title: Words
    entries: list[DrawEntry]


def routes(site: StaffSite) -> list[Route]:
    async def show(visit: Visit) -> web.StreamResponse:
        return await page(visit, None)

    async def page(visit: Visit, drawn: DrawEntry | None) -> web.Response:
        draws = await site.do(_draws, site)
        return visit.page("draws.html", draws=draws, drawn=drawn)

    async def draw(visit: Visit) -> web.StreamResponse:
        """Pick one of those who take part, each as likely as any other."""
        quiz = visit.request.match_info["quiz"]
        entries = await site.do(site.hearing.draw_entries, quiz)
        if not entries:
            return visit.leads_to("/voices/draws", _NOBODY)
        drawn = secrets.choice(entries)
        note = f"{quiz}: 1 / {len(entries)}"
        await site.do(site.write_down, visit.account.name, "prize_drawn", note)
        return await page(visit, drawn)

    async def given(visit: Visit) -> web.StreamResponse:
        quiz = visit.request.match_info["quiz"]
        await site.do(site.hearing.prizes_given, quiz, site.wall())
        await site.do(site.write_down, visit.account.name, "prizes_given", quiz)
        return visit.leads_to("/voices/draws", _GIVEN)

    async def delete(visit: Visit) -> web.StreamResponse:
        id = int(visit.request.match_info["id"][:15])
        done = await site.do(site.hearing.delete_draw_entry, id)
        if done:
            await site.do(site.write_down, visit.account.name, "draw_entry_deleted", str(id))
        return visit.leads_to("/voices/draws", _DELETED if done else _NOBODY)

    return [
        Route("GET", "/voices/draws", show, _DECIDES),
        Route("POST", "/voices/draws/{quiz}/draw", draw, _DECIDES),
        Route("POST", "/voices/draws/{quiz}/given", given, _DECIDES),
        Route("POST", "/voices/draws/entries/{id:[0-9]+}/delete", delete, _DECIDES),
    ]


_NOBODY: Final = Said("Không có ai trong danh sách.", "Nobody is in the list.")
_DELETED: Final = Said("Đã xóa tên và số điện thoại đó.", "The name and number are deleted.")
_GIVEN: Final = Said(
    f"Đã ghi. Tên và số điện thoại sẽ tự xóa sau {PRIZE_DAYS} ngày.",
    f"Noted. Names and numbers are deleted after {PRIZE_DAYS} days.",
)


def _draws(site: StaffSite) -> list[Draw]:
    """Every quiz in whose draw somebody takes part."""
    found = []
    for one in site.content.items(kind="quiz"):
        id = one.newest.item.id
        if entries := site.hearing.draw_entries(id):
            found.append(Draw(id, one.title, entries))
    return found
