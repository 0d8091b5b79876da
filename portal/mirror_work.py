"""`portal content mirror`: copy websites into the texts of the staff.

For the machine that publishes. What is copied stands in `mirror.toml`, beside `portal.toml`
(docs/mirror.md).
"""

import argparse
import asyncio
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from content_cache.mirror import report as reports
from content_cache.mirror import sources as source_file
from content_cache.mirror.memory import Memory
from content_cache.mirror.report import Report
from content_cache.mirror.run import Outcome, Progress
from content_cache.mirror.run import mirror as run
from content_cache.mirror.sources import Source, SourcesError
from portal import __version__, mirror_keeping, mirror_try
from portal.config import Config, ConfigurationError
from portal.content_desk import ContentError
from splash import publishing
from splash.content import CATEGORIES, LEGAL
from splash.content_store import ContentStore
from splash.publishing import Press

FAILED: Final = 1
_TRIED: Final = 3
_WIDTH: Final = 76


def mirror(config: Config, press: Press, options: argparse.Namespace) -> int:
    """Copy the sources into the store, and print the reports; 1 if a source gave nothing at all.

    With `--publish` also release what needed no person.

    Raises:
        ConfigurationError, ContentError: nothing was copied.
        CannotPublish, BundleError, BrokenContent, OSError: as `publishing.publish` says.
    """
    sources = _sources(options)
    store, data_dir = press.store, config.storage.data_dir
    told: list[Report] = []
    with _alone(data_dir / "mirror.lock"), Memory(data_dir / "mirror.db") as memory:
        before = _live(store)
        for source in sources:
            now = time.time()
            used = mirror_keeping.used_ids(store)
            outcome = _run(source, memory, now, config, used=used)
            outcome = mirror_keeping.keep(store, memory, source, outcome, now)
            memory.keep_report(source.name, reports.as_json(outcome.report), now)
            told.append(outcome.report)
            if not options.json:
                print(reports.in_vietnamese(outcome.report), flush=True)
    if options.json:
        print(json.dumps([reports.as_json(one) for one in told], ensure_ascii=False))
    if options.publish and _live(store) != before:
        release = publishing.publish(press, time.time(), "mirror", "portal content mirror")
        print(f"release {release.n} is shown", file=sys.stderr)
    return _code(told)


def try_out(config: Config, options: argparse.Namespace) -> int:
    """Show the first articles of the sources; 1 if one has none. Nothing is kept.

    Raises:
        ConfigurationError: `mirror.toml` cannot be used.
        ContentError: the folder for the pages cannot be written.
    """
    told = []
    for source in _sources(options):
        with Memory(None) as memory:
            outcome = _run(source, memory, time.time(), config, most=_TRIED)
        copies = [result.article for result in outcome.results]
        for copy in copies:
            print(mirror_try.as_text(copy, source))
        print(reports.in_vietnamese(outcome.report))
        if options.tries != Path():
            for file in mirror_try.write_pages(options.tries, copies, source, config):
                print(file)
        told.append(outcome.report)
    return _code(told)


def _code(told: Sequence[Report]) -> int:
    return 0 if all(any(line.id for line in report.lines) for report in told) else FAILED


def _live(store: ContentStore) -> set[tuple[str, int]]:
    return {(one.revision.item.id, one.revision.n) for one in store.live()}


def _run(
    source: Source,
    memory: Memory,
    now: float,
    config: Config,
    *,
    used: dict[str, str] | None = None,
    most: int | None = None,
) -> Outcome:
    with _progress(source) as progress:
        return asyncio.run(
            run(
                source, memory, now, agent=agent_of(config), used=used, most=most, progress=progress
            )
        )


def agent_of(config: Config) -> str:
    """What websites are told of who asks: the program, and where its user is found."""
    website = config.organisation.website
    return f"union-portal/{__version__}" + (f" (+{website})" if website else "")


def category_problems(source: Source) -> list[str]:
    """What is wrong with the category of a source, if anything; as `sources` says it."""
    possible = sorted({*CATEGORIES} - LEGAL)
    if source.category in possible:
        return []
    why = f"unknown; write one of {', '.join(possible)}"
    if source.category in LEGAL:
        why = "says what the law is, which a person has to check; choose another"
    return [f'{source.name}.category = "{source.category}"   {why}']


def _sources(options: argparse.Namespace) -> tuple[Source, ...]:
    file = options.config.with_name("mirror.toml")
    try:
        found = source_file.load(file)
    except SourcesError as error:
        raise ConfigurationError(str(file), error.problems) from None
    problems = [line for source in found for line in category_problems(source)]
    if options.source and options.source not in {source.name for source in found}:
        names = ", ".join(source.name for source in found)
        problems.append(f"has no source called {options.source!r}; known are {names}")
    if problems:
        raise ConfigurationError(str(file), problems)
    return tuple(source for source in found if options.source in (None, source.name))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One run at a time: the timer's and a person's would ask the same site together."""
    with _opened(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ContentError("another run is copying websites; wait until it has ended") from None
        yield


def _opened(path: Path) -> IO[Any]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as error:
        raise ContentError(f"{path} cannot be written: {error.strerror}") from None


@contextmanager
def _progress(source: Source) -> Iterator[Progress]:
    """Says on a terminal how far it is, in one line that is written over; else nothing."""
    is_terminal = sys.stderr.isatty()

    def progress(done: int, total: int, address: str) -> None:
        if is_terminal:
            line = f"{source.name}: {done}/{total} {address}"[:_WIDTH]
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    yield progress
    if is_terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
