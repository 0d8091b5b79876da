"""What is done with a revision on its way to the phones: review, approve, schedule, withdraw.

Who may is decided by `splash.workflow`, asked by the store; a page that is stale, or a request
made by hand, is refused there like any other.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from content_cache.manifest import BundleError
from portal.staff import forms, items
from portal.staff.forms import Times, WrongTimes
from portal.staff.releases import ELSEWHERE, shows_others
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Message, Said, when
from splash import publishing
from splash.content_store import BrokenContent, NoSuchItem, Refused, Revision
from splash.publishing import CannotPublish
from splash.workflow import Action

_LONGEST_NOTE: Final = 1000

NO_NOTE: Final = Said(
    "Hãy viết cần sửa gì, để người viết biết.", "Write what is to be changed, for its author."
)
CANNOT_BUILD: Final = Said(
    "Chưa đăng được vì hệ thống không ghi được tệp. Trang trên điện thoại vẫn như cũ. Hãy báo cho"
    " người quản lý kỹ thuật.",
    "Not published, because files could not be written. Phones see what they saw before. Tell the"
    " technician.",
)
UNKNOWN: Final = Said("Không rõ cần làm gì; hãy tải lại trang.", "Unknown; reload the page.")

DONE: Final[dict[str, Said]] = {
    "submit": Said("Đã gửi duyệt.", "Sent to review."),
    "return": Said("Đã trả lại cho người viết.", "Returned to its author."),
    "approve": Said("Đã duyệt. Chưa đăng.", "Approved. Not published yet."),
    "withdraw": Said(
        "Đã gỡ. Điện thoại không còn thấy nữa.", "Withdrawn. Phones do not see it any more."
    ),
}

_STEPS: Final[dict[str, Sequence[Action]]] = {
    "submit": ("submit",),
    "return": ("return",),
    "approve": ("approve",),
    "approve_publish": ("approve", "publish"),
    "publish": ("publish",),
    "withdraw": ("withdraw",),
}


async def act(visit: Visit) -> web.StreamResponse:
    """Do one thing with the revision that was on the page."""
    form = await visit.form()
    number = form.get("n", "")
    if not number.isdecimal() or len(number) > 6:
        raise web.HTTPNotFound
    revision = await items.found(visit, int(number))
    note = " ".join(form.get("note", "").split())[:_LONGEST_NOTE]
    typed = {name: form.get(name, "")[:40] for name in ("begins", "ends")} | {"note": note}
    steps = _STEPS.get(form.get("do", ""))
    try:
        if steps is None:
            return await items.page_of(visit, revision, wrong=[UNKNOWN], typed=typed)
        if {"publish", "withdraw"} & set(steps) and shows_others(visit.site):
            return await items.page_of(visit, revision, wrong=[ELSEWHERE], typed=typed)
        if steps == ("return",) and not note:
            return await items.page_of(visit, revision, wrong=[NO_NOTE], typed=typed)
        times = Times(None, None)
        if "publish" in steps:
            times = forms.times_of(typed["begins"], typed["ends"], visit.site.wall())
        for step in steps:
            await _do(visit, step, revision, note, times)
    except WrongTimes as error:
        wrong: Sequence[Message] = [error.said]
    except Refused as error:
        wrong = [error.refusal]
    except CannotPublish as error:
        wrong = error.problems
    except NoSuchItem:
        raise web.HTTPNotFound from None
    except (BundleError, BrokenContent, OSError):
        wrong = [CANNOT_BUILD]
    else:
        return visit.leads_to(
            f"/items/{revision.item.id}?n={revision.n}", _done(steps[-1], times, visit)
        )
    # Approving may have gone through where publishing did not.
    revision = await items.found(visit, revision.n)
    return await items.page_of(visit, revision, wrong=wrong, typed=typed)


async def _do(visit: Visit, step: Action, revision: Revision, note: str, times: Times) -> None:
    site = visit.site
    what = (step, revision.item.id, revision.n, visit.actor, site.wall())
    if step not in ("publish", "withdraw"):
        await site.do(site.content.act, *what, note=note)
        return
    await site.do(
        publishing.carry_out,
        *(site.press, *what),
        note=note,
        begins=times.begins,
        ends=times.ends,
    )


def _done(step: Action, times: Times, visit: Visit) -> Said:
    if step != "publish":
        return DONE[step]
    if times.begins is not None and times.begins > visit.site.wall():
        at = when(times.begins)
        return Said(f"Đã hẹn đăng lúc {at}.", f"Will be shown from {at}.")
    return Said("Đã đăng. Điện thoại thấy ngay.", "Published. Phones see it now.")


def routes(site: StaffSite) -> list[Route]:
    return [Route("POST", "/items/{id}/act", act)]
