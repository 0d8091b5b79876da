"""The commands of paper: what they write, and what they say where they cannot."""

import builtins
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paper.wifi import code_of
from portal.__main__ import main
from portal.conditions import conditions_of
from portal.config import load
from portal.library import Library
from splash.content import Conditions, Words
from tests.unit.paper.places import Printed
from tests.unit.splash.staff import LAN, TUAN, store_in

CONFIG = """
[site]
id = "hp-001"
name = "Khu trọ Hồng Phong"
[organisation]
name = "LĐLĐ thành phố Hải Phòng"
unit = "Ban Tuyên giáo"
[interfaces]
phones = "br-lan"
uplink = "wan"
[wifi]
ssid = "Wi-Fi Công đoàn"
[storage]
data_dir = "{folder}"
"""
RESULT: dict[str, Any] = {
    "made": "2026-11-26T09:30:00+07:00",
    "site": "hp-001",
    "version": "0.1.0",
    "model": "GL.iNet GL-MT3000",
    "findings": [
        {"good": False, "vi": {"subject": "đồng hồ", "found": "sai giờ", "advice": "chờ"}},
    ],
}


class Machine:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.config = folder / "portal.toml"
        self.config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        self.sheet = folder / "sheet.pdf"
        self._capsys = capsys

    def does(self, what: str, *words: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        code = main([what, "--config", str(self.config), "-o", str(self.sheet), *words])
        out, err = self._capsys.readouterr()
        return code, out + err

    @property
    def printed(self) -> Printed:
        return Printed(self.sheet.read_bytes())


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    return Machine(tmp_path, capsys)


SITES = """
[organisation]
name = "LĐLĐ thành phố Hải Phòng"
unit = "Ban Tuyên giáo"
[wifi]
ssid = "Wi-Fi Công đoàn"
[router]
country = "VN"
[[sites]]
id = "hp-001"
name = "Nhà trọ số 1"
[[sites]]
id = "hp-002"
name = "Nhà trọ số 2"
"""


@pytest.mark.parametrize("named", ["hp-002", "HP-002", "hp-002-s"])
def test_a_file_of_many_houses_is_one_s_by_its_id_or_code(machine: Machine, named: str) -> None:
    machine.config.write_text(SITES, encoding="utf-8")

    assert machine.does("poster", "--site", named)[1] == (
        f"{machine.sheet}: 1 page for Nhà trọ số 2\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--site is missing   it has many; known are hp-001, hp-002"),
        (("--site", "x"), '--site "x"   is not in this file; known are hp-001, hp-002'),
    ],
)
def test_of_many_houses_one_has_to_be_named(
    machine: Machine, words: tuple[str, ...], told: str
) -> None:
    machine.config.write_text(SITES, encoding="utf-8")

    assert machine.does("poster", *words) == (
        2,
        f"portal: {machine.config}: 1 problem\n  {told}\n",
    )


@pytest.mark.parametrize("what", ["poster", "rules-page", "handover"])
def test_a_sheet_is_written_whole_over_an_earlier_one(machine: Machine, what: str) -> None:
    machine.sheet.write_text("an earlier one")

    assert machine.does(what) == (0, f"{machine.sheet}: 1 page for Khu trọ Hồng Phong\n")
    assert machine.printed.pages == 1
    assert sorted(path.name for path in machine.folder.iterdir()) == ["portal.toml", "sheet.pdf"]


def test_a_network_that_nobody_named_has_the_name_that_its_radio_has(machine: Machine) -> None:
    machine.config.write_text(CONFIG.format(folder=machine.folder).replace("ssid =", "#"))

    assert machine.does("poster")[0] == 0
    assert code_of("Wi-Fi Công đoàn") in machine.printed.codes


def test_the_rules_are_those_of_the_active_release(machine: Machine) -> None:
    footer = 'phone = "0225 000 0000"\naddress = "Hải Phòng"\nresponsible = "Nguyễn Văn Mẫu"\n'
    text = CONFIG.format(folder=machine.folder)
    machine.config.write_text(text.replace("[interfaces]", f"{footer}[interfaces]"))
    written = Conditions((Words("Không bán lại."),), Words("<h2>Điều 1</h2><p>Giữ gìn máy.</p>"))
    with closing(store_in(machine.folder)) as store:
        id = store.create(written, LAN, 1_800_000_000.0).item.id
        for step, who in (("submit", LAN), ("approve", TUAN), ("publish", TUAN)):
            store.act(step, id, 1, who, 1_800_000_000.0)
    assert main(["content", "publish", "--config", str(machine.config)]) == 0
    config = load(machine.config)
    shelf = Library(config.content_store, "hp-001", lambda: 1_800_000_001.0).first()
    shelf.close()

    assert machine.does("rules-page")[0] == 0

    text = machine.printed.text
    assert "1. Không bán lại. Điều 1 Giữ gìn máy." in text
    assert "BÀI MẪU" not in text
    assert shelf.edition.conditions is not None
    assert f"Bản {shelf.edition.conditions.version}, ngày" in text
    assert f"Phiên bản khi bấm đồng ý: {conditions_of(config, shelf.edition)}." in text


def test_what_a_font_lacks_is_told(machine: Machine) -> None:
    text = CONFIG.format(folder=machine.folder).replace("Wi-Fi Công đoàn", "Nhà 📶")
    machine.config.write_text(text)

    code, said = machine.does("poster")

    assert code == 0
    assert "portal: no font here has 📶; the paper shows a box instead" in said


def test_a_folder_that_is_not_there_is_told(machine: Machine) -> None:
    machine.sheet = machine.folder / "no" / "sheet.pdf"

    assert machine.does("poster") == (
        1,
        f"portal: {machine.sheet} cannot be written: No such file or directory\n",
    )


def test_a_font_that_is_none_is_told(machine: Machine) -> None:
    code, said = machine.does("poster", "--font", str(machine.config))

    assert code == 1
    assert said.startswith(f"portal: {machine.config}: cannot be used as a TrueType font: ")


def test_the_self_test_in_the_data_folder_is_on_the_handover_sheet(machine: Machine) -> None:
    (machine.folder / "selftest.json").write_text(json.dumps(RESULT))

    assert machine.does("handover")[0] == 0
    assert "CHƯA ĐẠT – đồng hồ: sai giờ → chờ" in machine.printed.text
    assert "Loại thiết bị: GL.iNet GL-MT3000" in machine.printed.text


def test_without_one_there_are_lines_to_write_on(machine: Machine) -> None:
    assert machine.does("handover")[0] == 0
    assert "Chưa có kết quả lưu trong máy" in machine.printed.text


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, ": there is no such file"),
        ("{", ": is not JSON ("),
        ("[]", ": is not the result of a self-test;"),
        (json.dumps(RESULT | {"site": "hp-002"}), ': is of site "hp-002", and this is "hp-001";'),
        (json.dumps(RESULT | {"made": 7}), ": made is no time like"),
        ("x" * 1_000_001, ": has more than 1000000 bytes"),
    ],
)
def test_a_self_test_that_cannot_be_used_is_told(
    machine: Machine, written: str | None, told: str
) -> None:
    file = machine.folder / "result.json"
    if written is not None:
        file.write_text(written)

    code, said = machine.does("handover", "--selftest", str(file))

    assert code == 1
    assert said.startswith(f"portal: {file}{told}")
    assert not machine.sheet.exists()


def test_bytes_that_are_no_text_are_told(machine: Machine) -> None:
    file = machine.folder / "selftest.json"
    file.write_bytes(b"\xff\xfe")

    assert machine.does("handover") == (1, f"portal: {file}: is not UTF-8 text\n")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("reportlab", "this needs reportlab; install union-portal[paper]"),
        ("paper", "a router's package has nothing that prints: do this where its image was made"),
    ],
)
def test_what_is_missing_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    real = builtins.__import__

    def missing(module: str, *rest: Any) -> Any:
        if module == "portal" and rest[2] and "paper_work" in rest[2]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)

    code, said = machine.does("poster")

    assert code == 1
    assert said.startswith(f"portal: {says}")
    assert not machine.sheet.exists()
