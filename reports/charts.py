"""Bar charts as pictures, for the document: black and grey, so that a printer does them right.

Only digits stand in a picture; what the bars are is said beside it, in the document's own letters.
"""

import io
import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from reports import words

WIDTH, HEIGHT = 1600, 480
DPI: Final = 254
"""160 mm wide, as the text."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 150, 10, 46, 70
_LETTERS: Final = 34
_DARK, _GREY, _LINE = (45, 45, 45), (150, 150, 150), (205, 205, 205)
_MOST_BARS: Final = 40


def bars(
    labels: Sequence[str],
    values: Sequence[float | None],
    decimals: int = 0,
    ceiling: float | None = None,
) -> bytes:
    """A PNG with a bar for each value; None is a gap.

    `ceiling` is the end of the scale, if not the highest value decides.
    """
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(_LETTERS)
    top = ceiling or _round_up(max((value for value in values if value), default=1.0))
    floor = HEIGHT - _BOTTOM
    tall = floor - _TOP
    for step in range(5):
        mark = top * step / 4
        y = floor - tall * step / 4
        draw.line((_LEFT, y, WIDTH - _RIGHT, y), fill=_LINE, width=2)
        shown = words.number(mark, 0 if top >= 4 else 2)
        draw.text((_LEFT - 14, y), shown, fill=_DARK, font=font, anchor="rm")
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(values), 1)
    every = math.ceil(len(values) / _MOST_BARS * 4) if len(values) > 12 else 1
    for n, (label, value) in enumerate(zip(labels, values, strict=True)):
        left = _LEFT + n * wide
        middle = left + wide / 2
        if value is not None:
            y = floor - tall * min(value / top, 1.0)
            draw.rectangle((left + wide * 0.18, y, left + wide * 0.82, floor), fill=_GREY)
            shown = words.number(value, decimals)
            if draw.textlength(shown, font) < wide * 1.02:
                draw.text((middle, y - 6), shown, fill=_DARK, font=font, anchor="mb")
        if n % every == 0:
            draw.text((middle, floor + 14), label, fill=_DARK, font=font, anchor="mt")
    draw.line((_LEFT, floor, WIDTH - _RIGHT, floor), fill=_DARK, width=3)
    written = io.BytesIO()
    picture.save(written, "PNG", dpi=(DPI, DPI), optimize=True)
    return written.getvalue()


def _round_up(value: float) -> float:
    """The end of a scale that people read: 1, 2, 4 or 8 and zeros."""
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 8, 10) if step * size >= value)
