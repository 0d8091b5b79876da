"""Every page in a real Chromium, at the sizes of real phones; pictures are kept to look at.

The pages are opened as files, with JavaScript off and no network at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from splash import content, example, views
from splash.__main__ import preview
from splash.pages import Pages
from splash.views import LOOKS, Look, query

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots"

SIZES = {"phone": (360, 640), "small": (320, 568), "desktop": (1280, 800)}

MEASURE = r"""
() => {
  const seen = e => e.getClientRects().length && e.getBoundingClientRect().right > 0;
  const colour = text => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(
      v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.a > 0) return c.rgb;
    }
    return [255, 255, 255];
  };
  const contrasts = [];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const e = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || !seen(e)) continue;
    const [a, b] = [luminance(colour(getComputedStyle(e).color).rgb), luminance(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    contrasts.push({ratio, text: words.currentNode.data.trim().slice(0, 40)});
  }
  // Links inside a sentence are as high as the sentence (WCAG 2.5.8 excepts them).
  const tapped = 'button, a, select, textarea, label.pick, input:not([type=hidden])';
  const targets = [...document.querySelectorAll(tapped)].filter(e => !e.closest('label.pick > *'))
    .filter(e => seen(e) && getComputedStyle(e).display !== 'inline')
    .map(e => ({text: e.textContent.trim().slice(0, 40), ...e.getBoundingClientRect().toJSON()}));
  const button = document.querySelector('.go');
  return {
    width: document.documentElement.scrollWidth,
    size: parseFloat(getComputedStyle(document.body).fontSize),
    headings: document.querySelectorAll('h1').length,
    button: button && button.getBoundingClientRect().bottom,
    faint: contrasts.filter(c => c.ratio < 4.5),
    small: targets.filter(t => t.width < 48 || t.height < 48),
    targets: targets.length,
  };
}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {file.stem: file for file in preview(tmp_path_factory.mktemp("pages"))}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    with playwright.sync_playwright() as library:
        browser = library.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(params=SIZES, scope="module")
def sheet(request: pytest.FixtureRequest, chromium: Any) -> Iterator[tuple[str, Any]]:
    width, height = SIZES[request.param]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=False,
        offline=True,
    )
    yield request.param, context.new_page()
    context.close()


def test_every_page_can_be_read_and_tapped(sheet: tuple[str, Any], files: dict[str, Path]) -> None:
    size, page = sheet
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong: dict[str, object] = {}
    for name, file in files.items():
        if name.endswith("-large") and size == "desktop":
            continue  # On a wide screen large text has room enough.
        page.goto(file.as_uri())
        page.screenshot(path=PICTURES / f"{name}.{size}.png", full_page=True)
        seen = page.evaluate(MEASURE)
        wrong |= {
            f"{name}: {fault}": value
            for fault, value in {
                "wider than the screen": seen["width"] > SIZES[size][0] and seen["width"],
                "text under 18 px": seen["size"] < 18 and seen["size"],
                "not one h1": seen["headings"] != 1 and seen["headings"],
                "contrast under 4.5": seen["faint"],
                "targets under 48 px": seen["small"],
                "nothing to tap": seen["targets"] == 0,
            }.items()
            if value
        }
    assert wrong == {}


MEANT = {f"self-test-runs.{language}": ("meta-refresh",) for language in ("vi", "en")}
"""A page that only says that a test runs: nothing is read or typed there that a reload takes."""


def test_axe_finds_nothing_serious_on_any_page(chromium: Any, files: dict[str, Path]) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 640}, offline=True)
    wrong = {}
    for name, file in files.items():
        if name.endswith("-large"):
            continue  # The same page in another size.
        page.goto(file.as_uri())
        found = axe.Axe().run(page).response["violations"]
        serious = [
            f"{each['id']}: {each['nodes'][0]['target']}"
            for each in found
            if each["impact"] in ("serious", "critical") and each["id"] not in MEANT.get(name, ())
        ]
        wrong |= {name: serious} if serious else {}
    page.close()
    assert wrong == {}


@pytest.mark.parametrize("name", ["splash.vi", "splash.en", "splash.vi-large", "splash.en-large"])
def test_the_green_button_is_on_the_first_screen(
    name: str, chromium: Any, files: dict[str, Path]
) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 640}, offline=True)
    page.goto(files[name].as_uri())
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.first-screen.png")

    assert page.evaluate(MEASURE)["button"] <= 640
    page.close()


LONGEST = [
    (title, welcome)
    for title in ("Tháng Công nhân: Công đoàn cùng bạn, khu trọ bình yên, ấm no", "Chào")
    for welcome in (
        "Mời bạn bấm nút xanh rồi đọc tin ở dưới.",
        "Chào bạn! Bấm nút xanh là vào mạng, không cần mật khẩu, không mất tiền, rất dễ.",
        "Chào các bạn công nhân ở trọ! Công đoàn thành phố chúc các bạn một tháng làm việc an toàn,"
        " gia đình khỏe mạnh, và mời các bạn đọc những điều cần biết về tiền lương, làm thêm giờ,"
        " bảo hiểm.",
    )
]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("title", "welcome"), LONGEST)
def test_whatever_staff_write_leaves_the_button_on_the_first_screen(
    chromium: Any, tmp_path: Path, look: Look, title: str, welcome: str
) -> None:
    greeting = content.parse(
        "splash", {"title": {"vi": title}, "welcome": {"vi": welcome}, "poster": None}
    )
    assert isinstance(greeting, content.Splash)
    edition = replace(example.EDITION, splash=greeting)
    pages = Pages(example.SITE, "example", example.ARTICLES, edition)
    file = tmp_path / "splash.html"
    file.write_bytes(pages.page(views.Splash(), look, open=False).plain())
    page = chromium.new_page(viewport={"width": 360, "height": 640}, offline=True)
    page.goto(file.as_uri())
    page.screenshot(path=PICTURES / f"greeting-{len(title)}-{len(welcome)}-{query(look)}.png")

    assert page.evaluate(MEASURE)["button"] <= 640
    page.close()


def test_the_page_is_styled_under_its_own_policy(chromium: Any) -> None:
    pages = Pages(example.SITE, "example", example.ARTICLES)
    said: list[str] = []
    page = chromium.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.route(
        "**/*",
        lambda route: route.fulfill(
            body=pages.page(views.Splash(), Look(), open=False).plain(),
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": pages.content_security_policy},
        ),
    )
    page.goto("http://portal.test/")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 245, 233)"
    assert said == []
    page.close()
