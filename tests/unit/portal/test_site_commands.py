"""`portal site`, as far as no router is needed (tests/openwrt has the rest)."""

import json
from pathlib import Path

import pytest

from portal.__main__ import main

LIST = """
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[[sites]]
id = "hp-001"
name = "Khu trọ Hồng Phong"
address = "12 Hồng Phong"
[[sites]]
id = "hp-002"
name = "Khu trọ Cầu Rào"
"""


@pytest.fixture
def sites(tmp_path: Path) -> str:
    path = tmp_path / "sites.toml"
    path.write_text(LIST, encoding="utf-8")
    return str(path)


def test_the_list_has_the_codes(sites: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "--list", "--json", "--sites", sites]) == 0

    assert json.loads(capsys.readouterr().out)[0] == {
        "code": "HP-001-U",
        "id": "hp-001",
        "name": "Khu trọ Hồng Phong",
        "address": "12 Hồng Phong",
    }


def test_a_list_with_a_mistake_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sites.toml"
    path.write_text(LIST.replace("hp-002", "hp.002"), encoding="utf-8")

    assert main(["site", "--list", "--sites", str(path)]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert 'sites[2]: site.id = "hp.002"   not an identifier' in told.err


def test_what_would_be_set_is_shown(sites: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "hp 001 u", "--show", "--sites", sites]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "set portal.site.name='Khu trọ Hồng Phong'" in lines
    assert "commit portal" in lines


@pytest.mark.parametrize(
    ("code", "vietnamese", "english"),
    [
        ("HP-001-V", "Mã bị gõ sai", "The code is mistyped"),
        ("HP-001-Ự", "Đây không phải mã địa điểm", "This is no site code"),
        ("HP-009-B", "không có địa điểm đó", "knows no such site"),
    ],
)
def test_a_wrong_code_is_told_in_two_languages(
    sites: str, capsys: pytest.CaptureFixture[str], code: str, vietnamese: str, english: str
) -> None:
    assert main(["site", code, "--sites", sites]) == 2

    told = capsys.readouterr().err
    assert vietnamese in told
    assert english in told


@pytest.mark.parametrize("words", [["site"], ["site", "HP-001-U", "--list"]])
def test_one_thing_has_to_be_asked(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2

    assert "one of them" in capsys.readouterr().err


def test_a_machine_that_is_no_router_is_told(
    sites: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert main(["site", "HP-001-U", "--sites", sites]) == 1

    assert "uci is not here" in capsys.readouterr().err
