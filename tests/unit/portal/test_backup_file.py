"""The file of a backup: what was changed, cut, or put in by somebody is found before it counts."""

import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict

import pytest

from portal import backup_file, backup_sealing
from portal.backup import About, BackupProblem, Contents, Member
from portal.backup_file import Found, Verified, Writer, verify
from portal.backup_lock import BLOCK_BYTES, LOCK_BYTES
from portal.backup_sealing import Sealer

ABOUT = About(1, "0.1.0", "hp-001", "Nhà trọ Hồng Phong", "2026-11-26T08:00:00+07:00")
PASSPHRASE = "một cụm từ dài"
FILES = {
    "config/portal.toml": b"[site]\n",
    "data/sessions.db": bytes(range(256)) * 700,
    "data/empty": b"",
    "data/odd": b"x" * 513,
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little work for a passphrase as the library takes."""
    monkeypatch.setattr(backup_sealing, "OPERATIONS", 1)
    monkeypatch.setattr(backup_sealing, "MEMORY_BYTES", 8192)


def made(files: dict[str, bytes] = FILES, passphrase: str | None = None) -> bytes:
    out = io.BytesIO()
    sealer = Sealer(out, passphrase, b"s" * 16) if passphrase else None
    writer = Writer(sealer or out, ABOUT)
    for name, data in files.items():
        writer.add(name, io.BytesIO(data), len(data), mode=0o600, own="user")
    writer.close({"data/content": 7})
    if sealer:
        sealer.close()
    return out.getvalue()


def read(data: bytes, passphrase: str | None = None) -> tuple[Verified, dict[str, bytes]]:
    files: dict[str, bytes] = {}

    def seen(found: Found) -> None:
        files[found.name] = b"".join(found.pieces)

    return verify(io.BytesIO(data), passphrase, seen), files


def refused(data: bytes, passphrase: str | None = None) -> str:
    with pytest.raises(BackupProblem) as told:
        read(data, passphrase)
    return str(told.value)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["open", "locked"])
def test_everything_comes_out_as_it_went_in(passphrase: str | None) -> None:
    verified, files = read(made(passphrase=passphrase), passphrase)

    assert files == FILES
    assert verified.about == ABOUT
    assert verified.sealed == (passphrase is not None)
    assert [(each.name, each.size) for each in verified.contents.members] == [
        (name, len(data)) for name, data in FILES.items()
    ]
    assert verified.contents.active == {"data/content": 7}
    assert backup_file.is_sealed(io.BytesIO(made(passphrase=passphrase))) == verified.sealed


def test_one_that_is_not_locked_opens_with_any_tar() -> None:
    with tarfile.open(fileobj=io.BytesIO(made())) as tar:
        assert tar.getnames() == ["portal-backup.json", *FILES, "manifest.json"]
        assert all(member.isreg() and member.mode == 0o600 for member in tar)


def test_nothing_of_a_locked_one_can_be_read() -> None:
    locked = made(passphrase=PASSPHRASE)

    assert b"portal.toml" not in locked
    assert b"hp-001" not in locked
    assert gzip.compress(b"")[:3] not in locked
    assert locked != made(passphrase=PASSPHRASE)  # Another key for every file.


def test_the_passphrase_has_to_be_the_one() -> None:
    locked = made(passphrase=PASSPHRASE)

    assert refused(locked, "một cụm từ khác") == (
        "the passphrase is another, or the beginning of the file is damaged"
    )
    assert refused(locked).startswith("it is locked by a passphrase")


def test_whatever_byte_of_an_open_one_is_changed_is_found_or_changes_nothing() -> None:
    whole = made({"config/portal.toml": b"[site]\n", "data/a": b"abc" * 50})
    as_it_was, harmless = read(whole), []

    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x20
        try:
            assert read(bytes(changed)) == as_it_was
        except BackupProblem:
            continue
        harmless.append(at)  # Like the time in gzip's header, or zeros copied from other zeros.

    assert len(harmless) < 20


def test_whatever_byte_of_a_locked_one_is_changed_is_found() -> None:
    whole = made({"config/portal.toml": b"[site]\n", "data/a": b"abc"}, PASSPHRASE)

    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x20
        assert refused(bytes(changed), PASSPHRASE), at


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["open", "locked"])
def test_wherever_it_is_cut_is_found(passphrase: str | None) -> None:
    whole = made({"config/portal.toml": b"[site]\n", "data/a": b"abc"}, passphrase)

    for length in range(len(whole)):
        assert refused(whole[:length], passphrase), length
    assert refused(whole + b"x", passphrase)
    assert refused(whole + whole, passphrase)


def test_blocks_that_change_places_or_are_missing_are_found() -> None:
    import random

    noise = random.Random(1).randbytes(4 * BLOCK_BYTES)
    whole = made({"data/a": noise}, PASSPHRASE)
    first, size = LOCK_BYTES, BLOCK_BYTES + 17
    blocks = [whole[at : at + size] for at in range(first, len(whole), size)]
    assert len(blocks) > 3
    start = whole[:first]

    assert "was changed or is missing" in refused(
        start + b"".join([blocks[0], blocks[2], blocks[1], *blocks[3:]]), PASSPHRASE
    )
    assert "was changed or is missing" in refused(
        start + b"".join([blocks[0], *blocks[2:]]), PASSPHRASE
    )
    assert refused(start + b"".join(blocks[:-1]), PASSPHRASE).endswith("it ends too early")
    assert refused(whole + blocks[1], PASSPHRASE)


# What somebody puts together by hand


def entry(info: tarfile.TarInfo, data: bytes = b"") -> bytes:
    info.size = info.size or len(data)
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def plain(name: str, data: bytes = b"") -> bytes:
    return entry(tarfile.TarInfo(name), data)


def archive(*entries: bytes, members: list[Member] | None = None, about: About = ABOUT) -> bytes:
    listed = Contents(tuple(members or []), {}).written()
    whole = [plain("portal-backup.json", about.written()), *entries]
    return gzip.compress(b"".join([*whole, plain("manifest.json", listed), bytes(1024)]))


def of_kind(kind: bytes, name: str = "data/x", link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return entry(info)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "data/../../x", "data/.ssh", "etc/passwd", "data"]
)
def test_a_file_that_would_lie_elsewhere_is_refused(name: str) -> None:
    assert "no file of a backup is called" in refused(archive(plain(name, b"x")))


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_nothing_but_plain_files_is_taken(kind: bytes) -> None:
    assert "is a link, a device or something else" in refused(
        archive(of_kind(kind, link="/etc/passwd"))
    )


def test_a_file_that_is_in_it_twice_is_refused() -> None:
    assert "is in it twice" in refused(archive(plain("data/a", b"1"), plain("data/a", b"2")))


def test_files_and_list_have_to_be_the_same() -> None:
    digest = "a" * 64

    assert "data/a: is not in its list" in refused(archive(plain("data/a", b"1")))
    assert "data/b: is missing" in refused(
        archive(members=[Member("data/b", 1, digest, 0o600, "user")])
    )
    assert "data/a: has other bytes" in refused(
        archive(plain("data/a", b"1"), members=[Member("data/a", 1, digest, 0o600, "user")])
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is no backup of a portal"),
        (b"hello", "it is no backup of a portal"),
        (b"\x1f\x8b no", "it is damaged"),
        (gzip.compress(b""), "it ends too early"),
        (gzip.compress(bytes(1024)), "it is no backup of a portal"),
        (gzip.compress(b"x" * 512), "what should be a file is none"),
        (gzip.compress(plain("portal.toml", b"x") + bytes(1024)), "it is no backup of a portal"),
        (gzip.compress(plain("portal-backup.json", b"x" * 5000)), "it is no backup of a portal"),
        (
            gzip.compress(plain("portal-backup.json", ABOUT.written()) + bytes(1024)),
            "its list is missing",
        ),
        (
            gzip.compress(gzip.decompress(archive()) + plain("data/late", b"x")),
            "something follows its list",
        ),
    ],
    ids=[
        *("nothing", "text", "no gzip", "empty", "only an end", "no tar", "another tar"),
        *("a long beginning", "no list", "more after it"),
    ],
)
def test_what_is_no_backup_is_said(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_a_newer_format_is_told_before_anything_else_is_read() -> None:
    newer = json.dumps({**asdict(ABOUT), "format": 2, "more": True}).encode()
    data = gzip.compress(plain("portal-backup.json", newer) + b"who knows")

    assert refused(data).startswith("it has format 2, of a newer portal; this one knows 1")


def bomb(name: str, size: int) -> bytes:
    """A few kilobytes that unpack to `size` zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        packed.write(plain("portal-backup.json", ABOUT.written()))
        info = tarfile.TarInfo(name)
        info.size = size
        packed.write(info.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(0, min(size, 64 << 20), 1 << 20):
            packed.write(bytes(1 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "size", "says"),
    [
        ("data/a", 8 << 20, "it has more than the 4 MiB that there is room for"),
        ("manifest.json", 17 << 20, "its list is too long"),
        ("portal-backup.json", 2 << 20, "no file of a backup is called"),
    ],
)
def test_a_bomb_does_not_go_off(name: str, size: int, says: str) -> None:
    data = bomb(name, size)
    tracemalloc.start()
    try:
        with pytest.raises(BackupProblem, match=says):
            verify(io.BytesIO(data), None, most_bytes=4 << 20)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 1 << 20


def test_nothing_without_end_behind_its_list_is_refused() -> None:
    """A kilobyte of gzip is a megabyte of it."""
    assert read(made() + gzip.compress(bytes(10240)))[1] == FILES

    assert "something follows its list" in refused(made() + gzip.compress(bytes(2 << 20)))


def test_more_files_than_any_site_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "MOST_MEMBERS", 2)

    assert "it has more than 2 files" in refused(made())


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["open", "locked"])
@pytest.mark.slow
def test_a_large_one_needs_little_memory(passphrase: str | None) -> None:
    class Noise(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            return b"\x5a\x01" * (size // 2)

    def write() -> bytes:
        out = io.BytesIO()
        sealer = Sealer(out, passphrase, b"s" * 16) if passphrase else None
        writer = Writer(sealer or out, ABOUT)
        writer.add("data/big", Noise(), 12 << 20, mode=0o600, own="user")  # type: ignore[arg-type]
        writer.close({})
        if sealer:
            sealer.close()
        return out.getvalue()

    def most(does: Callable[[], object]) -> int:
        tracemalloc.start()
        try:
            does()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    data = write()
    assert most(write) < 2 << 20
    assert most(lambda: verify(io.BytesIO(data), passphrase)) < 1 << 20


def test_a_file_that_becomes_shorter_meanwhile_is_no_backup() -> None:
    writer = Writer(io.BytesIO(), ABOUT)

    with pytest.raises(BackupProblem, match="data/a became shorter while it was read"):
        writer.add("data/a", io.BytesIO(b"abc"), 4, mode=0o600, own="")
