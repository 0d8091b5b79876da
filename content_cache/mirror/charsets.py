"""From bytes to Vietnamese text. Pure.

What a page says of its charset is often wrong, so it is believed last: bytes that are UTF-8 are
UTF-8. Else windows-1258, whose accents are characters of their own, is what Vietnamese sites
had. Text that was turned into UTF-8 twice is turned back. Text for the fonts of TCVN3 (.VnTime)
is only recognised (`for_old_fonts`): people have to look at it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_NAMES: Final = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("windows-1258", "cp1258", "x-cp1258"), "cp1258"),
    **dict.fromkeys(("windows-1252", "cp1252", "iso-8859-1", "latin1", "us-ascii"), "cp1252"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-16"),
}
_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,30})", re.IGNORECASE)
_ONLY_VIETNAMESE: Final = re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
"""Letters that neither French nor a text for old fonts has."""

# What windows-1252 leaves undefined, browsers read as control characters; so do double encoders.
_BYTES: Final = {
    **{bytes([n]).decode("cp1252", "ignore") or chr(n): n for n in range(0x80, 0xA0)},
    **{chr(n): n for n in range(0x80, 0x100)},
}
_TWICE: Final = re.compile(r"á[º»]|Æ[°¡]|Ä[‘ƒ\x91\x83]|Ã[\xa0-\xbf]|â€")
_RUN: Final = re.compile("[" + "".join(map(re.escape, _BYTES)) + "]{2,}")

_OLD_FONT: Final = re.compile(r"[A-Za-z]+[®µ¸¶·¹«¬¨©ª]|[®µ¸¶·¹«¬¨©ª][A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    """In NFC."""
    mended: bool
    """The page said something else of its charset, or was encoded twice."""


def decode(body: bytes, told: str = "") -> Decoded:
    """The text of `body`; `told` is what the HTTP header says of its charset, or ""."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _done(body.decode("utf-16", "replace"), mended=False)
    body = body.removeprefix(b"\xef\xbb\xbf")
    meta = _META.search(body[:4096])
    names = (told.lower(), meta[1].decode("ascii").lower() if meta else "")
    claims = [_NAMES[name] for name in names if name in _NAMES]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text, codec = _best(body, claims)
        return _done(text, mended=not claims or claims[0] != codec)
    mended = any(claim != "utf-8" for claim in claims[:1]) and not text.isascii()
    once = _once(text)
    return _done(once, mended=mended or once != text)


def _done(text: str, *, mended: bool) -> Decoded:
    return Decoded(unicodedata.normalize("NFC", text), mended)


def _best(body: bytes, claims: list[str]) -> tuple[str, str]:
    """The reading of bytes that are not UTF-8 which looks most like Vietnamese."""
    found = []
    for codec in dict.fromkeys(("utf-8", *claims, "cp1258")):
        text = unicodedata.normalize("NFC", body.decode(codec, "replace"))
        # A tone mark that stands alone, or a sign inside a word, means the codec is wrong.
        strange = len(re.findall(r"\ufffd|[\u0300-\u0323]|[A-Za-z][¡-¿×÷][a-z]", text))
        found.append((len(_ONLY_VIETNAMESE.findall(text)) - 3 * strange, text, codec))
    _, text, codec = max(found, key=lambda reading: reading[0])
    return text, codec


def _once(text: str) -> str:
    """Text that was encoded twice, encoded once; other text as it is."""
    return _RUN.sub(_mended_run, text) if len(_TWICE.findall(text)) >= 3 else text


def _mended_run(run: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[character] for character in run[0]).decode("utf-8")
    except UnicodeDecodeError:
        return run[0]


def for_old_fonts(text: str) -> bool:
    """Whether `text` is Vietnamese for the fonts of TCVN3: "C«ng ®oµn" for "Công đoàn"."""
    old = len(_OLD_FONT.findall(text))
    return old >= 5 and old > len(_ONLY_VIETNAMESE.findall(text))
