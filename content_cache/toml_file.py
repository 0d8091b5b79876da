"""TOML files that people write: what each key means, and every problem of a file at once. Pure,
but for `read`. Which keys there are is elsewhere: `portal.toml`, `mirror.toml`.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

REQUIRED: Final[Any] = MISSING


class FileProblems(Exception):
    """The file cannot be used. `problems` has one line for each thing to mend."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {line}" for line in problems)]))


def key(parse: Callable[[object], T], default: Any, doc: str) -> Any:
    """A field: how it is parsed, what it is when absent, what it means."""
    return field(default=default, metadata={"parse": parse, "doc": doc})


def read(path: Path, error: type[FileProblems]) -> dict[str, Any]:
    """The document in a file.

    Raises:
        error: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as reason:
        raise error(str(path), [f"cannot be read: {reason.strerror}"]) from None
    except UnicodeDecodeError:
        raise error(str(path), ["is not UTF-8 text; save it as UTF-8"]) from None
    except RecursionError:
        raise error(str(path), ["is not TOML: nested too deeply"]) from None
    except ValueError as reason:  # TOMLDecodeError, and numbers of thousands of digits.
        raise error(str(path), [f"is not TOML: {reason}"]) from None


def values(kind: type, table: Mapping[str, Any], label: str, problems: list[str]) -> dict[str, Any]:
    """What `table` says for the fields of `kind`; what is wrong is added to `problems`.

    `label` stands before each name of a key, like `session.`.
    """
    known = {entry.name: entry for entry in fields(kind)}
    found = {}
    for name in table.keys() - known.keys():
        problems.append(f"{label}{written(name)}{did_you_mean(name, known)}")
    for name, entry in known.items():
        if name in table:
            try:
                found[name] = entry.metadata["parse"](table[name])
            except ValueError as error:
                problems.append(f"{label}{name} = {shown(table[name])}   {error}")
        elif entry.default is REQUIRED:
            problems.append(f"{label}{name} is missing   {entry.metadata['doc']}")
    return found


def shown(value: object) -> str:
    """A TOML value in one short line, as its author wrote it, more or less."""
    if isinstance(value, str):
        text = (
            '"' + value.encode("unicode_escape").decode() + '"'
            if not value.isprintable()
            else f'"{value}"'
        )
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        try:
            text = str(value)
        except ValueError:  # A number of more digits than Python prints.
            text = "…"
    return text if len(text) <= 60 else text[:57] + "…"


def written(key: str) -> str:
    """A key as TOML has it: bare where it can be, else in quotes."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else shown(key)


def did_you_mean(name: str, known: Mapping[str, object]) -> str:
    """What follows a name that is none of `known`."""
    close = get_close_matches(name, known, 1)
    hint = f'did you mean "{close[0]}"?' if close else "known are " + ", ".join(known)
    return f"   unknown; {hint}"
