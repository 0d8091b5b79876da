"""The technician's guide is one page of A4, and its pictures are what a phone shows today."""

import subprocess
from pathlib import Path
from typing import Any

import mistune
import pytest

from portal import site_file
from portal.setup_pages import SetupPages
from splash import example
from splash.pages import Pages
from splash.views import Look

pytestmark = pytest.mark.browser

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "ky-thuat-vien.md"
PICTURES = Path(__file__).parents[2] / "artefacts" / "screenshots" / "technician"
PHONE = {"width": 360, "height": 640}
HOUSE = {
    "site": {"id": "hp-001", "name": "Khu trọ Hồng Phong", "address": "12 Hồng Phong, An Dương"},
    "organisation": {"name": "LĐLĐ thành phố Hải Phòng", "unit": "Ban Tuyên giáo – Nữ công"},
    "wifi": {"ssid": "Wi-Fi Công đoàn"},
}
PAPER = """
@page { size: A4; margin: 12mm }
body { font: 9.5pt/1.3 "Noto Sans", sans-serif; margin: 0 }
h1 { font-size: 16pt; margin: 0 0 3pt }
p, ol, table { margin: 4pt 0 }
ol { padding-left: 16pt }
table { border-collapse: collapse; width: 100%; font-size: 9pt }
th, td { border: .5pt solid #888; padding: 1pt 4pt; text-align: left; vertical-align: top }
code { font-size: 8.5pt }
img { max-width: 100% }
"""
"""As an office prints it, with letters that can be read at a desk."""


def test_the_guide_is_one_page(chromium: Any, tmp_path: Path) -> None:
    written = mistune.create_markdown(plugins=["table"], escape=False)(GUIDE.read_text("utf-8"))
    file, paper = tmp_path / "guide.html", tmp_path / "guide.pdf"
    head = f'<!doctype html><meta charset="utf-8"><base href="{DOCS.as_uri()}/">'
    file.write_text(f"{head}<style>{PAPER}</style>{written}", encoding="utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    missing = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
    page.pdf(path=paper, prefer_css_page_size=True)
    page.close()
    PICTURES.mkdir(parents=True, exist_ok=True)
    subprocess.run(["pdftoppm", "-r", "90", "-png", paper, PICTURES / "guide"], check=True)
    told = subprocess.run(["pdfinfo", paper], check=True, capture_output=True, text=True).stdout

    assert missing == []
    assert "Pages:           1\n" in told


def test_the_pages_of_a_technician_fit_a_phone(chromium: Any) -> None:
    pages = SetupPages("wifi.congdoan.home.arpa", 30)
    house = site_file.one(HOUSE, "hp-001.toml")
    phones = Pages(example.SITE, "token", example.ARTICLES)
    test = phones.page(example.CAPTIVE["self-test"], Look(), open=False).plain().decode()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, written in {
        "code": pages.code(),
        "wrong": pages.code(wrong=("Mã bị gõ sai.", "The code is mistyped.")),
        "house": pages.house(house, "token"),
        "work": pages.work(house, "token", "applying", ""),
        "self-test": test,
    }.items():
        page = chromium.new_page(viewport=PHONE)
        page.set_content(written.replace('http-equiv="refresh"', 'name="refresh"'))
        page.screenshot(path=PICTURES / f"{name}.png")
        wide = page.evaluate("document.documentElement.scrollWidth")
        page.close()

        assert wide <= PHONE["width"], name
