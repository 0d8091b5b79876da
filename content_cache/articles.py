"""Reads articles from Markdown files. No clock, no network; files are read once, by `load`.

An article is a file `<slug>.md`: a front matter of `key: value` lines between two lines of
`---`, then Markdown. The front matter is the small part of YAML that people write by hand:
bare words, text in double quotes, `true` and `false`, dates as 2026-11-22.

The HTML in an `Article` is safe to put into a page as it is: markup in the text is escaped,
images are left out (a captive phone could not fetch them), and links lead to http, https or
telephone numbers only. Headings start at level 2, because the page's own title is level 1.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import mistune

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FRONT_MATTER: Final = re.compile(r"---\n(.*?\n)---\n(.*)", re.DOTALL)
_LINK: Final = re.compile(r"(?:https?://|tel:\+?[0-9])", re.IGNORECASE)
_LANGUAGES: Final = ("vi", "en")


@dataclass(frozen=True, slots=True)
class Article:
    """One article, ready to be put into a page."""

    slug: str
    """The name in its address, `/a/<slug>`: lower-case letters, digits and hyphens."""
    title: str
    language: str
    """`vi` or `en`."""
    category: str
    legal_basis: str
    """The laws it rests on, as readers are told; empty if it claims none."""
    legal_checked_on: date | None
    legal_checked_by: str
    """Who of the legal staff checked it; empty while nobody has."""
    review_before: date | None
    author: str
    sample: bool
    """Not approved: pages must say so."""
    html: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one file, and what to write instead."""

    file: str
    field: str
    found: str
    advice: str

    def __str__(self) -> str:
        found = f" = {self.found}" if self.found else ""
        return f"{self.file}: {self.field}{found}: {self.advice}"


class ArticlesError(Exception):
    """Some articles cannot be used. The text names every problem, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"articles: {count} problem{'s' if count != 1 else ''}{lines}")


def load(folder: Path) -> list[Article]:
    """Read every `*.md` of `folder`, in the order of the file names.

    Raises:
        ArticlesError: the folder or some files cannot be used; all problems at once.
    """
    if not folder.is_dir():
        raise ArticlesError([Problem(str(folder), "folder", "", "no such folder")])
    articles: list[Article] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.md")):
        try:
            articles.append(parse(path.name, path.read_text(encoding="utf-8-sig")))
        except ArticlesError as error:
            problems += error.problems
        except UnicodeDecodeError as error:
            advice = f"byte {error.start} is not UTF-8; save the file as UTF-8"
            problems.append(Problem(path.name, "text", "", advice))
        except OSError as error:
            problems.append(Problem(path.name, "file", "", f"cannot be read: {error.strerror}"))
    if problems:
        raise ArticlesError(problems)
    return articles


def parse(file: str, text: str) -> Article:
    """Make an article of the text of the file called `file`.

    Raises:
        ArticlesError: all problems of this file.
    """
    parts = _FRONT_MATTER.fullmatch(text.replace("\r\n", "\n"))
    if parts is None:
        advice = "begin the file with a line ---, then key: value lines, then a line ---"
        raise ArticlesError([Problem(file, "front matter", "", advice)])
    fields = _Fields(file, parts[1])
    article = Article(
        slug=fields.slug(),
        title=fields.text("title"),
        language=fields.choice("lang", _LANGUAGES),
        category=fields.word("category"),
        legal_basis=fields.text("legal_basis", default=""),
        legal_checked_on=fields.day("legal_checked_on"),
        legal_checked_by=fields.text("legal_checked_by", default=""),
        review_before=fields.day("review_before"),
        author=fields.text("author", default=""),
        sample=fields.flag("sample", default=False),
        html=html_of(parts[2]),
    )
    if not parts[2].strip():
        fields.wrong("text", "", "the article is empty; write it below the second ---")
    if fields.problems:
        raise ArticlesError(fields.problems)
    return article


class _Fields:
    """The front matter of one file; collects what is wrong while it is asked for values."""

    def __init__(self, file: str, front_matter: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._values = dict(self._pairs(front_matter))

    def wrong(self, field: str, found: str, advice: str) -> None:
        self.problems.append(Problem(self._file, field, found, advice))

    def _pairs(self, front_matter: str) -> Iterator[tuple[str, str]]:
        for line in front_matter.splitlines():
            key, colon, value = line.partition(":")
            key, value = key.strip(), value.strip()
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not colon:
                self.wrong("front matter", repr(line), "write key: value")
            elif value.startswith('"'):
                try:
                    yield key, str(json.loads(value))
                except ValueError:
                    advice = 'close the quotation marks, and write \\" for one inside'
                    self.wrong(key, value, advice)
                    yield key, value
            else:
                yield key, value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; `default` None means that it must be there and must not be empty."""
        value = self._values.get(key, "")
        if value or default is not None:
            return value or default or ""
        self.wrong(key, "", f'missing; write {key}: "..."')
        return ""

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._values.get(key, "")
        if value not in choices:
            self.wrong(key, repr(value), f"write one of {', '.join(choices)}")
        return value

    def word(self, key: str) -> str:
        value = self._values.get(key, "")
        if not _SLUG.fullmatch(value):
            self.wrong(key, repr(value), "write lower-case letters without accents, and hyphens")
        return value

    def slug(self) -> str:
        """The file's name without `.md`; an `id` in the front matter must say the same."""
        slug = self._file.removesuffix(".md")
        if not _SLUG.fullmatch(slug):
            advice = "name the file with lower-case letters without accents, digits and hyphens"
            self.wrong("file name", repr(self._file), advice)
        said = self._values.get("id", slug)
        if said != slug:
            self.wrong("id", repr(said), f"write {slug}, like the file's name")
        return slug

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.get(key)
        if value not in (None, "true", "false"):
            self.wrong(key, repr(value), "write true or false")
        return default if value is None else value == "true"

    def day(self, key: str) -> date | None:
        value = self._values.get(key, "")
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(key, repr(value), "write the date as 2026-11-22")
            return None


class _Renderer(mistune.HTMLRenderer):
    """HTML for phones that are held back: nothing to fetch, nothing to run."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return super().heading(text, min(level + 1, 6), **attrs)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text  # What the picture shows, in words; `text` is escaped by mistune.

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, url, title) if _LINK.match(url) else text


_markdown: Final = mistune.Markdown(renderer=_Renderer())


def html_of(markdown: str) -> str:
    """Safe HTML of `markdown` (see the module's docstring for what that means)."""
    return str(_markdown(markdown)).strip()
