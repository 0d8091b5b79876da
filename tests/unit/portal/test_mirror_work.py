"""`portal content mirror`: what it says before it asks any website."""

from pathlib import Path

import pytest

from portal.__main__ import main

PORTAL = """
[site]
id = "hp-001"
name = "Khu trọ"
[organisation]
name = "LĐLĐ"
unit = "Ban"
[interfaces]
phones = "br-lan"
uplink = "wan"
[storage]
data_dir = "{folder}/data"
run_dir = "{folder}/run"
"""
SOURCE = """
[[source]]
name = "ldld"
title = "LĐLĐ"
kind = "feed"
url = "http://127.0.0.1:9/rss"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "portal.toml"
    file.write_text(PORTAL.format(folder=tmp_path), encoding="utf-8")
    return file


def mirror(config: Path, *options: str) -> int:
    return main(["content", "mirror", "--config", str(config), *options])


def test_without_mirror_toml_nothing_is_copied(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mirror(config) == 2

    assert "mirror.toml: 1 problem\n  cannot be read: No such file" in capsys.readouterr().err


def test_categories_and_names_are_checked_before_any_site_is_asked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SOURCE + 'category = "tin-tuc"\n' + SOURCE.replace('"ldld"', '"b"')
    config.with_name("mirror.toml").write_text(text + 'category = "bao-hiem"', encoding="utf-8")

    assert mirror(config, "--source", "c") == 2

    said = capsys.readouterr().err
    assert 'ldld.category = "tin-tuc"   unknown; write one of cong-doan, tin' in said
    assert 'b.category = "bao-hiem"   says what the law is, which a person has to check' in said
    assert "has no source called 'c'; known are ldld, b" in said


@pytest.mark.parametrize("options", [[], ["--try"], ["--json"]])
def test_a_private_network_is_not_asked_and_the_code_says_that_nothing_came(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    config.with_name("mirror.toml").write_text(SOURCE, encoding="utf-8")

    assert mirror(config, *options) == 1

    said = capsys.readouterr().out
    assert "máy chủ 127.0.0.1 nằm trong mạng nội bộ, không được phép tải" in said
    assert (config.parent / "data" / "mirror.db").exists() == ("--try" not in options)
