"""A technician with a phone's browser, JavaScript off: types the site's name, has it tested, reads.

What is seen is kept in artefacts/screenshots/walk.
"""

import pytest

from portal.demo.lab import Lab
from portal.demo.phone import Phone
from tests.browser.conftest import OpenWindow
from tests.browser.test_walk import words
from tests.browser.window import PORTAL

pytestmark = pytest.mark.browser


def test_a_technician_tests_the_gateway(lab: Lab, phone: Phone, open_window: OpenWindow) -> None:
    lab.start_portal()
    lab.portal_command("technician")
    window = open_window(phone)
    window.open(f"{PORTAL}/technician")
    assert window.heading == words("technician.title")
    window.page.get_by_label(words("technician.site")).fill("mẫu")
    window.tap(words("technician.enter"))
    assert words("technician.wrong") in window.text
    window.picture("50-technician-wrong.vi")

    window.page.get_by_label(words("technician.site")).fill("demo")
    window.tap(words("technician.enter"))
    assert window.heading == words("technician.none")
    window.tap(words("technician.test"))
    window.picture("51-self-test-runs.vi")
    # The page reloads itself until there is a result.
    window.page.get_by_role("button", name=words("technician.again")).wait_for()

    assert "luật trong nhân máy" in window.text.lower()
    assert words("technician.sign_good") in window.text
    window.picture("52-self-test.vi")
    window.tap("English")
    assert "rules in the kernel" in window.text.lower()
    window.picture("52-self-test.en")

    lab.portal_command("technician", "--close")
    window.open(f"{PORTAL}/technician")
    assert window.url == f"{PORTAL}/"
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])
