"""Reads content that was written as files: articles in Markdown, quizzes in JSON.

Nothing is kept here: `portal content import` makes drafts of what is read, which go the way of
every other draft. Every problem of every file is found before anything is returned.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from content_cache import articles
from content_cache.articles import ArticlesError
from splash import content
from splash.content import Content, ContentProblems, Problem
from splash.edition import article_of

SAMPLES: Final = tuple(Path(__file__).parent / name for name in ("articles", "quizzes"))
"""What is shipped, to begin with. No lawyer has approved it."""

_ENDINGS: Final = (".md", ".json")
_NO_PART_OF_IT: Final = frozenset(("_meta", "id", "time_limit_s", "shuffle_options"))
"""Fields of a quiz file that say nothing of the quiz: workers are never hurried."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file holds."""

    file: Path
    id: str
    content: Content
    unfinished: tuple[Problem, ...]
    """What a draft may lack, and has to be put right before it is sent to review."""


class ImportProblems(Exception):
    """Some files cannot be used. `problems` names each file and field, one a line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''}{lines}")


def read(paths: Iterable[Path]) -> list[Imported]:
    """The content of files, and of all `*.md` and `*.json` in folders, in the order of names.

    Raises:
        ImportProblems: all problems of all files.
    """
    problems: list[str] = []
    found: list[Imported] = []
    for path in _files(paths, problems):
        try:
            found.append(_read(path))
        except ImportProblems as error:
            problems += error.problems
    ids: dict[str, Path] = {}
    for one in found:
        if one.id in ids:
            problems.append(f"{one.file}: id = {one.id}: {ids[one.id]} has the same")
        ids.setdefault(one.id, one.file)
    if problems:
        raise ImportProblems(problems)
    return found


def _files(paths: Iterable[Path], problems: list[str]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in _ENDINGS)
            if not inside:
                problems.append(f"{path}: no *.md and no *.json in it")
            yield from inside
        elif path.suffix in _ENDINGS:
            yield path
        else:
            problems.append(f"{path}: articles end with .md, quizzes with .json")


def _read(path: Path) -> Imported:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportProblems([f"{path}: byte {error.start} is not UTF-8; save it so"]) from None
    except OSError as error:
        raise ImportProblems([f"{path}: cannot be read: {error.strerror}"]) from None
    try:
        if path.suffix == ".md":
            written = articles.parse(path.name, text)
            id, kind, mapping = written.slug, "article", content.to_json(article_of(written))
        else:
            kind = "quiz"
            id, mapping = _quiz(path, json.loads(text))
        return Imported(path, id, content.draft(kind, mapping), content.read(kind, mapping)[1])
    except ArticlesError as error:
        raise ImportProblems(
            str(problem).replace(path.name, str(path), 1) for problem in error.problems
        ) from None
    except ContentProblems as error:
        raise ImportProblems(
            f"{path}: {problem.field}: {problem.en}" for problem in error.problems
        ) from None
    except (ValueError, RecursionError) as error:
        raise ImportProblems([f"{path}: not JSON: {error}"]) from None


def _quiz(path: Path, document: Any) -> tuple[str, dict[str, Any]]:
    """The id of a quiz file, and what it holds as `content.parse` wants it."""
    meta = document.get("_meta") if isinstance(document, dict) else None
    if not isinstance(meta, dict) or meta.get("lang") not in ("vi", "en"):
        advice = 'write {"_meta": {"lang": "vi"}, "id": …, "title": …, "questions": […]}'
        raise ImportProblems([f"{path}: _meta.lang: missing; {advice}"])
    id = document.get("id", path.name.split(".")[0])
    if not isinstance(id, str) or not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id):
        advice = "write lower-case letters without accents, digits and hyphens"
        raise ImportProblems([f"{path}: id = {id!r}: {advice}"])

    def words(value: object) -> object:
        return {"vi": "", meta["lang"]: value} if isinstance(value, str) else value

    def question(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        parts = {name: part for name, part in value.items() if name != "id"}
        for name in parts.keys() & {"text", "explain"}:
            parts[name] = words(parts[name])
        if isinstance(parts.get("options"), list):
            parts["options"] = [words(option) for option in parts["options"]]
        return parts

    mapping = {name: part for name, part in document.items() if name not in _NO_PART_OF_IT}
    mapping["title"] = words(mapping.get("title"))
    if isinstance(mapping.get("questions"), list):
        mapping["questions"] = [question(one) for one in mapping["questions"]]
    if "sample" in meta:
        mapping["sample"] = meta["sample"]
    return id, mapping
