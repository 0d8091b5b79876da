"""What two revisions say differently, field by field and word by word. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Final, Literal, TypeAlias

from portal.staff.words import Said
from splash import markup
from splash.content import Content, Words

Mark: TypeAlias = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, as it was and as it is. Pieces that stay are in both."""

    name: Said
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


_ENGLISH: Final = Said("tiếng Anh", "in English")
_YES: Final = {True: Said("có", "yes"), False: Said("không", "no")}


def differences(before: Content, after: Content) -> list[Difference]:
    """The fields that differ, in the order in which they are written."""
    old, new = dict(_texts(before)), dict(_texts(after))
    names = list(new) + [name for name in old if name not in new]
    found = []
    for name in names:
        was, now = old.get(name, ""), new.get(name, "")
        if was != now:
            left, right = _compared(was, now)
            found.append(Difference(name, left, right))
    return found


def _texts(content: Content) -> Iterator[tuple[Said, str]]:
    for entry in fields(content):
        name = Said(entry.metadata["vi"], entry.metadata["en"])
        yield from _of(name, getattr(content, entry.name))


def _of(name: Said, value: Any) -> Iterator[tuple[Said, str]]:
    match value:
        case Words(vi=vi, en=en):
            yield name, _plain(vi)
            yield _under(name, _ENGLISH), _plain(en)
        case tuple():
            for n, one in enumerate(value, 1):
                yield from _of(Said(f"{name.vi} {n}", f"{name.en} {n}"), one)
        case _ if is_dataclass(value):
            for entry in fields(value):
                inner = Said(entry.metadata["vi"], entry.metadata["en"])
                yield from _of(_under(name, inner), getattr(value, entry.name))
        case bool():
            yield name, _YES[value].vi
        case date():
            yield name, value.strftime("%d/%m/%Y")
        case None:
            yield name, ""
        case _:
            yield name, str(value)


def _under(name: Said, inner: Said) -> Said:
    return Said(f"{name.vi}, {inner.vi}", f"{name.en}, {inner.en}")


def _plain(text: str) -> str:
    """Words of HTML, a block on each line; a picture by its name, so that another is seen."""
    shown = re.sub(r'<img\b[^>]*? src="/m/(.{8})[^"]*"[^>]*>', r" [\1] ", text)
    return markup.plain(shown) if "<" in shown else shown


def _compared(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Lines first, and words in the lines that differ: a long text stays quick."""
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a, b in _runs(before.splitlines(keepends=True), after.splitlines(keepends=True)):
        if tag == "equal":
            left.append(Piece("same", "".join(a)))
            right.append(Piece("same", "".join(b)))
            continue
        for inner, c, d in _runs(_words("".join(a)), _words("".join(b))):
            same = inner == "equal"
            if c:
                left.append(Piece("same" if same else "gone", "".join(c)))
            if d:
                right.append(Piece("same" if same else "new", "".join(d)))
    return tuple(left), tuple(right)


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _runs(before: list[str], after: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        yield tag, before[a:b], after[c:d]
