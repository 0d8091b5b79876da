"""What this house shows now, out of the active release on the disk.

`look` is cheap and may be called every second: it reads one link, and opens the release only when
that link has changed or when something begins or ends. So a campaign starts at its minute with
the line down. While nobody has set the clock, the moment the release was made serves for now.
"""

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from content_cache.catalogue import Catalogue, Item, Page
from content_cache.manifest import MOST_VALUES, BundleError, values_at_most
from content_cache.releases import Release, Releases
from splash import content
from splash.content import (
    Article,
    Campaign,
    Conditions,
    Content,
    ContentProblems,
    Notice,
    Phones,
    Poll,
    Privacy,
    Quiz,
    Splash,
    Words,
)
from splash.edition import Articles, Edition, Shown, samples
from splash.markup import MEDIA_NAME
from splash.views import ITEM_PATHS, Hit

MOST_OF_A_KIND: Final = 20
"""Campaigns, notices, polls, quizzes at once, each: they are held in memory."""
_AGAIN_AFTER_LOOKS: Final = 60
"""A release that could not be opened is tried again after so many looks."""

C = TypeVar("C", bound=Content)

log = logging.getLogger("portal.content")


class ReleaseArticles:
    """The articles of a release that this house shows at one moment."""

    def __init__(
        self, releases: Releases, index: Path, catalogue: Catalogue, site: str, wall: float
    ) -> None:
        """`catalogue` is the opened `index`."""
        self._releases = releases
        self._index = index
        self._catalogue = catalogue
        self._site = site
        self._wall = wall

    def headlines(self, most: int) -> Sequence[Item]:
        return self._catalogue.headlines(self._site, self._wall, most)

    def page(self, number: int) -> Page:
        return self._catalogue.page(self._site, self._wall, number)

    def get(self, id: str) -> Shown[Article] | None:
        item = self._catalogue.get(id, self._site, self._wall)
        if item is None or item.kind != "article":
            return None
        return _shown(self._releases, item, Article)

    def ids(self) -> Iterable[str]:
        """In a thread, if need be, as with `search`."""
        try:
            with closing(Catalogue(self._index)) as catalogue:
                yield from catalogue.ids("article", self._site, self._wall)
        except sqlite3.Error as error:
            log.error("the content cannot be looked through: %s", error)

    def search(self, typed: str, most: int) -> Sequence[Hit]:
        """In a thread, if need be: the catalogue is opened anew, whatever becomes of the shelf."""
        try:
            with closing(Catalogue(self._index)) as catalogue:
                found = catalogue.search(typed, self._site, self._wall, most)
        except sqlite3.Error as error:  # It was deleted meanwhile, or is damaged.
            log.error("the content cannot be searched: %s", error)
            return ()
        return [
            Hit(
                each.item.kind,
                each.item.id,
                Words(each.item.title_vi, each.item.title_en),
                each.snippet,
            )
            for each in found
            if each.item.kind in ITEM_PATHS
        ]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All there is to show until the next change."""

    edition: Edition
    articles: Articles
    media: frozenset[str]
    """The pictures and sounds of the release; what was withdrawn is not among them."""
    files: Path
    """Where they are."""
    close: Callable[[], None]
    """Give back what reading takes. The articles cannot be asked for afterwards."""


class Library:
    """The store of releases of one house."""

    def __init__(self, store: Path, site: str, wall: Callable[[], float | None]) -> None:
        self._releases = Releases(store)
        self._site = site
        self._wall = wall
        self._number: int | None = None
        self._from = 0.0
        self._until = float("inf")
        self._clock_was_set = False
        self._looks_to_wait = 0

    def first(self) -> Shelf:
        """What is shown at the start: the active release, or the shipped samples.

        Raises:
            ArticlesError: the samples cannot be used.
        """
        return self.look() or self.samples()

    def look(self) -> Shelf | None:
        """What to show from now on; None if that has not changed."""
        number, wall = self._releases.active_number(), self._wall()
        same = number == self._number and (wall is not None) == self._clock_was_set
        if same and (wall is None or self._from <= wall < self._until):
            self._looks_to_wait -= self._looks_to_wait > 0
            if self._looks_to_wait != 1:
                return None
        self._clock_was_set = wall is not None
        had_one, self._number = self._number is not None, number
        self._from, self._until = wall or 0.0, float("inf")
        if number is None:
            return self.samples() if had_one else None
        try:
            shelf = self._of_release(self._releases.release(number), wall)
        except Exception as error:  # Damage, or what no check foresaw: the network goes on.
            expected = isinstance(error, BundleError | sqlite3.Error | OSError)
            log.error(
                "release %d cannot be shown; what was shown stays: %s",
                *(number, error),
                exc_info=None if expected else error,
            )
            self._looks_to_wait = _AGAIN_AFTER_LOOKS
            return None
        self._looks_to_wait = 0
        return shelf

    def _of_release(self, release: Release, wall: float | None) -> Shelf:
        moment = release.manifest.made if wall is None else wall
        catalogue = Catalogue(release.index)
        try:
            change = catalogue.next_change(self._site, moment)
            edition = self._edition(catalogue, release, moment)
        except BaseException:
            catalogue.close()
            raise
        if wall is not None and change is not None:
            self._until = change
        log.info("release %d is shown", release.number)
        return Shelf(
            edition,
            ReleaseArticles(self._releases, release.index, catalogue, self._site, moment),
            frozenset(filter(MEDIA_NAME.fullmatch, release.manifest.files)),
            self._releases.files,
            catalogue.close,
        )

    def samples(self) -> Shelf:
        """What is shown where nothing was published.

        Raises:
            ArticlesError: it cannot be used.
        """
        return Shelf(Edition(), samples(), frozenset(), self._releases.files, lambda: None)

    def _edition(self, catalogue: Catalogue, release: Release, moment: float) -> Edition:
        def all_of(kind: type[C]) -> tuple[Shown[C], ...]:
            name = kind.__name__.lower()
            items = catalogue.current(name, self._site, moment, MOST_OF_A_KIND)
            read = (_shown(self._releases, item, kind) for item in items)
            return tuple(filter(None, read))

        def one_of(kind: type[C]) -> Shown[C] | None:
            best = catalogue.foremost(kind.__name__.lower(), self._site, moment)
            return _shown(self._releases, best, kind) if best else None

        splash, phones = one_of(Splash), one_of(Phones)
        return Edition(
            splash=splash.content if splash else None,
            campaigns=all_of(Campaign),
            notices=all_of(Notice),
            polls=all_of(Poll),
            quizzes=all_of(Quiz),
            phones=phones.content if phones else None,
            conditions=one_of(Conditions),
            privacy=one_of(Privacy),
            made=release.manifest.made,
            release=release.number,
        )


def _shown(releases: Releases, item: Item, kind: type[C]) -> Shown[C] | None:
    """The whole item; None, and a line in the log, if it cannot be read: the others can."""
    try:
        written = releases.content(item.file)
        if values_at_most(written) > MOST_VALUES:
            raise BundleError([f"file {item.file}: has more than {MOST_VALUES} values"])
        found = content.parse(item.kind, json.loads(written))
    except (BundleError, ValueError, KeyError, RecursionError, ContentProblems) as error:
        words = re.sub(r"\s+", " ", str(error))[:300]
        log.error("item %s of the content cannot be read, and is left out: %s", item.id, words)
        return None
    assert isinstance(found, kind)
    return Shown(item.id, found, item.date, item.revision)
