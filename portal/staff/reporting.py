"""Reports on a period: the form, how far one is, its figures, and its files.

What is asked for is `report_form`'s, and having it made `report_jobs`'.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.multipart import BodyPartReader
from multidict import MultiDict

from portal.schedule import SITE_TIME
from portal.staff import report_form
from portal.staff.report_form import Asked
from portal.staff.report_jobs import FORMATS, STEPS, Busy, Job, Jobs, missing
from portal.staff.site import NO_FORM, Route, StaffSite, Visit
from portal.staff.words import Message, Said
from reports import record_file
from reports.entries import as_tables, current
from reports.facts import ReportError
from reports.record import Record
from splash.workflow import Role

STAFF: Final[frozenset[Role]] = frozenset(("author", "approver", "administrator"))

ENTERED: Final = "entered.db"
MOST_BYTES: Final = 32 << 20
"""Of all files together: 79 houses send some 20 MB in a year."""
_MOST_FILES: Final = 1200
_MOST_FIELD: Final = 200
_MOST_SENDING: Final = 3
"""Forms that come in at a time: what they send lies on the gateway's own disk meanwhile."""
_MOST_NAME: Final = 80
_TYPES: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}

BUSY: Final = Said(
    "Đang lập một báo cáo khác. Đợi báo cáo đó xong (thường dưới một phút) rồi lập lại.",
    "Another report is being made. Wait until it is done, mostly less than a minute.",
)
NOTHING: Final = Said(
    "Máy này không ghi lượt truy cập nào, nên cần gửi lên ít nhất một tệp xuất.",
    "This machine records no sessions: send one exported file at least.",
)
TOO_MANY: Final = Said(
    f"Nhiều nhất {_MOST_FILES} tệp một lần.", f"At most {_MOST_FILES} files at a time."
)


@dataclass(frozen=True, slots=True)
class _Posted:
    fields: MultiDict[str]
    sent: list[tuple[str, str]]
    """Its name in the folder, and what its sender called it."""


def routes(site: StaffSite) -> list[Route]:
    pages = _Reporting(site)
    return [
        Route("GET", "/reports", pages.ask, STAFF),
        Route("POST", "/reports", pages.start, STAFF, most_bytes=MOST_BYTES),
        Route("GET", "/reports/{id:[0-9a-f]+}", pages.show, STAFF),
        Route("GET", "/reports/{id:[0-9a-f]+}/now", pages.now, STAFF, unattended=True),
        Route("GET", "/reports/{id:[0-9a-f]+}/{name:[a-z0-9.-]+}", pages.file, STAFF),
        Route("POST", "/reports/{id:[0-9a-f]+}/delete", pages.delete, STAFF),
    ]


class _Reporting:
    def __init__(self, site: StaffSite) -> None:
        self._site = site
        self._jobs = Jobs(site.config.storage.data_dir / "reports")
        self._sending = 0

    async def ask(self, visit: Visit) -> web.StreamResponse:
        await self._site.do(self._jobs.forget, self._site.wall())
        return await self._page(visit)

    async def _page(
        self,
        visit: Visit,
        status: int = 200,
        fields: MultiDict[str] | None = None,
        problems: list[Message] | None = None,
    ) -> web.Response:
        today = datetime.fromtimestamp(self._site.wall(), SITE_TIME).date()
        known, unreadable = await self._site.do(_known, self._site)
        return visit.page(
            "reports.html",
            status,
            lacking=missing(),
            choices=report_form.choices(today),
            known=known,
            typed=fields if fields is not None else MultiDict(),
            problems=[*unreadable, *(problems or [])],
            jobs=await self._site.do(self._jobs.all),
            records=_has_records(self._site),
        )

    async def start(self, visit: Visit) -> web.StreamResponse:
        if visit.request.content_type != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType
        if missing():
            return await self._page(visit, 409)
        if self._sending >= _MOST_SENDING:
            return await self._page(visit, 409, problems=[BUSY])
        id, folder = await self._site.do(self._jobs.prepare)
        try:
            posted = await self._sent(visit.request, folder / "sent")
            asked, wrong = report_form.read(posted.fields, posted.fields.getall("site", []))
            problems: list[Message] = list(wrong)
            if not posted.sent and not _has_records(self._site):
                problems.append(NOTHING)
            if len(posted.sent) > _MOST_FILES:
                problems.append(TOO_MANY)
            if problems or asked is None:
                await self._site.do(self._jobs.drop, id)
                return await self._page(visit, 422, posted.fields, problems)
            task = _task(self._site, visit.account.name, asked, posted.sent)
            await self._site.do(self._jobs.start, id, task)
        except Busy:
            return await self._page(visit, 409, posted.fields, [BUSY])
        except BaseException:
            self._jobs.drop(id)
            raise
        period = f"{asked.period.first} – {asked.period.last}"
        note = ", ".join([period, *asked.sites, f"{len(posted.sent)} tệp"])
        await self._site.do(self._site.write_down, visit.account.name, "report_made", note[:300])
        return visit.leads_to(f"/reports/{id}")

    async def _sent(self, request: web.Request, folder: Path) -> _Posted:
        self._sending += 1
        try:
            return await _posted(request, folder)
        finally:
            self._sending -= 1

    async def show(self, visit: Visit) -> web.StreamResponse:
        job = await self._job(visit)
        return await self._shown(visit, job)

    async def now(self, visit: Visit) -> web.StreamResponse:
        job = await self._job(visit)
        if not visit.part:
            return visit.leads_to(f"/reports/{job.id}")
        return await self._shown(visit, job)

    async def _shown(self, visit: Visit, job: Job) -> web.Response:
        preview = await self._site.do(job.preview) if job.done else None
        files = [
            (form, path.name, path.stat().st_size)
            for form in FORMATS
            if (path := job.file(f"bao-cao.{form}")) is not None
        ]
        return visit.page("report.html", job=job, preview=preview, files=files, steps=len(STEPS))

    async def file(self, visit: Visit) -> web.StreamResponse:
        job = await self._job(visit)
        path = job.file(visit.request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        first, last = job.task["period"]
        form = path.suffix[1:]
        response = web.FileResponse(path)
        response.headers["Content-Type"] = _TYPES[form]
        response.headers["Content-Disposition"] = (
            f'attachment; filename="bao-cao-{first}-{last}.{form}"'
        )
        return response

    async def delete(self, visit: Visit) -> web.StreamResponse:
        job = await self._job(visit)
        if job.running:
            return visit.leads_to(f"/reports/{job.id}")
        await self._site.do(self._jobs.drop, job.id)
        note = " – ".join(job.task["period"])
        await self._site.do(self._site.write_down, visit.account.name, "report_deleted", note)
        told = Said("Đã xóa báo cáo; số liệu vẫn còn.", "The report is deleted; its data are not.")
        return visit.leads_to("/reports", told)

    async def _job(self, visit: Visit) -> Job:
        job = await self._site.do(self._jobs.get, visit.request.match_info["id"][:64])
        if job is None:
            raise web.HTTPNotFound
        return job


def _has_records(site: StaffSite) -> bool:
    return (site.config.storage.data_dir / "sessions.db").exists()


def _known(site: StaffSite) -> tuple[list[tuple[str, str]], list[Message]]:
    """Sites to choose among, by id and name; and why those that staff entered cannot be read."""
    own = {site.config.site.id: site.config.site.name} if _has_records(site) else {}
    try:
        there = as_tables(current(site.config.storage.data_dir / ENTERED))
        entered: Record = record_file.load(site.record, there)
    except (ReportError, OSError) as error:
        said = error.said if isinstance(error, ReportError) else [Said(str(error), str(error))]
        return list(own.items()), list(said)
    return list(({one.id: one.name for one in entered.sites} | own).items()), []


def _task(
    site: StaffSite, who: str, asked: Asked, sent: list[tuple[str, str]]
) -> Mapping[str, Any]:
    """What `portal.report_process` is told."""
    config = site.config
    place = {
        name: getattr(config.site, name)
        for name in ("id", "name", "former_names", "rooms", "residents")
    }
    own = {
        "data_dir": str(config.storage.data_dir),
        "place": place,
        "keep_days": config.privacy.keep_days,
        "content_store": str(config.content_store),
    }
    return {
        "at": site.wall(),
        "by": who,
        "period": [str(day) for day in asdict(asked.period).values()],
        "before": asked.before and [str(day) for day in asdict(asked.before).values()],
        "sites": list(asked.sites),
        "sent": sent,
        "own": own if _has_records(site) else None,
        "record": str(site.record),
        "entered": str(config.storage.data_dir / ENTERED),
        "organisation": config.organisation.name,
        "unit": config.organisation.unit,
    }


async def _posted(request: web.Request, folder: Path) -> _Posted:
    """The form; its files are written into `folder`, under numbers.

    Raises:
        web.HTTPRequestEntityTooLarge, web.HTTPBadRequest: it is too large, or none.
    """
    try:
        return await _parts(request, folder)
    except NO_FORM:
        raise web.HTTPBadRequest from None


async def _parts(request: web.Request, folder: Path) -> _Posted:
    fields: MultiDict[str] = MultiDict()
    sent: list[tuple[str, str]] = []
    size = parts = 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        parts += 1
        if not isinstance(part, BodyPartReader) or part.name is None or parts > 2 * _MOST_FILES:
            raise web.HTTPBadRequest
        if part.name != "file":
            value = bytearray()
            while chunk := await part.read_chunk():
                value += chunk
                if len(value) > _MOST_FIELD:
                    raise web.HTTPBadRequest
            fields.add(part.name, value.decode())
            continue
        name = f"{len(sent):04}.json"
        called = _called(part.filename or "")
        written = 0
        with (folder / name).open("wb") as file:
            while chunk := await part.read_chunk(1 << 16):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MOST_BYTES, size)
                written += file.write(chunk)
        if written and len(sent) <= _MOST_FILES:  # A field without a file is sent as an empty one.
            sent.append((name, called or name))
    return _Posted(fields, sent)


def _called(name: str) -> str:
    """A name to say again: what its sender calls the file."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:_MOST_NAME]
