"""The page where a technician types the code of a house, asked over a real socket."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import setup_commands, setup_site
from portal.listeners import _Server
from portal.session import Instant
from portal.setup_pages import SetupPages
from portal.setup_site import SetupSite
from portal.site_file import House
from portal.site_work import CannotSetUp
from tests.unit.portal.site import Reply

HOST = "wifi.congdoan.home.arpa"
LIST = """
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[[sites]]
id = "hp-001"
name = "Khu trọ <Hồng Phong>"
address = "12 Hồng Phong, An Dương"
[sites.wifi]
ssid = "Wi-Fi Hồng Phong"
[[sites]]
id = "hp-002"
name = "Khu trọ Cầu Rào"
"""


class Router:
    """A router without a house, on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.sites = folder / "sites.toml"
        self.sites.write_text(LIST, encoding="utf-8")
        self.loop = asyncio.Runner()
        self.now = Instant(0)
        self.set_up: list[str] = []
        self.trouble: Exception | None = None
        self.loop.run(self._open())

    async def _open(self) -> None:
        self.site = SetupSite(SetupPages(HOST, 30), HOST, self.sites, self._make, lambda: self.now)
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(_Server(self.site), "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def _make(self, house: House, applying: Callable[[], None]) -> None:
        applying()
        if self.trouble is not None:
            raise self.trouble
        self.set_up.append(house.id)

    def close(self) -> None:
        self.server.close()
        self.loop.close()

    def send(self, request: bytes, phone: int = 1) -> Reply:
        return self.loop.run(self._exchange(request, (f"127.0.0.{phone}", 0)))

    async def _exchange(self, request: bytes, phone: tuple[str, int]) -> Reply:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=phone)
            writer.write(request)
            whole = await reader.read()
            writer.close()
        head, _, body = whole.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        return Reply(int(first.split()[1]), headers, body, whole)

    def ask(self, target: str = "/", *, host: str = "127.0.0.1", method: str = "GET") -> Reply:
        return self.send(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    def post(self, target: str, fields: dict[str, str], more: str = "", phone: int = 1) -> Reply:
        body = urlencode(fields)
        return self.send(
            f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode(),
            phone,
        )

    def confirm(self, page: Reply) -> Reply:
        return self.post("/apply", dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)))

    def work(self) -> None:
        """What `run` does for a code that was confirmed."""
        if self.site._begin.is_set():
            self.loop.run(self.site.set_up_once())


@pytest.fixture
def router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Router]:
    monkeypatch.setattr(setup_site, "_READ_SECONDS", 0)
    router = Router(tmp_path)
    yield router
    router.close()


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("evil.example", "http://evil.example/"),
    ],
)
def test_whatever_a_phone_asks_for_leads_to_the_page(
    router: Router, host: str, target: str
) -> None:
    reply = router.ask(target, host=host)

    assert (reply.status, reply.location) == (302, "http://127.0.0.1/")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:2080", HOST])
def test_the_page_is_there_by_address_and_by_name(router: Router, host: str) -> None:
    reply = router.ask(host=host)

    assert reply.status == 200
    assert "Nhập mã địa điểm" in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_a_right_code_shows_the_house_and_sets_nothing(router: Router) -> None:
    reply = router.post("/code", {"code": "hp oo1 u"})

    assert "Đúng nhà này không?" in reply.text
    assert "Khu trọ &lt;Hồng Phong&gt;" in reply.text
    assert "12 Hồng Phong, An Dương" in reply.text
    assert "Wi-Fi Hồng Phong" in reply.text
    assert router.set_up == []


def test_confirming_sets_the_router_up_and_says_what_comes_next(router: Router) -> None:
    house = router.post("/code", {"code": "HP-001-U"})
    reply = router.confirm(house)
    assert (reply.status, reply.location) == (303, "/progress")
    before = router.ask("/progress")
    router.work()
    after = router.ask("/progress")

    assert "Đang ghi cấu hình" in before.text
    assert f"{HOST}<wbr>/technician" in before.text
    assert router.set_up == ["hp-001"]
    assert "Đã cài xong" in after.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("HP-001-V", "Mã bị gõ sai"),
        ("HP-009-B", "không có địa điểm đó"),
        ("'; reboot #", "Đây không phải mã"),
        ("", "Đây không phải mã"),
        ("x" * 400, "Đây không phải mã"),
    ],
)
def test_a_wrong_code_is_told_and_never_repeated(router: Router, code: str, words: str) -> None:
    reply = router.post("/code", {"code": code})

    assert words in reply.text
    assert not code or code not in reply.text.replace("HP-001-U", "")


def test_all_phones_together_may_try_a_few_codes(router: Router) -> None:
    said = [router.post("/code", {"code": "HP-009-B"}, phone=n).text for n in range(1, 8)]
    assert ["quá nhiều lần" in text for text in said] == [False] * 6 + [True]
    assert "quá nhiều lần" in router.post("/code", {"code": "HP-001-U"}).text

    router.now = Instant(61)

    assert "Đúng nhà này không?" in router.post("/code", {"code": "HP-001-U"}).text


def test_a_phone_that_plays_with_the_page_keeps_no_technician_from_it(router: Router) -> None:
    for minute in range(10):
        router.now = Instant(61 * minute)
        said = [router.post("/code", {"code": "HP-009-B"}, phone=2).text for _ in range(8)]

        assert "quá nhiều lần" in said[-1]
        assert "Đúng nhà này không?" in router.post("/code", {"code": "HP-001-U"}).text


def test_who_has_seen_the_house_may_confirm_it_although_others_tried_too_often(
    router: Router,
) -> None:
    house = router.post("/code", {"code": "HP-001-U"})
    for _ in range(8):
        router.post("/code", {"code": "HP-009-B"})

    assert router.confirm(house).location == "/progress"


@pytest.mark.parametrize("token", ["", "0" * 64, "ư"])
def test_nobody_confirms_a_house_without_its_code(router: Router, token: str) -> None:
    reply = router.post("/apply", {"code": "HP-001-U", "token": token})
    router.work()

    assert (reply.status, reply.location) == (303, "/")
    assert router.set_up == []


def test_the_token_of_one_house_is_of_no_other(router: Router) -> None:
    page = router.post("/code", {"code": "HP-001-U"}).text
    [token] = re.findall(r'name="token" value="(\w+)"', page)

    assert router.post("/apply", {"code": "HP-002-S", "token": token}).location == "/"


def test_a_form_of_another_site_is_refused(router: Router) -> None:
    reply = router.post("/code", {"code": "HP-001-U"}, "Origin: http://evil.example\r\n")

    assert (reply.status, reply.location) == (303, "/")


def test_while_it_works_no_second_house_is_taken(router: Router) -> None:
    first = router.post("/code", {"code": "HP-001-U"})
    second = router.post("/code", {"code": "HP-002-S"})
    router.confirm(first)

    router.confirm(second)
    assert router.post("/code", {"code": "HP-002-S"}).location == "/"
    router.work()

    assert router.set_up == ["hp-001"]


def test_what_went_wrong_is_told_and_can_be_tried_again(router: Router) -> None:
    router.trouble = CannotSetUp("uci refused: <no space>")
    router.confirm(router.post("/code", {"code": "HP-001-U"}))
    router.work()
    failed = router.ask("/progress")
    assert "Chưa cài được" in failed.text
    assert "uci refused: &lt;no space&gt;" in failed.text
    assert "http-equiv" not in failed.text
    assert "Nhập mã địa điểm" in router.ask("/?another=1").text

    router.trouble = None
    router.confirm(failed)
    router.work()

    assert router.set_up == ["hp-001"]


def test_names_are_not_written_through_a_link(tmp_path: Path) -> None:
    """Root writes them into a folder of the daemon's."""
    other = tmp_path / "shadow"
    other.write_text("root:x\n", encoding="utf-8")
    names = tmp_path / "names"
    names.mkdir()
    (names / ".outage").symlink_to(other)

    setup_commands._tell_names(names, "192.0.2.1 a.example\n")

    assert other.read_text(encoding="utf-8") == "root:x\n"
    assert (names / "outage").read_text(encoding="utf-8") == "192.0.2.1 a.example\n"
    assert [each.name for each in names.iterdir()] == ["outage"]


def test_a_list_that_cannot_be_used_is_told(router: Router) -> None:
    router.sites.write_text("sites = 1", encoding="utf-8")

    assert "không có danh sách" in router.post("/code", {"code": "HP-001-U"}).text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(router: Router, method: str) -> None:
    assert router.ask(method=method).status == 405


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 513\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 13\r\n",
    ],
)
@pytest.mark.slow
def test_a_large_or_strange_form_is_none(router: Router, head: str) -> None:
    request = f"POST /code HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\ncode=HP-001-U"

    assert "Đúng nhà này không?" not in router.send(request.encode()).text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_set_anything_or_go_unanswered(router: Router, garbage: bytes) -> None:
    head = b"POST /apply HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(garbage)

    assert router.send(head + kind + length + garbage).status in (200, 303, 400)
    assert router.set_up == []
    assert not router.site._begin.is_set()
