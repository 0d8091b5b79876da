"""Who gets in, who does not, and when it ends."""

import re

import pytest

from portal.staff import totp
from portal.staff.accounts import IDLE_SECONDS, MOST_SECONDS
from tests.unit.staff.world import PASSWORD, Browser, World


async def test_an_author_signs_in_by_name_and_password(world: World) -> None:
    world.account("Chị Hoa", "author")
    browser = Browser(world)

    done = await browser.sign_in("chi hoa", to="/me")

    assert (done.status, done.headers["Location"]) == (303, "/me")
    assert "Chị Hoa" in await (await browser.get("/me")).text()


async def test_without_a_sign_in_every_page_leads_to_it_and_back(world: World) -> None:
    response = await Browser(world).get("/me")

    assert (response.status, response.headers["Location"]) == (303, "/sign-in?to=%2Fme")


async def test_a_wrong_password_and_an_unknown_name_look_the_same(world: World) -> None:
    world.account("ngoc-hoa", "author")

    wrong = await Browser(world).sign_in("ngoc-hoa", "khong phai mat khau")
    unknown = await Browser(world).sign_in("bich-lan", "khong phai mat khau")

    assert wrong.status == unknown.status == 403
    assert (await wrong.text()).replace("ngoc-hoa", "bich-lan") == await unknown.text()


async def test_an_unknown_name_takes_a_whole_look_at_a_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def matches(password: str, kept: str) -> bool:
        looks.append(kept)
        return False

    monkeypatch.setattr("portal.staff.passwords.matches", matches)

    await Browser(world).sign_in("nobody")

    assert len(looks) == 1


async def test_the_cookie_is_for_this_site_and_no_script(world: World) -> None:
    world.account("hoa", "author")

    done = await Browser(world).sign_in("hoa")

    cookie = done.cookies["staff"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/", "")


async def test_a_cookie_that_somebody_planted_is_not_taken_over(world: World) -> None:
    world.account("hoa", "author")
    browser = Browser(world, {"staff": "planted"})

    await browser.sign_in("hoa")

    assert browser.cookies["staff"] != "planted"
    assert (await Browser(world, {"staff": "planted"}).get("/me")).status == 303


async def test_signing_in_again_ends_the_sign_in_before(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    before = browser.cookies["staff"]

    await browser.sign_in("hoa")

    assert browser.cookies["staff"] != before
    assert (await Browser(world, {"staff": before}).get("/me")).status == 303


async def test_signing_out_ends_it_on_the_server(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    cookie = browser.cookies["staff"]

    await browser.post("/sign-out")

    assert "staff" not in browser.cookies
    assert (await Browser(world, {"staff": cookie}).get("/me")).status == 303


async def test_the_file_holds_no_cookie(world: World) -> None:
    browser = await world.signed_in("hoa", "author")

    held = [tuple(row) for row in world.accounts._db.execute("SELECT * FROM sign_in")]

    assert browser.cookies["staff"] not in str(held)


async def test_it_ends_without_use(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    world.now += IDLE_SECONDS - 1
    assert (await browser.get("/me")).status == 200
    world.now += IDLE_SECONDS - 1
    assert (await browser.get("/me")).status == 200
    world.now += IDLE_SECONDS + 1

    assert (await browser.get("/me")).status == 303


async def test_it_ends_after_a_day_of_use(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    begun = world.now
    while world.now - begun < MOST_SECONDS - IDLE_SECONDS:
        world.now += IDLE_SECONDS - 1
        assert (await browser.get("/me")).status == 200
    world.now = begun + MOST_SECONDS + 1

    assert (await browser.get("/me")).status == 303


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
async def test_it_leads_to_no_other_site(world: World, to: str) -> None:
    world.account("hoa", "author")

    done = await Browser(world).sign_in("hoa", to=to)

    assert done.headers["Location"] == "/"


# Codes


@pytest.mark.parametrize("role", ["approver", "administrator"])
async def test_who_approves_or_administers_needs_a_code(world: World, role: str) -> None:
    world.account("lan", role)
    browser = Browser(world)

    done = await browser.post("/sign-in", {"name": "lan", "password": PASSWORD})

    assert done.headers["Location"] == "/sign-in/code"
    assert (await browser.get("/me")).status == 303


async def test_the_app_is_set_up_at_the_first_sign_in_and_never_shown_again(world: World) -> None:
    world.account("lan", "approver")
    browser = Browser(world)
    await browser.post("/sign-in", {"name": "lan", "password": PASSWORD})
    first = await (await browser.get("/sign-in/code")).text()
    assert "data:image/svg+xml" in first
    await browser.post("/sign-in/code", {"code": browser.code("lan")})
    assert (await browser.get("/me")).status == 200

    again = Browser(world)
    await again.post("/sign-in", {"name": "lan", "password": PASSWORD})
    page = await (await again.get("/sign-in/code")).text()

    assert "data:image/svg+xml" not in page
    assert not re.search(r"[A-Z2-7]{4}</span>", page)


async def test_the_cookie_changes_when_the_code_was_right(world: World) -> None:
    world.account("lan", "approver")
    browser = Browser(world)
    await browser.post("/sign-in", {"name": "lan", "password": PASSWORD})
    before = browser.cookies["staff"]
    await browser.get("/sign-in/code")
    await browser.post("/sign-in/code", {"code": browser.code("lan")})

    assert browser.cookies["staff"] != before
    assert (await Browser(world, {"staff": before}).get("/me")).status == 303


async def test_a_code_is_taken_once(world: World) -> None:
    browser = await world.signed_in("lan", "approver")
    code = browser.code("lan")
    thief = Browser(world)
    await thief.post("/sign-in", {"name": "lan", "password": PASSWORD})

    done = await thief.post("/sign-in/code", {"code": code})

    assert done.status == 403


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "１２３４５６", "1234567"])
async def test_a_wrong_code_does_not_open(world: World, code: str) -> None:
    world.account("lan", "approver")
    browser = Browser(world)
    await browser.post("/sign-in", {"name": "lan", "password": PASSWORD})
    await browser.get("/sign-in/code")
    if code == browser.code("lan"):  # One of a million.
        code = "000001"

    assert (await browser.post("/sign-in/code", {"code": code})).status == 403
    assert (await browser.get("/me")).status == 303


async def test_codes_cannot_be_tried_one_after_another(world: World) -> None:
    await world.signed_in("lan", "approver")
    thief = Browser(world)
    await thief.post("/sign-in", {"name": "lan", "password": PASSWORD})

    tried = [(await thief.post("/sign-in/code", {"code": f"{n:06}"})).status for n in range(6)]

    assert tried[:5] == [403] * 5
    assert tried[5] == 429


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B (SHA-1, the last six digits of eight)."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    expected = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}

    assert {at: totp.code_at(secret, at // 30) for at in expected} == expected


# Guessing


async def test_guessing_a_password_is_slowed_down(world: World) -> None:
    world.account("hoa", "author")
    stranger = Browser(world)
    tried = [(await stranger.sign_in("hoa", f"doan mo {n}")).status for n in range(12)]

    assert tried == [403] * 10 + [429] * 2
    assert (await stranger.sign_in("hoa")).status == 429


async def test_nobody_is_locked_out_for_ever(world: World) -> None:
    world.account("hoa", "author")
    for n in range(50):
        await Browser(world).sign_in("hoa", f"doan mo {n}")
    world.now += 61

    assert (await Browser(world).sign_in("hoa")).status == 303


async def test_a_stranger_keeps_no_one_out_of_a_browser_used_before(world: World) -> None:
    own = await world.signed_in("hoa", "author")
    await own.post("/sign-out")
    for n in range(15):
        await Browser(world).sign_in("hoa", f"doan mo {n}")

    assert (await Browser(world).sign_in("hoa")).status == 429
    assert (await own.sign_in("hoa")).status == 303


async def test_an_address_that_tries_many_names_is_slowed_down(world: World) -> None:
    tried = [(await Browser(world).sign_in(f"ai {n}", "doan mo")).status for n in range(32)]

    assert tried == [403] * 30 + [429] * 2


# One's own password


async def test_a_new_password_ends_the_other_sign_ins(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    elsewhere = Browser(world)
    await elsewhere.sign_in("hoa")
    new = "ca chep hoa rong 9"

    done = await browser.post("/me/password", {"old": PASSWORD, "new": new, "again": new})

    assert done.status == 303
    assert "Đã đổi mật khẩu" in await (await browser.get("/me")).text()
    assert (await elsewhere.get("/me")).status == 303
    assert (await Browser(world).sign_in("hoa")).status == 403
    assert (await Browser(world).sign_in("hoa", new)).status == 303


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("sai mat khau nay", "ca chep hoa rong 9", "ca chep hoa rong 9"),
        (PASSWORD, "ca chep hoa rong 9", "ca chep hoa rong 8"),
        (PASSWORD, "ngan", "ngan"),
        (PASSWORD, "matkhau123456", "matkhau123456"),
    ],
)
async def test_a_password_is_not_changed_for_the_wrong_words(
    world: World, old: str, new: str, again: str
) -> None:
    browser = await world.signed_in("hoa", "author")

    done = await browser.post("/me/password", {"old": old, "new": new, "again": again})

    assert done.status in (400, 403)
    assert (await Browser(world).sign_in("hoa")).status == 303
