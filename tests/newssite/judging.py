"""How well a mirror did: its articles against the truth of the made-up site."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tests.newssite.articles import Article, split


class Mirrored(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def date(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Copy:
    title: str
    html: str
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Score:
    precision: float
    recall: float
    worst: float
    """The least of any article's two."""
    missing: tuple[str, ...]
    """Paths of good articles that are not there."""
    wrong_dates: tuple[str, ...]
    wrong_titles: tuple[str, ...]
    wrong_pictures: tuple[str, ...]


def judged(truth: Iterable[Article], mirrored: Mapping[str, Mirrored]) -> Score:
    """`mirrored` is by path."""
    both = only_truth = only_copy = 0
    worst = 1.0
    missing, dates, titles, pictures = [], [], [], []
    for article in truth:
        copy = mirrored.get(article.path)
        if copy is None:
            missing.append(article.path)
            continue
        told = Counter(article.words())
        seen = Counter(split(re.sub(r" \(PDF[^)]*\)", "", copy.html)))
        shared = (told & seen).total()
        both += shared
        only_truth += told.total() - shared
        only_copy += seen.total() - shared
        worst = min(worst, shared / told.total(), shared / max(1, seen.total()))
        if copy.date != article.date:
            dates.append(article.path)
        if copy.title != article.title:
            titles.append(article.path)
        if copy.html.count("<img ") != article.shown:
            pictures.append(article.path)
    return Score(
        both / max(1, both + only_copy),
        both / max(1, both + only_truth),
        worst,
        tuple(missing),
        tuple(dates),
        tuple(titles),
        tuple(pictures),
    )
