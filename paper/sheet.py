"""A sheet of A4 to draw on. The one module that knows reportlab.

Millimetres from the upper left corner; a text stands on its baseline. The same drawing makes the
same bytes: reportlab writes no time into them (`invariant`).

reportlab, not fpdf2: its licence is BSD, where LGPL 3 would bind all of us to version 3 of the GPL.
"""

import io
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import qrcodegen
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont, TTFontFile
from reportlab.pdfgen.canvas import Canvas

WIDTH_MM: Final = 210.0
HEIGHT_MM: Final = 297.0
MM_PER_PT: Final = 25.4 / 72
_PT: Final = 72 / 25.4
_QUIET_MODULES: Final = 4
"""Empty modules around a code (ISO/IEC 18004 §6.3.8)."""

Align: TypeAlias = Literal["left", "centre", "right"]
Point: TypeAlias = tuple[float, float]


class FontProblem(Exception):
    """No font, or one that cannot be used; the text says what to do."""


class FontFiles(Protocol):
    """What `paper.fonts.Family` is."""

    @property
    def regular(self) -> Path: ...
    @property
    def bold(self) -> Path: ...
    @property
    def italic(self) -> Path: ...
    @property
    def symbols(self) -> Sequence[Path]: ...


class Sheet:
    def __init__(self, fonts: FontFiles, title: str) -> None:
        self._fonts = fonts
        self._file = io.BytesIO()
        self._canvas: Any = Canvas(
            self._file,
            (WIDTH_MM * _PT, HEIGHT_MM * _PT),
            invariant=1,
            lang="vi-VN",
            initialFontName=_registered(fonts.regular),
        )
        self._canvas.setTitle(title)
        self._canvas.setViewerPreference("PrintScaling", "None")
        self._canvas.setLineCap(1)
        self._canvas.setLineJoin(1)
        self.pages = 1
        self._widths: dict[tuple[str, bool, bool], float] = {}
        self.missing: set[str] = set()
        """Characters that no font has; a box stands for each."""

    def width(self, text: str, pt: float, *, bold: bool = False, italic: bool = False) -> float:
        asked = (text, bold, italic)
        if asked not in self._widths:  # Fitting asks for the same again and again.
            runs = self._runs(text, bold, italic)
            self._widths[asked] = sum(
                float(pdfmetrics.stringWidth(part, font, 1.0)) for font, part in runs
            )
        return MM_PER_PT * pt * self._widths[asked]

    def text(
        self,
        x: float,
        y: float,
        text: str,
        pt: float,
        *,
        bold: bool = False,
        italic: bool = False,
        align: Align = "left",
        white: bool = False,
    ) -> None:
        if align != "left":
            width = self.width(text, pt, bold=bold, italic=italic)
            x -= width / 2 if align == "centre" else width
        written = self._canvas.beginText(x * _PT, (HEIGHT_MM - y) * _PT)
        written.setFillGray(1 if white else 0)
        for font, part in self._runs(text, bold, italic):
            written.setFont(font, pt)
            written.textOut(part)
        self._canvas.drawText(written)

    def _runs(self, text: str, bold: bool, italic: bool) -> list[tuple[str, str]]:
        """The text cut where the font changes."""
        style = self._fonts.bold if bold else self._fonts.italic if italic else self._fonts.regular
        fonts = [style, *self._fonts.symbols]
        found: list[tuple[str, str]] = []
        for character in text:
            for font in fonts:
                if character in letters_of(font):
                    found.append((_registered(font), character))
                    break
            else:
                self.missing.add(character)
                boxed = next((font for font in fonts if "□" in letters_of(font)), None)
                found.append(
                    (_registered(boxed or style), "□" if boxed else "?"),
                )
        return [
            (font, "".join(each for _, each in run))
            for font, run in groupby(found, key=lambda one: one[0])
        ]

    def line(self, start: Point, end: Point, wide: float = 0.3, *, dots: bool = False) -> None:
        self.path([start, end], wide, dots=dots)

    def path(
        self,
        points: Iterable[Point],
        wide: float = 0.3,
        *,
        closed: bool = False,
        dots: bool = False,
        fill: float | None = None,
    ) -> None:
        """Straight strokes from point to point; `fill` is a grey, 0 black to 1 white."""
        path = self._canvas.beginPath()
        for n, (x, y) in enumerate(points):
            (path.lineTo if n else path.moveTo)(x * _PT, (HEIGHT_MM - y) * _PT)
        if closed:
            path.close()
        self._pen(wide, dots)
        self._canvas.setFillGray(1 if fill is None else fill)
        self._canvas.drawPath(path, stroke=int(wide > 0), fill=int(fill is not None))

    def box(
        self,
        corner: Point,
        width: float,
        height: float,
        wide: float = 0.3,
        *,
        radius: float = 0.0,
        fill: float | None = None,
    ) -> None:
        x, y = corner
        self._pen(wide)
        self._canvas.setFillGray(1 if fill is None else fill)
        self._canvas.roundRect(
            *(x * _PT, (HEIGHT_MM - y - height) * _PT, width * _PT, height * _PT, radius * _PT),
            stroke=int(wide > 0),
            fill=int(fill is not None),
        )

    def circle(
        self, centre: Point, radius: float, wide: float = 0.3, *, fill: float | None = None
    ) -> None:
        x, y = centre
        self._pen(wide)
        self._canvas.setFillGray(1 if fill is None else fill)
        self._canvas.circle(
            *(x * _PT, (HEIGHT_MM - y) * _PT, radius * _PT),
            stroke=int(wide > 0),
            fill=int(fill is not None),
        )

    def arc(self, centre: Point, radius: float, from_: float, degrees: float, wide: float) -> None:
        """Part of a circle: from an angle (0 is right, 90 is up), so many degrees on."""
        (x, y), r = centre, radius
        self._pen(wide)
        self._canvas.arc(
            *((x - r) * _PT, (HEIGHT_MM - y - r) * _PT, (x + r) * _PT, (HEIGHT_MM - y + r) * _PT),
            *(from_, degrees),
        )

    def _pen(self, wide: float, dots: bool = False) -> None:
        self._canvas.setStrokeGray(0)
        self._canvas.setLineWidth(wide * _PT)
        self._canvas.setDash([0.1, 3] if dots else [])

    def qr(self, corner: Point, width: float, text: str) -> None:
        """A code of `text` with its quiet zone, in a square of this width."""
        code = qrcodegen.QrCode.encode_text(text, qrcodegen.QrCode.Ecc.MEDIUM)
        size = code.get_size()
        module = width / (size + 2 * _QUIET_MODULES)
        path = self._canvas.beginPath()
        for row in range(size):
            column = 0
            for dark, run in groupby(code.get_module(x, row) for x in range(size)):
                length = len(list(run))
                if dark:
                    x = corner[0] + (column + _QUIET_MODULES) * module
                    y = corner[1] + (row + _QUIET_MODULES + 1) * module
                    place = (x * _PT, (HEIGHT_MM - y) * _PT)
                    path.rect(*place, length * module * _PT, module * _PT)
                column += length
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def next_page(self) -> None:
        self._canvas.showPage()
        self._canvas.setLineCap(1)
        self._canvas.setLineJoin(1)
        self.pages += 1

    def pdf(self) -> bytes:
        """The finished file. Nothing can be drawn afterwards."""
        self._canvas.save()
        return self._file.getvalue()


@cache
def letters_of(font: Path) -> frozenset[str]:
    """What a TrueType font has a drawing for.

    Raises:
        FontProblem: it cannot be read, or is another kind of font.
    """
    try:
        return frozenset(map(chr, TTFontFile(str(font)).charToGlyph))
    except (TTFError, OSError, ValueError) as error:
        raise FontProblem(f"{font}: cannot be used as a TrueType font: {error}") from None


def _registered(font: Path) -> str:
    """The name by which reportlab knows the font of this file."""
    name = str(font)
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, name))
    return name
