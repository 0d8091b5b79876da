"""Text of the fonts that came before Unicode, .VnTime (TCVN3) and VNI, as Unicode. Pure.

In such a font the bytes of Western letters are drawn as Vietnamese ones: "c«ng ®oµn" is shown as
"công đoàn". Once pasted, nothing but the font's name tells; where that is lost (a plain text, a
style of Word's), the text tells: read one way it has hardly a Vietnamese syllable, read the other
nearly all are. The table of TCVN3 is that of TCVN 5712:1993 (VN3).

The editor in the browser does the same to what is pasted (frontend/src/legacy-text.js), from the
same table; the same examples test both.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Final, Literal, TypeAlias

Coding: TypeAlias = Literal["tcvn3", "vni"]

_CODINGS: Final[tuple[Coding, ...]] = ("tcvn3", "vni")

_TABLES: Final[dict[str, dict[str, str]]] = json.loads(
    (Path(__file__).parent / "old_fonts.json").read_text(encoding="utf-8")
)
_PIECES: Final = {
    coding: re.compile("|".join(sorted(map(re.escape, table), key=len, reverse=True)))
    for coding, table in _TABLES.items()
}

_TONES: Final = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_SYLLABLE: Final = re.compile(
    "(ngh?|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    "(iêu|yêu|oai|oao|oay|oeo|uây|uôi|uya|uyê|uyu|ươi|ươu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă"
    "|oe|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy])"
    "(ng|nh|ch|[cmnpt])?"
)
_BETWEEN: Final = re.compile(r"[\s!-/:-@\[-`{-~‘’“”–—…]+")
_UNICODE_ONLY: Final = re.compile("[\u1ea0-\u1ef9ăĂđĐơƠưƯ]")
_WESTERN: Final = re.compile("[\u00a1-\u00ff]")

_FEWEST_WORDS: Final = 3
"""With less to go by, "Café" would be taken for a word of another alphabet."""


def to_unicode(text: str, coding: Coding) -> str:
    """`text`, typed in a font of `coding`, in Unicode (NFC). What is not of it stays."""
    table = _TABLES[coding]
    turned = _PIECES[coding].sub(lambda piece: table[piece.group()], text)
    return unicodedata.normalize("NFC", turned)


def coding_of(text: str) -> Coding | None:
    """The old coding that alone makes Vietnamese of `text`; None for all other text."""
    if _UNICODE_ONLY.search(text):
        return None
    marked = [word for word in _BETWEEN.split(text) if _WESTERN.search(word)]
    if len(marked) < _FEWEST_WORDS:
        return None
    before = sum(map(_is_syllable, marked))
    for coding in _CODINGS:
        after = sum(_is_syllable(to_unicode(word, coding)) for word in marked)
        if before <= 0.3 * len(marked) and after >= 0.8 * len(marked):
            return coding
    return None


def coding_of_font(font: str) -> Coding | None:
    """The coding that a font's name stands for."""
    name = font.strip().strip("\"'").lower()
    if name.startswith(".vn"):
        return "tcvn3"
    return "vni" if re.match("vni[-_ ]", name) else None


def is_of_capitals(font: str) -> bool:
    """Whether the font draws small letters as capitals, as .VnTimeH does."""
    return coding_of_font(font) == "tcvn3" and font.strip().strip("\"'").endswith("H")


def _is_syllable(word: str) -> bool:
    letters = unicodedata.normalize("NFD", word.lower())
    if len(_TONES.findall(letters)) > 1:
        return False
    return bool(_SYLLABLE.fullmatch(unicodedata.normalize("NFC", _TONES.sub("", letters))))
