"""The list of everything that is written, and the page of one item with its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from aiohttp import web

from portal.schedule import SITE_TIME
from portal.staff import forms, preview
from portal.staff.compare import differences
from portal.staff.preview import Phone
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash import content, workflow
from splash.content import Item
from splash.content_store import Live, NoSuchItem, Revision, Summary
from splash.workflow import Action, Actor, Refusal

ACTIONS: Final[Sequence[Action]] = ("edit", "submit", "return", "approve", "publish", "withdraw")


@dataclass(frozen=True, slots=True)
class Row:
    """An item in the list."""

    summary: Summary
    overdue: bool
    shown: Said | None
    """Whether phones see it now; None if it is not live."""


def may_see(actor: Actor, item: Item) -> bool:
    """Who only owns houses sees what he may write: the notices of his own."""
    if actor.roles != {"house_owner"}:
        return True
    return item.kind == "notice" and bool(item.sites) and set(item.sites) <= set(actor.sites)


def today(now: float) -> date:
    return datetime.fromtimestamp(now, SITE_TIME).date()


def shown(live: Live | None, now: float) -> Said | None:
    """Whether phones see it, in a few words."""
    if live is None:
        return None
    if live.ends is not None and live.ends <= now:
        return Said("đã hết hạn", "over")
    if live.begins is not None and live.begins > now:
        begins = datetime.fromtimestamp(live.begins, SITE_TIME)
        at = begins.strftime("%H:%M %d/%m/%Y")
        return Said(f"hẹn {at}", f"from {at}")
    return Said("đang hiện", "shown now")


def kinds_for(actor: Actor) -> list[str]:
    """The kinds of content that somebody may begin."""
    return [
        kind
        for kind in forms.KIND_WORDS
        if workflow.refusal(
            "edit", actor, workflow.Subject(kind, actor.sites[:1], "draft", actor.name)
        )
        is None
    ]


async def found(visit: Visit, n: int | None = None) -> Revision:
    """The revision `n`, or the newest, of the item that the address names.

    Raises:
        web.HTTPNotFound: there is none, or none for these eyes.
    """
    try:
        revision = await visit.site.do(
            visit.site.content.revision, visit.request.match_info["id"], n
        )
        newest = await visit.site.do(visit.site.content.revision, revision.item.id)
    except NoSuchItem:
        raise web.HTTPNotFound from None
    # The page shows the whole history: what went to another house is that house's.
    if not (may_see(visit.actor, revision.item) and may_see(visit.actor, newest.item)):
        raise web.HTTPNotFound
    return revision


def asked_number(visit: Visit, name: str) -> int | None:
    """A number of the address's query; None if it is not there."""
    text = visit.request.query.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise web.HTTPNotFound
    return int(text)


async def listed(visit: Visit) -> web.StreamResponse:
    query = visit.request.query
    kind = query.get("kind") if query.get("kind") in forms.KIND_WORDS else None
    state = query.get("state") if query.get("state") in (*forms.STATE_WORDS, "overdue") else None
    typed = query.get("q", "")[:80]
    now = visit.site.wall()
    rows = []
    for summary in await visit.site.do(visit.site.content.items, kind=kind):
        row = Row(summary, summary.overdue(today(now)), shown(summary.live, now))
        if (
            may_see(visit.actor, summary.newest.item)
            and _is_in(row, state)
            and forms.found_in(typed, f"{summary.title.vi} {summary.title.en}")
        ):
            rows.append(row)
    return visit.page(
        "items.html",
        rows=rows,
        kind=kind,
        state=state,
        typed=typed,
        kinds=forms.KIND_WORDS,
        states=forms.STATE_WORDS,
        writes=kinds_for(visit.actor),
    )


def _is_in(row: Row, state: str | None) -> bool:
    match state:
        case None:
            return True
        case "overdue":
            return row.overdue
        case "live":
            return row.summary.live is not None
        case _:
            return row.summary.newest.state == state


async def one(visit: Visit) -> web.StreamResponse:
    revision = await found(visit, asked_number(visit, "n"))
    return await page_of(visit, revision)


async def page_of(
    visit: Visit,
    revision: Revision,
    *,
    wrong: Sequence[Any] = (),
    typed: dict[str, str] | None = None,
) -> web.Response:
    """The item's page with this revision; `wrong` says why the last thing was not done."""
    site, item = visit.site, revision.item
    revisions = await site.do(site.content.revisions, item.id)
    live = next((each for each in await site.do(site.content.live) if _is(each, item)), None)
    newest = revisions[0]
    refusals: dict[Action, Refusal | None] = {
        action: workflow.refusal(
            action, visit.actor, newest.subject if action == "edit" else revision.subject
        )
        for action in ACTIONS
    }
    _, problems = content.read(item.kind, content.to_json(revision.content))
    return visit.page(
        "item.html",
        422 if wrong else 200,
        revision=revision,
        item=item,
        title=content.title_of(revision.content),
        kinds=forms.KIND_WORDS,
        states=forms.STATE_WORDS,
        trail_words=forms.TRAIL_WORDS,
        revisions=revisions,
        newest=newest,
        live=live,
        shown=shown(live, site.wall()),
        overdue=content.overdue(revision.content, today(site.wall())),
        may={action for action, refusal in refusals.items() if refusal is None},
        may_withdraw_live=live is not None
        and live.revision.n != revision.n
        and workflow.refusal("withdraw", visit.actor, live.revision.subject) is None,
        own_words=workflow.OWN_WORDS in refusals.values(),
        problems=problems,
        wrong=wrong,
        typed=typed or _times(live if live and live.revision.n == revision.n else None),
        trail=await site.do(site.content.audit, item=item.id),
    )


def _is(live: Live, item: Item) -> bool:
    return live.revision.item.id == item.id


def _times(live: Live | None) -> dict[str, str]:
    begins, ends = (live.begins, live.ends) if live else (None, None)
    return {"begins": forms.field_time(begins), "ends": forms.field_time(ends), "note": ""}


async def compared(visit: Visit) -> web.StreamResponse:
    after = await found(visit, asked_number(visit, "after"))
    before = await found(visit, asked_number(visit, "before") or max(1, after.n - 1))
    revisions = await visit.site.do(visit.site.content.revisions, after.item.id)
    return visit.page(
        "compare.html",
        item=after.item,
        title=content.title_of(after.content),
        before=before,
        after=after,
        revisions=revisions,
        differences=differences(before.content, after.content),
    )


def routes(site: StaffSite, phone: Phone) -> list[Route]:
    async def on_phone(visit: Visit) -> web.StreamResponse:
        revision = await found(visit, asked_number(visit, "n"))
        return preview.answer(phone, revision.content, visit.request.query.get("lang", "vi"))

    return [
        Route("GET", "/items", listed),
        Route("GET", "/items/{id}", one),
        Route("GET", "/items/{id}/compare", compared),
        Route("GET", "/items/{id}/phone", on_phone),
    ]
