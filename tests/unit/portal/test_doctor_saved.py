"""The file in which a self-test is kept for the handover sheet."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from paper.selftest import parse as parse_for_paper
from portal.config import Config, parse
from portal.doctor import saved
from portal.doctor.finding import Finding, unseen
from portal.machine import StartError
from tests.unit.portal.test_doctor import FILE
from tests.unit.portal.world import NOVEMBER_2026

FOUND = [
    Finding("cable", True, "in", {"uplink": "wan"}),
    Finding("gateway", False, "stopped"),
    unseen("table", "unseen", said="no permission"),
]


def config(folder: Path) -> Config:
    return parse(tomllib.loads(FILE) | {"storage": {"data_dir": str(folder)}})


def test_the_file_is_as_it_is_documented(tmp_path: Path) -> None:
    saved.save(config(tmp_path), FOUND, NOVEMBER_2026)

    document = json.loads((tmp_path / "selftest.json").read_text(encoding="utf-8"))

    assert document["made"] == "2026-11-23T07:00:00+07:00"
    assert (document["site"], document["site_name"]) == ("a", "A")
    assert {"version", "model"} <= document.keys()
    assert document["findings"][1] == {
        "check": "gateway",
        "good": False,
        "looked": True,
        "vi": {
            "subject": "phần mềm portal",
            "found": "không chạy",
            "advice": FOUND[1].told("vi").advice,
        },
        "en": {
            "subject": "gateway",
            "found": "not running",
            "advice": FOUND[1].told("en").advice,
        },
    }
    assert [path.name for path in tmp_path.iterdir()] == ["selftest.json"]


def test_the_handover_sheet_reads_what_was_saved(tmp_path: Path) -> None:
    saved.save(config(tmp_path), FOUND, NOVEMBER_2026)

    sheet = parse_for_paper((tmp_path / "selftest.json").read_text(encoding="utf-8"))
    page = saved.read(tmp_path / "selftest.json")

    assert page is not None
    assert sheet.made == page.made
    assert sheet.site == "a"
    assert [
        (each.good, each.looked, each.subject, each.found, each.advice) for each in sheet.findings
    ] == [
        (each.good, each.looked, each.subject, each.found, each.advice) for each in page.told["vi"]
    ]


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    saved.save(config(tmp_path), FOUND, NOVEMBER_2026)

    result = saved.read(tmp_path / "selftest.json")

    assert result is not None
    assert not result.good
    assert result.made.timestamp() == NOVEMBER_2026
    assert result.told["vi"] == tuple(each.told("vi") for each in FOUND)
    assert result.told["en"] == tuple(each.told("en") for each in FOUND)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"made": "2026-11-23", "findings": 7}', '{"made": 7, "findings": []}',
        '{"made": "x", "findings": []}', '{"made": "0001-01-01T00:00:00+23:59", "findings": []}',
        '{"made": "2026-11-23T07:00:00+07:00", "findings": [{"check": "log"}]}', "[" * 9999,
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_no_result(tmp_path: Path, text: str) -> None:
    (tmp_path / "selftest.json").write_text(text)

    assert saved.read(tmp_path / "selftest.json") is None


def test_no_file_is_no_result(tmp_path: Path) -> None:
    assert saved.read(tmp_path / "selftest.json") is None


def test_a_gateway_that_never_ran_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="start the gateway once"):
        saved.save(config(tmp_path / "none"), FOUND, NOVEMBER_2026)


# What root saw, and the technician's page cannot


ROOT = [Finding("table", True, "there"), Finding("gateway", False, "stopped")]
PAGE = [
    unseen("table", "unseen", said="no permission"),
    Finding("gateway", True, "running", {"devices": 1}),
]
HOUR = 3600.0


def told(folder: Path) -> dict[str, str]:
    result = saved.read(folder / "selftest.json")
    assert result is not None
    return {each.check: each.found for each in result.told["vi"]}


def test_what_nobody_could_look_at_stays_as_it_was_seen_last(tmp_path: Path) -> None:
    saved.save(config(tmp_path), ROOT, NOVEMBER_2026)
    for hours in (1, 2):
        saved.save(config(tmp_path), PAGE, NOVEMBER_2026 + hours * HOUR)

        assert told(tmp_path) == {
            "table": "đang có (xem lúc 07:00 23/11)",
            "gateway": "đang chạy, 1 điện thoại đang vào mạng",
        }

    saved.save(config(tmp_path), ROOT, NOVEMBER_2026 + 3 * HOUR)
    assert told(tmp_path)["table"] == "đang có"


@pytest.mark.parametrize("hours", [-1, 25])
def test_but_not_for_longer_than_a_day(tmp_path: Path, hours: int) -> None:
    saved.save(config(tmp_path), ROOT, NOVEMBER_2026)
    saved.save(config(tmp_path), PAGE, NOVEMBER_2026 + hours * HOUR)

    assert told(tmp_path)["table"].startswith("không xem được")


def test_not_even_if_it_is_saved_again_and_again(tmp_path: Path) -> None:
    saved.save(config(tmp_path), ROOT, NOVEMBER_2026)
    for hours in (20, 40):
        saved.save(config(tmp_path), PAGE, NOVEMBER_2026 + hours * HOUR)

    assert told(tmp_path)["table"].startswith("không xem được")


@pytest.mark.parametrize(
    "text", ["[]", "x", '{"site": "a"}', '{"site": "a", "made": "x"}', '{"site": "b"}']
)
def test_a_file_of_somebody_else_is_not_remembered(tmp_path: Path, text: str) -> None:
    (tmp_path / "selftest.json").write_text(text)

    saved.save(config(tmp_path), PAGE, NOVEMBER_2026)

    assert told(tmp_path)["table"].startswith("không xem được")


@pytest.mark.parametrize(
    ("text", "model"),
    [(b"Cudy TR3000 v1\n", "Cudy TR3000 v1"), (b"\x00\n", ""), (b"x" * 900, "x" * 100)],
)
def test_the_machine_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, model: str
) -> None:
    (tmp_path / "model").write_bytes(text)
    os.mkfifo(tmp_path / "pipe")  # Whoever reads this waits for ever.
    paths = (tmp_path / "none", tmp_path / "pipe", tmp_path / "model")
    monkeypatch.setattr(saved, "_MODELS", paths)

    assert saved.as_document(config(tmp_path), [], NOVEMBER_2026)["model"] == model
