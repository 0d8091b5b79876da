"""`portal staff …`: the accounts, from the gateway's own terminal."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.__main__ import main, parser
from portal.machine import StartError
from portal.staff import commands
from portal.staff.accounts import Accounts
from splash.content_store import ContentStore

CONFIG = """
[site]
id = "nha-01"
name = "Nhà trọ số 1"
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[interfaces]
phones = "br-lan"
uplink = "wan"
[storage]
data_dir = "{folder}"
"""
PASSWORD = "trau vang uong nuoc 7"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "portal.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return file


def staff(config: Path, *words: str) -> int:
    return main(["staff", *words, "--config", str(config)])


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_the_first_administrator_is_made_listed_and_written_down(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")

    assert staff(config, "add", "Chị Hoa", "--role", "administrator", "--password-stdin") == 0
    assert staff(config, "list", "--json") == 0

    said, listed = capsys.readouterr().out.split("telephone\n")
    assert "http://127.0.0.1:2081/" in said
    [row] = json.loads(listed)
    assert (row["name"], row["roles"], row["code_app"]) == ("Chị Hoa", ["administrator"], False)
    store = ContentStore(config.parent / "content.db")
    [entry] = store.audit()
    store.close()
    assert (entry.who, entry.action) == ("portal staff", "add_account")
    assert PASSWORD not in entry.note


def test_the_file_is_its_owners_alone(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD)
    staff(config, "add", "hoa", "--role", "author", "--password-stdin")

    assert (config.parent / "staff.db").stat().st_mode & 0o777 == 0o600


def answers(*words: str) -> commands.Ask:
    given: Iterator[str] = iter(words)
    return lambda prompt: next(given)


def test_the_password_is_asked_twice(config: Path) -> None:
    words = ["staff", "add", "hoa", "--role", "author", "--config", str(config)]
    options = parser().parse_args(words)

    with pytest.raises(StartError, match="the two passwords differ"):
        commands.add_account(options, answers(PASSWORD, PASSWORD + "x"))
    commands.add_account(options, answers(PASSWORD, PASSWORD))

    accounts = Accounts(config.parent / "staff.db")
    assert accounts.checked("hoa", PASSWORD) is not None
    accounts.close()


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (("add", "hoa", "--role", "author"), "ngan", "A password has 10 characters or more"),
        (("add", "hoa", "--role", "author"), "hoahoahoa12345", "easy to guess"),
        (("add", "<b>", "--role", "author"), PASSWORD, "cannot be a name"),
        (("add", "hoa", "--role", "house_owner"), PASSWORD, "needs the id of the house"),
        (("add", "LAN", "--role", "author"), PASSWORD, "There is an account named"),
        (("passwd", "hoa"), PASSWORD, "there is no account 'hoa'; known are: Lan"),
    ],
)
def test_what_will_not_do_is_said_in_one_line(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    password: str,
    said: str,
) -> None:
    typed(monkeypatch, PASSWORD)
    staff(config, "add", "Lan", "--role", "author", "--password-stdin")
    typed(monkeypatch, password)

    assert staff(config, *words, "--password-stdin") == 1
    assert said in capsys.readouterr().err


def test_the_last_administrator_stays(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, role in (("lan", "administrator"), ("hoa", "author")):
        typed(monkeypatch, PASSWORD)
        staff(config, "add", name, "--role", role, "--password-stdin")

    assert staff(config, "remove", "lan") == 1
    assert "one administrator has to remain" in capsys.readouterr().err
    assert staff(config, "remove", "hoa") == 0


def test_a_lost_telephone_is_a_new_set_up(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD)
    staff(config, "add", "lan", "--role", "approver", "--password-stdin")
    accounts = Accounts(config.parent / "staff.db")
    accounts._db.execute("UPDATE account SET secret = 'ABCD'")
    accounts.close()
    typed(monkeypatch, PASSWORD + "9")

    assert staff(config, "passwd", "lan", "--new-code", "--password-stdin") == 0

    accounts = Accounts(config.parent / "staff.db")
    lan = accounts.checked("lan", PASSWORD + "9")
    accounts.close()
    assert lan is not None
    assert not lan.has_code
