"""The annex of the impact assessment says what this configuration does, and no more."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal import machine
from portal.__main__ import main
from portal.annex import annex
from portal.conditions import conditions_of
from portal.config import Config, parse

ROOT = Path(__file__).parents[3]
KEY = "ab" * 32


def config(**sections: Any) -> Config:
    return parse(
        {
            "site": {"id": "hp-001", "name": "Khu trọ A | B", "rooms": 16},
            "organisation": {"name": "LĐLĐ thành phố", "unit": "Ban Tuyên giáo"},
            "interfaces": {"phones": "br-lan", "uplink": "wan"},
            **sections,
        }
    )


def written(config: Config) -> str:
    return annex(config, "0.1.0", conditions_of(config), date(2026, 11, 23))


def test_the_minimal_annex() -> None:
    text = written(config(privacy={"keep_days": 30}))

    assert "Khu trọ A \\| B (mã: hp-001)" in text
    assert "16 phòng, …… người ở" in text
    assert "30 ngày, sau đó chỉ còn tổng theo ngày" in text
    assert "không truy ra được cá nhân" in text
    assert "niêm phong" not in text
    assert "cổng" not in text
    assert "None" not in text


def test_the_sealed_annex_tells_of_the_seal() -> None:
    text = written(config(privacy={"profile": "sealed", "public_key": KEY}))

    assert "sealed/NGÀY.sealed" in text
    assert "dải cổng nguồn" in text
    assert "366 ngày, sau đó tự xóa" in text
    assert "hai người giữ khóa cùng mở" in text
    assert "không truy ra được cá nhân" not in text


def test_a_filtering_resolver_is_a_recipient() -> None:
    text = written(config(family_dns={"upstream": ["192.0.2.53"]}))

    assert "máy chủ DNS lọc (192.0.2.53)" in text


def test_who_agreed_to_one_notice_has_not_agreed_to_the_other() -> None:
    sealed = config(privacy={"profile": "sealed", "public_key": KEY})

    assert conditions_of(sealed) == f"{conditions_of(config())}-sealed"


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["privacy", "annex", "--config", str(ROOT / "docs/portal.toml.example")]

    assert main(words) == 0
    assert main([*words, "--output", str(tmp_path / "annex.md")]) == 0
    assert main([*words, "--output", str(tmp_path / "missing" / "annex.md")]) == 1

    shown = capsys.readouterr()
    assert shown.out == (tmp_path / "annex.md").read_text(encoding="utf-8")
    assert "annex.md cannot be written" in shown.err


def test_a_machine_without_the_library_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _: None)

    sealed = machine.problems(config(privacy={"profile": "sealed", "public_key": KEY}))

    assert [line for line in sealed if "privacy" in line] == [
        'privacy.profile = "sealed"   needs PyNaCl; install python3-nacl or, by pip, PyNaCl'
    ]
    assert not [line for line in machine.problems(config()) if "privacy" in line]
