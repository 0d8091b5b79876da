"""Programs that are killed in the midst of it (tests/netns/test_content_kills.py).

They are started by a fork server that has imported everything, so that what is interrupted is
the work and not the start.
"""

import asyncio
import os
from pathlib import Path

from content_cache.fetch import Source, fetch
from content_cache.releases import Releases
from tests.unit.content_cache.bundles import KEY, article, released

ARTICLES = 6


def publish(folder: Path) -> None:
    """Build, activate and tidy up, one release after the other, without an end."""
    store = Releases(folder)
    while True:
        number = max(store.numbers(), default=0) + 1
        build(store, number)
        store.activate(number, KEY)
        store.collect(keep=2)


def build(store: Releases, number: int) -> None:
    """A release of which every file is new."""
    items = [
        article(f"so-{n}", content=b'{"release": %d, "article": %d}' % (number, n))
        for n in range(ARTICLES)
    ]
    released(store, number, *items)


def follow(folder: Path, url: str, authority: Path) -> None:
    """Fetch what is there, again and again."""
    os.environ["SSL_CERT_FILE"] = str(authority)
    source = Source(url, KEY, most_bytes=10**7, total_seconds=30)
    while True:
        asyncio.run(fetch(Releases(folder), source))
