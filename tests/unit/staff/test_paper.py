"""The page of paper: what is downloaded is what the phones say, as PDF."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from paper import fonts
from splash.workflow import ROLES
from tests.unit.paper.places import Printed
from tests.unit.staff.world import World

pytestmark = pytest.mark.usefixtures("_jobs_in_this_process")


async def test_the_rules_are_those_on_the_phones(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    response = await browser.get("/paper/rules.pdf")

    assert response.content_type == "application/pdf"
    assert response.headers["Content-Disposition"] == 'attachment; filename="noi-quy-nha-01.pdf"'
    text = Printed(await response.read()).text
    assert "NỘI QUY DÙNG WI-FI" in text
    assert "Nhà trọ số 1" in text
    page = await (await browser.get("/paper")).text()
    [code] = [word for word in text.split() if word.count("-") == 3]
    assert f"<b>{code.strip('.')}</b>" in page


@pytest.mark.parametrize("role", ROLES)
async def test_everybody_who_is_signed_in_may_print(world: World, role: str) -> None:
    sites = ("nha-01",) if role == "house_owner" else ()
    browser = await world.signed_in("lan", role, sites=sites)

    assert (await browser.get("/paper/rules.pdf")).status == 200
    assert "/paper/rules.pdf" in await (await browser.get("/paper")).text()


async def test_the_poster_is_this_house_s(tmp_path: Path) -> None:
    async with World(tmp_path, wifi={"ssid": "Wi-Fi Hồng Phong"}) as world:
        browser = await world.signed_in("lan", "author")

        response = await browser.get("/paper/poster.pdf")

        assert response.headers["Content-Disposition"].endswith('"ap-phich-nha-01.pdf"')
        assert "Wi-Fi Hồng Phong" in Printed(await response.read()).text
        assert "/paper/poster.pdf" in await (await browser.get("/paper")).text()


async def test_without_the_library_the_extra_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "paper" and rest[2] and "draw_poster" in rest[2]:
            raise ModuleNotFoundError("No module named 'reportlab'", name="reportlab")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    browser = await world.signed_in("lan", "author")

    response = await browser.get("/paper/rules.pdf")

    assert response.status == 503
    assert "union-portal[paper]" in await response.text()


async def test_without_a_font_it_is_said_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_files", dict)
    browser = await world.signed_in("lan", "author")

    response = await browser.get("/paper/rules.pdf")

    assert response.status == 503
    assert "phông Noto" in await response.text()
