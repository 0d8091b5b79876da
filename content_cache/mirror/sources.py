"""What is mirrored: `mirror.toml` as frozen values, parsed once. No network.

Every key is a field below; its `doc` is its line in docs/mirror.md (a test compares them).
Reading a file finds all problems at once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from content_cache.toml_file import REQUIRED, FileProblems, key, read, values

Kind = Literal["feed", "sitemap", "list", "page"]


class SourcesError(FileProblems):
    """`mirror.toml` cannot be used."""


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.strip().isprintable():
        raise ValueError('not a line of text; write it in quotes, like "…"')
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('not a list; write ["/tin-tuc/"]')
    return tuple(text(item) for item in value)


def identifier(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise ValueError('not an identifier; write small letters, digits and "-", like "ldld-hp"')
    if len(value) > 32:
        raise ValueError("longer than 32 characters; shorten it")
    return value


def web_address(value: object) -> str:
    address = text(value)
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not re.fullmatch(r"[!-~]+", address):
        raise ValueError('not a web address; write one like "https://example.vn/tin-tuc"')
    return address


def host_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('not a list; write ["anh.example.vn"]')
    for item in value:
        if not isinstance(item, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", item):
            raise ValueError(f'holds {item!r}, no host name; write ["anh.example.vn"]')
    return tuple(value)


def selector(value: object) -> str:
    """A CSS selector that the parser takes."""
    chosen = text(value)
    try:
        LexborHTMLParser("<p></p>").css(chosen)
    except SelectolaxError:
        raise ValueError('not a CSS selector; write one like "h3.title a"') from None
    return chosen


def selectors(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('not a list; write [".lien-quan", ".chia-se"]')
    return tuple(selector(item) for item in value)


def one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("unknown; write " + ", ".join(f'"{choice}"' for choice in choices))
        return value

    return parse


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false; write one of them, without quotes")
    return value


def whole_number(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"not a whole number from {least} to {most}")
        return value

    return parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where things stand on the pages of one site, as CSS selectors; "" leaves it to a guess."""

    link: str = key(selector, "", "On a list page: the links to articles. Needed for `list`.")
    next: str = key(selector, "", "On a list page: the link to the next one.")
    pages: int = key(whole_number(1, 200), 20, "How many list pages are followed at most.")
    title: str = key(selector, "", "On an article: its title.")
    date: str = key(selector, "", "On an article: when it appeared.")
    summary: str = key(selector, "", "On an article: the lines that sum it up.")
    body: str = key(selector, "", "On an article: its text. Without it, the text is guessed.")
    drop: tuple[str, ...] = key(selectors, (), "Inside the text: what is no part of it.")


def _rule(value: object) -> Rule:
    if not isinstance(value, dict):
        raise ValueError('not a table; write { body = ".noi-dung" }')
    problems: list[str] = []
    found = values(Rule, value, "", problems)
    if problems:
        raise ValueError("; ".join(problems))
    return Rule(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    name: str = key(identifier, REQUIRED, "Short name in commands and reports.")
    title: str = key(text, REQUIRED, "Whose articles they are, as readers are told.")
    kind: Kind = key(
        one_of("feed", "sitemap", "list", "page"),
        REQUIRED,
        "What `url` is: an RSS or Atom feed, a sitemap, a page that lists articles, or an article.",
    )
    url: str = key(web_address, REQUIRED, "Where to look.")
    own: bool = key(
        flag,
        False,
        "`true`: pages of our own, mirrored whole. Else title, two lines and a link,"
        " unless `permission` is written.",
    )
    permission: str = key(
        text, "", "Who allowed to show whole articles, when, and where it is kept."
    )
    category: str = key(identifier, "tin", "The articles' category.")
    publish: Literal["review", "auto"] = key(
        one_of("review", "auto"),
        "review",
        "`auto`: what is new goes live without a person; only with `own = true`.",
    )
    only: tuple[str, ...] = key(
        texts, (), "Parts of addresses: articles whose address has none of them are left aside."
    )
    max_articles: int = key(whole_number(1, 5000), 300, "The newest so many are mirrored.")
    hosts: tuple[str, ...] = key(
        host_names, (), "Further hosts that pages and pictures may come from."
    )
    allow_private: bool = key(
        flag, False, "`true`: the site may have an address of a private network."
    )
    rule: Rule = key(_rule, Rule(), "Where things stand on the pages: the table below.")

    @property
    def whole(self) -> bool:
        """Whether articles may be shown whole."""
        return self.own or bool(self.permission)

    @property
    def all_hosts(self) -> frozenset[str]:
        """Every host that pages and pictures of this source may come from."""
        return frozenset((urlsplit(self.url).hostname or "", *self.hosts))


def load(path: Path) -> tuple[Source, ...]:
    """Read `mirror.toml`.

    Raises:
        SourcesError: with every problem of the file.
    """
    return parse(read(path, SourcesError), str(path))


def parse(document: Mapping[str, Any], file: str = "mirror.toml") -> tuple[Source, ...]:
    """Turn a parsed TOML document into sources.

    Raises:
        SourcesError: with every problem of the document.
    """
    problems = [
        f"{name}   unknown; write [[source]] above each source"
        for name in document.keys() - {"source"}
    ]
    tables = document.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourcesError(file, ["source   not a list of tables; write [[source]]"])
    if not tables and not problems:
        problems.append(
            "holds no source; write [[source]], and its name, title, kind and url below"
        )
    found = []
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        label = f"{name}." if isinstance(name, str) and name.isprintable() else f"source {number}: "
        before = len(problems)
        given = values(Source, table, label, problems)
        if len(problems) == before:
            source = Source(**given)
            problems += (f"{label}{line}" for line in _contradictions(source))
            found.append(source)
    names = [source.name for source in found]
    problems += (
        f"{name}.name   stands twice; every source has a name of its own"
        for name in sorted({name for name in names if names.count(name) > 1})
    )
    if problems:
        raise SourcesError(file, sorted(problems))
    return tuple(found)


def _contradictions(source: Source) -> list[str]:
    """Keys that are right alone and wrong together."""
    problems = []
    if source.kind == "list" and not source.rule.link:
        problems.append('rule.link is missing   a list page needs it; write link = "h3 a"')
    if source.publish == "auto" and not source.own:
        problems.append(
            'publish = "auto"   only for pages of our own; write own = true, or "review"'
        )
    return problems
