"""Tries a source in a process of its own, for the staff site: `python3 -m portal.mirror_trial`.

The pages of a website are read by large libraries; whatever they do, only this process is harmed.
It reads a task in JSON from standard input: the source's `table`, the `house` (fields of
`splash.site.Site`) and the `agent`. It writes JSON: `problems` of the table, or the `report` in
Vietnamese and the `pages` of the first articles with their `policy`. Nothing is kept.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any, Final

from content_cache.mirror import report as reports
from content_cache.mirror.memory import Memory
from content_cache.mirror.run import mirror
from content_cache.mirror.sources import SourcesError, parse
from portal import mirror_try
from portal.mirror_work import category_problems
from splash.site import Site

ARTICLES: Final = 3
_MEMORY_BYTES: Final = 2_000_000_000


async def trial(task: dict[str, Any]) -> dict[str, Any]:
    """What came of a task."""
    try:
        [source] = parse({"source": [task["table"]]}, "")
        if problems := category_problems(source):
            return {"problems": problems}
    except SourcesError as error:
        return {"problems": error.problems}
    with Memory(None) as memory:
        outcome = await mirror(source, memory, time.time(), agent=task["agent"], most=ARTICLES)
    copies = [result.article for result in outcome.results]
    pages, policy = mirror_try.pages_of(copies, source, Site(**task["house"]))
    titles = {copy.id: copy.title for copy in copies}
    return {
        "problems": [],
        "report": reports.in_vietnamese(outcome.report),
        "pages": [{"title": titles[id], "html": html} for id, html in pages],
        "policy": policy,
    }


def main() -> None:
    """Do the task of standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    json.dump(asyncio.run(trial(json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
