"""Draws the poster: black on white, large enough to be read across a yard.

At two metres a letter can be read from some 4 mm on (5 minutes of arc are 3 mm), so what a worker
has to do is set at 19 pt and more; what is below 14 pt is for whoever comes close.
"""

from functools import partial
from typing import Final

from paper import drawings, wifi, words
from paper.fit import Fitted, filling, fitted
from paper.poster import Poster
from paper.sheet import MM_PER_PT, WIDTH_MM, Align, FontFiles, Sheet

_MARGIN: Final = 14.0
_INNER: Final = WIDTH_MM - 2 * _MARGIN
_MIDDLE: Final = WIDTH_MM / 2
_LEADING: Final = 1.18


def drawn(poster: Poster, fonts: FontFiles) -> Sheet:
    sheet = Sheet(fonts, f"{poster.title} – {poster.house}")
    drawings.corners(sheet)
    _head(sheet, poster)
    _network(sheet, poster)
    _steps(sheet, poster)
    _facts(sheet, poster)
    _foot(sheet, poster)
    return sheet


def _head(sheet: Sheet, poster: Poster) -> None:
    drawings.emblem(sheet, (_MARGIN + 12, 26), 14)
    left, room = _MARGIN + 28, _INNER - 28
    _put(sheet, poster.payer, 23.5, room, (21, 11), align="left", x=left)
    _put(sheet, poster.house, 32, room, (17, 10), align="left", x=left, bold=False)
    _fill(sheet, poster.title, (_MIDDLE, 37), (_INNER, 42), (50, 20), "centre")
    _put(sheet, poster.title_en, 86.5, _INNER, (15, 9), bold=False)


def _network(sheet: Sheet, poster: Poster) -> None:
    top, high, code = 91.0, 72.0, 69.0
    sheet.box((_MARGIN, top), _INNER, high, 1.0, radius=4)
    sheet.qr((_MARGIN + 1.5, top + 1.5), code, wifi.code_of(poster.ssid))
    left = _MARGIN + code + 3
    room = WIDTH_MM - _MARGIN - 4 - left
    _put(sheet, poster.network, top + 10, room, (15, 10), align="left", x=left, bold=False)
    _fill(sheet, words.one_line(poster.ssid), (left, top + 12), (room, 29), (44, 16))
    how = _fit(sheet, poster.scan, room, (14.5, 9), 3, bold=False)
    _lines(sheet, how, top + 48.5, left, "left", bold=False)
    english = _fit(sheet, poster.scan_en, room, (9.5, 7), 2, bold=False)
    _lines(sheet, english, top + 65, left, "left", bold=False)


def _steps(sheet: Sheet, poster: Poster) -> None:
    top, gap = 168.0, 6.0
    wide = (_INNER - 2 * gap) / 3
    pictures = (drawings.choosing, drawings.welcome, drawings.tapping)
    found = [_fit(sheet, step, wide, (19, 10), 3) for step in poster.steps]
    size = min(each.size_pt for each in found)
    for n, picture in enumerate(pictures):
        x = _MARGIN + n * (wide + gap)
        sheet.circle((x + 7, top + 8), 6.5, 0, fill=0)
        sheet.text(x + 7, top + 11.5, str(n + 1), 28, bold=True, align="centre", white=True)
        picture(sheet, (x + wide / 2 - 7, top))
        words = _fit(sheet, poster.steps[n], wide, (size, size), 3)
        _lines(sheet, words, top + 43.5, x, "left")
        small = _fit(sheet, poster.steps_en[n], wide, (9.5, 7), 2, bold=False)
        _lines(sheet, small, top + 65.5, x, "left", bold=False)


def _facts(sheet: Sheet, poster: Poster) -> None:
    size = 14.0 if len(poster.facts) < 3 else 11.5
    y = 242.5 + size * MM_PER_PT * 1.3
    sheet.line((_MARGIN, 242), (WIDTH_MM - _MARGIN, 242), 0.4)
    for text in (poster.no_page, *poster.facts):
        _put(sheet, text, y, _INNER, (size, 7), bold=False)
        y += size * MM_PER_PT * 1.25
    _put(sheet, poster.warning, 269.5, _INNER, (15, 8))


def _foot(sheet: Sheet, poster: Poster) -> None:
    sheet.box((_MARGIN, 272.5), _INNER, 11.5, 1.0, radius=3)
    _put(sheet, poster.help, 281.3, _INNER - 6, (25, 10))
    _put(sheet, poster.foot, 288, _INNER - 14, (8.5, 6), bold=False)


def _fill(
    sheet: Sheet,
    text: str,
    corner: tuple[float, float],
    room: tuple[float, float],
    sizes: tuple[float, float],
    align: Align = "left",
) -> None:
    """In bold, in the middle of a box between its upper and lower edge."""
    (x, y), (width, height) = corner, room
    line = MM_PER_PT * _LEADING
    measure = partial(sheet.width, pt=1.0, bold=True)
    found = filling(text, width, height / line, *sizes, measure)
    used = len(found.lines) * found.size_pt * line
    first = y + (height - used) / 2 + found.size_pt * MM_PER_PT * 0.95
    _lines(sheet, found, first, x, align)


def _put(
    sheet: Sheet,
    text: str,
    y: float,
    width: float,
    sizes: tuple[float, float],
    *,
    align: Align = "centre",
    x: float = _MIDDLE,
    bold: bool = True,
) -> None:
    found = _fit(sheet, text, width, sizes, 1, bold=bold)
    _lines(sheet, found, y, x, align, bold=bold)


def _fit(
    sheet: Sheet,
    text: str,
    width: float,
    sizes: tuple[float, float],
    lines: int,
    *,
    bold: bool = True,
) -> Fitted:
    return fitted(text, width, *sizes, lines, partial(sheet.width, pt=1.0, bold=bold))


def _lines(
    sheet: Sheet,
    found: Fitted,
    y: float,
    x: float,
    align: Align = "centre",
    *,
    bold: bool = True,
) -> None:
    """From the baseline of the first line at `y` on downwards."""
    for n, line in enumerate(found.lines):
        step = found.size_pt * MM_PER_PT * _LEADING
        sheet.text(x, y + n * step, line, found.size_pt, bold=bold, align=align)
