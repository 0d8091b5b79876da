"""What may be in a backup, and what it is called."""

import dataclasses
import json
from pathlib import PurePosixPath

import pytest

from portal import backup
from portal.backup import About, BackupProblem, Contents, Member

ABOUT = About(1, "0.1.0", "hp-001", "Nhà trọ Hồng Phong", "2026-11-26T08:00:00+07:00")
MEMBER = Member("data/sessions.db", 10, "a" * 64, 0o600, "user", 1)
CONTENTS = Contents((MEMBER,), {"data/content": 7})


def test_what_was_written_is_read_again() -> None:
    assert backup.about_of(ABOUT.written()) == ABOUT
    assert backup.contents_of(CONTENTS.written()) == CONTENTS
    assert CONTENTS.size == 10


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff", "it is no backup of a portal"),
        (b"[1]", "it is no backup of a portal"),
        (b"{}", "it is no backup of a portal"),
        (b'{"format": true}', "it is no backup of a portal"),
        (b"[" * 100_000, "it is no backup of a portal"),
        (b'{"format": 2, "more": 1}', "it has format 2, of a newer portal; this one knows 1"),
        (b'{"format": 1}', "it is damaged: its beginning"),
        (dataclasses.replace(ABOUT, made=5).written(), "it is damaged: its beginning"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_beginning_is_said(data: bytes, says: str) -> None:
    with pytest.raises(BackupProblem) as told:
        backup.about_of(data)

    assert str(told.value).startswith(says)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "data/../../etc/passwd"},
        {"name": 5},
        {"sha256": "A" * 64},
        {"sha256": None},
        {"size": -1},
        {"size": 1.5},
        {"mode": "644"},
        {"own": "root"},
        {"schema": "1"},
        {"more": 1},
    ],
)
def test_a_list_with_a_member_that_none_of_ours_has_is_refused(change: dict[str, object]) -> None:
    document = json.loads(CONTENTS.written())
    document["members"][0] |= change

    with pytest.raises(BackupProblem, match="its list of files is not as it was written"):
        backup.contents_of(json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b'{"members": [], "active": {"data/content": 0}}',
        b'{"members": [], "active": {"etc": 1}}',
        b'{"members": [], "active": 5}',
    ],
)
def test_a_list_that_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(BackupProblem, match="its list of files is not as it was written"):
        backup.contents_of(document)


@pytest.mark.parametrize(
    "name",
    [
        "data/sessions.db",
        "data/sealed/2026-11-26.sealed",
        "data/media/0f.webp",
        "content/releases/7/bundle.json",
        "config/portal.toml",
        "config/uci",
        "named/portal.tls_key",
    ],
)
def test_names_of_ours_are_taken(name: str) -> None:
    assert backup.is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "data",
        "data/",
        "data//x",
        "data/../x",
        "data/a/../../x",
        "data/.ssh/keys",
        "data/a\n",
        "data/a\0b",
        "data/" + "a/" * 7 + "a",
        "data/" + "a" * 121,
        "config/shadow",
        "config/uci/x",
        "named/storage.data_dir",
        "run/control.sock",
        "./data/x",
        "data\\x",
        "",
    ],
)
def test_no_other_name_is_taken(name: str) -> None:
    assert not backup.is_name(name)


def test_what_does_not_last_is_left_out() -> None:
    names = {
        *(
            "sessions.db-wal",
            "sessions.db-shm",
            "answers.db-journal",
            "mirror.lock",
            "content/lock",
        ),
        *(
            "sessions.db.broken-1764115200",
            "sessions.db.v1",
            "pseudonym-keys.new",
            ".backup-copy-1",
        ),
        *("content/incoming/abc", "content/.active-1f", "media/.a.part"),
    }

    assert {name for name in names if not backup.is_left_out(PurePosixPath(name))} == set()
    assert not backup.is_left_out(PurePosixPath("content/files/incoming"))
    assert not backup.is_left_out(PurePosixPath("sessions.db"))


def test_every_difference_from_the_list_is_named() -> None:
    listed = Contents(
        (MEMBER, Member("data/a", 1, "b" * 64, 0o600, ""), Member("data/b", 1, "b" * 64, 0, "")), {}
    )
    found = {"data/sessions.db": (10, "a" * 64), "data/b": (1, "c" * 64), "data/c": (1, "c" * 64)}

    assert backup.differences(found, listed) == [
        "data/a: is missing",
        "data/c: is not in its list",
        "data/b: has other bytes than when it was written",
    ]


def test_databases_of_a_newer_program_are_named() -> None:
    known = {"data/sessions.db": 1, "data/answers.db": 1, "data/staff.db": 1}
    contents = Contents(
        (
            dataclasses.replace(MEMBER, schema=2),
            dataclasses.replace(MEMBER, name="data/answers.db"),
            dataclasses.replace(MEMBER, name="data/staff.db", schema=None),
            dataclasses.replace(MEMBER, name="data/other.db", schema=9),
        ),
        {},
    )

    assert backup.newer(contents, known) == [
        "data/sessions.db: has schema 2, of a newer portal; this one knows 1"
    ]


def test_one_problem_stands_in_the_line_and_many_below_it() -> None:
    assert str(backup.problem("failed", ["a"])) == "failed: a"
    assert str(backup.problem("failed", ["a", "b"])) == "failed; 2 problems\n  a\n  b"
