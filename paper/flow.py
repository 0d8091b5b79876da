"""Sets paragraphs one below the other, and makes letters smaller until a page holds them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from paper.fit import fitted, wrapped
from paper.sheet import HEIGHT_MM, MM_PER_PT, WIDTH_MM, Align, Sheet

LEADING: Final = 1.22


@dataclass(frozen=True, slots=True)
class Margins:
    """Millimetres of white."""

    top: float
    right: float
    bottom: float
    left: float


class Flow:
    """Where the next paragraph goes: `y` is the upper edge of its first line."""

    def __init__(self, sheet: Sheet, margins: Margins, pt: float) -> None:
        self.sheet = sheet
        self.left = margins.left
        self.right = WIDTH_MM - margins.right
        self.y = margins.top
        self.pt = pt
        self._top = margins.top
        self._bottom = HEIGHT_MM - margins.bottom
        self.page_ends: Callable[[], None] = lambda: None
        """Called before another page begins."""

    @property
    def width(self) -> float:
        return self.right - self.left

    def line_mm(self, share: float = 1.0) -> float:
        return self.pt * share * MM_PER_PT * LEADING

    def text(
        self,
        text: str,
        *,
        share: float = 1.0,
        bold: bool = False,
        italic: bool = False,
        align: Align = "left",
        indent: float = 0.0,
        mark: str = "",
        after: float = 0.0,
    ) -> None:
        """A paragraph in letters of `share` of the usual size; `mark` hangs left of its indent.

        `after`: empty lines, or parts of one, that follow.
        """
        size = self.pt * share
        measure = partial(self.sheet.width, pt=size, bold=bold, italic=italic)
        x = {
            "left": self.left + indent,
            "centre": (self.left + self.right) / 2,
            "right": self.right,
        }[align]
        for n, line in enumerate(wrapped(text, self.width - indent, measure)):
            baseline = self.room(self.line_mm(share)) + size * MM_PER_PT * 0.95
            if mark and n == 0:
                self.sheet.text(
                    self.left + indent - 1.2, baseline, mark, size, bold=bold, align="right"
                )
            self.sheet.text(x, baseline, line, size, bold=bold, italic=italic, align=align)
        self.y += after * self.line_mm(share)

    def short(self, text: str, pt: float, lines: int, *, bold: bool = False) -> None:
        """A text in so many lines of `pt` at most: smaller where it is long, cut at two thirds."""
        measure = partial(self.sheet.width, pt=1.0, bold=bold)
        found = fitted(text, self.width, pt, pt * 2 / 3, lines, measure)
        height = found.size_pt * MM_PER_PT
        for line in found.lines:
            baseline = self.room(height * LEADING) + height * 0.95
            self.sheet.text(self.left, baseline, line, found.size_pt, bold=bold)

    def room(self, height: float) -> float:
        """Take so many millimetres; returns their upper edge, on the next page if need be."""
        if self.y + height > self._bottom and self.y > self._top:
            self.page_ends()
            self.sheet.next_page()
            self.y = self._top
        self.y += height
        return self.y - height


def on_one_page(draw: Callable[[float], Sheet], sizes: Sequence[float]) -> Sheet:
    """The sheet drawn with the first of `sizes` that needs one page, or else with the last."""
    for pt in sizes[:-1]:
        sheet = draw(pt)
        if sheet.pages == 1:
            return sheet
    return draw(sizes[-1])
