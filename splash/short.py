"""Short addresses of articles: `/d/k3mp7w`, to be typed, and as a picture for another phone (QR).

The letters follow from the article's name alone, so they stay the same from release to release,
in every house, and nothing is kept for them. No two letters look alike, and capitals are as good.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Final

import qrcodegen

LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH: Final = 6
"""That is 900 million: two of 3,000 articles share one in one release of two hundred."""
_ALL: Final = len(LETTERS) ** LENGTH
_CODE: Final = re.compile(f"[{LETTERS}]{{{LENGTH}}}")
_QUIET: Final = 4
"""Empty modules around the picture (ISO/IEC 18004 §6.3.8)."""


def code_of(id: str) -> str:
    """The letters of the article called `id`."""
    number, letters = _number_of(id), ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters = LETTERS[place] + letters
    return letters


def find(typed: str, ids: Iterable[str]) -> str | None:
    """The first of `ids` that has these letters; None if they are no article's."""
    code = typed.lower()
    if not _CODE.fullmatch(code):
        return None
    number = 0
    for letter in code:
        number = number * len(LETTERS) + LETTERS.index(letter)
    return next((id for id in ids if _number_of(id) == number), None)


def _number_of(id: str) -> int:
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8], "big") % _ALL


@lru_cache(maxsize=16)
def picture(address: str) -> tuple[str, int]:
    """The strokes of an SVG picture of `address`, one unit wide, and the width of the picture.

    In capitals, which need fewer modules; names of hosts and our letters do not mind. The mask is
    fixed: trying all eight takes four times as long, and any of them can be read.
    """
    code = qrcodegen.QrCode.encode_segments(
        qrcodegen.QrSegment.make_segments(address.upper()),
        qrcodegen.QrCode.Ecc.LOW,
        mask=0,
        boostecl=False,
    )
    size = code.get_size()
    parts = []
    for y in range(size):
        x = 0
        for dark, run in groupby(code.get_module(x, y) for x in range(size)):
            length = len(list(run))
            if dark:
                parts.append(f"M{x + _QUIET} {y + _QUIET}h{length}")
            x += length
    return "".join(parts), size + 2 * _QUIET
