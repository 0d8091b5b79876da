"""The words on the pages, from one JSON file per language, checked before anything is shown.

A text may hold placeholders in braces, filled from the site and the view. One that has no
value takes its sentence with it: a house without a telephone number never shows "call {phone}",
and no label is left hanging. So give each such fact a sentence of its own.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup, escape

from splash.views import LANGUAGES, Language

SHIPPED: Final = Path(__file__).parent / "texts"

# fmt: off
PLACEHOLDERS: Final = frozenset((
    "org", "unit", "responsible", "phone", "email", "address", "website", "host", "site_name",
    "minutes", "hours", "time", "date", "version", "retention", "speed", "ref", "n", "total",
    "up", "down",
))
# fmt: on

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[.!?]) +")

Entry = str | tuple[str, ...]


class TextsError(Exception):
    """Texts cannot be used. The message names every problem of every file."""


@dataclass(frozen=True, slots=True)
class Texts:
    """All words of one language, by dotted name: `splash.title`."""

    version: str
    date: str
    """The day they were last changed, as 2026-11-22."""
    sample: bool
    """Not approved: pages must say so."""
    entries: Mapping[str, Entry]


def fill(text: str, values: Mapping[str, object]) -> Markup:
    """`text` as safe HTML with its placeholders filled, without the sentences that cannot be.

    Values that are `Markup` go in as they are; all else is escaped.
    """

    def known(sentence: str) -> bool:
        names = _PLACEHOLDER.findall(sentence)
        return all(values.get(name) not in (None, "") for name in names)

    kept = " ".join(filter(known, _BETWEEN_SENTENCES.split(text)))
    # One pass, so that braces inside a value stay what they are.
    return Markup(_PLACEHOLDER.sub(lambda name: str(escape(values[name[1]])), str(escape(kept))))


def load(folder: Path = SHIPPED, needed: Iterable[str] = ()) -> Mapping[Language, Texts]:
    """Read `vi.json` and `en.json`, which must have the same names, and `needed` among them.

    Raises:
        TextsError: every problem of both files.
    """
    problems: list[str] = []
    found: dict[Language, dict[str, Entry]] = {}
    meta: dict[Language, Mapping[str, Any]] = {}
    for language in LANGUAGES:
        file = f"{language}.json"
        try:
            document = json.loads((folder / file).read_text(encoding="utf-8-sig"))
        except OSError as error:
            problems.append(f"{folder / file}: cannot be read: {error.strerror}")
            continue
        except ValueError as error:
            problems.append(f"{file}: not JSON in UTF-8: {error}")
            continue
        meta[language] = _meta(file, document, problems)
        found[language] = dict(_entries(file, document, problems))
    wanted = set(needed).union(*found.values())
    for language, entries in found.items():
        problems += [f"{language}.json: {name}: missing" for name in sorted(wanted - set(entries))]
    for name in sorted(wanted):
        kinds = {type(entries[name]) for entries in found.values() if name in entries}
        if len(kinds) > 1:
            problems.append(f"{name}: a text in one language, a list in the other")
    if problems:
        count = len(problems)
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise TextsError(f"texts: {count} problem{'s' if count != 1 else ''}{lines}")
    return {
        language: Texts(
            version=meta[language]["version"],
            date=meta[language]["date"],
            sample=meta[language]["sample"],
            entries=entries,
        )
        for language, entries in found.items()
    }


def _meta(file: str, document: Any, problems: list[str]) -> Mapping[str, Any]:
    """What a file says about itself."""
    meta = document.get("_meta") if isinstance(document, dict) else None
    if not isinstance(meta, dict):
        problems.append(f'{file}: _meta: missing; write {{"version": "1.0", ...}} as shipped')
        return {}
    for name, kind, advice in (
        ("version", str, 'write a version like "1.0"'),
        ("date", str, 'write the day like "2026-11-22"'),
        ("sample", bool, "write true until the texts are approved, then false"),
    ):
        if not isinstance(meta.get(name), kind):
            problems.append(f"{file}: _meta.{name} = {meta.get(name)!r}: {advice}")
    return meta


def _entries(file: str, document: Any, problems: list[str]) -> Iterator[tuple[str, Entry]]:
    """Every text of a file with its dotted name."""
    if not isinstance(document, dict):
        return
    for section, texts in document.items():
        if section == "_meta":
            continue
        if not isinstance(texts, dict):
            problems.append(f"{file}: {section}: write an object of texts")
            continue
        for name, value in texts.items():
            lines = value if isinstance(value, list) else [value]
            if not lines or not all(isinstance(line, str) and line.strip() for line in lines):
                problems.append(f"{file}: {section}.{name} = {value!r}: write a text, not empty")
                continue
            for line in lines:
                if wrong := _wrong_braces(line):
                    problems.append(f"{file}: {section}.{name}: {wrong}")
            yield f"{section}.{name}", tuple(lines) if isinstance(value, list) else value


def _wrong_braces(text: str) -> str | None:
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS)
    if unknown:
        return f"{{{unknown[0]}}} is not known; known are {', '.join(sorted(PLACEHOLDERS))}"
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        return "a brace that is not a placeholder like {phone}"
    return None
