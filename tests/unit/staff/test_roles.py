"""Who may do what, asked for directly: hidden buttons protect nothing."""

import re

import pytest

from portal.staff import app
from portal.staff.site import EVERYBODY, Route
from splash.workflow import ROLES
from tests.unit.staff.world import Browser, World


def routes(world: World) -> list[Route]:
    return [route for pages in app.PAGES for route in pages(world.site)]


def path_of(route: Route) -> str:
    """A path that the route takes."""
    return re.sub(r"\{\w+(?::([^{}]*))?\}", lambda m: _sample(m[1]), route.path)


def _sample(pattern: str | None) -> str:
    if pattern and "|" in pattern:
        return pattern.split("|")[0]
    return "1"


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_role_may_not_is_refused(world: World, role: str) -> None:
    sites = ("nha-01",) if role == "house_owner" else ()
    browser = await world.signed_in("hoa", role, sites=sites)
    refused = [r for r in routes(world) if r.signed_in and role not in r.roles]

    for route in refused:
        ask = browser.get if route.method == "GET" else browser.post
        response = await ask(path_of(route))
        assert response.status == 403, (role, route.method, route.path)
        assert "không có quyền" in await response.text()


async def test_who_is_not_signed_in_gets_nothing(world: World) -> None:
    stranger = Browser(world)

    for route in routes(world):
        if route.signed_in:
            ask = stranger.get if route.method == "GET" else stranger.post
            response = await ask(path_of(route))
            assert response.status == 303, route.path
            assert response.headers["Location"].startswith("/sign-in")


async def test_who_has_given_the_password_alone_gets_nothing(world: World) -> None:
    world.account("lan", "administrator")
    half = Browser(world)
    await half.post("/sign-in", {"name": "lan", "password": "trau vang uong nuoc 7"})
    assert "staff" in half.cookies

    for route in routes(world):
        if route.signed_in:
            ask = half.get if route.method == "GET" else half.post
            assert (await ask(path_of(route))).status == 303, route.path


async def test_no_form_is_taken_from_another_site(world: World) -> None:
    browser = await world.signed_in("lan", "administrator", "approver", "author")

    for route in routes(world):
        if route.method == "POST":
            response = await browser.post(path_of(route), Origin="http://evil.example")
            assert response.status == 403, route.path
            assert "không đến từ một trang" in await response.text()


def test_only_the_sign_in_is_open(world: World) -> None:
    paths = {route.path for route in routes(world) if not route.signed_in}

    assert paths == {"/sign-in", "/sign-in/code", "/sign-out", "/language"}
    assert all(route.roles <= EVERYBODY for route in routes(world))


async def test_a_role_that_was_taken_away_is_gone_at_once(world: World) -> None:
    browser = await world.signed_in("lan", "administrator")
    await world.signed_in("minh", "administrator")
    account = world.accounts.named("lan")
    assert account is not None

    world.accounts.change_roles(account.id, ["author"], [])

    assert (await browser.get("/people")).status == 303
    await browser.sign_in("lan")
    assert (await browser.get("/people")).status == 403


async def test_a_removed_account_is_out_at_once(world: World) -> None:
    browser = await world.signed_in("hoa", "author")
    account = world.accounts.named("hoa")
    assert account is not None

    world.accounts.remove(account.id)

    assert (await browser.get("/")).status == 303
