"""How long a search in 5,000 articles takes, beside a scan of the same words with LIKE.

The articles are made of the sentences of the shipped samples, shuffled with a fixed seed, and a
few that the queries are after. The scan is given what the catalogue has: folded texts, in the
order of the list, and an end after as many finds.
"""

import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import LIKE, OURS, Figure, figures, quantile
from bench.processes import memory_mib
from bench.site import BenchSite
from content_cache import catalogue_writer, search
from content_cache.catalogue import Catalogue, Item
from content_cache.catalogue_writer import Entry

SECTION: Final = "search"
ARTICLES: Final = 5000
_MOST: Final = 20
_WALL: Final = 1_790_000_000.0
_SENTENCES: Final = 25
_SAMPLES: Final = Path(__file__).parents[1] / "splash/articles"
_ROWS: Final = (("p50", "ms"), ("p99", "ms"), ("slowest query", "ms"))

SOUGHT: Final = {
    "luong toi thieu": "Lương tối thiểu vùng từ tháng bảy",
    "dinh cong": "Đình công hợp pháp là gì",
    "nguyen thi dao": "Gặp chị Nguyễn Thị Đào, tổ trưởng công đoàn",
    "dien nuoc": "Giá điện, nước trong nhà trọ",
}
"""Typed, and a title of an article that it should lead to."""
QUERIES: Final = (
    *SOUGHT,
    *("Lương TỐI thiểu", "đình công", "Nguyễn Thị Đào", "ĐIỆN NƯỚC"),
    *("công đoàn", "cong ty", "luong", "bảo hiểm thất nghiệp", "ban nen lam gi", "khong he co"),
)


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """`site` and `peer` are of no use here: nothing is sent."""
    articles = list(made_articles(500 if quick else ARTICLES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        data = catalogue_writer.write(articles)
        path.write_bytes(data)
        before = _own_rss_mib()
        with closing(Catalogue(path)) as catalogue, closing(_scanned(articles)) as scanned:
            ours, scans = [], []
            for _ in range(repetitions):
                ours.append(_times(lambda q: catalogue.search(q, "hp-001", _WALL, _MOST)))
            grown = _own_rss_mib() - before
            for _ in range(repetitions):
                scans.append(_times(lambda q: _scan(scanned, q)))
    return [
        *figures(SECTION, OURS, _ROWS, ours),
        *figures(SECTION, LIKE, _ROWS, scans),
        Figure(SECTION, "size of the catalogue", OURS, "MiB", (len(data) / 2**20,)),
        Figure(SECTION, "memory that searching took", OURS, "MiB", (max(grown, 0.0),)),
    ]


def made_articles(count: int) -> Iterator[Entry]:
    """`count` articles, always the same ones."""
    chance = random.Random(9_11)
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted(_SAMPLES.glob("*.md")))
    sentences = [
        sentence
        for sentence in re.split(r"(?<=[.:;?])\s+", re.sub(r"(?s:---.*?---)|[*#-]", " ", text))
        if 30 < len(sentence) < 400
    ]
    sought = dict(zip(chance.sample(range(count), len(SOUGHT)), SOUGHT.values(), strict=True))
    for number in range(count):
        body = " ".join(chance.choices(sentences, k=_SENTENCES))
        title = sought.get(number, chance.choice(sentences)[:80])
        item = Item(
            id=f"bai-{number}",
            kind="article",
            date=f"{2020 + number % 7}-{number % 12 + 1:02}-{number % 28 + 1:02}",
            title_vi=title,
            summary_vi=chance.choice(sentences),
            category="tin",
            revision=1,
            file="0" * 64,
        )
        yield Entry(item, f"{title}. {body}")


def _times(ask: Callable[[str], object]) -> Sequence[float]:
    """p50 and p99 of all queries in milliseconds, and the median of the slowest query."""
    times: dict[str, list[float]] = {query: [] for query in QUERIES}
    for _ in range(20):
        for query in QUERIES:
            begun = time.thread_time()
            ask(query)
            times[query].append((time.thread_time() - begun) * 1000)
    every = [value for values in times.values() for value in values]
    return quantile(every, 0.5), quantile(every, 0.99), max(map(median, times.values()))


def _scanned(articles: Sequence[Entry]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE scanned (title TEXT, words TEXT)")
    for entry in sorted(articles, key=lambda entry: entry.item.date, reverse=True):
        item = entry.item
        words = search.fold(f"{item.title_vi} {item.summary_vi} {entry.text_vi}")
        database.execute(
            "INSERT INTO scanned VALUES (?, ?)", (item.title_vi, " ".join(words.split()))
        )
    return database


def _scan(database: sqlite3.Connection, query: str) -> list[object]:
    folded = " ".join(search.fold(query).split())
    return database.execute(
        "SELECT title FROM scanned WHERE words LIKE ? LIMIT ?", (f"%{folded}%", _MOST)
    ).fetchall()


def _own_rss_mib() -> float:
    return memory_mib(os.getpid())["RSS"]
