"""The form in which something is written: a new item, or the next revision of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web
from multidict import MultiDict

from portal.staff import forms, items
from portal.staff.converter import ConversionError, Converter
from portal.staff.preview import Phone
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Message, Said
from splash import content
from splash.content import ContentProblems, Problem
from splash.content_store import NoSuchItem, Refused, Revision, Summary
from splash.workflow import Action, Subject, refusal

MOST_BYTES: Final = 2 << 20

SAVED: Final = Said("Đã lưu bản nháp.", "The draft is saved.")
SENT: Final = Said("Đã lưu và gửi duyệt.", "Saved and sent to review.")
NOT_SENT: Final = Said(
    "Đã lưu bản nháp nhưng chưa gửi duyệt: còn những chỗ dưới đây.",
    "The draft is saved but not sent to review: see below.",
)
NOT_SAVED: Final = Said(
    "Chưa lưu được: hãy sửa những chỗ dưới đây. Chữ bạn gõ vẫn còn nguyên.",
    "Not saved: see below. What you typed is all here.",
)
MEANWHILE: Final = Said(
    "Trong lúc bạn viết, có người đã lưu một bản mới. Bấm Lưu lần nữa thì chữ của bạn thành bản"
    " mới nhất; bản kia vẫn còn trong lịch sử.",
    "Somebody saved a newer revision meanwhile. Save again to make yours the newest; the other one"
    " stays in the history.",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form shows."""

    kind: str
    mapping: dict[str, Any]
    sites: tuple[str, ...] = ()
    pinned: bool = False
    id: str = ""
    """Empty for a new item."""
    base: int = 0
    """The revision that was open."""
    rows: int = 0
    """Empty rows more than usual."""
    message: Message | None = None
    problems: Sequence[Problem] = ()


async def _page(visit: Visit, draft: Draft, status: int = 200) -> web.Response:
    site = visit.site
    summaries = await site.do(site.content.items)
    houses = {site.config.site.id: site.config.site.name}
    for summary in summaries:
        houses |= {each: each for each in summary.newest.item.sites if each not in houses}
    houses |= {each: each for each in (*visit.actor.sites, *draft.sites) if each not in houses}
    own = visit.actor.roles == {"house_owner"}
    return visit.page(
        "write.html",
        status,
        draft=draft,
        kinds=forms.KIND_WORDS,
        value=lambda name: forms.at(draft.mapping, name),
        problems=forms.beside(draft.problems),
        houses={id: name for id, name in houses.items() if not own or id in visit.actor.sites},
        only_own_houses=own,
        category_words=[
            (name, visit.say(words.vi, words.en)) for name, words in forms.CATEGORY_WORDS.items()
        ],
        articles_words=_named(visit, summaries, draft, ("article",)),
        others_words=_named(visit, summaries, draft, ("article", "quiz", "poll", "notice")),
    )


def _named(
    visit: Visit, summaries: Sequence[Summary], draft: Draft, kinds: Sequence[str]
) -> list[tuple[str, str]]:
    """Items of these kinds that another one can lead to: id and words."""
    return [
        (item.id, f"{visit.say(words.vi, words.en)}: {each.title.vi or item.id}")
        for each in summaries
        if (item := each.newest.item).kind in kinds and item.id != draft.id
        for words in (forms.KIND_WORDS[item.kind],)
    ]


def _may(visit: Visit, subject: Subject) -> None:
    """Raise if the form is not theirs; the store asks again when saving."""
    if refused := refusal("edit", visit.actor, subject):
        raise Refused(refused)


async def write(visit: Visit) -> web.StreamResponse:
    """An empty form."""
    kind = _kind_of(visit)
    sites = visit.actor.sites[:1] if visit.actor.roles == {"house_owner"} else ()
    _may(visit, Subject(kind, sites, "draft", visit.actor.name))
    mapping: dict[str, Any] = {}
    if kind == "article":
        mapping = {"source": {"name": visit.site.config.organisation.name}}
    return await _page(visit, Draft(kind, mapping, sites=sites))


async def edit(visit: Visit) -> web.StreamResponse:
    """The form with the newest revision in it."""
    revision = await items.found(visit)
    _may(visit, revision.subject)
    return await _page(visit, draft_of(revision))


def draft_of(revision: Revision) -> Draft:
    return Draft(
        revision.item.kind,
        content.to_json(revision.content),
        sites=revision.item.sites,
        pinned=revision.item.pinned,
        id=revision.item.id,
        base=revision.n,
    )


def _kind_of(visit: Visit) -> str:
    kind = visit.request.match_info["kind"]
    if kind not in forms.KIND_WORDS:
        raise web.HTTPNotFound
    return kind


async def _typed(kind: str, form: MultiDict[str], converter: Converter) -> dict[str, Any]:
    """The content that was typed, its HTML cleaned.

    Raises:
        ConversionError: the HTML is nothing that can be read.
    """
    mapping = forms.mapping_of(kind, form.items())
    places = list(forms.html_fields(mapping))
    cleaned = await converter.sanitise([forms.from_plain(where[key]) for where, key in places])
    for (where, key), text in zip(places, cleaned, strict=True):
        where[key] = text
    return mapping


def _sites(form: MultiDict[str]) -> tuple[str, ...]:
    typed = form.get("_more_houses", "").replace(",", " ").split()
    return tuple(dict.fromkeys([*form.getall("_houses", []), *typed]))[:100]


async def _saved(visit: Visit, converter: Converter, draft: Draft) -> web.StreamResponse:
    """Save what was sent, and send it to review if that was asked."""
    form = await visit.form()
    base = form.get("_base", "")
    draft = replace(
        draft,
        sites=_sites(form),
        pinned=form.get("_pinned") == "yes",
        base=int(base) if base.isdecimal() and len(base) < 7 else draft.base,
    )
    try:
        draft = replace(draft, mapping=await _typed(draft.kind, form, converter))
    except ConversionError as error:
        raw = forms.mapping_of(draft.kind, form.items())
        return await _page(visit, replace(draft, mapping=raw, message=error.said), 422)
    draft = replace(draft, problems=content.read(draft.kind, draft.mapping)[1])
    if form.get("_do") == "more":
        rows = form.get("_rows", "")
        more = int(rows) if rows.isdecimal() and len(rows) < 3 else 0
        return await _page(visit, replace(draft, rows=more + 1, problems=()))
    try:
        revision = await _keep(visit, draft)
    except ContentProblems as error:
        every = [*draft.problems, *(each for each in error.problems if each not in draft.problems)]
        return await _page(visit, replace(draft, problems=every, message=NOT_SAVED), 422)
    except Refused as error:
        newest = draft.base
        if draft.id:
            newest = (await items.found(visit)).n
        told = MEANWHILE if newest != draft.base else error.refusal
        return await _page(visit, replace(draft, base=newest, message=told), 409)
    return await _after_saving(visit, draft, revision, form.get("_do") == "submit")


async def _keep(visit: Visit, draft: Draft) -> Revision:
    site = visit.site
    made = content.draft(draft.kind, draft.mapping)
    actor, now, sites, pinned = visit.actor, site.wall(), draft.sites, draft.pinned
    if not draft.id:
        return await site.do(site.content.create, made, actor, now, sites=sites, pinned=pinned)
    return await site.do(
        site.content.save,
        *(draft.id, made, actor, now),
        base=draft.base,
        sites=sites,
        pinned=pinned,
    )


async def _after_saving(
    visit: Visit, draft: Draft, revision: Revision, submit: bool
) -> web.StreamResponse:
    # Tells the browser to forget what it kept of a text that had no name yet.
    saved = "" if draft.id else f"?saved={draft.kind}"
    here = f"/items/{revision.item.id}"
    if not submit:
        return visit.leads_to(f"{here}/edit{saved}", SAVED)
    if draft.problems:
        kept = replace(draft_of(revision), problems=draft.problems, message=NOT_SENT)
        return await _page(visit, kept, 422)
    step: Action = "submit"
    try:
        await visit.site.do(
            visit.site.content.act,
            *(step, revision.item.id, revision.n, visit.actor, visit.site.wall()),
        )
    except Refused as error:
        return visit.leads_to(f"{here}{saved}", error.refusal)
    return visit.leads_to(f"{here}{saved}", SENT)


def routes(site: StaffSite, converter: Converter, phone: Phone) -> list[Route]:
    async def create(visit: Visit) -> web.StreamResponse:
        return await _saved(visit, converter, Draft(_kind_of(visit), {}))

    async def save(visit: Visit) -> web.StreamResponse:
        revision = await items.found(visit)
        return await _saved(visit, converter, draft_of(revision))

    async def look(visit: Visit) -> web.StreamResponse:
        """Keep what is typed so that the frame can show it."""
        kind, form = _kind_of(visit), await visit.form()
        try:
            words, problems = content.read(kind, await _typed(kind, form, converter))
        except ConversionError as error:
            return web.json_response(
                {"problem": visit.say(error.said.vi, error.said.en)}, status=422
            )
        name = phone.keep(visit.account.name, words)
        language = "en" if form.get("_phone") == "en" else "vi"
        page = f"/preview/{name}?lang={language}"
        if "json" not in visit.request.headers.get("Accept", ""):
            return visit.leads_to(page)
        left = len(problems)
        told = visit.say(f"Còn {left} chỗ cần điền hoặc sửa.", f"{left} places left to fill in.")
        return web.json_response({"page": page, "problems": told if left else ""})

    def theirs(answer: Any) -> Any:
        """Where somebody may not write, say why."""

        async def asked(visit: Visit) -> web.StreamResponse:
            try:
                response: web.StreamResponse = await answer(visit)
            except Refused as error:
                return visit.page("refused.html", 403, why=error.refusal)
            except NoSuchItem:
                raise web.HTTPNotFound from None
            return response

        return asked

    return [
        Route("GET", "/write/{kind}", theirs(write)),
        Route("POST", "/write/{kind}", theirs(create), most_bytes=MOST_BYTES),
        Route("POST", "/write/{kind}/preview", look, most_bytes=MOST_BYTES),
        Route("GET", "/items/{id}/edit", theirs(edit)),
        Route("POST", "/items/{id}/edit", theirs(save), most_bytes=MOST_BYTES),
    ]
