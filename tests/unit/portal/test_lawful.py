"""`portal lawful-keys` and `lawful-export`: two people, one register, and nothing beyond."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nacl import pwhash

from portal import lawful_keys
from portal.__main__ import parser
from portal.lawful_error import LawfulError
from portal.lawful_export import is_genuine, read_register
from portal.sealing import SealedRecord
from tests.unit.portal.world import NOVEMBER_2026, mac

PHONE = mac(1)
TIME = "2026-11-23T07:{}"  # NOVEMBER_2026 is seven o'clock at the site.


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases take a second each to try, on purpose; not here."""
    monkeypatch.setattr(pwhash.argon2id, "OPSLIMIT_MODERATE", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(pwhash.argon2id, "MEMLIMIT_MODERATE", pwhash.argon2id.MEMLIMIT_MIN)


def run(*words: str, ask: Callable[[str], str] = lambda _: "a long passphrase") -> None:
    options = parser().parse_args(words)
    options.does(options, ask)


class Desk:
    """Three approvers' keys, a site's key, and a copy of its record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("an", "binh", "chi"):
            run("lawful-keys", "approver", name, "--output", str(folder / name))
        keys = [str(folder / name) for name in ("an", "binh", "chi")]
        run("lawful-keys", "site", *keys, "--output", str(folder / "site"))
        self.site_key = json.loads((folder / "site").read_text())
        SealedRecord(folder / "sealed", self.site_key["public_key"]).write(
            [
                {
                    "site": "hp-001",
                    "what": "admitted",
                    "time": NOVEMBER_2026 + 60,
                    "mac": PHONE,
                    "addresses": ["10.80.0.9"],
                    "seconds": 600.0,
                    "uplink": "203.0.113.2",
                    "ports": [1024, 1535],
                }
            ]
        )

    def export(self, output: str, *approvers: str, **changed: str) -> None:
        asked = {
            "reference": "12/CV",
            "authority": "Công an phường",
            "site": "hp-001",
            "from": TIME.format("00"),
            "to": TIME.format("30"),
            "records": str(self.folder / "sealed"),
            "key": str(self.folder / "site"),
            "register": str(self.folder / "register"),
            "output": str(self.folder / output),
        } | changed
        words = [word for key, value in asked.items() for word in (f"--{key}", value)]
        for approver in approvers:
            words += ["--approver", str(self.folder / approver)]
        run("lawful-export", *words)

    def answer(self, output: str) -> Any:
        return json.loads((self.folder / output).read_text())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_any_two_approvers_open_what_is_asked(desk: Desk) -> None:
    for n, pair in enumerate([("an", "binh"), ("chi", "an"), ("binh", "chi")], 1):
        desk.export(f"answer-{n}", *pair)

        exported = desk.answer(f"answer-{n}")
        assert exported["answer"]["turns"] == [
            {
                "mac": PHONE,
                "begin": "2026-11-23T00:01:00Z",
                "end": None,
                "ends_by": "2026-11-23T00:11:00Z",
                "addresses": ["10.80.0.9"],
                "public_addresses": ["203.0.113.2"],
                "blocks": [
                    {"first": 1024, "last": 1535, "begin": "2026-11-23T00:01:00Z", "end": None}
                ],
                "without_ports": False,
            }
        ]
        assert is_genuine(exported, desk.site_key["approvers"])
        assert sorted(exported["entry"]["approvals"]) == sorted(pair)
    entries = read_register(desk.folder / "register", desk.site_key["approvers"])
    assert [(entry["n"], entry["turns"]) for entry in entries] == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.parametrize("approvers", [["an"], ["an", "an"], ["an", "binh", "chi"]])
def test_one_alone_opens_nothing_nor_do_three(desk: Desk, approvers: list[str]) -> None:
    with pytest.raises(LawfulError, match="two different approvers are needed"):
        desk.export("answer", *approvers)

    assert not (desk.folder / "answer").exists()
    assert not (desk.folder / "register").exists()


def test_a_stranger_with_an_approvers_name_opens_nothing(desk: Desk) -> None:
    (desk.folder / "an").unlink()
    run("lawful-keys", "approver", "an", "--output", str(desk.folder / "an"))

    with pytest.raises(LawfulError, match="do not open this site's key"):
        desk.export("answer", "an", "binh")


def test_a_wrong_passphrase_opens_nothing(desk: Desk) -> None:
    document = json.loads((desk.folder / "an").read_text())

    with pytest.raises(LawfulError, match="wrong passphrase for an"):
        lawful_keys.open_approver(document, "another passphrase")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reference": " "}, "has a reference"),
        ({"to": TIME.format("00")}, "ends before it begins"),
        ({"to": "2026-11-25"}, "one day at most"),
        ({"to": "tomorrow"}, "not a time; write it like"),
        ({"port": "65536"}, "65536 is not a port"),
        ({"to": "2026-11-25", "port": "1500"}, "one day at most"),
        ({"from": "2025-01-01T00:00", "to": "2025-01-01T01:00"}, "has no record from"),
    ],
)
def test_a_request_that_is_not_in_order_opens_nothing(
    desk: Desk, changed: dict[str, str], why: str
) -> None:
    with pytest.raises(LawfulError, match=why):
        desk.export("answer", "an", "binh", **changed)

    assert not (desk.folder / "register").exists()


def test_who_left_by_a_source_port_is_found(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"public-address": "203.0.113.2", "port": "1500"}
    desk.export("hit", "an", "binh", **asked)
    desk.export("miss", "an", "binh", **(asked | {"port": "1536"}))

    assert [turn["mac"] for turn in desk.answer("hit")["answer"]["turns"]] == [PHONE]
    assert desk.answer("miss")["answer"]["turns"] == []
    assert "behind 203.0.113.2, source port 1536" in capsys.readouterr().out
    [_, entry] = read_register(desk.folder / "register", desk.site_key["approvers"])
    assert (entry["request"]["public_address"], entry["request"]["port"]) == ("203.0.113.2", 1536)


def test_who_had_no_block_of_ports_is_counted_and_not_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"site": "hp-001", "what": "admitted", "mac": mac(2), "addresses": [], "seconds": 600.0}
    SealedRecord(desk.folder / "sealed", desk.site_key["public_key"]).write(
        [{**entry, "time": NOVEMBER_2026 + 60}]  # As versions wrote it that had no blocks.
    )

    desk.export("answer", "an", "binh", port="40000")

    answer = desk.answer("answer")["answer"]
    assert (answer["turns"], answer["turns_without_ports"]) == ([], 1)
    assert "1 turns had no block of ports" in capsys.readouterr().out
    assert mac(2) not in json.dumps(answer)


def test_for_one_device_the_time_may_be_longer(desk: Desk) -> None:
    desk.export("answer", "an", "binh", to="2026-11-28", mac=PHONE.upper())

    assert len(desk.answer("answer")["answer"]["turns"]) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0].replace(b"12/CV", b"13/CV"), lines[1]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0]],
        lambda lines: [b"[]", *lines],
        lambda lines: [lines[0], b"x"],
    ],
)
def test_a_register_that_was_changed_stops_everything(
    desk: Desk, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    desk.export("answer-1", "an", "binh")
    desk.export("answer-2", "an", "binh")
    register = desk.folder / "register"
    register.write_bytes(b"\n".join(spoil(register.read_bytes().splitlines())) + b"\n")

    with pytest.raises(LawfulError, match="was changed, or lines before it were taken out"):
        desk.export("answer-3", "an", "binh")


def test_an_answer_that_was_changed_is_not_genuine(desk: Desk) -> None:
    desk.export("answer", "an", "binh")
    exported = desk.answer("answer")
    exported["answer"]["turns"] = []

    assert not is_genuine(exported, desk.site_key["approvers"])


def test_no_file_is_written_over(desk: Desk) -> None:
    desk.export("answer", "an", "binh")

    with pytest.raises(LawfulError, match="is there already"):
        desk.export("answer", "an", "binh")
    with pytest.raises(LawfulError, match="is there already"):
        run("lawful-keys", "approver", "an", "--output", str(desk.folder / "an"))


def test_keys_need_two_people_and_good_passphrases(desk: Desk) -> None:
    new = str(desk.folder / "new")
    an, key = str(desk.folder / "an"), str(desk.folder / "site")
    with pytest.raises(LawfulError, match="at least 12 characters"):
        run("lawful-keys", "approver", "dung", "--output", new, ask=lambda _: "short")
    with pytest.raises(LawfulError, match="passphrases differ"):
        run("lawful-keys", "approver", "dung", "--output", new, ask=lambda prompt: 12 * prompt)
    with pytest.raises(LawfulError, match="give the one name"):
        run("lawful-keys", "approver", "dung", "em", "--output", new)
    with pytest.raises(LawfulError, match="two different approvers"):
        run("lawful-keys", "site", an, an, "--output", new)
    with pytest.raises(LawfulError, match="not an approver's key file"):
        run("lawful-keys", "site", an, key, "--output", new)
    with pytest.raises(LawfulError, match="cannot be read"):
        run("lawful-keys", "site", an, str(desk.folder / "nobody"), "--output", new)
    assert not Path(new).exists()


def test_keys_are_their_owners_alone(desk: Desk) -> None:
    assert {(desk.folder / name).stat().st_mode & 0o077 for name in ("an", "site")} == {0}
