"""What an operator can get wrong on a real machine: one clear message each, and nothing lost."""

import dataclasses
import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from firewall.ruleset import REMOVE
from portal.__main__ import main
from portal.config import Config
from portal.demo.host import LabError
from portal.demo.lab import HTTP_PORT, Lab, Settings

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("bad_input")]

SOMEBODY = "02:00:5e:10:00:99"
NOBODY_ID = 65534
AS_NOBODY_IN_PARTICULAR = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root, but held to the permissions of files like everybody."""
WITHOUT_NET_ADMIN = ("setpriv", "--bounding-set=-net_admin")


@dataclass
class Machine:
    """An access point on which commands are tried."""

    lab: Lab

    @property
    def data(self) -> Path:
        return self.lab.folder / "data"

    @property
    def run_dir(self) -> Path:
        return self.lab.folder / "run"

    def config(self, settings: Settings | None = None) -> Path:
        """Write portal.toml."""
        return self.lab.write_configuration(settings or {})

    def portal(self, *arguments: str | Path, under: tuple[str | Path, ...] = ()) -> tuple[int, str]:
        """The exit code, and what was said on standard error."""
        done = self.lab.gateway.run(*under, sys.executable, "-m", "portal", *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stderr

    def ruleset(self) -> str:
        return self.lab.gateway.must("nft", "list", "ruleset")


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def machine(laboratory: Lab) -> Iterator[Machine]:
    machine = Machine(laboratory)
    machine.config()
    laboratory.gateway.log_file("portal").unlink(missing_ok=True)
    yield machine
    laboratory.portal_kill()
    laboratory.gateway.must("nft", "-f", "-", stdin=REMOVE)
    for folder in (machine.data, machine.run_dir):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(machine: Machine) -> Machine:
    machine.lab.start_portal()
    return machine


# -- the configuration --------------------------------------------------------------------


def test_every_wrong_value_is_named_in_one_message(machine: Machine) -> None:
    sections = {section.name: section.type for section in dataclasses.fields(Config)}
    keys = {
        (section, key.name)
        for section, kind in sections.items()
        if dataclasses.is_dataclass(kind)
        for key in dataclasses.fields(kind)
    }
    lines = [
        f"[{name}]\n"
        + "".join(f"{key} = 1979-05-27\n" for section, key in sorted(keys) if section == name)
        for name in sections
    ]  # A date is right nowhere.
    wrong = machine.lab.folder / "wrong.toml"
    wrong.write_text("\n".join(lines))

    for command in ("check", "run"):
        code, said = machine.portal(command, "--config", wrong)

        assert code == 2
        assert f"{wrong}: {len(keys)} problems" in said
        assert all(f"  {section}.{key} = 1979-05-27   " in said for section, key in keys)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[site\n", "is not TOML"),
        (b'[site]\nname = "\xff"\n', "is not UTF-8 text"),
        (b"", "site.name is missing"),
        (b"[portla]\nhost = 1\n", 'did you mean "portal"?'),
        (b"[portal]\nhots = 1\n", 'did you mean "host"?'),
        (None, "cannot be read: No such file or directory"),
    ],
    ids=["not TOML", "not UTF-8", "empty", "section", "key", "no file"],
)
def test_a_file_that_is_no_configuration(
    machine: Machine, content: bytes | None, says: str
) -> None:
    path = machine.lab.folder / "other.toml"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)

    code, said = machine.portal("run", "--config", path)

    assert code == 2
    assert says in said


def test_an_interface_that_is_not_there(machine: Machine) -> None:
    config = machine.config({"interfaces": {"phones": "br-guest"}})

    for command in ("check", "run"):
        code, said = machine.portal(command, "--config", config)

        assert code == 2
        assert 'interfaces.phones = "br-guest"   no such interface; this machine has' in said
        assert "br-lan" in said


# -- the command --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("grant", "not-a-mac"),
        ("revoke", "01:00:5e:10:00:01"),
        ("block", "00:00:00:00:00:00"),
        ("unblock", ""),
        ("grant", SOMEBODY, "--minutes", "0"),
        ("grant", SOMEBODY, "--minutes", "many"),
        ("grant",),
        ("fly",),
        (),
    ],
    ids=" ".join,
)
def test_bad_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "sessions", "grant", "revoke", "block", "unblock"])
def test_no_daemon_is_running(
    machine: Machine, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mac = [] if command in ("status", "sessions") else [SOMEBODY]

    code = main([command, *mac, "--config", str(machine.config())])

    assert code == 1
    nobody = f"nobody listens at {machine.run_dir / 'control.sock'}"
    assert capsys.readouterr().err == f"portal: no portal is running ({nobody})\n"


def test_a_device_that_nobody_knows(running: Machine) -> None:
    config = ("--config", running.config())
    unknown = "no device with this address is on the network"

    for command, what in (("revoke", "has no session"), ("unblock", "is not blocked")):
        code, said = running.portal(command, SOMEBODY, *config)
        assert (code, said) == (1, f"portal: {SOMEBODY} {what}; {unknown}\n")
    # These can be meant for a device that comes later, but a typing mistake should be seen.
    for command, done in (("grant", "granted, 240 minutes left"), ("block", "blocked")):
        asked = running.lab.portal_command(command, SOMEBODY)
        assert (asked.returncode, asked.stdout) == (0, f"{SOMEBODY} {done}; {unknown} now\n")


def test_the_control_socket_of_somebody_else(running: Machine) -> None:
    channel = running.run_dir / "control.sock"
    os.chown(channel, NOBODY_ID, NOBODY_ID)

    code, said = running.portal(
        "status", "--config", running.config(), under=AS_NOBODY_IN_PARTICULAR
    )

    assert code == 1
    assert said == f"portal: no permission for {channel}; run it as root, or in group portal\n"


def test_the_session_log_is_asked_for_and_is_not_there_or_broken(machine: Machine) -> None:
    ask = ("sessions", "--all", "--config", machine.config())
    code, said = machine.portal(*ask)
    assert code == 1
    assert "is not there; no gateway has run with this configuration" in said

    machine.data.mkdir()
    (machine.data / "sessions.db").write_bytes(b"no database" * 100)
    code, said = machine.portal(*ask)
    assert code == 1
    assert "sessions.db cannot be read: file is not a database" in said


# -- the firewall -------------------------------------------------------------------------


def test_neither_the_binding_nor_nft_is_installed(machine: Machine) -> None:
    without = machine.lab.folder / "without"
    without.mkdir(exist_ok=True)
    (without / "nftables.py").write_text("raise ImportError('not installed')")
    before = machine.ruleset()

    for command in ("check", "run"):
        code, said = machine.portal(
            command,
            *("--config", machine.config()),
            under=("env", "PATH=/nowhere", f"PYTHONPATH={without}:{os.getcwd()}"),
        )

        assert code == 3
        assert "portal: the firewall refused; nothing was changed\n" in said
        assert said.endswith("nft: not found; install the package nftables\n")
    assert machine.ruleset() == before


def test_no_permission_for_the_firewall(machine: Machine) -> None:
    before = machine.ruleset()

    for command in ("check", "run", "cleanup"):
        code, said = machine.portal(command, "--config", machine.config(), under=WITHOUT_NET_ADMIN)

        assert code == 3
        assert "no permission; needs CAP_NET_ADMIN" in said
    assert machine.ruleset() == before


# -- what else is in the way --------------------------------------------------------------


@contextmanager
def listening(machine: Machine, port: int) -> Iterator[None]:
    with machine.lab.gateway.network(), closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("", port))
        other.listen()
        yield


def test_a_port_that_another_program_has(machine: Machine) -> None:
    before = machine.ruleset()
    with listening(machine, HTTP_PORT):
        code, said = machine.portal("run", "--config", machine.config())

    assert code == 1
    assert said.endswith(
        f"portal: port {HTTP_PORT} cannot be listened on: Address already in use;"
        " stop the program that has it, or choose another [portal] http_port\n"
    )
    assert machine.ruleset() == before


@pytest.mark.parametrize("key", ["run_dir", "data_dir"])
def test_a_folder_that_cannot_be_written(machine: Machine, key: str) -> None:
    closed = machine.lab.folder / "closed"
    closed.mkdir(mode=0o755, exist_ok=True)
    os.chown(closed, NOBODY_ID, NOBODY_ID)
    before = machine.ruleset()

    for folder, said_of_it in ((closed, "written by this user"), (closed / "new", "made: ")):
        code, said = machine.portal(
            *("run", "--config", machine.config({"storage": {key: str(folder)}})),
            under=AS_NOBODY_IN_PARTICULAR,
        )

        assert code == 1
        assert said.startswith(f"portal: {folder} cannot be {said_of_it}")
    assert machine.ruleset() == before


def test_a_run_directory_with_too_long_a_name_for_a_socket(machine: Machine) -> None:
    folder = machine.lab.folder / ("long" * 25)

    code, said = machine.portal(
        "run", "--config", machine.config({"storage": {"run_dir": str(folder)}})
    )

    assert code == 1
    assert said.endswith(
        f"portal: {folder}/control.sock cannot be listened on: AF_UNIX path too long\n"
    )


def test_a_second_daemon_leaves_the_first_alone(running: Machine) -> None:
    assert running.lab.portal is not None
    before = running.ruleset()

    code, said = running.portal("run", "--config", running.config())

    assert code == 1
    assert said == (
        f"portal: another portal is running here (process {running.lab.portal.pid}, which holds"
        f" {running.run_dir / 'portal.lock'}); stop it first\n"
    )
    apart = {
        "storage": {
            key: str(running.lab.folder / f"other-{key}") for key in ("run_dir", "data_dir")
        }
    }
    code, said = running.portal("run", "--config", running.config(apart))
    assert code == 1
    assert f"port {HTTP_PORT} cannot be listened on" in said
    running.config()
    assert running.ruleset() == before
    assert running.lab.portal_command("status").returncode == 0


# -- broken files -------------------------------------------------------------------------


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE sessions")


def _of_a_newer_portal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def _of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE events (name TEXT)")


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xffgarbage" * 1000)


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "kept"),
    [
        (_garbage, True),
        (_cut_in_half, True),
        (_without_a_table, True),
        (_of_another_program, True),
        (_nothing, False),  # SQLite makes a database of an empty file.
    ],
)
def test_a_broken_session_log_is_kept_aside_and_begun_anew(
    running: Machine, spoil: Callable[[Path], None], kept: bool
) -> None:
    log = running.data / "sessions.db"
    assert running.lab.portal_command("grant", SOMEBODY).returncode == 0
    running.lab.portal_stop()
    spoil(log)
    spoiled = log.read_bytes()

    running.lab.portal_restart()

    aside = [path for path in running.data.glob("*.broken-*") if path.suffix[-4:].isdecimal()]
    assert len(aside) == kept
    if spoil in (_garbage, _cut_in_half):  # The others SQLite reads and writes before it fails.
        assert aside[0].read_bytes() == spoiled
    said = running.lab.gateway.read_log("portal")
    assert ("is broken" in said) == kept
    # The kernel knows who passes; the new log has it again.
    running.lab.gateway.wait_until(
        lambda: any(row["ended_utc"] is None for row in _logged(running)), "the session is logged"
    )


def test_the_log_of_a_newer_portal_is_left_to_it(running: Machine) -> None:
    log = running.data / "sessions.db"
    assert running.lab.portal_command("grant", SOMEBODY).returncode == 0
    running.lab.portal_stop()
    _of_a_newer_portal(log)
    newer = log.read_bytes()

    with pytest.raises(LabError, match=r"is of a newer portal.*; install the newer one again"):
        running.lab.portal_restart()

    assert log.read_bytes() == newer
    assert not list(running.data.glob("*.broken-*"))


def _logged(machine: Machine) -> list[dict[str, object]]:
    """The rows of the session log; none while it is being made."""
    asked = machine.lab.portal_command("sessions", "--all", "--json")
    rows: list[dict[str, object]] = json.loads(asked.stdout) if asked.returncode == 0 else []
    return rows


@pytest.mark.parametrize("spoil", [_garbage, _nothing, _cut_in_half])
def test_a_broken_key_file_is_kept_aside_and_begun_anew(
    running: Machine, spoil: Callable[[Path], None]
) -> None:
    keys = running.data / "pseudonym-keys.json"
    running.lab.portal_command("grant", SOMEBODY)
    running.lab.portal_stop()
    spoil(keys)

    running.lab.portal_restart()

    assert len(list(running.data.glob("pseudonym-keys.json.broken-*"))) == 1
    assert "pseudonym-keys.json is broken" in running.lab.gateway.read_log("portal")
    sessions = json.loads(running.lab.portal_command("sessions", "--json").stdout)
    assert [session["mac"] for session in sessions] == [SOMEBODY]
    assert len(json.loads(keys.read_text())["lasting"]) == 64


def test_a_log_that_breaks_while_the_daemon_runs_is_begun_anew(running: Machine) -> None:
    log = running.data / "sessions.db"
    for part in ("", "-wal", "-shm"):
        path = log.with_name(log.name + part)
        if path.exists():
            path.write_bytes(b"\xff" * path.stat().st_size)
    assert running.lab.portal_command("grant", SOMEBODY).returncode == 0

    running.lab.gateway.wait_until(
        lambda: (
            "is broken" in running.lab.gateway.read_log("portal")
            and any(row["ended_utc"] is None for row in _logged(running))
        ),
        "the log is begun anew",
    )

    assert running.lab.portal is not None
    running.lab.portal.send_signal(signal.SIGTERM)
    assert running.lab.portal.wait(15) == 0
