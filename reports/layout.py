"""How a document must look, as a profile in `layouts/` says it: sizes, margins, places.

`nd30` is Nghị định 30/2020/NĐ-CP, Phụ lục I. Another profile is another file of the same shape.
A size is given as the range the rule allows, and the one that is used (`chosen_pt`).
"""

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "layouts"


@dataclass(frozen=True, slots=True)
class Style:
    """Letters of one part of the document."""

    size_pt: float
    bold: bool
    italic: bool


@dataclass(frozen=True, slots=True)
class Layout:
    font: str
    top_mm: float
    bottom_mm: float
    left_mm: float
    right_mm: float
    page_number_pt: float
    first_line_indent_cm: float
    space_after_pt: float
    styles: dict[str, Style]

    @property
    def text_width_mm(self) -> float:
        """Of an A4 page, upright."""
        return 210 - self.left_mm - self.right_mm


def layout(profile: str) -> Layout:
    """The profile of this name."""
    told: dict[str, Any] = json.loads((_FOLDER / f"{profile}.json").read_text(encoding="utf-8"))
    margins = told["page"]["chosen_mm"]
    parts = {part["name"]: part for part in told["elements"] if "chosen_pt" in part}
    body = parts["Nội dung"]
    return Layout(
        font=told["font"]["name"],
        top_mm=margins["top"],
        bottom_mm=margins["bottom"],
        left_mm=margins["left"],
        right_mm=margins["right"],
        page_number_pt=told["page_number"]["chosen_pt"],
        first_line_indent_cm=body["first_line_indent_cm"][1],
        space_after_pt=body["space_between_paragraphs_pt_min"],
        styles={
            name: Style(part["chosen_pt"], part.get("bold") is True, part.get("italic") is True)
            for name, part in parts.items()
        },
    )


_UPPER: Final = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (722, 667, 722, 722, 667, 611, 778, 778, 389, 500, 778, 667, 944, 722, 778, 611, 778, 722,
         556, 667, 722, 722, 1000, 722, 722, 667),
        strict=True,
    )
)  # fmt: skip
_LOWER: Final = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500, 556, 556, 444,
         389, 333, 556, 500, 722, 500, 500, 444),
        strict=True,
    )
)  # fmt: skip
_WIDTHS: Final = {**_UPPER, **_LOWER, " ": 250, "-": 333, "Đ": 722, "đ": 556}
"""Thousandths of the size, of Times New Roman Bold: for the lines under headings."""


def width_mm(text: str, size_pt: float) -> float:
    """How long a bold text is, about: marks above and below letters take no room."""
    letters = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return sum(_WIDTHS.get(c, 500) for c in letters) * size_pt * 25.4 / 72_000
