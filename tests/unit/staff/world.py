"""A staff site on a port of this machine, a clock in hand, and browsers that ask it."""

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientResponse, ClientSession, DummyCookieJar
from aiohttp.test_utils import TestServer
from yarl import URL

from content_cache.releases import Releases
from content_cache.signing import Signer
from portal import control
from portal.config import parse
from portal.hearing import Hearing
from portal.staff import app, guard, totp
from portal.staff.accounts import Accounts, key_of
from portal.staff.site import StaffSite
from splash.content_store import ContentStore
from splash.publishing import Press

PASSWORD = "trau vang uong nuoc 7"
NOVEMBER_2026 = 1795392000.0
CONFIG = {
    "site": {"id": "nha-01", "name": "Nhà trọ số 1"},
    "organisation": {
        "name": "LĐLĐ thành phố",
        "unit": "Ban Tuyên giáo",
        "phone": "0225 3842 000",
        "address": "Hải Phòng",
        "responsible": "Nguyễn Thị Lan",
    },
    "interfaces": {"phones": "br-lan", "uplink": "wan"},
}

TEMPLATES = app.templates()
"""For all tests: compiling them takes longer than a test."""


@cache
def _empty_stores() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Accounts(folder / "staff.db").close()
    ContentStore(folder / "content.db").close()
    Hearing(folder / "answers.db").close()
    return folder


class World:
    """The site, and the daemon it asks."""

    def __init__(self, folder: Path, **tables: Mapping[str, Any]) -> None:
        """`tables` are those of portal.toml beside `CONFIG`."""
        for empty in _empty_stores().iterdir():  # Migrating takes longer than a test.
            shutil.copy(empty, folder)
        self.now = NOVEMBER_2026
        self.asked: list[Mapping[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.accounts = Accounts(folder / "staff.db")
        self.content = ContentStore(folder / "content.db")
        self.hearing = Hearing(folder / "answers.db")
        storage = {"data_dir": str(folder), "run_dir": str(folder)}
        config = parse({**CONFIG, "storage": storage, **tables})
        self.releases = Releases(config.content_store)
        self._worker = ThreadPoolExecutor(1)
        self.site = StaffSite(
            config=config,
            accounts=self.accounts,
            content=self.content,
            press=Press(self.content, self.releases, Signer(bytes(32)), config.organisation),
            hearing=self.hearing,
            ask=self._ask,
            wall=lambda: self.now,
            worker=self._worker,
            templates=TEMPLATES,
            record=folder / "reports.toml",
        )

    async def __aenter__(self) -> Self:
        self.server = TestServer(
            app.application(self.site, guard.names_of("127.0.0.1", ["can-bo.example"]))
        )
        await self.server.start_server()
        self.client = ClientSession(cookie_jar=DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.server.close()
        self._worker.shutdown()
        self.accounts.close()
        self.content.close()
        self.hearing.close()

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(question)
        return self.answer_of(question)

    def answer_of(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if question["command"] not in self.answers:
            raise control.NotRunning("no portal is running")
        return self.answers[question["command"]]

    def account(self, name: str, *roles: str, sites: tuple[str, ...] = ()) -> None:
        self.accounts.add(name, PASSWORD, roles, sites, self.now)

    async def signed_in(self, name: str, *roles: str, sites: tuple[str, ...] = ()) -> "Browser":
        """A new account, and a browser that is signed in to it."""
        self.account(name, *roles, sites=sites)
        browser = Browser(self)
        await browser.sign_in(name)
        return browser


@dataclass
class Browser:
    """Keeps cookies and says where its forms come from, as browsers do."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self._ask("GET", path, None, headers)

    async def post(
        self, path: str, form: Mapping[str, Any] | None = None, **headers: str
    ) -> ClientResponse:
        return await self._ask("POST", path, form or {}, {"Origin": self.origin} | headers)

    async def sign_in(self, name: str, password: str = PASSWORD, to: str = "/") -> ClientResponse:
        """By password, and by a code where one is asked for."""
        done = await self.post("/sign-in", {"name": name, "password": password, "to": to})
        if done.status == 303 and done.headers["Location"].startswith("/sign-in/code"):
            await self.get("/sign-in/code")
            self.world.now += totp.STEP_SECONDS  # A code is good once.
            done = await self.post("/sign-in/code", {"code": self.code(name), "to": to})
        return done

    def code(self, name: str) -> str:
        """What the app on this person's phone shows now."""
        row = self.world.accounts._db.execute(
            "SELECT coalesce(account.secret, sign_in.secret) FROM account LEFT JOIN sign_in"
            " ON sign_in.account = account.id WHERE key = ?",
            (key_of(name),),
        ).fetchone()
        return totp.code_at(row[0], int(self.world.now) // totp.STEP_SECONDS)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.world.server.port}"

    async def _ask(
        self, method: str, path: str, form: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> ClientResponse:
        sent = {k.replace("_", "-"): v for k, v in headers.items() if v}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        response = await self.world.client.request(
            method,
            URL(self.origin + path, encoded=True),
            data=form,
            headers=sent,
            allow_redirects=False,
        )
        await response.read()
        for name, morsel in response.cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return response
