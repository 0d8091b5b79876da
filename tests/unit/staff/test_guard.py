"""What is refused before anybody asks who it is."""

import pytest

from portal.staff import guard
from tests.unit.staff.world import PASSWORD, Browser, World


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a b", "::1"])
async def test_a_request_under_another_name_gets_nothing(world: World, host: str) -> None:
    response = await Browser(world).get("/sign-in", Host=host or "-")

    assert response.status == 421
    assert "Đăng nhập" not in await response.text()


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9999", "localhost:8081", "LOCALHOST", "[::1]:2081", "can-bo.example"]
)
async def test_the_address_localhost_and_configured_names_are_answered(
    world: World, host: str
) -> None:
    assert (await Browser(world).get("/sign-in", Host=host)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(
    world: World, headers: dict[str, str]
) -> None:
    browser = await world.signed_in("hoa", "author")
    new = "ca chep hoa rong 9"

    done = await browser.post(
        "/me/password", {"old": PASSWORD, "new": new, "again": new}, **headers
    )

    assert done.status == 403
    assert (await Browser(world).sign_in("hoa")).status == 303


async def test_a_form_of_another_site_signs_nobody_in(world: World) -> None:
    world.account("hoa", "author")
    browser = Browser(world)

    done = await browser.post(
        "/sign-in", {"name": "hoa", "password": PASSWORD}, Origin="http://evil.example"
    )

    assert done.status == 403
    assert browser.cookies == {}


def test_a_browser_that_says_same_origin_without_an_origin_is_believed() -> None:
    assert guard.from_own_page({"Host": "a", "Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/static/staff.css", "/me"])
async def test_every_answer_says_what_it_may_load(world: World, path: str) -> None:
    response = await Browser(world).get(path)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2Fapp.py", "%2e%2e%2fapp.py", "nothing.js", f"{'a' * 300}.js"]
)
async def test_no_other_file_is_given_out(world: World, name: str) -> None:
    assert (await Browser(world).get(f"/static/{name}")).status == 404


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=none", b"name=a&password=b"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"name=+2AA-&password=+2AA-"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("multipart/form-data", b"--a\r\n"),
        ("multipart/form-data; boundary=a", b"--a\r\nno header\r\n\r\n"),
    ],
)
async def test_bytes_that_are_no_form_are_refused_without_a_traceback(
    world: World, caplog: pytest.LogCaptureFixture, kind: str, body: bytes
) -> None:
    browser = Browser(world)

    done = await world.client.post(
        f"{browser.origin}/sign-in",
        data=body,
        headers={"Origin": browser.origin, "Content-Type": kind},
    )

    assert done.status in (400, 403)
    assert "default-src 'none'" in done.headers["Content-Security-Policy"]
    assert "Traceback" not in caplog.text


async def test_what_is_too_large_is_refused(world: World) -> None:
    response = await Browser(world).post("/sign-in", {"name": "x" * 5000, "password": "x"})

    assert response.status == 413


async def test_markup_in_a_name_is_shown_and_not_taken(world: World) -> None:
    response = await Browser(world).post(
        "/sign-in", {"name": "<script>alert(1)</script>", "password": "x"}
    )

    assert "<script>alert" not in await response.text()


async def test_the_language_is_remembered(world: World) -> None:
    browser = Browser(world)

    done = await browser.post("/language", {"language": "en", "to": "/sign-in"})

    assert done.headers["Location"] == "/sign-in"
    assert "Password" in await (await browser.get("/sign-in")).text()
