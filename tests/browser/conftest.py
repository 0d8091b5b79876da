"""A site where everything runs but the daemon, and phones with a screen."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from tests.browser.window import CHROMIUM, Window, window

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

OpenWindow: TypeAlias = Callable[[Host], Window]


# Not for the session: as long as it is open, no other test can have an event loop.
@pytest.fixture(scope="module")
def library() -> Iterator["Playwright"]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    with playwright.sync_playwright() as library:
        yield library


@pytest.fixture(scope="module")
def chromium(library: "Playwright") -> Iterator[Any]:
    """A browser of this machine itself, in no namespace."""
    browser = library.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An Internet, and an access point that only waits for `start_portal`."""
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        yield lab


@pytest.fixture
def open_window(library: "Playwright", lab: Lab) -> Iterator[OpenWindow]:
    """Opens a sign-in window on a phone; all are closed before the laboratory is."""
    with ExitStack() as stack:

        def open_window(host: Host) -> Window:
            opened = window(library, host, trusts=lab.authority.certificate)
            return stack.enter_context(opened)

        yield open_window


@pytest.fixture
def phone(lab: Lab) -> Phone:
    """A phone that has joined; the daemon need not run yet."""
    phone = lab.phone()
    phone.join()
    return phone
