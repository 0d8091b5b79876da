import json
import unicodedata
from pathlib import Path

import pytest

from portal.staff.old_fonts import coding_of, coding_of_font, is_of_capitals, to_unicode

EXAMPLES = json.loads((Path(__file__).parent / "old_fonts.json").read_text(encoding="utf-8"))
"""The editor in the browser is tested with the same (tests/browser/test_editor.py)."""

LETTERS = "aăâeêioôơuưy"


@pytest.mark.parametrize(("typed", "meant"), EXAMPLES)
def test_only_text_of_an_old_font_is_turned(typed: str, meant: str) -> None:
    coding = coding_of(typed)

    assert (to_unicode(typed, coding) if coding else typed) == meant


def test_tcvn3_has_every_small_letter_of_vietnamese() -> None:
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    small = {unicodedata.normalize("NFC", letter + tone) for letter in LETTERS for tone in tones}

    turned = {to_unicode(chr(code), "tcvn3") for code in range(0xA1, 0x100)}

    assert small - set("aeiouy") | {"đ"} <= turned


def test_vni_writes_a_tone_after_its_letter_in_both_sizes() -> None:
    assert to_unicode("COÂNG ÑOAØN, Vieät Nam, MYÕ", "vni") == "CÔNG ĐOÀN, Việt Nam, MỸ"


@pytest.mark.parametrize(
    ("font", "coding"),
    [
        (".VnTime", "tcvn3"),
        ('".VnArial NarrowH"', "tcvn3"),
        ("VNI-Times", "vni"),
        ("Times New Roman", None),
        ("Vni", None),
        ("", None),
    ],
)
def test_a_font_says_its_coding_by_its_name(font: str, coding: str | None) -> None:
    assert coding_of_font(font) == coding


def test_a_font_of_capitals_ends_in_h() -> None:
    assert [is_of_capitals(font) for font in (".VnTimeH", ".VnTime", "HelveticaH")] == [
        True,
        False,
        False,
    ]
