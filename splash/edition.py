"""What one house shows now, as values: made of a release, of the shipped samples, or by hand.

An `Edition` holds what every page may need: greeting, campaigns, notices, polls, quizzes, numbers,
conditions. Articles may be many, so they stay where they are and are asked for (`Articles`).
No clock and no network here; whoever makes an edition decides what is shown now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from content_cache import articles, search
from content_cache.catalogue import ITEMS_PER_PAGE, Item, Page
from splash import markup
from splash.content import (
    Article,
    Campaign,
    Conditions,
    Content,
    Legal,
    Notice,
    Phones,
    Poll,
    Privacy,
    Quiz,
    Source,
    Splash,
    Words,
    kind_of,
    title_of,
)
from splash.views import Hit, Language

SAMPLES: Final = Path(__file__).parent / "articles"
"""The sample articles that are shipped."""

C = TypeVar("C", bound=Content, covariant=True)


@dataclass(frozen=True, slots=True)
class Shown(Generic[C]):
    """Content with its name; `date` (2026-11-22) and `revision` are its version."""

    id: str
    content: C
    date: str = ""
    revision: int = 0

    @property
    def version(self) -> str:
        """`2026-11-22.3`."""
        return f"{self.date}.{self.revision}"


@dataclass(frozen=True, slots=True)
class Edition:
    """What this house shows beside articles. What is None is shown as the shipped texts say."""

    splash: Splash | None = None
    campaigns: tuple[Shown[Campaign], ...] = ()
    notices: tuple[Shown[Notice], ...] = ()
    polls: tuple[Shown[Poll], ...] = ()
    quizzes: tuple[Shown[Quiz], ...] = ()
    phones: Phones | None = None
    conditions: Shown[Conditions] | None = None
    privacy: Shown[Privacy] | None = None
    made: float | None = None
    """When the release was made, in Unix seconds; None for what belongs to no release."""
    release: int | None = None

    def campaign(self, id: str) -> Shown[Campaign] | None:
        return _named(self.campaigns, id)

    def notice(self, id: str) -> Shown[Notice] | None:
        return _named(self.notices, id)

    def poll(self, id: str) -> Shown[Poll] | None:
        return _named(self.polls, id)

    def quiz(self, id: str) -> Shown[Quiz] | None:
        return _named(self.quizzes, id)


PLAIN: Final = Edition()
"""Nothing but what the shipped texts say."""


def _named(shown: Sequence[Shown[C]], id: str) -> Shown[C] | None:
    return next((each for each in shown if each.id == id), None)


class Articles(Protocol):
    """The articles of a house, in the order in which they are listed."""

    def headlines(self, most: int) -> Sequence[Item]:
        """The first `most`."""

    def page(self, number: int) -> Page:
        """Page `number`, from 1; the last one if there are not so many."""

    def get(self, id: str) -> Shown[Article] | None:
        """The whole article; None if this house shows none of this name now."""

    def ids(self) -> Iterable[str]:
        """The names of all that can be got."""

    def search(self, typed: str, most: int) -> Sequence[Hit]:
        """What has the words that somebody typed, whatever they are; not only articles."""


class MemoryArticles:
    """Articles that are all in memory: the shipped samples, and what staff look at before."""

    def __init__(self, articles: Mapping[str, Article], date: str = "") -> None:
        """`articles` by their names, in their order."""
        self._articles = articles
        self._date = date
        self._items = [_item(id, article, date) for id, article in articles.items()]

    def headlines(self, most: int) -> Sequence[Item]:
        return self._items[:most]

    def page(self, number: int) -> Page:
        pages = max(1, -(-len(self._items) // ITEMS_PER_PAGE))
        number = min(max(number, 1), pages)
        first = (number - 1) * ITEMS_PER_PAGE
        return Page(tuple(self._items[first : first + ITEMS_PER_PAGE]), number, pages)

    def get(self, id: str) -> Shown[Article] | None:
        article = self._articles.get(id)
        return None if article is None else Shown(id, article, self._date)

    def ids(self) -> Iterable[str]:
        return self._articles

    def search(self, typed: str, most: int) -> Sequence[Hit]:
        looked_for = search.query(typed)
        if looked_for is None:
            return ()
        found = []
        for item, article in zip(self._items, self._articles.values(), strict=True):
            titles = (article.title, article.summary)
            title = "\n".join(text for words in titles for text in (words.vi, words.en))
            text = "\n".join(map(markup.plain, filter(None, (article.body.vi, article.body.en))))
            if _has_words(f"{title} {text}", looked_for.words):
                in_text = not _has_words(title, looked_for.words)
                snippet = search.snippet(text, looked_for)
                found.append((in_text, Hit(item.kind, item.id, article.title, snippet)))
        found.sort(key=lambda each: each[0])
        return tuple(each for _, each in found[:most])


def _has_words(text: str, words: Sequence[str]) -> bool:
    return set(words) <= set(search.fold(text).split())


def samples(folder: Path = SAMPLES) -> MemoryArticles:
    """The shipped articles.

    Raises:
        ArticlesError: they cannot be used.
    """
    return MemoryArticles({each.slug: article_of(each) for each in articles.load(folder)})


def article_of(written: articles.Article) -> Article:
    """An article that was written as a Markdown file."""

    def words(text: str) -> Words:
        return Words(text) if written.language == "vi" else Words("", text)

    return Article(
        category=written.category,
        title=words(written.title),
        summary=Words(""),
        body=words(written.html),
        source=Source(written.author),
        legal=Legal(
            written.legal_basis,
            written.legal_checked_by,
            written.legal_checked_on,
            written.review_before,
        ),
        sample=written.sample,
    )


def _item(id: str, article: Article, date: str) -> Item:
    """What a list says of an article."""
    title = title_of(article)
    return Item(
        id=id,
        kind=kind_of(article),
        date=date,
        title_vi=title.vi,
        title_en=title.en,
        summary_vi=article.summary.vi,
        summary_en=article.summary.en,
        category=article.category,
        source=article.source.name,
        url=article.source.url,
        revision=0,
    )


def spoken(words: Words, language: Language) -> tuple[str, Language]:
    """The text in this language, or in the other one if that is all there is."""
    if language == "en" and words.en:
        return words.en, "en"
    return (words.vi, "vi") if words.vi else (words.en, "en")
