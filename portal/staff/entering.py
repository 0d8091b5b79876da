"""Costs, sites and proposed houses for reports: entered, corrected, withdrawn; nothing is lost.

What technicians wrote into `reports.toml` is shown beside them. A site of that file may be
corrected here; its costs and houses only there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from content_cache import toml_file
from content_cache.toml_file import FileProblems
from portal.staff import entry_form
from portal.staff.entry_form import FIELDS, Field
from portal.staff.reporting import ENTERED, STAFF
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Message, Said
from reports import record_file
from reports.entries import Entries, Entry, Full, as_tables
from reports.facts import ReportError
from reports.record import Kind, Tables

KINDS: Final[Mapping[str, Kind]] = {"costs": "cost", "sites": "site", "proposals": "proposal"}
_PATHS: Final[Mapping[Kind, str]] = {kind: f"/reports/{name}" for name, kind in KINDS.items()}

GONE: Final = Said("Mục này không còn nữa.", "This is not there any more.")
FULL: Final = Said(
    "Đã nhập quá nhiều mục; hãy báo kỹ thuật viên.", "Too much was entered; tell a technician."
)
TWICE: Final = Said(
    "Mã địa điểm này đã nhập rồi; hãy sửa mục đó.", "This site is entered already; correct it."
)
OTHER_ID: Final = Said(
    "Không đổi được mã địa điểm; hãy rút mục này rồi nhập mục mới.",
    "The id of a site does not change; withdraw it and enter another.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is entered. `thing` is None of what only stands in the file."""

    thing: int | None
    table: Mapping[str, Any]
    history: Sequence[Entry] = ()


def routes(site: StaffSite) -> list[Route]:
    pages = _Entering(site)
    return [
        Route("GET", "/reports/{name:costs|sites|proposals}", pages.show, STAFF),
        Route("POST", "/reports/{name:costs|sites|proposals}", pages.add, STAFF),
        Route("POST", "/reports/{name:costs|sites|proposals}/{id:[0-9]+}", pages.change, STAFF),
    ]


class _Entering:
    def __init__(self, site: StaffSite) -> None:
        self._site = site
        self._path = site.config.storage.data_dir / ENTERED

    async def show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def add(self, visit: Visit) -> web.StreamResponse:
        return await self._keep(visit, None)

    async def change(self, visit: Visit) -> web.StreamResponse:
        thing = int(visit.request.match_info["id"][:15])
        do = (await visit.form()).get("do", "")
        if do not in ("withdraw", "restore"):
            return await self._keep(visit, thing)
        kind = _kind(visit)
        done = await self._site.do(self._turn, visit, kind, thing, do)
        if done is None:
            return visit.leads_to(_PATHS[kind], GONE)
        if done:
            return await self._page(visit, 422, problems=done)
        told = (
            Said("Đã rút; báo cáo không tính nữa. Có thể lấy lại ở cuối trang.",
                 "Withdrawn: reports leave it out. It can be taken back below.")
            if do == "withdraw"
            else Said("Đã lấy lại.", "It is back.")
        )  # fmt: skip
        return visit.leads_to(_PATHS[kind], told)

    async def _keep(self, visit: Visit, thing: int | None) -> web.StreamResponse:
        kind, form = _kind(visit), await visit.form()
        table, problems = entry_form.read(kind, form)
        wrong: list[Message] = list(problems)
        if not wrong:
            try:
                kept = await self._site.do(self._write, visit, kind, thing, table)
            except Full:
                kept = [FULL]
            if kept is None:
                return visit.leads_to(_PATHS[kind], GONE)
            wrong = kept
        if wrong:
            return await self._page(visit, 422, wrong, thing, dict(form))
        return visit.leads_to(_PATHS[kind], Said("Đã lưu.", "Kept."))

    # In the stores' thread

    def _turn(self, visit: Visit, kind: Kind, thing: int, do: str) -> list[Message] | None:
        """Withdraw a thing, or take it back as it was; None if there is none."""
        with self._open() as entries:
            found = _named(entries.newest(), kind, thing)
            if found is None or (found.table is None) == (do == "withdraw"):
                return None
            if do == "withdraw":
                before, table = found.table, None
            else:
                kept = [entry for entry in entries.history(thing) if entry.table is not None]
                before = table = kept[0].table
                if wrong := self._contradicted(entries, kind, thing, dict(table or {})):
                    return wrong
            entries.change(thing, table, visit.account.name, self._site.wall())
        action = "entry_withdrawn" if do == "withdraw" else "entry_changed"
        self._site.write_down(visit.account.name, action, _told(kind, before or {}))
        return []

    def _write(
        self, visit: Visit, kind: Kind, thing: int | None, table: dict[str, Any]
    ) -> list[Message] | None:
        """What is wrong beside what is entered; None if the thing is gone."""
        who, now = visit.account.name, self._site.wall()
        with self._open() as entries:
            newest = entries.newest()
            before = None if thing is None else _named(newest, kind, thing)
            if thing is not None and (before is None or before.table is None):
                return None
            if kind == "site":
                if before and before.table and before.table["id"] != table["id"]:
                    return [OTHER_ID]
                same = [e for e in newest if e.kind == "site" and e.table and e.thing != thing]
                if any(e.table and e.table["id"] == table["id"] for e in same):
                    return [TWICE]
            if wrong := self._contradicted(entries, kind, thing, table):
                return wrong
            if thing is None:
                entries.add(kind, table, who, now)
            else:
                entries.change(thing, table, who, now)
        action = "entry_added" if thing is None else "entry_changed"
        self._site.write_down(who, action, _told(kind, table))
        return []

    def _contradicted(
        self, entries: Entries, kind: Kind, thing: int | None, table: dict[str, Any]
    ) -> list[Message]:
        """What would be wrong with it and was not without it."""
        others = [e for e in entries.newest() if e.table is not None and e.thing != thing]
        without, tables = as_tables(others), as_tables(others)
        tables.setdefault(kind, []).append(table)
        known = set(self._problems(without))
        return [one for one in self._problems(tables) if one not in known]

    def _problems(self, tables: Tables) -> Sequence[Message]:
        try:
            record_file.load(self._site.record, tables)
        except ReportError as error:
            return error.said
        return ()

    def _lists(self, kind: Kind) -> tuple[list[Line], list[Line], list[Line], list[str]]:
        """What is entered here, what only the file has, what was withdrawn, and sites' ids."""
        try:
            there = self._site.record.exists()
            file = toml_file.read(self._site.record, FileProblems) if there else {}
        except FileProblems:  # The reports' page says so.
            file = {}
        with self._open() as entries:
            newest = [e for e in entries.newest() if e.kind == kind]
            sites = [e.table["id"] for e in entries.newest() if e.kind == "site" and e.table]
            lines = [Line(e.thing, e.table or {}, entries.history(e.thing)) for e in newest]
        tables = _tables(file, kind)
        if kind == "site":
            tables = [one for one in tables if one.get("id") not in sites]
        known = [one["id"] for one in _tables(file, "site") if "id" in one]
        current = [line for line in lines if line.table]
        gone = [
            Line(line.thing, next(e.table for e in line.history if e.table), line.history)
            for line in lines
            if not line.table
        ]
        ids = dict.fromkeys(map(str, [self._site.config.site.id, *known, *sites]))
        return current, [Line(None, one) for one in tables], gone, list(ids)

    def _first(self, kind: Kind, current: Sequence[Line]) -> dict[str, str]:
        """What the form of a first site is filled with: this one, as it is configured."""
        if kind != "site" or current:
            return {}
        site = self._site.config.site
        table = {field.name: getattr(site, field.name, None) for field in FIELDS[kind]}
        return entry_form.typed(kind, {name: value for name, value in table.items() if value})

    def _open(self) -> "_Opened":
        return _Opened(self._path)

    async def _page(
        self,
        visit: Visit,
        status: int = 200,
        problems: Sequence[Message] = (),
        thing: int | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> web.Response:
        kind = _kind(visit)
        current, in_file, gone, ids = await self._site.do(self._lists, kind)
        return visit.page(
            "entering.html",
            status,
            kind=kind,
            path=_PATHS[kind],
            fields=FIELDS[kind],
            lines=current,
            in_file=in_file,
            gone=gone,
            ids=ids,
            problems=problems,
            thing=thing,
            typed=self._first(kind, current) if typed is None else typed,
            typed_of=lambda table: entry_form.typed(kind, table),
            shown=_shown,
        )


class _Opened:
    """The file, as long as it is wanted: it is made when it is first."""

    def __init__(self, path: Any) -> None:
        self._entries = Entries(path)

    def __enter__(self) -> Entries:
        return self._entries

    def __exit__(self, *_: object) -> None:
        self._entries.close()


def _tables(file: Mapping[str, Any], kind: Kind) -> list[dict[str, Any]]:
    """What the file has of a kind; nothing of what cannot be any, of which reports tell."""
    found = file.get(kind, [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _kind(visit: Visit) -> Kind:
    return KINDS[visit.request.match_info["name"]]


def _named(entries: Sequence[Entry], kind: Kind, thing: int) -> Entry | None:
    return next((e for e in entries if e.thing == thing and e.kind == kind), None)


def _shown(field: Field, table: Mapping[str, Any]) -> Said:
    return entry_form.shown(field, table.get(field.name))


def _told(kind: Kind, table: Mapping[str, Any]) -> str:
    """A line for the audit trail: what stands there."""
    parts = [_shown(field, table).vi for field in FIELDS[kind] if field.name != "key"]
    return "; ".join(part for part in parts if part != "–")[:300]
