"""A house, the papers of it as pictures and as text."""

import io
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from PIL import Image, ImageOps, ImageStat

from paper.place import Place
from paper.sheet import HEIGHT_MM, WIDTH_MM
from splash import texts
from splash.site import Site

TEXTS = texts.load()


def place(ssid: str = "Wi-Fi Công đoàn", week: Any = None, **changed: Any) -> Place:
    facts: dict[str, Any] = {
        "name": "Khu trọ Hồng Phong",
        "org": "LĐLĐ thành phố Hải Phòng",
        "unit": "Ban Tuyên giáo – Nữ công",
        "website": "",
        "phone": "0225 000 0000",
        "email": "",
        "address": "Số 2, đường Mẫu",
        "responsible": "Nguyễn Văn Mẫu",
        "host": "wifi.congdoan.home.arpa",
        "session_minutes": 240,
        "keep_days": 90,
        "device_mbit": None,
    }
    return Place(
        Site(**facts | changed), "hp-001", "HP-001-U", ssid, week, "Số 1, đường Mẫu", 16, 32
    )


@dataclass(frozen=True)
class Printed:
    pdf: bytes

    @property
    def text(self) -> str:
        """As pdftotext reads it, lines joined."""
        return " ".join(_run(self.pdf, "pdftotext", "-enc", "UTF-8", "-", "-").decode().split())

    @property
    def pages(self) -> int:
        return self.pdf.count(b"/Type /Page\n") + self.pdf.count(b"/Type /Page ")

    @property
    def fonts(self) -> list[list[str]]:
        """The rows of pdffonts, in words."""
        return [row.split() for row in _run(self.pdf, "pdffonts", "-").decode().splitlines()[2:]]

    @property
    def codes(self) -> list[str]:
        """What a reader finds on the sheet at 150 dots per inch."""
        picture = _run(self.pdf, "pdftoppm", "-r", "150", "-gray", "-")
        found = _run(picture, "zbarimg", "-q", "--raw", "--nodbus", "-")
        return found.decode().splitlines()

    @property
    def word_pt(self) -> dict[str, float]:
        """How high the line of each word is, of the largest that is written so."""
        told = _run(self.pdf, "pdftotext", "-bbox", "-", "-").decode()
        found: dict[str, float] = {}
        for top, bottom, word in re.findall(r'yMin="(.+?)".*?yMax="(.+?)">(.*?)</word>', told):
            found[word] = max(found.get(word, 0), float(bottom) - float(top))
        return found

    @property
    def ink(self) -> float:
        """The share of the page that is black."""
        drawn = Image.open(io.BytesIO(_run(self.pdf, "pdftoppm", "-r", "50", "-gray", "-")))
        return 1 - ImageStat.Stat(drawn).mean[0] / 255

    @property
    def margins_mm(self) -> tuple[float, float, float, float]:
        """White at the left, top, right and bottom edge."""
        dots = 100
        drawn = Image.open(io.BytesIO(_run(self.pdf, "pdftoppm", "-r", f"{dots}", "-gray", "-")))
        box = ImageOps.invert(drawn).point(lambda grey: 255 * (grey > 40)).getbbox()
        assert box is not None
        left, top, right, bottom = (edge * 25.4 / dots for edge in box)
        return left, top, WIDTH_MM - right, HEIGHT_MM - bottom


@cache
def _run(data: bytes, *command: str) -> bytes:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}: scripts/setup --test installs it")
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout
