"""A backup: what is in one, what it is called there, and where it goes. No file is touched here:
`portal.backup_file` reads and writes one, `portal.backup_work` and `portal.restore_work` do it.

A backup is a tar file packed by gzip. It has plain files and nothing else, no links and no
folders: first one that says what this is, then the members, last the list of them with sizes and
SHA-256. With a passphrase, all of that is a stream of sealed blocks behind a `Lock`.
"""

import json
import re
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any, Final

from portal import uci
from portal.config import Config
from portal.setting_values import absolute_path

FORMAT: Final = 1
ABOUT_NAME: Final = "portal-backup.json"
LIST_NAME: Final = "manifest.json"
CONFIG_NAME: Final = "config/portal.toml"
UCI_NAME: Final = "config/uci"
PENDING: Final = "restore.pending"
"""A note beside portal.toml: the renames of a restore that was begun."""

MOST_MEMBERS: Final = 50_000
MOST_BYTES: Final = 8 << 30
"""Of all members, unpacked."""
MOST_TOLD_BYTES: Final = 16 << 20
"""Of the list; it is held in memory."""
MOST_CONFIG_BYTES: Final = 1 << 20

BESIDE: Final = ("mirror.toml", "reports.toml")
"""Files that are looked for beside portal.toml."""
_NAMED: Final = ("portal.tls_cert", "portal.tls_key", "family_dns.blocklist")
"""Settings that name a file."""

_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}"
_NAME: Final = re.compile(
    r"config/(portal\.toml|mirror\.toml|reports\.toml|uci)"
    rf"|named/({'|'.join(map(re.escape, _NAMED))})"
    rf"|(data|content)(/{_SEGMENT}){{1,6}}"
)
"""No segment begins with a full stop: there is no way up, and no hidden file."""
_LEFT_OUT: Final = re.compile(
    r".*(-wal|-shm|-journal|\.lock|\.new|\.part)|lock|.*\.broken-.*|.*\.db\.v\d+.*"
)
"""Journals, locks, what is half written, and what was kept aside."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class BackupProblem(Exception):
    """It cannot be done; the text says why, and nothing was changed."""


def problem(failed: str, lines: Collection[str]) -> BackupProblem:
    """All that is wrong, under what failed."""
    if len(lines) == 1:
        return BackupProblem(f"{failed}: {next(iter(lines))}")
    return BackupProblem(
        "\n".join([f"{failed}; {len(lines)} problems", *(f"  {x}" for x in lines)])
    )


# What is in a backup


@dataclass(frozen=True, slots=True)
class About:
    """Its first file."""

    format: int
    program: str
    """The version that made it."""
    site: str
    """`[site] id`."""
    name: str
    made: str
    """ISO 8601 with the offset."""

    def written(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int
    sha256: str
    mode: int
    own: str
    """`user`: it is the daemon's own; `group`: its group may read it; or neither, empty."""
    schema: int | None = None
    """`PRAGMA user_version`, of a database."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Its last file."""

    members: tuple[Member, ...]
    active: Mapping[str, int]
    """Which release is shown, by the folder of the store: `data/content`."""

    def written(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members)


def about_of(data: bytes) -> About:
    """Raises BackupProblem: this is none, or of a newer program."""
    document = _document(data)
    if document is None or type(document.get("format")) is not int:
        raise BackupProblem("it is no backup of a portal")
    if document["format"] > FORMAT:
        raise BackupProblem(
            f"it has format {document['format']}, of a newer portal; this one knows {FORMAT}."
            " Install the newer version first"
        )
    try:
        about = About(**document)
    except TypeError:
        raise BackupProblem("it is damaged: its beginning is not as it was written") from None
    if not all(
        isinstance(text, str) for text in (about.program, about.site, about.name, about.made)
    ):
        raise BackupProblem("it is damaged: its beginning is not as it was written")
    return about


def contents_of(data: bytes) -> Contents:
    """Raises BackupProblem: it is no list that a backup can have."""
    document = _document(data)
    try:
        assert document is not None
        members = tuple(Member(**each) for each in document["members"])
        active = dict(document["active"])
        assert all(_is_sound(member) for member in members)
        assert all(type(number) is int and number > 0 for number in active.values())
        assert set(active) <= {"data/content", "content"}
    except (AssertionError, KeyError, TypeError, ValueError):
        raise BackupProblem("it is damaged: its list of files is not as it was written") from None
    return Contents(members, active)


def _is_sound(member: Member) -> bool:
    return (
        isinstance(member.name, str)
        and is_name(member.name)
        and isinstance(member.sha256, str)
        and _SHA256.fullmatch(member.sha256) is not None
        and all(type(number) is int and number >= 0 for number in (member.size, member.mode))
        and member.own in ("user", "group", "")
        and (member.schema is None or type(member.schema) is int)
    )


def _document(data: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def is_name(name: str) -> bool:
    """Whether a member may be called so."""
    return _NAME.fullmatch(name) is not None


def is_left_out(path: PurePosixPath) -> bool:
    """Whether a file, by its path in `data_dir` or the store, has nothing that lasts."""
    return (
        any(part.startswith(".") for part in path.parts)
        or _LEFT_OUT.fullmatch(path.name) is not None
        or "incoming" in path.parts[:-1]
    )


def differences(found: Mapping[str, tuple[int, str]], contents: Contents) -> list[str]:
    """How the files that were read (size, SHA-256) differ from the list."""
    listed = {member.name: (member.size, member.sha256) for member in contents.members}
    lines = [f"{name}: is missing" for name in sorted(listed.keys() - found.keys())]
    lines += [f"{name}: is not in its list" for name in sorted(found.keys() - listed.keys())]
    lines += [
        f"{name}: has other bytes than when it was written"
        for name in sorted(found.keys() & listed.keys())
        if found[name] != listed[name]
    ]
    return lines


def newer(contents: Contents, known: Mapping[str, int]) -> list[str]:
    """Databases that only a newer program understands; `known` are the schemas of this one."""
    return [
        f"{member.name}: has schema {member.schema}, of a newer portal; this one knows"
        f" {known[member.name]}"
        for member in contents.members
        if member.name in known and (member.schema or 0) > known[member.name]
    ]


# Where it lies on a machine


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a backup are on this machine, by their names in it."""

    files: Mapping[str, Path]
    folders: Mapping[str, Path]

    def all(self) -> Iterator[tuple[str, Path]]:
        yield from self.folders.items()
        yield from self.files.items()


def places_of(config: Config, source: Path, uci_file: Path) -> Places:
    """Where they are with `config`, which is in the file `source`."""
    data = config.storage.data_dir
    files = {CONFIG_NAME: source, UCI_NAME: uci_file}
    files |= {f"config/{name}": source.with_name(name) for name in BESIDE}
    named = (config.portal.tls_cert, config.portal.tls_key, config.family_dns.blocklist)
    for setting, path in zip(_NAMED, named, strict=True):
        if path is not None and not path.is_relative_to(data):
            files[f"named/{setting}"] = path
    folders = {"data": data}
    if not config.content_store.is_relative_to(data):
        folders["content"] = config.content_store
    return Places(files, folders)


def clashes(places: Places) -> list[str]:
    """Parts that would be in each other's way; one line for each."""
    lines, seen = [], dict[Path, str]()
    for name, path in places.all():
        if path in seen:
            lines.append(f"{path} is {seen[path]} and {name}; each needs a place of its own")
        seen[path] = name
        lines += [
            f"{path} ({name}) is in {folder} ({other}); it has to be outside"
            for other, folder in places.folders.items()
            if path != folder and path.is_relative_to(folder)
        ]
    return lines


def outside(places: Places, names: Collection[str], allowed: Collection[Path]) -> list[str]:
    """What would be written to none of the folders `allowed`; one line each.

    A backup says itself where its parts go. Who made it could mean a folder that a portal has no
    business with.
    """
    return [
        f"{path} ({name})"
        for name, path in places.all()
        if name != UCI_NAME
        and any(each == name or each.startswith(f"{name}/") for each in names)
        and not _is_within(path, allowed)
    ]


def outside_uci(text: str, allowed: Collection[Path]) -> list[str]:
    """What OpenWrt's configuration names outside of `allowed`: the router's scripts make these
    folders as root and give them to the daemon.

    Raises:
        BackupProblem: the text is no UCI.
    """
    problems: list[str] = []
    sections = uci.read(text, problems)
    if problems:
        raise problem(f"its {UCI_NAME} cannot be read", problems)
    named = ((key, sections.get(key[0], {}).get(key[1])) for key in _path_settings())
    return [
        f"{value} ({UCI_NAME}, {section}.{key})"
        for (section, key), value in named
        if value is not None and not _is_within(Path(str(value)), allowed)
    ]


def _path_settings() -> Iterator[tuple[str, str]]:
    for section in fields(Config):
        assert isinstance(section.type, type)
        for entry in fields(section.type):
            if entry.metadata["parse"] is absolute_path:
                yield section.name, entry.name


def _is_within(path: Path, allowed: Collection[Path]) -> bool:
    return ".." not in path.parts and any(path.is_relative_to(folder) for folder in allowed)


@dataclass(frozen=True, slots=True)
class Swap:
    """`staged` takes the place of `target`, which is kept as `aside`."""

    staged: Path
    target: Path
    aside: Path


def swap_of(target: Path, token: str, stamp: str) -> Swap:
    """All three beside each other: a rename does it."""
    return Swap(
        target.with_name(f"{target.name}.restored-{token}"),
        target,
        target.with_name(f"{target.name}.before-{stamp}"),
    )


def swaps_written(swaps: Collection[Swap]) -> bytes:
    paths = [[str(each.staged), str(each.target), str(each.aside)] for each in swaps]
    return json.dumps({"swaps": paths}).encode()


def swaps_of(data: bytes) -> list[Swap]:
    """Raises BackupProblem: these are none."""
    document = _document(data)
    try:
        assert document is not None
        return [Swap(*map(Path, paths)) for paths in document["swaps"]]
    except (AssertionError, KeyError, TypeError):
        raise BackupProblem("the note of an unfinished restore is damaged") from None


# The passphrase

LEAST_PASSPHRASE: Final = 12
_LOCK: Final = struct.Struct("!20sBIIQ16s24s")
_MAGIC: Final = b"union-portal locked\n"
LOCK_BYTES: Final = _LOCK.size
BLOCK_BYTES: Final = 1 << 16
"""Of what is sealed at once; only the last block may have fewer."""
OPERATIONS: Final = 5
MEMORY_BYTES: Final = 32 << 20
"""Of Argon2id: a router with 256 MiB has them to spare for two seconds."""
_MOST_OPERATIONS: Final = 16
_MOST_MEMORY: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands before the sealed blocks; no secret."""

    operations: int
    memory: int
    salt: bytes
    stream: bytes
    """The header of libsodium's secretstream."""

    def written(self) -> bytes:
        return _LOCK.pack(
            _MAGIC, FORMAT, self.operations, self.memory, BLOCK_BYTES, self.salt, self.stream
        )


def lock_of(data: bytes) -> Lock | None:
    """The lock that a file begins with; None if it has none.

    Raises:
        BackupProblem: it is of a newer program, or asks for more work than any of ours.
    """
    if not data.startswith(_MAGIC):
        return None
    if len(data) < _LOCK.size:
        raise BackupProblem("it is damaged: it ends in its first line")
    _, version, operations, memory, block, salt, stream = _LOCK.unpack(data[: _LOCK.size])
    if version > FORMAT:
        raise BackupProblem(
            f"it has format {version}, of a newer portal; this one knows {FORMAT}."
            " Install the newer version first"
        )
    if (
        not 1 <= operations <= _MOST_OPERATIONS
        or not 8192 <= memory <= _MOST_MEMORY
        or block != BLOCK_BYTES
    ):
        raise BackupProblem("it is damaged: its first line is not as it was written")
    return Lock(operations, memory, salt, stream)
