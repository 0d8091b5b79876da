"""A user portal on a port of this machine, asked over a real socket by a made-up phone."""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from firewall.changes import MacAddress
from portal.asking import Asking
from portal.desk import Desk
from portal.library import Shelf
from portal.listeners import _Server
from portal.replies import Replies
from portal.session import Instant
from portal.technician import SelfTest, Window
from portal.technician_pages import TechnicianPages
from portal.user_portal import UserPortal, form_token, forms_token
from splash import example
from splash.pages import Pages
from tests.unit.portal.world import CONDITIONS, World, device, mac, new_answers

HOST = "wifi.congdoan.home.arpa"
PHONE, OTHER = mac(1), mac(2)
PAGES = ["/", "/status", "/rules", "/privacy", "/union", "/articles", "/left", "/blocked-name"]
PAGES += ["/fault", "/ask", "/answers", "/calculator", "/search", "/poll/mang-the-nao"]
PAGES += ["/quiz/hieu-luat", "/campaign/ngay-phap-luat", "/notices/cat-nuoc", "/draw/leave"]
PICTURE = f"{'a' * 64}.webp"


def secret(purpose: str) -> str:
    return hashlib.sha256(purpose.encode()).hexdigest()


TOKEN, FORMS = form_token(secret, CONDITIONS), forms_token(secret)


@cache
def pages() -> Pages:
    return Pages(example.SITE, TOKEN, example.ARTICLES, example.EDITION, forms=FORMS)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    whole: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers["location"]


class Phone:
    """What the kernel says of whoever asks."""

    def __init__(self) -> None:
        self.mac: MacAddress | None = PHONE
        self.trouble: Exception | None = None
        self.asked: list[str] = []

    async def find(self, address: str) -> MacAddress | None:
        return await self.confirm(address)

    async def confirm(self, address: str) -> MacAddress | None:
        self.asked.append(address)
        if self.trouble is not None:
            raise self.trouble
        return self.mac


class Site:
    """The user portal on a port of this machine."""

    def __init__(self, folder: Path, *, https: bool = False, blocks_names: bool = False) -> None:
        self.folder = folder
        self.loop = asyncio.Runner()
        self.phone = Phone()
        self.down_since: Instant | None = None
        self.loop.run(self._open(folder, https, blocks_names))

    async def _open(self, folder: Path, https: bool, blocks_names: bool) -> None:
        self.world = World(folder)
        await self.world.start()
        self.desk = Desk(
            new_answers(folder / "answers.db"), self.world.clock.wall_if_set, keep_days=90
        )
        self.replies = Replies(HOST, pages(), https=https)
        asking = Asking(self.phone, self.world.runner, device)
        self.window = Window("hp-001", self.world.clock.now)
        self.test = SelfTest(folder / "selftest.json", ["false"], self.world.clock.now)
        self.portal = UserPortal(
            self.replies,
            self.world.runner,
            asking,
            self.world.clock.wall_if_set,
            self.world.log,
            self.desk,
            Shelf(example.EDITION, example.ARTICLES, frozenset({PICTURE}), folder, lambda: None),
            TechnicianPages(self.replies, asking, self.window, self.test, "hp-001"),
            blocks_names=blocks_names,
            down_since=lambda: self.down_since,
        )
        server = _Server(self.portal)
        self.server = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self.server.close()
        self.loop.run(self.desk.close())
        self.loop.close()

    def send(self, request: bytes) -> Reply:
        """Send these bytes and read the answer to its end."""
        return self.loop.run(self._exchange(request))

    async def _exchange(self, request: bytes) -> Reply:
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.world.runner.run())
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(request)
            whole = await reader.read()
            writer.close()
            running.cancel()
        head, _, body = whole.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        if headers.get("content-encoding") == "gzip" and body:
            body = gzip.decompress(body)
        return Reply(int(first.split()[1]), headers, body, whole)

    def ask(
        self,
        target: str = "/",
        *,
        method: str = "GET",
        host: str = HOST,
        body: str = "",
        **headers: str,
    ) -> Reply:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send("\r\n".join([*lines, "", body]).encode())

    def post(self, target: str, body: str = "", **headers: str) -> Reply:
        described = {
            "Content_Type": "application/x-www-form-urlencoded",
            "Content_Length": str(len(body)),
        }
        return self.ask(target, method="POST", body=body, **(described | headers))

    def accept(self, **headers: str) -> Reply:
        return self.post("/accept", f"conditions={TOKEN}", **headers)

    def passes(self) -> bool:
        return self.world.runner.session_of(PHONE) is not None
