"""A phone's screen: Chromium inside the phone's own network and mount namespace.

Playwright starts what it takes for Chromium: a script that first goes where the phone is. So
names, routes and trusted certificates are the phone's, and the browser talks to its driver over
a pipe, which no network is needed for.
"""

import base64
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portal.demo.addresses import PORTAL_HOST
from portal.demo.host import Host
from portal.demo.probes import SIGN_IN_WINDOW

if TYPE_CHECKING:  # Tests without a browser do without playwright, too.
    from playwright.sync_api import ConsoleMessage, Locator, Playwright, Request

CHROMIUM: Final = Path("/usr/bin/chromium")
PICTURES: Final = Path(__file__).parents[2] / "artefacts" / "screenshots" / "walk"

PORTAL: Final = f"http://{PORTAL_HOST}"
CHECK: Final = "http://connectivitycheck.gstatic.com/generate_204"

WIDTH, HEIGHT = 360, 640
_SECONDS = 15
_FLAGS = (
    "--no-sandbox",  # The tests run as root.
    "--disable-gpu",
    "--disable-quic",
    "--no-proxy-server",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Managed policies are read from one folder, which here is the phone's own.
_TRUST = """
mount -t tmpfs tmpfs /etc/chromium
mkdir -p /etc/chromium/policies/managed
cat >/etc/chromium/policies/managed/authority.json
"""


class Window:
    """A sign-in window as phones open it: a small touch screen, no scripts, an empty profile."""

    def __init__(self, library: "Playwright", host: Host, program: Path) -> None:
        self._browser = library.chromium.launch(
            executable_path=program,
            args=list(_FLAGS),
            env={"PATH": "/usr/bin:/bin", "HOME": str(host.folder)},
        )
        self._context = self._browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            is_mobile=True,
            has_touch=True,
            user_agent=SIGN_IN_WINDOW,
            java_script_enabled=False,
        )
        self._context.set_default_timeout(_SECONDS * 1000)
        self.page = self._context.new_page()
        self.asked: list[str] = []
        """Every request so far, as `GET http://...`."""
        self.complaints: list[str] = []
        """What the browser wrote to its console, and requests that got no answer."""
        self._context.on("request", self._note)
        self._context.on("console", self._complain)
        self._context.on("requestfailed", self._failed)

    def close(self) -> None:
        self._browser.close()

    def _note(self, request: "Request") -> None:
        self.asked.append(f"{request.method} {request.url}")

    def _complain(self, message: "ConsoleMessage") -> None:
        self.complaints.append(message.text)

    def _failed(self, request: "Request") -> None:
        self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    # What a person does

    def open(self, url: str) -> None:
        """Type an address."""
        self.page.goto(url)

    def check(self) -> int:
        """Ask what Android asks; the status of the answer. 204 leaves the page as it is."""
        from playwright.sync_api import Error

        before = len(self.complaints)
        with self.page.expect_response(CHECK) as seen, suppress(Error):
            self.page.goto(CHECK)
        if seen.value.status == 204:
            del self.complaints[before:]  # Chromium calls a page without content "aborted".
        return seen.value.status

    def tap(self, words: str) -> None:
        """Tap the first link or button with these words on it, and wait for the page it opens."""
        with self.page.expect_navigation():
            self.link(words).or_(self.button(words)).first.tap()

    # What a person sees

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def language(self) -> str | None:
        return self.page.locator("html").get_attribute("lang")

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def link(self, words: str) -> "Locator":
        """The links with these words on them."""
        return self.page.get_by_role("link", name=re.compile(re.escape(words)))

    def button(self, words: str) -> "Locator":
        """The buttons with these words on them."""
        return self.page.get_by_role("button", name=re.compile(re.escape(words)))

    def shows(self, words: str) -> bool:
        """Whether these words are on the first screen, wholly."""
        box = self.page.get_by_text(words, exact=True).first.bounding_box()
        return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT

    def picture(self, name: str) -> None:
        """Keep the first screen and the whole page, to be looked at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")
        self.page.screenshot(path=PICTURES / f"{name}.whole.png", full_page=True)

    # What must never be

    @property
    def cookies(self) -> list[str]:
        return [str(cookie) for cookie in self._context.cookies()]

    @property
    def strangers(self) -> list[str]:
        """Requests to anything but the portal and the captive check."""
        ours = re.compile(rf"(GET|POST) ({re.escape(PORTAL)}/.*|{re.escape(CHECK)})")
        return [request for request in self.asked if not ours.fullmatch(request)]

    @property
    def posts(self) -> list[str]:
        """The paths of all forms that were sent."""
        sent = f"POST {PORTAL}"
        return [r.removeprefix(sent) for r in self.asked if r.startswith(sent)]


@contextmanager
def window(library: "Playwright", host: Host, *, trusts: Path) -> Iterator[Window]:
    """Open a window on `host`, which trusts one certificate authority besides the usual ones."""
    authority = ssl.PEM_cert_to_DER_cert(trusts.read_text())
    policy = {"CACertificates": [base64.b64encode(authority).decode()]}
    host.must("sh", "-euc", _TRUST, stdin=json.dumps(policy))
    program = host.folder / "chromium"
    there = f"nsenter --target={host.pid} --net --mount"
    program.write_text(f'#!/bin/sh\nexec {there} {CHROMIUM} "$@"\n')
    program.chmod(0o755)
    opened = Window(library, host, program)
    try:
        yield opened
    finally:
        opened.close()
