"""The pages of staff in a real Chromium, on a telephone and on a desk; pictures are kept.

Whatever the browser complains of, a policy that does not hold among it, fails the test.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from portal.staff import passwords
from tests.browser.test_pages import MEASURE
from tests.unit.staff.samples import a_month
from tests.unit.staff.world import PASSWORD, Browser, World

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots" / "staff"
SIZES = {"phone": (360, 640), "desktop": (1280, 800)}

PAGES = {
    "overview": "/",
    "releases": "/releases",
    "faults": "/voices",
    "questions": "/voices/questions",
    "draws": "/voices/draws",
    "line": "/line",
    "paper": "/paper",
    "devices": "/devices",
    "audit": "/audit",
    "people": "/people",
    "person": "/people/1",
    "own": "/me",
    "nothing": "/nothing",
}

TARGETS = """
() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, summary')]
  .filter(e => e.getClientRects().length)
  .map(e => (e.matches('[type=checkbox], [type=radio]') ? e.closest('label') : e))
  .map(e => ({text: e.outerHTML.slice(0, 60), ...e.getBoundingClientRect().toJSON()}))
  .filter(t => t.height < 48)
"""


class Running:
    """A staff site in a thread of its own, with a month behind it."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.world: World = self._do(self._open(folder))

    @property
    def address(self) -> str:
        return Browser(self.world).origin

    async def _open(self, folder: Path) -> World:
        world = World(folder, wifi={"ssid": "Wi-Fi Công đoàn"})
        world.account("Anh Minh", "approver", "administrator")
        world.account("Chị Hoa", "author")
        world.account("Chú Ba", "house_owner", sites=("nha-01",))
        a_month(world, folder)
        return await world.__aenter__()

    def close(self) -> None:
        self._do(self.world.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(20)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", {"n": 2, "r": 8, "p": 1})
        running = Running(tmp_path_factory.mktemp("staff"))
        yield running
        running.close()


@pytest.fixture(params=SIZES, scope="module")
def sheet(request: pytest.FixtureRequest, chromium: Any, running: Running) -> Iterator[Any]:
    """A browser that is signed in, by hand, as who approves and administers."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda told: page.complaints.append(f"{page.url}: {told.text}"))
    page.on("pageerror", lambda error: page.complaints.append(f"{page.url}: {error}"))
    page.goto(running.address + "/line")
    seen: dict[str, object] = {}
    look(page, request.param, "sign-in", seen)
    page.fill("[name=name]", "anh minh")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    look(page, request.param, "code", seen)
    running.world.now += 30
    page.fill("[name=code]", Browser(running.world).code("anh minh"))
    page.click("main button")
    assert page.url == running.address + "/line"
    page.size, page.seen = request.param, seen
    yield page
    context.close()


def look(page: Any, size: str, name: str, wrong: dict[str, object]) -> None:
    """Keep a picture of the page, and add what is wrong with it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.{size}.png", full_page=True)
    seen = page.evaluate(MEASURE)
    # A box to tick is as large as its label, which TARGETS measures.
    small = [t for t in seen["small"] if t["text"] or t["width"] != 24]
    wrong |= {
        f"{name} ({size}): {fault}": value
        for fault, value in {
            "wider than the screen": seen["width"] > SIZES[size][0] and seen["width"],
            "text under 18 px": seen["size"] < 18 and seen["size"],
            "not one h1": seen["headings"] != 1 and seen["headings"],
            "contrast under 4.5": seen["faint"],
            "targets under 48 px": small + page.evaluate(TARGETS),
        }.items()
        if value
    }


def test_every_page_can_be_read_and_tapped(sheet: Any, running: Running) -> None:
    wrong: dict[str, object] = dict(sheet.seen)
    for name, path in PAGES.items():
        sheet.goto(running.address + path)
        look(sheet, sheet.size, name, wrong)

    assert wrong == {}
    assert [said for said in sheet.complaints if "404" not in said] == []


def test_every_table_of_the_overview_is_drawn_beside_it(sheet: Any, running: Running) -> None:
    sheet.goto(running.address + "/")
    sheet.wait_for_load_state("networkidle")

    figures = sheet.locator(".figure").count()
    assert figures >= 8
    assert sheet.locator(".figure canvas, .figure .bar:first-child").count() == figures
