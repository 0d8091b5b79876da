"""Words as they are searched: without case, accents and punctuation. Pure.

People type "luong toi thieu" and mean "lương tối thiểu". SQLite's own folding leaves đ as it
is; so texts are folded here, before they are indexed and before they are asked for. A folded
text has exactly as many characters as the text in NFC, so what is found in one can be marked
in the other.

A query is whatever a phone sent. It becomes words of letters and digits, and nothing else ever
reaches the query language of FTS5.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MOST_QUERY_CHARACTERS: Final = 200
MOST_WORDS: Final = 12
_SNIPPET_CHARACTERS: Final = 160
_BEFORE: Final = 50
"""How much of the text stands before what was found."""
_LAST_LETTER: Final = 0x1FFF
"""Beyond are punctuation, symbols and scripts in which no article is written."""


class _Folding(dict[int, str]):
    """One character for one, worked out when it is first met; at most `_LAST_LETTER` entries."""

    def __missing__(self, code: int) -> str:
        if code > _LAST_LETTER:
            return " "
        character = chr(code)
        base = [
            part
            for part in unicodedata.normalize("NFD", character.lower())
            if not unicodedata.combining(part)
        ]
        folded = base[0] if len(base) == 1 and base[0].isalnum() else " "
        self[code] = folded = {"đ": "d"}.get(folded, folded)
        return folded


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """The letters and digits of `text`, with spaces for the rest; as long as `text` in NFC."""
    return unicodedata.normalize("NFC", text).translate(_FOLDING)


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for: words, in their order."""

    words: tuple[str, ...]
    accented: str
    """As it was typed, in small letters; empty if it has no accents to tell apart by."""

    def phrase(self) -> str:
        """For FTS5: the words, one right after the other."""
        return '"' + " ".join(self.words) + '"'

    def all_words(self) -> str:
        """For FTS5: every word, wherever it stands."""
        return " AND ".join(f'"{word}"' for word in self.words)

    def written_in(self, text: str) -> bool:
        """Whether `text`, in NFC, has it with the very accents that were typed."""
        return bool(self.accented) and self.accented in text.lower()


def query(typed: str) -> Query | None:
    """What the text that was typed asks for; None if there is no word in it."""
    typed = typed[:MOST_QUERY_CHARACTERS]
    words = tuple(fold(typed).split()[:MOST_WORDS])
    if not words:
        return None
    accented = _plain(typed).strip()
    return Query(words, "" if accented == " ".join(words) else accented)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


class Piece(NamedTuple):
    """A part of a snippet."""

    text: str
    marked: bool
    """Whether it is what was looked for."""


def snippet(text: str, looked_for: Query) -> tuple[Piece, ...]:
    """The part of `text` where it is found, some 160 characters; the beginning if nowhere."""
    text = unicodedata.normalize("NFC", text)
    folded = fold(text)
    marks = _found(folded, looked_for.words)
    start, end = _window(text, marks[0][0] if marks else 0)
    pieces = []
    at = start
    for first, last in marks:
        if first >= at and last <= end:
            pieces += [Piece(text[at:first], False), Piece(text[first:last], True)]
            at = last
    pieces.append(Piece(text[at:end], False))
    if start > 0:
        pieces.insert(0, Piece("… ", False))
    if end < len(text):
        pieces.append(Piece(" …", False))
    return tuple(piece for piece in pieces if piece.text)


def _found(folded: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the phrase stands; where any of its words do, if it nowhere does."""
    return _places(folded, r"\s+".join(words)) or _places(folded, f"(?:{'|'.join(words)})")


def _places(folded: str, pattern: str) -> list[tuple[int, int]]:
    """Where it stands as whole words.

    What stands before is looked at afterwards: so the pattern begins with letters, for which
    the library looks ten times as fast.
    """
    return [
        match.span()
        for match in re.finditer(rf"{pattern}(?!\S)", folded)
        if match.start() == 0 or folded[match.start() - 1] == " "
    ]


def _window(text: str, around: int) -> tuple[int, int]:
    """Some of `text`, from the beginning of a word to the end of one."""
    start = max(0, around - _BEFORE)
    if start > 0:
        start = text.find(" ", start, around) + 1 or around
    end = min(len(text), start + _SNIPPET_CHARACTERS)
    if end < len(text):
        cut = text.rfind(" ", start, end)
        end = cut if cut > around else end
    return start, end
