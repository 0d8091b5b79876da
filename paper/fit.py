"""Makes texts of any length fit where there is room for them. Pure: what is measured, others say.

`Measure` gives the width of a text at one point of size; widths grow with the size.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Measure: TypeAlias = Callable[[str], float]

_STEP_PT = 0.5


@dataclass(frozen=True, slots=True)
class Fitted:
    size_pt: float
    lines: tuple[str, ...]
    cut: bool = False
    """Something was left out."""


def wrapped(text: str, width: float, measure: Measure) -> tuple[str, ...]:
    """The text in lines that are not wider; a word that is too long is broken."""
    lines: list[str] = []
    line = ""
    for word in re.split(" +", text.strip()):
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while measure(line) > width and len(line) > 1:
            n = _letters_that_fit(line, width, measure)
            lines.append(line[:n])
            line = line[n:]
    return (*lines, line) if line else tuple(lines)


def _letters_that_fit(text: str, width: float, measure: Measure) -> int:
    """At least one."""
    n = 1
    while measure(text[: n + 1]) <= width:
        n += 1
    return n


def fitted(
    text: str, width: float, most_pt: float, least_pt: float, lines: int, measure: Measure
) -> Fitted:
    """The text as large as fits into so many lines; what does not fit at the least is cut."""
    size = most_pt
    while True:
        found = wrapped(text, width / size, measure)
        broken = any(measure(word) > width / size for word in text.split(" "))
        if len(found) <= lines and (not broken or size <= least_pt):
            return Fitted(size, _balanced(found, width / size, measure))
        if size <= least_pt:
            return Fitted(size, _cut(found, lines, width / size, measure), cut=True)
        size = max(least_pt, size - _STEP_PT)


def _balanced(found: tuple[str, ...], width: float, measure: Measure) -> tuple[str, ...]:
    """The same in as many lines, whose lengths differ less: no word is left alone."""
    text, narrow = " ".join(found), width
    if len(found) < 2 or any(measure(word) > width for word in text.split(" ")):
        return found
    best = found
    while (narrow := narrow * 0.97) >= max(map(measure, text.split(" "))):
        tried = wrapped(text, narrow, measure)
        if len(tried) > len(found):
            break
        best = tried
    return best


def filling(
    text: str, width: float, height: float, most_pt: float, least_pt: float, measure: Measure
) -> Fitted:
    """The text as large as fits into a box; `height` is that of lines of one point of size.

    A further line has to win a quarter: a name is easier to find in one piece.
    """
    best = fitted(text, width, min(most_pt, height), least_pt, 1, measure)
    for lines in range(2, int(height / least_pt) + 1):
        found = fitted(text, width, min(most_pt, height / lines), least_pt, lines, measure)
        if best.cut or found.size_pt >= 1.25 * best.size_pt:
            best = found
    return best


def _cut(found: tuple[str, ...], lines: int, width: float, measure: Measure) -> tuple[str, ...]:
    last = found[lines - 1]
    while last and measure(last + "…") > width:
        last = last[:-1]
    return (*found[: lines - 1], last.rstrip() + "…")
