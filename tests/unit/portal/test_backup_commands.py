"""`portal backup` and `portal restore`: what is moved and refused, and that nothing is half."""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from content_cache.releases import Releases
from content_cache.signing import signer_of
from portal import backup_commands, backup_sealing, restore_staging, restore_work
from portal.__main__ import main
from portal.backup import PENDING
from portal.backup_places import Swap, swaps_written
from portal.events import SessionOpened
from portal.machine import StartError
from portal.pseudonyms import Pseudonyms
from portal.session import Instant, Pseudonym, Session
from portal.session_store import Entry, Moment, SessionStore
from portal.staff.accounts import Accounts
from portal.storage import only_one
from tests.unit.content_cache.bundles import KEY
from tests.unit.portal.world import new_database
from tests.unit.splash.staff import store_in

EXAMPLE = Path(__file__).parents[3] / "docs" / "portal.toml.example"
PASSPHRASE = "một cụm từ dài"
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little work for a passphrase as the library takes."""
    monkeypatch.setattr(backup_sealing, "OPERATIONS", 1)
    monkeypatch.setattr(backup_sealing, "MEMORY_BYTES", 8192)


class Machine:
    """A router: a configuration with a blocklist beside it, and a folder of data."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str] | None, id: str) -> None:
        self.folder = folder / "etc"
        self.folder.mkdir(exist_ok=True)
        self.data = self.folder / "data"
        self.run = folder / "run"
        self.run.mkdir(exist_ok=True)
        self.config = self.folder / "portal.toml"
        self.block_list = self.folder / "blocked.txt"
        self.block_list.write_text("bad.example\n", encoding="utf-8")
        text = EXAMPLE.read_text(encoding="utf-8").replace('"hp-001"', f'"{id}"', 1)
        for setting, value in (
            ("data_dir", self.data),
            ("run_dir", self.run),
            ("blocklist", self.block_list),
        ):
            assert f"\n#{setting} = " in text, setting
            text = text.replace(f"\n#{setting} = ", f'\n{setting} = "{value}"\n#', 1)
        self.config.write_text(text, encoding="utf-8")
        self._capsys = capsys

    def fill(self) -> None:
        """A site as it is after a while: keys, a session, an account, a release, pictures."""
        self.data.mkdir()
        Pseudonyms(self.data / "pseudonym-keys.json")
        session = Session(Pseudonym("a" * 32), Instant(1000.0), Instant(4600.0))
        moment = Moment(NOW, Instant(1000.0))
        with closing(SessionStore(new_database(self.data / "sessions.db"), "boot-1")) as sessions:
            sessions.write([Entry(moment, SessionOpened(session, "2026-11"), 1)])
        with closing(Accounts(self.data / "staff.db")) as accounts:
            accounts.add("Chị Hoa", "bánh đa cua ngon", ["author"], [], NOW)
        store_in(self.data).close()
        signer_of(self.data / "content-signing.key")
        store = Releases(self.data / "content")
        name = store.put(b"a picture", ".webp")
        (self.data / "content/releases/7").mkdir()
        (self.data / "content/releases/7/bundle.json").write_bytes(b"signed")
        (self.data / "content/active").symlink_to("releases/7")
        (self.data / "media").mkdir(exist_ok=True)
        (self.data / "media" / name).write_bytes(b"a picture")
        (self.data / "sealed").mkdir(mode=0o700)
        (self.data / "sealed/2026-11-26.sealed").write_bytes(b"nobody can read it")

    def does(self, *words: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        assert self._capsys is not None
        code = main([words[0], "--config", str(self.config), *words[1:]])
        out, err = self._capsys.readouterr()
        return code, out + err

    def backup(self, path: Path, *words: str) -> None:
        code, said = self.does("backup", str(path), *(words or ("--no-passphrase",)))
        assert code == 0, said

    def holds(self) -> dict[str, bytes]:
        """Every file that counts, with what a database says instead of its bytes."""
        found = {}
        for path in sorted([*self.data.rglob("*"), self.config, self.block_list]):
            name = str(path.relative_to(self.folder))
            if path.is_symlink():
                found[name] = os.readlink(path).encode()
            elif path.suffix == ".db":
                with closing(sqlite3.connect(path)) as db:
                    found[name] = "\n".join(db.iterdump()).encode()
            elif path.is_file() and not re.search(r"-wal$|-shm$|lock$", name):
                found[name] = path.read_bytes()
        return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a site; migrations take a second."""
    made = Machine(tmp_path_factory.mktemp("site"), None, "hp-001")
    made.fill()
    return made.data


@pytest.fixture
def machine(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    made = Machine(tmp_path, capsys, "hp-001")
    shutil.copytree(filled, made.data, symlinks=True)
    return made


@pytest.fixture
def moved(machine: Machine, tmp_path: Path) -> Path:
    """A backup of a machine that has burnt down since."""
    path = tmp_path / "site.backup"
    machine.backup(path)
    shutil.rmtree(machine.folder)
    machine.folder.mkdir()
    return path


def passphrase_in(tmp_path: Path, text: str = PASSPHRASE) -> str:
    file = tmp_path / "passphrase"
    file.write_text(f"{text}\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
def test_a_site_moves_to_a_new_router_in_one_file(
    machine: Machine, tmp_path: Path, locked: bool
) -> None:
    before = machine.holds()
    words = ("--passphrase-file", passphrase_in(tmp_path)) if locked else ("--no-passphrase",)
    path = tmp_path / "site.backup"
    code, said = machine.does("backup", str(path), *words)
    assert code == 0, said
    shutil.rmtree(machine.folder)
    machine.folder.mkdir()

    done, told = machine.does("restore", str(path), *(words if locked else ()))

    assert done == 0, told
    assert told.startswith("Khu trọ Hồng Phong (hp-001) is here, as it was on 20")
    assert machine.holds() == before
    assert not list(machine.folder.glob("*.restored-*"))
    assert not (machine.folder / PENDING).exists()
    with closing(Accounts(machine.data / "staff.db")) as accounts:
        assert accounts.named("chi hoa") is not None
    assert ("It is not locked: whoever has it holds the keys" in said) != locked


def test_only_its_owner_may_read_it_and_secrets_stay_secret(
    machine: Machine, tmp_path: Path
) -> None:
    def modes() -> dict[str, int]:
        files = (path for path in machine.data.rglob("*") if path.is_file())
        return {path.name: path.stat().st_mode & 0o777 for path in files if path.suffix != ".lock"}

    before = modes()
    machine.backup(tmp_path / "x")
    shutil.rmtree(machine.data)
    assert machine.does("restore", str(tmp_path / "x"))[0] == 0

    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    assert machine.data.stat().st_mode & 0o777 == 0o750
    assert modes() == {name: mode for name, mode in before.items() if name != "lock"}
    assert before["pseudonym-keys.json"] == before["staff.db"] == 0o600


def test_a_running_gateway_writes_on_while_it_is_backed_up(
    machine: Machine, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(machine.data / "sessions.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE sessions SET up_bytes = 5")
        machine.backup(tmp_path / "meanwhile.backup")
        db.execute("COMMIT")
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    shutil.rmtree(machine.data)
    assert machine.does("restore", str(tmp_path / "meanwhile.backup"))[0] == 0

    with closing(sqlite3.connect(machine.data / "sessions.db")) as db:
        assert db.execute("SELECT up_bytes FROM sessions").fetchall() == [(0,)]
    assert not list(machine.data.glob(".backup*"))


@pytest.mark.slow
def test_whatever_is_written_and_published_meanwhile_a_backup_is_whole(
    machine: Machine, tmp_path: Path
) -> None:
    shutil.rmtree(machine.data / "content")
    program = (
        "import sys; from pathlib import Path; from tests.netns.content_writers import publish;"
        " publish(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, str(machine.data / "content")]
    publisher = subprocess.Popen(command, cwd=EXAMPLE.parents[1])
    written, stop = 0, threading.Event()

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(machine.data / "sessions.db", isolation_level=None)) as db:
            while not stop.is_set():
                db.execute("BEGIN IMMEDIATE")
                db.execute("UPDATE sessions SET up_bytes = up_bytes + 1")
                db.execute("UPDATE sessions SET down_bytes = down_bytes + 1")
                db.execute("COMMIT")
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    numbers: list[int] = []
    store = Releases(machine.data / "content")
    try:
        for n in range(8):
            before, give_up = store.active_number(), time.monotonic() + 30
            while store.active_number() == before and time.monotonic() < give_up:
                time.sleep(0.01)
            machine.backup(tmp_path / str(n))
    finally:
        stop.set()
        writer.join()
        publisher.kill()
        publisher.wait()
    for n in range(8):
        assert machine.does("restore", str(tmp_path / str(n)), "--replace")[0] == 0
        number = store.active_number()
        assert number is not None
        assert store.verify(number, KEY) == []
        numbers.append(number)
        with closing(sqlite3.connect(machine.data / "sessions.db")) as db:
            [(up, down)] = db.execute("SELECT up_bytes, down_bytes FROM sessions")
            assert up == down
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    print(f"{written} transactions and {numbers[-1]} releases meanwhile")
    assert numbers == sorted(set(numbers))


def test_checking_changes_nothing_and_lists_everything(machine: Machine, moved: Path) -> None:
    code, said = machine.does("restore", str(moved), "--check")

    assert code == 0
    assert said.startswith("Khu trọ Hồng Phong (hp-001), made 20")
    assert re.search(r"data/sessions\.db +[\d,]+  schema 1\n", said)
    assert "1 files of releases" in said
    assert said.endswith(" files is as it was written; release 7 is shown\n")
    assert list(machine.folder.iterdir()) == []


def test_data_of_a_site_is_replaced_only_when_that_is_said_and_kept_aside(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "site.backup"
    machine.backup(path)
    before = machine.holds()
    other = Machine(tmp_path, capsys, "hp-002")
    (other.data / "media/new.webp").write_bytes(b"since then")

    refused, why = other.does("restore", str(path))
    done, said = other.does("restore", str(path), "--replace")

    assert refused == 1
    assert "has the data of Khu trọ Hồng Phong (hp-002); --replace keeps that aside" in why
    assert done == 0, said
    assert machine.holds() == before
    [aside] = machine.folder.glob("data.before-*")
    assert (aside / "media/new.webp").read_bytes() == b"since then"
    assert str(aside) in said


def test_no_gateway_may_run_here(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    machine.backup(path)
    with only_one(machine.run / "portal.lock"):
        code, said = machine.does("restore", str(path), "--replace")

    assert code == 1
    assert "another portal is running here (process " in said


def test_no_gateway_starts_while_a_backup_is_put_in_place(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None has run since the machine is up: there is no lock yet."""
    machine.backup(tmp_path / "x")
    tried: list[str] = []

    def starts(*_: object) -> None:
        with pytest.raises(StartError) as told:
            only_one(machine.run / "portal.lock")
        tried.append(str(told.value))

    monkeypatch.setattr(restore_work, "sweep", starts)
    if os.geteuid() == 0:
        os.chown(machine.run, 65534, 65534)

    assert machine.does("restore", str(tmp_path / "x"), "--replace")[0] == 0

    assert len(tried) == 1
    lock = machine.run / "portal.lock"
    assert lock.stat().st_uid == machine.run.stat().st_uid
    only_one(lock).close()


def test_a_lock_that_is_a_link_is_not_written_to(machine: Machine, tmp_path: Path) -> None:
    """Root restores, and the folder of the lock is the daemon's."""
    machine.backup(tmp_path / "site.backup")
    other = tmp_path / "shadow"
    other.write_text("root:x\n", encoding="utf-8")
    (machine.run / "portal.lock").symlink_to(other)

    code, said = machine.does("restore", str(tmp_path / "site.backup"), "--replace")

    assert code == 1
    assert "portal.lock cannot be written" in said
    assert other.read_text(encoding="utf-8") == "root:x\n"


def test_no_program_may_have_a_database_open(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    machine.backup(path)
    before = machine.holds()
    with closing(sqlite3.connect(machine.data / "sessions.db")) as db:
        db.execute("SELECT * FROM sessions").fetchall()
        code, said = machine.does("restore", str(path), "--replace")

    assert code == 1
    assert said.endswith("sessions.db is in use; stop the gateway and the pages of staff first\n")
    assert machine.holds() == before


@pytest.mark.parametrize("change", ["cut", "changed", "longer", "empty", "no file"])
def test_a_damaged_backup_touches_nothing(machine: Machine, moved: Path, change: str) -> None:
    data = moved.read_bytes()
    match change:
        case "cut":
            moved.write_bytes(data[:-20])
        case "changed":
            moved.write_bytes(data[:2000] + bytes([data[2000] ^ 1]) + data[2001:])
        case "longer":
            moved.write_bytes(data + b"x")
        case "empty":
            moved.write_bytes(b"")
        case "no file":
            moved.unlink()

    code, said = machine.does("restore", str(moved))

    assert code == 1
    assert said.startswith(f"portal: {moved} cannot be re"), said
    assert list(machine.folder.iterdir()) == []


def test_a_wrong_passphrase_is_told_in_clear_words(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "site.backup"
    machine.backup(path, "--passphrase-file", passphrase_in(tmp_path))

    wrong = machine.does(
        "restore", str(path), "--check", "--passphrase-file", passphrase_in(tmp_path, "x" * 12)
    )

    assert wrong == (
        1,
        f"portal: {path} cannot be restored: the passphrase is another, or the beginning of the"
        " file is damaged\n",
    )


def test_a_passphrase_is_asked_for_twice_and_is_long(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    monkeypatch.setattr(backup_commands.sys.stdin, "isatty", lambda: True, raising=False)  # type: ignore[attr-defined]
    monkeypatch.setattr(backup_commands.make, "__defaults__", (lambda _: answers.pop(0),))

    def tried(*typed: str) -> str:
        answers[:] = typed
        return machine.does("backup", str(tmp_path / "x"))[1]

    assert "the two passphrases differ" in tried("một cụm từ dài", "một cụm từ khác")
    assert "a passphrase has at least 12 characters" in tried("ngắn", "ngắn")
    assert "nobody can open it" in tried(PASSPHRASE, PASSPHRASE)
    (tmp_path / "x").unlink()
    assert "It is not locked" in tried("")


def test_a_backup_is_never_written_over_another_or_into_itself(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "there").touch()

    for path, why in (
        (tmp_path / "there", "is there already; name a new file"),
        (machine.data / "new", "would be part of itself"),
        (tmp_path / "no folder" / "new", "cannot be written: No such file or directory"),
    ):
        code, said = machine.does("backup", str(path), "--no-passphrase")
        assert (code, why in said) == (1, True), said
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_database_is_no_backup(machine: Machine, tmp_path: Path) -> None:
    path = machine.data / "content.db"
    data = bytearray(path.read_bytes())
    data[8192:20000] = os.urandom(20000 - 8192)
    path.write_bytes(data)

    code, said = machine.does("backup", str(tmp_path / "x"), "--no-passphrase")

    assert code == 1
    assert f"{path} is damaged (" in said
    assert not list(tmp_path.glob("*x*"))


def test_links_in_the_data_are_not_followed(machine: Machine, tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_bytes(b"root's own")
    (machine.data / "media/0f.webp").symlink_to(secret)
    (machine.data / "more").symlink_to(tmp_path)

    machine.backup(tmp_path / "x")
    _, said = machine.does("restore", "--check", str(tmp_path / "x"))

    assert "0f.webp" not in said
    assert "shadow" not in said


def test_a_newer_schema_is_refused_before_anything_is_touched(
    machine: Machine, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(machine.data / "sessions.db")) as db:
        db.execute("PRAGMA user_version = 2")
    machine.backup(tmp_path / "x")
    shutil.rmtree(machine.data)

    code, said = machine.does("restore", str(tmp_path / "x"))

    assert code == 1
    assert "data/sessions.db: has schema 2, of a newer portal; this one knows 1" in said
    assert not machine.data.exists()


def test_a_backup_that_wants_another_folder_has_to_be_allowed(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.backup(tmp_path / "x")
    new = tmp_path / "other" / "portal.toml"
    new.parent.mkdir()
    shutil.rmtree(machine.folder)

    def tried(*more: str) -> tuple[int, str]:
        code = main(["restore", str(tmp_path / "x"), "--config", str(new), *more])
        out, err = capsys.readouterr()
        return code, out + err

    code, said = tried()
    assert code == 1
    assert f"{machine.data} (data)" in said
    assert f"add --into {machine.folder}" in said
    assert not machine.folder.exists()
    assert tried("--into", str(machine.folder))[0] == 0
    assert machine.data.is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_belong_to_whom_the_data_belonged(machine: Machine, tmp_path: Path) -> None:
    nobody = 65534
    for path in (machine.data, *machine.data.rglob("*")):
        os.chown(path, nobody, nobody, follow_symlinks=False)
    os.chown(machine.block_list, 0, nobody)
    machine.block_list.chmod(0o640)
    machine.backup(tmp_path / "x")

    assert machine.does("restore", str(tmp_path / "x"), "--replace")[0] == 0

    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in machine.data.rglob("*")}
    assert owners - {(0, 0)} == {(nobody, nobody)}
    assert [path.name for path in machine.data.rglob("*") if path.lstat().st_uid == 0] == ["active"]
    found = machine.block_list.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, nobody, 0o640)


# Killed


class Killed(BaseException):
    pass


def steps(machine: Machine, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Restore again and again, killed one step later each time; ends when nothing is left."""
    rename, write = Path.rename, restore_work.write_whole
    for last in range(30):
        left = last

        def step() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        def renamed(self: Path, target: Path) -> Path:
            step()
            return rename(self, target)

        def noted(path: Path, data: bytes) -> None:
            step()
            write(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", renamed)
            patch.setattr(restore_work, "write_whole", noted)
            patch.setattr(restore_staging, "remove", lambda path: None)  # Nobody tidies up.
            try:
                code, said = machine.does("restore", str(path), "--replace")
            except Killed:
                code = None
        if code is not None:
            assert code == 0, said
            return
        yield last
    raise AssertionError("it never ends")


@pytest.mark.slow
def test_killed_between_any_two_steps_all_is_old_or_all_is_new(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.backup"
    machine.backup(path)
    new = machine.holds()
    kept = tmp_path / "kept"
    (machine.data / "media/since").write_bytes(b"since then")
    machine.block_list.write_text("other.example\n", encoding="utf-8")
    old = machine.holds()
    shutil.copytree(machine.folder, kept, symlinks=True)
    outcomes = []

    for last in steps(machine, path, monkeypatch):
        pending = (machine.folder / PENDING).exists()
        restore_work.finish(machine.config)
        holds = machine.holds()
        assert holds in (old, new), last
        assert (holds == new) == pending
        outcomes.append("new" if holds == new else "old")
        shutil.rmtree(machine.folder)
        shutil.copytree(kept, machine.folder, symlinks=True)

    assert machine.holds() == new
    assert outcomes == ["old", *["new"] * 6]


def test_what_a_killed_restore_left_is_swept_by_the_next(machine: Machine, moved: Path) -> None:
    left = machine.folder / "data.restored-12345678"
    left.mkdir()
    (left / "half").touch()

    assert machine.does("restore", str(moved))[0] == 0
    assert not left.exists()


def test_a_note_of_another_user_is_not_carried_out(machine: Machine) -> None:
    note = machine.folder / PENDING
    note.write_bytes(b'{"swaps": []}')
    os.chown(note, 65534, 65534) if os.geteuid() == 0 else pytest.skip("needs root")

    code, said = machine.does("restore", "--finish")

    assert code == 1
    assert said.endswith("is another user's; look at it, and delete it\n")


def _unprivileged(*_: object) -> None:
    raise PermissionError


def test_a_gateway_that_starts_first_carries_out_what_is_left(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = machine.folder / "data.restored-12345678"
    shutil.copytree(machine.data, staged, symlinks=True)
    (staged / "of_the_backup").touch()
    swap = Swap(staged, machine.data, machine.folder / "data.before-now")
    (machine.folder / PENDING).write_bytes(swaps_written([swap]))

    with monkeypatch.context() as patch:  # The daemon's user may not change /etc.
        patch.setattr(Path, "rename", _unprivileged)
        refused = machine.does("run")
    begun, _ = machine.does("run")

    assert refused == (
        1,
        "portal: a restore was cut short; carry out the rest as root: portal restore --finish\n",
    )
    assert begun == 2  # This machine has no such interfaces.
    assert (machine.data / "of_the_backup").exists()
    assert (machine.folder / "data.before-now/staff.db").exists()
    assert not (machine.folder / PENDING).exists()


@pytest.mark.slow
def test_killed_for_real_at_any_moment_all_is_old_or_all_is_new(
    machine: Machine, tmp_path: Path
) -> None:
    chance = random.Random(20261126)
    for number in range(300):
        (machine.data / "media" / f"{number:064x}.webp").write_bytes(chance.randbytes(2000))
    path = tmp_path / "site.backup"
    machine.backup(path)
    new = machine.holds()
    (machine.data / "media/since").write_bytes(b"since then")
    old = machine.holds()
    kept = tmp_path / "kept"
    shutil.copytree(machine.folder, kept, symlinks=True)
    command = [sys.executable, "-m", "portal", "restore", str(path), "--replace"]
    command += ["--config", str(machine.config)]

    def run(seconds: float | None) -> float:
        begun = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            assert process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return time.monotonic() - begun

    whole = run(None)
    outcomes = []
    kills = 6
    for number in range(kills):
        shutil.rmtree(machine.folder)
        shutil.copytree(kept, machine.folder, symlinks=True)
        run((0.5 + 0.7 * number / kills) * whole)
        restore_work.finish(machine.config)
        holds = machine.holds()
        assert holds in (old, new)
        outcomes.append("new" if holds == new else "old")
    print(f"{whole:.2f} s; killed {kills} times: {outcomes.count('old')} old, the others new")
    assert "old" in outcomes
