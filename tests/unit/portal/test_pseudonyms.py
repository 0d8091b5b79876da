"""Devices are named anew every month, and nobody can tell afterwards who they were."""

import errno
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firewall.changes import MacAddress
from portal.pseudonyms import Pseudonyms

PHONE = MacAddress("02:00:5e:10:00:01")
OTHER = MacAddress("02:00:5e:10:00:02")


def day(year: int, month: int, number: int = 15) -> float:
    return datetime(year, month, number, tzinfo=UTC).timestamp()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pseudonym-keys.json"


def test_a_device_has_one_name_all_month_and_another_next_month(path: Path) -> None:
    names = Pseudonyms(path)

    first = names.device(PHONE, day(2026, 11, 1))
    last = names.device(PHONE, day(2026, 11, 30))
    december = names.device(PHONE, day(2026, 12, 1))

    assert first == last
    assert december.pseudonym != first.pseudonym
    assert december.pseudonyms[1] == first.pseudonym
    assert december.lasting_pseudonym == first.lasting_pseudonym


def test_a_name_tells_nothing_of_the_address(path: Path) -> None:
    name = Pseudonyms(path).device(PHONE, day(2026, 11)).pseudonym

    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")
    assert Pseudonyms(path.with_name("other.json")).device(PHONE, day(2026, 11)).pseudonym != name


def test_two_devices_have_two_names(path: Path) -> None:
    names = Pseudonyms(path)

    assert not set(names.device(PHONE, day(2026, 11)).pseudonyms) & set(
        names.device(OTHER, day(2026, 11)).pseudonyms
    )


def test_a_restart_finds_the_same_names(path: Path) -> None:
    before = Pseudonyms(path).device(PHONE, day(2026, 11))

    assert Pseudonyms(path).device(PHONE, day(2026, 11)) == before


def test_the_key_of_a_month_is_destroyed_two_months_later(path: Path) -> None:
    names = Pseudonyms(path)
    november = names.device(PHONE, day(2026, 11)).pseudonym
    names.device(PHONE, day(2026, 12))

    january = names.device(PHONE, day(2027, 1))

    assert november not in january.pseudonyms
    assert len(january.pseudonyms) == 3
    assert set(json.loads(path.read_text())["months"]) == {"2026-12", "2027-01"}


@pytest.mark.parametrize("wall", [0.0, day(2026, 1), day(2026, 10)])
def test_a_clock_that_went_back_names_nobody_anew(path: Path, wall: float) -> None:
    names = Pseudonyms(path)
    before = names.device(PHONE, day(2026, 11))

    assert names.device(PHONE, wall) == before
    assert Pseudonyms(path).device(PHONE, wall) == before


def test_the_first_start_may_be_before_the_clock_is_set(path: Path) -> None:
    names = Pseudonyms(path)
    before = names.device(PHONE, 30.0)

    assert before.pseudonym in names.device(PHONE, day(2026, 11)).pseudonyms


def test_the_file_is_for_the_daemon_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        Pseudonyms(path).device(PHONE, day(2026, 11))
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_is_the_same_after_a_restart_and_differs_by_purpose(path: Path) -> None:
    secret = Pseudonyms(path).secret("form")

    assert Pseudonyms(path).secret("form") == secret
    assert Pseudonyms(path).secret("other") != secret


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        "\0\0\0\0",
        '{"lasting": "00", "months": {}}',
        '{"lasting": 7, "months": {}}',
        '{"lasting": "%s", "months": []}' % ("00" * 32),
        '{"lasting": "%s", "months": {"2026-11": "xyz"}}' % ("00" * 32),
        '{"lasting": "%s"}' % ("00" * 32),
    ],
)
def test_a_file_of_something_else_is_refused_and_left_alone(path: Path, content: str) -> None:
    path.write_text(content)

    with pytest.raises(ValueError, match="is not a file of pseudonym keys"):
        Pseudonyms(path)

    assert path.read_text() == content


def test_a_file_of_any_bytes_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00garbage")

    with pytest.raises(ValueError, match="is not a file of pseudonym keys"):
        Pseudonyms(path)


def test_a_folder_that_cannot_be_written_is_an_error_to_act_on(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        Pseudonyms(tmp_path / "none" / "keys.json")


def test_a_full_disk_keeps_the_new_key_in_memory_until_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = Pseudonyms(path)
    names.device(PHONE, day(2026, 11))
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _no_room)
        december = names.device(PHONE, day(2026, 12))
        assert names.device(PHONE, day(2026, 12)) == december

    assert Pseudonyms(path).device(PHONE, day(2026, 11)).pseudonym in december.pseudonyms
    names.device(OTHER, day(2026, 12))  # There is room again.
    assert Pseudonyms(path).device(PHONE, day(2026, 12)) == december
    assert len(caplog.messages) == 1


def _no_room(file: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fails_does_not_end_the_daemon(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = Pseudonyms(path)

    def refuse(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    november = names.device(PHONE, day(2026, 11))

    assert names.device(PHONE, day(2026, 11)) == november
    assert len(caplog.messages) == 1


def test_a_clock_that_was_years_ahead_does_not_keep_its_month(path: Path) -> None:
    names = Pseudonyms(path)
    november = names.device(PHONE, day(2026, 11)).pseudonym
    ahead = names.device(PHONE, day(2036, 2)).pseudonym

    right_again = names.device(PHONE, day(2026, 12))
    assert right_again.pseudonyms[:2] == (ahead, november)
    assert set(json.loads(path.read_text())["months"]) == {"2026-12", "2026-11"}

    january = names.device(PHONE, day(2027, 1))
    assert january.pseudonyms[1] == ahead
    assert november not in january.pseudonyms


def test_a_clock_one_month_ahead_is_waited_for(path: Path) -> None:
    names = Pseudonyms(path)
    january = names.device(PHONE, day(2027, 1, 1))

    assert names.device(PHONE, day(2026, 12, 31)) == january
