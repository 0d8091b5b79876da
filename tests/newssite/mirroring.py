"""Mirrors the made-up site once, as a program on a host of the laboratory.

    python -m tests.newssite.mirroring TASK OUT

TASK is JSON: the source's table, `memory` (a path), `seconds` for one fetch, and `times`, by how
much the waiting between requests is faster than in the world. OUT gets what came, as JSON.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from content_cache.mirror.articles import Article
from content_cache.mirror.fetching import Pace
from content_cache.mirror.memory import Memory
from content_cache.mirror.report import as_json
from content_cache.mirror.run import mirror
from content_cache.mirror.sources import parse
from tests.newssite.articles import NEWEST


def _as_json(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "date": article.date.isoformat() if article.date else None,
        "html": article.html,
        "widths": [media.width for media in article.media],
        "bytes": sum(len(media.webp) for media in article.media),
    }


async def main(task: dict[str, Any]) -> dict[str, Any]:
    times = task["times"]
    began = time.monotonic()
    pace = Pace(lambda: time.monotonic() * times, lambda wait: asyncio.sleep(wait / times))
    [source] = parse({"source": [task["source"]]})
    with Memory(Path(task["memory"])) as memory:
        outcome = await mirror(
            source, memory, NEWEST.timestamp(), agent="thu/1", pace=pace, seconds=task["seconds"]
        )
        for result in outcome.results:
            memory.saved(result.article.address, result.article.digest(), NEWEST.timestamp())
    return {
        "articles": {
            urlsplit(result.article.address).path: _as_json(result.article)
            for result in outcome.results
        },
        "report": as_json(outcome.report),
        "seconds": time.monotonic() - began,
        "worker_kb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
        "own_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


if __name__ == "__main__":
    made = asyncio.run(main(json.loads(sys.argv[1])))
    Path(sys.argv[2]).write_text(json.dumps(made), encoding="utf-8")
