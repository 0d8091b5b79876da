"""A backup: what is in one, and what it is called there. No file is touched here:
`portal.backup_places` says where its parts lie, `portal.backup_file` reads and writes one,
`portal.backup_work` and `portal.restore_work` do it.

A backup is a tar file packed by gzip. It has plain files and nothing else, no links and no
folders: first one that says what this is, then the members, last the list of them with sizes and
SHA-256. With a passphrase, all of that is sealed (`portal.backup_lock`).
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Final

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
NAMED: Final = ("portal.tls_cert", "portal.tls_key", "family_dns.blocklist")
"""Settings that name a file."""

_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}"
_NAME: Final = re.compile(
    r"config/(portal\.toml|mirror\.toml|reports\.toml|uci)"
    rf"|named/({'|'.join(map(re.escape, NAMED))})"
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
    document = document_of(data)
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
    document = document_of(data)
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


def document_of(data: bytes) -> dict[str, Any] | None:
    """An object in JSON; None if it is anything else."""
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
