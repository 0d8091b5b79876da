"""Reads `reports.toml`, and puts costs at its end. What stands in it is in `reports.record`."""

import tomllib
from pathlib import Path

from content_cache import toml_file
from content_cache.toml_file import FileProblems
from reports.facts import ReportError
from reports.record import Cost, Record, Tables, parse, written


def load(path: Path, entered: Tables | None = None) -> Record:
    """Read the file, and add what was `entered` on the page; without a file, that alone.

    Raises:
        ReportError: with every problem of the file.
    """
    if not path.exists():
        return parse({}, entered=entered) if entered else Record()
    try:
        document = toml_file.read(path, FileProblems)
    except FileProblems as error:
        raise ReportError([f"{path} {problem}" for problem in error.problems]) from None
    return parse(document, str(path), entered)


def add_cost(path: Path, cost: Cost, entered: Tables | None = None) -> None:
    """Put a cost at the end of the file; what stands there stays as people wrote it.

    Raises:
        ReportError: the file cannot be used, or could not with this cost.
        OSError: it cannot be written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    load(path, entered)
    after = (before if before.endswith("\n") or not before else before + "\n") + written(cost)
    parse(tomllib.loads(after), str(path), entered)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_text(after, encoding="utf-8")
    unfinished.replace(path)
