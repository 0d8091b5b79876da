"""The code of a house: what a technician types into a router that does not know where it is.

The site's id and one character that checks it: `HP-001-U`. Large and small letters, spaces and
dashes do not matter, nor whether somebody takes O for 0, or I and L for 1: these are the same
here. The 33 characters that are left count 0 to 32, each twice as much as the one to its right;
the sum of a right code leaves 1 when divided by 33. Two and 33 have no common factor, so one
wrong character always changes what is left, and so does any swap of two neighbours: the
difference is that of two different characters, times a power of two. A character too many or too
few is noticed 32 times in 33, and is then no house of the list.

Pure: which houses there are is the caller's.
"""

import hmac
import re
from collections.abc import Iterable
from typing import Final

CHARACTERS: Final = "0123456789abcdefghjkmnpqrstuvwxyz"
"""No o, i and l: they are read as 0, 1 and 1."""

MOST_TYPED: Final = 60
"""Characters somebody may type: the longest code has 34, and spaces."""

_ALIKE: Final = str.maketrans("oil", "011")
_IGNORED: Final = re.compile(r"[\s._‐-―−-]+")
_LEAVES: Final = 1


class NotACode(ValueError):
    """What was typed has characters that no code has, or too few."""


class Mistyped(ValueError):
    """The last character does not fit those before it."""


def code_of(id: str) -> str:
    """The code of the site with this id, as it is printed."""
    plain = _plain(id)
    check = (_LEAVES - 2 * _sum(plain)) % len(CHARACTERS)
    return f"{id}-{CHARACTERS[check]}".upper()


def typed(text: str) -> str:
    """What was typed, in the one way that codes are compared.

    Raises:
        NotACode, Mistyped.
    """
    plain = _plain(text) if len(text) <= MOST_TYPED else ""
    if len(plain) < 2 or not set(plain) <= set(CHARACTERS):
        raise NotACode
    if _sum(plain) != _LEAVES:
        raise Mistyped
    return plain


def find(code: str, ids: Iterable[str]) -> str | None:
    """The id whose code `typed` made `code`; None if it is not among `ids`.

    All of them are compared, each as long: how long it takes does not tell which are near. What
    can be no id has no code.
    """
    found = None
    for id in ids:
        if not set(_plain(id)) <= set(CHARACTERS):
            continue
        if hmac.compare_digest(_plain(code_of(id)).encode(), code.encode()):
            found = id
    return found


def alike(id: str) -> str:
    """The same for all ids whose codes could be taken for each other."""
    return _plain(id)


def _plain(text: str) -> str:
    return _IGNORED.sub("", text.lower()).translate(_ALIKE)


def _sum(plain: str) -> int:
    total = 0
    for character in plain:
        total = (2 * total + CHARACTERS.index(character)) % len(CHARACTERS)
    return total
