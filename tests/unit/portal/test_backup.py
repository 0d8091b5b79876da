"""What may be in a backup, what it is called, and where it goes."""

import dataclasses
import json
from pathlib import Path, PurePosixPath

import pytest

from portal import backup
from portal.backup import About, BackupProblem, Contents, Lock, Member, Places
from portal.config import load

EXAMPLE = Path(__file__).parents[3] / "docs" / "portal.toml.example"
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


# Where it lies


def config_with(**changes: object) -> Places:
    config = load(EXAMPLE)
    for section, values in changes.items():
        assert isinstance(values, dict)
        changed = dataclasses.replace(getattr(config, section), **values)
        config = dataclasses.replace(config, **{section: changed})
    return backup.places_of(config, Path("/etc/portal/portal.toml"), Path("/etc/config/portal"))


def test_everything_has_its_place() -> None:
    places = config_with(
        portal={"tls_cert": Path("/etc/ssl/p.pem"), "tls_key": Path("/var/lib/portal/p.key")},
        content={"store": Path("/srv/content")},
    )

    assert places.folders == {"data": Path("/var/lib/portal"), "content": Path("/srv/content")}
    assert places.files == {
        "config/portal.toml": Path("/etc/portal/portal.toml"),
        "config/uci": Path("/etc/config/portal"),
        "config/mirror.toml": Path("/etc/portal/mirror.toml"),
        "config/reports.toml": Path("/etc/portal/reports.toml"),
        "named/portal.tls_cert": Path("/etc/ssl/p.pem"),  # The key is in `data` already.
    }


def test_a_backup_says_itself_where_it_goes_and_that_is_not_believed() -> None:
    names = ["data/sessions.db", "named/portal.tls_cert", "config/portal.toml", "config/uci"]
    allowed = [Path("/etc/portal"), Path("/var/lib/portal")]
    usual = config_with(portal={"tls_cert": Path("/etc/portal/p.pem")})
    far = config_with(
        portal={"tls_cert": Path("/etc/portal/../shadow")}, storage={"data_dir": Path("/root/.ssh")}
    )

    assert backup.outside(usual, names, allowed) == []
    assert backup.outside(far, names, allowed) == [
        "/root/.ssh (data)",
        "/etc/portal/../shadow (named/portal.tls_cert)",
    ]
    assert backup.outside(far, names, [*allowed, Path("/root/.ssh")]) == [
        "/etc/portal/../shadow (named/portal.tls_cert)"
    ]
    assert backup.outside(far, ["config/portal.toml"], allowed) == []


def test_openwrt_s_configuration_is_not_believed_either() -> None:
    allowed = [Path("/etc/portal"), Path("/var/run")]
    good = """
config site 'site'
    option address '/12 đường Mẫu'
config storage 'storage'
    option data_dir '/etc/portal/data'
    option run_dir '/var/run/portal'
"""
    bad = (
        good
        + """
config uplink 'uplink'
    option names_dir '/etc/portal/../init.d'
config storage 'storage'
    option run_dir '/root'
"""
    )

    assert backup.outside_uci("", allowed) == []
    assert backup.outside_uci(good, allowed) == []
    assert backup.outside_uci(bad, allowed) == [
        "/etc/portal/../init.d (config/uci, uplink.names_dir)",
        "/root (config/uci, storage.run_dir)",
    ]
    with pytest.raises(BackupProblem, match="its config/uci cannot be read"):
        backup.outside_uci("config\n", allowed)


def test_no_part_lies_in_another_or_takes_its_place() -> None:
    inside = config_with(storage={"data_dir": Path("/etc")}, content={"store": Path("/srv/c")})
    same = config_with(family_dns={"blocklist": Path("/etc/portal/portal.toml")})

    assert backup.clashes(config_with()) == []
    assert backup.clashes(inside)[0] == (
        "/etc/portal/portal.toml (config/portal.toml) is in /etc (data); it has to be outside"
    )
    assert backup.clashes(same) == [
        "/etc/portal/portal.toml is config/portal.toml and named/family_dns.blocklist;"
        " each needs a place of its own"
    ]


def test_what_is_swapped_stands_beside_each_other_and_is_written_down() -> None:
    swap = backup.swap_of(Path("/etc/portal/data"), "1f", "20261126-080000")

    assert swap.staged == Path("/etc/portal/data.restored-1f")
    assert swap.aside == Path("/etc/portal/data.before-20261126-080000")
    assert backup.swaps_of(backup.swaps_written([swap])) == [swap]
    for damaged in (b"", b"{}", b'{"swaps": [["a"]]}', b'{"swaps": [[1, 2, 3]]}'):
        with pytest.raises(BackupProblem, match="note of an unfinished restore is damaged"):
            backup.swaps_of(damaged)


# The lock


LOCK = Lock(backup.OPERATIONS, backup.MEMORY_BYTES, b"s" * 16, b"h" * 24)


def test_the_lock_is_read_again() -> None:
    assert backup.lock_of(LOCK.written() + b"more") == LOCK
    assert backup.lock_of(b"\x1f\x8b and more") is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (LOCK.written()[:-1], "it ends in its first line"),
        (LOCK.written()[:20] + b"\2" + LOCK.written()[21:], "it has format 2, of a newer portal"),
        (Lock(17, 1 << 20, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (Lock(0, 1 << 20, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (Lock(1, 1 << 30, LOCK.salt, LOCK.stream).written(), "not as it was written"),
        (LOCK.written()[:29] + bytes(8) + LOCK.written()[37:], "not as it was written"),
    ],
)
def test_a_lock_that_none_of_ours_has_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(BackupProblem, match=says):
        backup.lock_of(data)
