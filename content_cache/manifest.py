"""What a bundle says of itself: which files it has, of how many bytes. Pure.

A file's name is the SHA-256 of its bytes, so the list of names is also the list of checks, and
a name that leads to another folder cannot be written. `parse` takes any bytes: they came over a
line that anybody may sit on.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

FORMAT: Final = 1
MOST_MANIFEST_BYTES: Final = 4 << 20
MOST_FILES: Final = 20_000
MOST_FILE_BYTES: Final = 64 << 20
MOST_RELEASE: Final = 10**9
MOST_VALUES: Final = 60_000
"""In one piece of JSON. Eight MiB of `[],[],` would be 230 in memory."""
_LAST_MOMENT: Final = 32_503_680_000.0
"""The year 3000, in Unix seconds."""
_MOST_PROBLEMS: Final = 20
_NAME: Final = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,5})?")
_FIELDS: Final = frozenset({"format", "release", "made", "index", "files"})


class BundleError(Exception):
    """A bundle cannot be used. `problems` has every failed check, one a line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release of the content."""

    release: int
    """Counts up: a gateway never goes from one release to a lower one by itself."""
    made: float
    """Unix seconds."""
    index: str
    """The name of the catalogue (`content_cache.catalogue`), one of `files`."""
    files: Mapping[str, int]
    """The size in bytes of every file, by its name."""

    @property
    def total_bytes(self) -> int:
        return sum(self.files.values())

    def to_json(self) -> str:
        """The one way to write it: equal manifests are equal texts."""
        return json.dumps(
            {
                "format": FORMAT,
                "release": self.release,
                "made": float(self.made),
                "index": self.index,
                "files": dict(self.files),
            },
            sort_keys=True,
            separators=(",", ":"),
        )


def is_name(name: str) -> bool:
    """Whether a file of a bundle may be called so."""
    return _NAME.fullmatch(name) is not None


def parse(data: bytes) -> Manifest:
    """Read a manifest from any bytes.

    Raises:
        BundleError: with every problem of it.
    """
    if len(data) > MOST_MANIFEST_BYTES:
        raise BundleError([f"manifest: {len(data)} bytes; at most {MOST_MANIFEST_BYTES} are read"])
    document = read_object(data, "manifest")
    if document.get("format") != FORMAT or isinstance(document["format"], bool):
        found = shown(document.get("format"))
        advice = f"this gateway reads format {FORMAT}; a newer one may read it"
        raise BundleError([f"manifest: format = {found}; {advice}"])
    problems = [f"manifest: {shown(key)} is unknown" for key in sorted(document.keys() - _FIELDS)]
    problems += [f"manifest: {key} is missing" for key in sorted(_FIELDS - document.keys())]
    release, made = document.get("release", 1), document.get("made", 0.0)
    if not _whole(release, 1, MOST_RELEASE):
        problems.append(f"manifest: release = {shown(release)} is not a number from 1")
    if not _moment(made):
        problems.append(f"manifest: made = {shown(made)} is not a time in Unix seconds")
    files, index = document.get("files", {}), document.get("index")
    if isinstance(files, dict):
        problems += _wrong_files(files)
        if "index" in document and not (isinstance(index, str) and index in files):
            problems.append(f"manifest: index = {shown(index)} is none of its files")
    else:
        problems.append("manifest: files is not an object of names and sizes")
    if problems:
        raise BundleError(_told(problems))
    return Manifest(release, float(made), str(index), MappingProxyType(files))


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object in which no name stands twice.

    Raises:
        BundleError: it is something else. `what` names it for people.
    """
    if values_at_most(data) > MOST_VALUES:
        raise BundleError([f"{what}: has more than {MOST_VALUES} values"])
    try:
        document = json.loads(
            data.decode(), object_pairs_hook=_without_doubles, parse_constant=_no_number
        )
    except RecursionError:
        raise BundleError([f"{what}: is nested too deeply"]) from None
    except UnicodeDecodeError as error:
        raise BundleError([f"{what}: byte {error.start} is not UTF-8"]) from None
    except ValueError as error:  # Also numbers of thousands of digits.
        raise BundleError([f"{what}: is not JSON: {shown(str(error))}"]) from None
    if not isinstance(document, dict):
        raise BundleError([f"{what}: is not a JSON object"])
    return document


def values_at_most(data: bytes) -> int:
    """How many values JSON can hold at most; in memory each takes a hundred bytes and more."""
    return sum(map(data.count, (b",", b"[", b"{"))) + 1


def shown(value: object, most: int = 80) -> str:
    """A foreign value for a log: one line of ASCII, of at most so many characters."""
    try:
        written = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # A number of more digits than Python prints.
        return "..."
    written = written[: most + 1].encode("unicode_escape").decode()
    return written if len(written) <= most else written[: most - 3] + "..."


def _wrong_files(files: Mapping[str, object]) -> list[str]:
    if len(files) > MOST_FILES:
        return [f"manifest: {len(files)} files; at most {MOST_FILES} are read"]
    problems = []
    for name, size in files.items():
        if not is_name(name):
            advice = "a name is 64 hexadecimal digits, and perhaps an ending"
            problems.append(f"manifest: file {shown(name)}: {advice}")
        if not _whole(size, 0, MOST_FILE_BYTES):
            problems.append(
                f"manifest: file {shown(name)}: {shown(size)} is not a size in bytes"
                f" up to {MOST_FILE_BYTES}"
            )
    return problems


def _told(problems: Sequence[str]) -> Sequence[str]:
    """All of them, but a log has an end."""
    more = len(problems) - _MOST_PROBLEMS
    return [*problems[:_MOST_PROBLEMS], f"manifest: and {more} more"] if more > 0 else problems


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _moment(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 <= value <= _LAST_MOMENT
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return document


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number")
