"""What articles, quizzes and polls are called: out of the releases on this machine."""

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlite_utils

from content_cache.manifest import BundleError
from content_cache.releases import Releases
from reports.facts import Item
from splash import content
from splash.edition import samples

_MOST_SAMPLES: Final = 1000


def items_of(store: Path) -> dict[str, Item]:
    """Every item of the releases kept in `store`, as the newest release has it; and the samples.

    What cannot be read is left out: a report then says the id in its place.
    """
    found = {item.id: Item(item.kind, item.title_vi) for item in samples().headlines(_MOST_SAMPLES)}
    if not store.exists():
        return found
    releases = Releases(store)
    for number in releases.numbers():
        with suppress(BundleError, sqlite3.Error, OSError):
            found |= _of_release(releases, number)
    return found


def _of_release(releases: Releases, number: int) -> dict[str, Item]:
    address = f"file:{quote(str(releases.release(number).index))}?mode=ro&immutable=1"
    db = sqlite_utils.Database(sqlite3.connect(address, uri=True))
    try:
        rows = db.execute("SELECT id, kind, title_vi, file FROM item").fetchall()
    finally:
        db.close()
    return {id: _item(releases, kind, title, file) for id, kind, title, file in rows}


def _item(releases: Releases, kind: str, title: str, file: str) -> Item:
    if kind in ("poll", "quiz"):
        with suppress(BundleError, ValueError, KeyError):
            made = content.parse(kind, json.loads(releases.content(file)))
            if isinstance(made, content.Poll):
                return Item(kind, title, options=tuple(each.vi for each in made.options))
            if isinstance(made, content.Quiz):
                return Item(kind, title, questions=len(made.questions))
    return Item(kind, title)
