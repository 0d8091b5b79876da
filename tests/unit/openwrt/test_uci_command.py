"""`portal uci`: what the init script runs."""

import io
import sys
from pathlib import Path

import pytest

from portal.__main__ import main
from portal.config import load

EXPORT = """\
package portal

config site 'site'
	option id 'hp-001'
	option name 'Khu trọ'

config organisation 'organisation'
	option name 'LĐLĐ'
	option unit 'Ban Tuyên giáo'

config interfaces 'interfaces'
	option phones 'br-phones'
	option uplink 'wan'
"""


def run(monkeypatch: pytest.MonkeyPatch, export: str, *options: str | Path) -> int:
    given = io.TextIOWrapper(io.BytesIO(export.encode()))
    monkeypatch.setattr(sys, "stdin", given)
    return main(["uci", *map(str, options)])


def test_a_file_is_written_and_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = tmp_path / "portal.toml"

    assert run(monkeypatch, EXPORT, "--output", toml) == 0
    first = toml.stat()
    assert load(toml).site.name == "Khu trọ"
    assert run(monkeypatch, EXPORT, "--output", toml) == 0
    assert (toml.stat().st_ino, toml.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    assert run(monkeypatch, EXPORT.replace("Khu", "Nhà"), "--output", toml) == 0
    assert load(toml).site.name == "Nhà trọ"
    assert [path.name for path in tmp_path.iterdir()] == ["portal.toml"]


def test_a_mistake_is_told_and_the_last_good_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "portal.toml"
    run(monkeypatch, EXPORT, "--output", toml)

    assert run(monkeypatch, EXPORT.replace("hp-001", "HP 1"), "--output", toml) == 2

    assert load(toml).site.id == "hp-001"
    assert capsys.readouterr().err == (
        "portal: /etc/config/portal: 1 problem\n"
        '  site.id = "HP 1"   not an identifier; write small letters, digits and "-",'
        ' like "hp-001"\n'
    )


def test_a_folder_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert run(monkeypatch, EXPORT, "--output", tmp_path / "file/portal.toml") == 1

    assert "cannot be written" in capsys.readouterr().err


def test_without_a_file_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, EXPORT) == 0

    assert '[site]\nid = "hp-001"\nname = "Khu trọ"\n' in capsys.readouterr().out
