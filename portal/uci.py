"""OpenWrt's configuration, `uci export portal`, as portal.toml. Pure: text in, text out.

A section's name is a table of portal.toml, an option's name a key of it, a `list` an array; what
kind of value a key has is what `portal.config` says. UCI knows text alone, so numbers and yes or
no are read here. The days of [session] are tables in portal.toml and options here, like
`saturday_opening_hours`. An option that is empty says nothing, as everywhere in UCI; a list with
one empty entry is an empty list.

The section `router` is for the shell: how networks, Wi-Fi and firewall are set up
(deploy/openwrt). It is judged here and is not in portal.toml.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin

from content_cache.toml_file import FileProblems, shown, values
from portal.config import Config, ConfigurationError, parse
from portal.router_settings import Router
from portal.setting_values import OtherDay

SOURCE = "/etc/config/portal"
ROUTER = "router"
MISSING = re.compile(r"\w+\.\w+ is missing ")

Options: TypeAlias = dict[str, str | list[str]]
Sections: TypeAlias = dict[str, Options]

_YES = {"1", "on", "true", "yes", "enabled"}
_NO = {"0", "off", "false", "no", "disabled"}
_DAY_KEYS = tuple(entry.name for entry in fields(OtherDay))


class UciError(FileProblems):
    """`/etc/config/portal` cannot be used."""


def to_toml(export: str, source: str = SOURCE, *, unfinished: bool = False) -> str:
    """The text of portal.toml for what `uci export portal` printed.

    Sections and options that come again add to and replace earlier ones, so that defaults can
    stand before the router's own configuration. With `unfinished` nothing has to be there: a
    router is set up before anybody says whose it is.

    Raises:
        UciError: with every problem of the whole text.
    """
    problems: list[str] = []
    sections = read(export, problems)
    router: dict[str, Any] = dict(sections.pop(ROUTER, {}))
    _typed_by(Router, router, f"{ROUTER}.", problems)
    values(Router, router, f"{ROUTER}.", problems)
    document = {name: _table(name, options, problems) for name, options in sections.items()}
    told = {problem.partition(" ")[0] for problem in problems}
    try:
        parse(document)
    except ConfigurationError as error:
        problems += [
            each
            for each in error.problems
            if each.partition(" ")[0] not in told and not (unfinished and MISSING.match(each))
        ]
    if problems:
        raise UciError(source, sorted(problems))
    return _toml(document)


def read(export: str, problems: list[str]) -> Sections:
    """The named sections of a UCI text; what is no UCI is added to `problems`."""
    sections: Sections = {}
    current: Options | None = None
    for number, words in _lines(export, problems):
        match words:
            case ["package", _]:
                pass
            case ["config", _, name]:
                current = sections.setdefault(name, {})
            case ["config", kind]:
                current = {}
                problems.append(
                    f"line {number}   a section without a name; write config {kind} '{kind}'"
                )
            case ["option" | "list" as how, key, *value] if current is not None and len(value) < 2:
                _add(current, how, key, "".join(value))
            case _:
                problems.append(f"line {number}   not UCI: {shown(' '.join(words))}")
    return sections


def _add(options: Options, how: str, key: str, value: str) -> None:
    before = options.get(key)
    if how == "list":
        options[key] = [*before, value] if isinstance(before, list) else [value]
    elif value:
        options[key] = value


def _lines(export: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The words of each line, with its number. Quoted words may go over several lines."""
    words: list[str] = []
    number = begun = 1
    for match in _WORD.finditer(export):
        space, word, rest = match.group("space", "word", "rest")
        if word is not None:
            if not words:
                begun = number
            words.append(_PART.sub(_unquoted, word))
        elif rest is not None:
            problems.append(f"line {number}   a quote that does not end")
        elif space == "\n" and words:
            yield begun, words
            words = []
        number += match[0].count("\n")
    if words:
        yield begun, words


_PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\])""", re.DOTALL)
_WORD = re.compile(
    rf"(?P<space>\n|[^\S\n]+|\#[^\n]*)|(?P<word>(?:{_PART.pattern})+)|(?P<rest>.+)",
    re.DOTALL,
)


def _unquoted(part: re.Match[str]) -> str:
    single, double, escaped, plain = part.groups()
    if double is not None:
        return re.sub(r"\\(.)", r"\1", double, flags=re.DOTALL)
    return next(text for text in (single, escaped, plain) if text is not None)


def _table(name: str, options: Options, problems: list[str]) -> dict[str, Any]:
    """A table of portal.toml; what is not known there stays, for `portal.config` to refuse."""
    table: dict[str, Any] = dict(options)
    kind = next((entry.type for entry in fields(Config) if entry.name == name), None)
    if isinstance(kind, type):
        _gather_days(kind, table)
        _typed_by(kind, table, f"{name}.", problems)
    return table


def _gather_days(kind: type, table: dict[str, Any]) -> None:
    """Make one table of `saturday_length` and its like."""
    for entry in fields(kind):
        if OtherDay in get_args(entry.type):
            names = {key: f"{entry.name}_{key}" for key in _DAY_KEYS}
            day = {key: table.pop(name) for key, name in names.items() if name in table}
            if day:
                table[entry.name] = day


def _typed_by(kind: type, table: dict[str, Any], label: str, problems: list[str]) -> None:
    """Turn texts into what TOML has for the fields of `kind`.

    What is no such value is left as it is, for its parser to refuse in its own words. Where
    those would be about TOML, it is refused here and taken away.
    """
    for entry in fields(kind):
        value = table.get(entry.name)
        if value is None or isinstance(value, dict):
            continue
        wanted = _kind_of(entry.type)
        if wanted is tuple:
            items = [value] if isinstance(value, str) else value
            table[entry.name] = [item for item in items if item]
        elif isinstance(value, list):
            del table[entry.name]
            problems.append(f"{label}{entry.name}   is a list; write option {entry.name} '…', once")
        elif wanted is bool and value in _YES | _NO:
            table[entry.name] = value in _YES
        elif wanted is bool:
            del table[entry.name]
            problems.append(f"{label}{entry.name} = {shown(value)}   write 1 or 0")
        elif wanted is int and re.fullmatch(r"-?[0-9]{1,18}", value):
            table[entry.name] = int(value)


def _kind_of(annotation: Any) -> type | None:
    """How a field's value is written: as one of several (tuple), bool, int, or None for text."""
    choices = (
        get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    )
    for choice in choices:
        if get_origin(choice) is tuple and get_args(choice)[1:] == (...,):
            return tuple
        if choice in (bool, int):
            assert isinstance(choice, type)
            return choice
    return None


def _toml(document: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["# Made from /etc/config/portal: change that, with `uci` or in LuCI."]
    for section, table in document.items():
        lines += ["", f"[{section}]", *(f"{key} = {_value(each)}" for key, each in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """A value in TOML, on one line. `json` writes its texts as TOML does, but for U+007F."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
