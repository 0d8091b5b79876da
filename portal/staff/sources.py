"""Websites that are copied: how the last run went, and a form to try another one.

`mirror.toml` is the administrator's file: what was tried is shown as what to put into it.
"""

import asyncio
import json
import secrets
import sqlite3
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from aiohttp import web

from portal import __version__
from portal.house import house_of
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash.workflow import Role

WRITERS: Final[frozenset[Role]] = frozenset(("author", "approver", "administrator"))
SECONDS: Final = 120.0
"""A site that asks for ten seconds between requests takes a minute for three articles."""
_MOST_KEPT: Final = 24
_ROOT: Final = Path(__file__).parents[2]

RULES: Final = ("link", "next", "title", "date", "body", "drop")
"""The fields of the form that are selectors."""
TEXTS: Final = ("title", "kind", "url", "permission", "category")
"""Those that are what they are in `mirror.toml`."""

DIED: Final = Said(
    "Trang này làm máy đọc quá lâu hoặc bị lỗi. Hãy thử lại, hoặc nhờ kỹ thuật viên.",
    "Reading this site took too long or failed. Try again, or ask a technician.",
)
BUSY: Final = Said(
    "Có người đang thử một trang khác. Đợi một phút rồi thử lại.",
    "Somebody is trying another site. Wait a minute and try again.",
)

Try: TypeAlias = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Does a task of `portal.mirror_trial`."""


@dataclass(frozen=True, slots=True)
class Last:
    """What the last run over a source found."""

    name: str
    title: str
    at: float
    counts: Mapping[str, int]
    told: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Title or address, address, and what to look at."""


def last_runs(path: Path) -> list[Last]:
    """The last report of every source, the newest first; none if nothing was copied yet."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        rows = database.execute("SELECT source, at, report FROM report ORDER BY at DESC").fetchall()
    return [_last(name, at, json.loads(report)) for name, at, report in rows]


def _last(name: str, at: float, report: dict[str, Any]) -> Last:
    lines = report["lines"]
    states = ("new", "changed", "unchanged", "failed")
    told = tuple(
        (line["title"] or line["address"], line["address"], tuple(n["vi"] for n in line["notes"]))
        for line in sorted(lines, key=lambda line: line["state"] != "failed")
        if line["notes"] and line["state"] != "duplicate"
    )
    counts = {state: sum(line["state"] == state for line in lines) for state in states}
    return Last(name, report["title"], at, counts, told)


def table_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The table of `mirror.toml` that a form means; empty fields are left out."""
    typed = {name: value.strip() for name, value in form.items() if value.strip()}
    table: dict[str, Any] = {"name": typed.get("name", "nguon-moi")}
    table |= {name: typed[name] for name in TEXTS if name in typed}
    if "own" in typed:
        table["own"] = True
    if "hosts" in typed:
        table["hosts"] = typed["hosts"].replace(",", " ").split()
    rule: dict[str, Any] = {
        name: typed[f"rule-{name}"] for name in RULES if f"rule-{name}" in typed
    }
    if "drop" in rule:
        rule["drop"] = [part.strip() for part in rule["drop"].split(",") if part.strip()]
    return table | ({"rule": rule} if rule else {})


def as_toml(table: Mapping[str, Any]) -> str:
    """What to put into `mirror.toml`; its strings are written as in JSON."""

    def lines(values: Mapping[str, Any]) -> list[str]:
        return [
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in values.items()
            if name != "rule"
        ]

    text = ["[[source]]", *lines(table)]
    if rule := table.get("rule"):
        text += ["", "[source.rule]", *lines(rule)]
    return "\n".join(text) + "\n"


async def try_apart(task: dict[str, Any]) -> dict[str, Any]:
    """Do a task in a process of its own.

    Raises:
        TimeoutError, ValueError: nothing came of it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal.mirror_trial"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            answer, _ = await process.communicate(json.dumps(task).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = json.loads(answer)  # Nothing at all is a ValueError, too.
    assert isinstance(found, dict)
    return found


class _Tried:
    """Pages of what was tried, for who tried it, under names nobody can guess."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    def keep(self, account: str, html: str, policy: str) -> str:
        name = secrets.token_urlsafe(16)
        self._pages[name] = (account, html, policy)
        while len(self._pages) > _MOST_KEPT:
            self._pages.popitem(last=False)
        return name

    def page(self, account: str, name: str) -> tuple[str, str] | None:
        owner, html, policy = self._pages.get(name, ("", "", ""))
        return (html, policy) if owner == account else None


def routes(site: StaffSite, try_out: Try = try_apart) -> list[Route]:
    tried = _Tried()
    trying = asyncio.Lock()
    website = site.config.organisation.website
    agent = f"union-portal/{__version__}" + (f" (+{website})" if website else "")

    async def page(visit: Visit, **values: Any) -> web.Response:
        runs = await site.do(last_runs, site.config.storage.data_dir / "mirror.db")
        shown: dict[str, Any] = {
            "form": {}, "wrong": None, "problems": [], "toml": "", "report": "", "pages": [],
        }  # fmt: skip
        return visit.page("sources.html", runs=runs, now=site.wall(), **(shown | values))

    async def show(visit: Visit) -> web.StreamResponse:
        return await page(visit)

    async def attempt(visit: Visit) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await visit.form()).items()}
        if trying.locked():
            return await page(visit, form=form, wrong=BUSY)
        table = table_of(form)
        task = {"table": table, "house": asdict(house_of(site.config)), "agent": agent}
        async with trying:
            try:
                found = await try_out(task)
            except (TimeoutError, ValueError):
                return await page(visit, form=form, wrong=DIED)
        if found["problems"]:
            return await page(visit, form=form, problems=found["problems"])
        policy = found["policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        pages = [
            (one["title"], tried.keep(visit.account.name, one["html"], policy))
            for one in found["pages"]
        ]
        return await page(
            visit, form=form, toml=as_toml(table), report=found["report"], pages=pages
        )

    async def kept(visit: Visit) -> web.StreamResponse:
        found = tried.page(visit.account.name, visit.request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        html, policy = found
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=html, content_type="text/html", headers=headers)

    return [
        Route("GET", "/sources", show, WRITERS),
        Route("POST", "/sources", attempt, WRITERS),
        Route("GET", "/sources/tried/{name}", kept, WRITERS),
    ]
