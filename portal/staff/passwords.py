"""Passwords: which ones are taken, and how they are kept (scrypt, of the standard library)."""

import hashlib
import hmac
import secrets
import unicodedata
from itertools import pairwise
from typing import Final

from portal.staff.words import Said

LEAST: Final = 10
MOST: Final = 200
"""Characters."""

COST: Final = {"n": 2**14, "r": 8, "p": 5}
"""As strong as 128 MiB at once (OWASP's first choice), and takes 16 MiB five times over: an
access point has not more to give."""

_OBVIOUS: Final = (
    "matkhau", "congdoan", "password", "haiphong", "vietnam", "qwerty", "asdfgh", "iloveyou",
    "anhyeuem", "admin", "wifi",
)  # fmt: skip


def refusal(password: str, *names: str) -> Said | None:
    """Why `password` is not taken for somebody of these `names`; None if it is."""
    text = _plain(password)
    if len(text) < LEAST:
        return Said(
            f"Mật khẩu cần ít nhất {LEAST} ký tự; mật khẩu này có {len(text)}."
            " Ví dụ: bốn từ không liên quan, viết liền nhau.",
            f"A password has {LEAST} characters or more; this one has {len(text)}."
            " Four words that have nothing to do with each other make a good one.",
        )
    if len(text) > MOST:
        return Said(
            f"Mật khẩu dài quá {MOST} ký tự.", f"The password is longer than {MOST} characters."
        )
    rest = "".join(c for c in _folded(text) if c.isalnum())
    known = [*_OBVIOUS, *(word for name in names for word in _folded(name).split())]
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) > 2 else rest
    if _surprises(rest) < 5 or len(set(rest)) < 4:
        return Said(
            "Mật khẩu này dễ đoán (tên, chữ quen thuộc hoặc dãy số). Hãy chọn mật khẩu khác.",
            "This password is easy to guess (a name, a common word, a row of digits)."
            " Choose another.",
        )
    return None


def kept(password: str) -> str:
    """What is written down instead of `password`."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt).hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether `password` is the one that was `kept`. Takes the same time either way."""
    _, salt, wanted = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), wanted)


NOBODYS: Final = f"scrypt${'00' * 16}${'00' * 32}"
"""Matches nothing, and takes as long to find out as anybody's."""


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        _plain(password)[: MOST + 1].encode(),
        salt=salt,
        maxmem=64 * 2**20,
        dklen=32,
        **COST,
    )


def _surprises(text: str) -> int:
    """How many characters do not follow from the one before, as in `1234` and `aaaa`."""
    return len(text[:1]) + sum(abs(ord(b) - ord(a)) > 1 for a, b in pairwise(text))


def _plain(password: str) -> str:
    """The same text however a keyboard composes its marks (Telex, VNI, a Mac)."""
    return unicodedata.normalize("NFC", password)


def _folded(text: str) -> str:
    marks = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(c for c in marks if not unicodedata.combining(c))
