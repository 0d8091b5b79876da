"""A technician's phone at the first boot, in Chromium: from the captive check to the last page."""

from typing import TYPE_CHECKING

import pytest

from portal.demo import addresses as at
from tests.browser.window import HEIGHT, WIDTH, window
from tests.openwrt.test_setup import FirstBoot, boot  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 800}


def test_a_technician_types_the_code(library: "Playwright", boot: FirstBoot) -> None:  # noqa: F811
    phone = boot.phone()
    with window(library, phone, trusts=boot.lab.authority.certificate) as seen:

        def looked_at(name: str) -> None:
            page = seen.page
            seen.picture(f"30-setup-{name}")
            small = page.evaluate(
                "[...document.querySelectorAll('a,button,input:not([type=hidden])')]"
                ".filter(each => each.offsetHeight < 48).length"
            )
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (small, wide) == (0, WIDTH), name
            page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
            seen.picture(f"31-setup-{name}-desk")
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

        assert seen.check() == 302
        assert seen.url == f"http://{at.GATEWAY4}/" or seen.url.startswith("http://wifi.")
        assert seen.shows("Nhập mã địa điểm")
        looked_at("code")

        seen.page.get_by_label("Mã địa điểm trên phiếu lắp đặt").fill("hp-002-x")
        seen.tap("Tiếp tục")
        assert "Mã bị gõ sai" in seen.text
        looked_at("wrong")

        seen.page.get_by_label("Mã địa điểm trên phiếu lắp đặt").fill("hp 002 s")
        seen.tap("Tiếp tục")
        assert "Nhà trọ 'Cầu Rào'" in seen.text
        assert seen.button("Đúng, cài đặt").is_visible()
        looked_at("house")

        seen.tap("Đúng, cài đặt")
        assert "/technician" in seen.text
        looked_at("work")
        seen.page.get_by_text("Đã cài xong").first.wait_for()  # The page reloads itself.
        looked_at("done")
        assert seen.cookies == []
        refused = [line for line in seen.complaints if "Content Security Policy" in line]
        assert refused == []
    assert boot.setup.wait(60) == 0
