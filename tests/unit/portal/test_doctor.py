"""What the doctor says of what it found; that it finds it is in tests/netns/test_doctor.py."""

import re
from pathlib import Path
from string import Formatter

import pytest

from portal import control, doctor, readings
from portal.config import parse
from portal.doctor import Finding, examine, language_of
from portal.doctor_words import SUBJECTS, WORDS
from portal.health import HOT_CELSIUS
from portal.readings import Readings

CONFIG = parse(
    {
        "site": {"id": "a", "name": "A"},
        "organisation": {"name": "O", "unit": "U"},
        "interfaces": {"phones": "br-lan", "uplink": "wan"},
    }
)
WELL = Readings(50.0, 100, 64, 0.5, 2e9, True)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_both_languages_say_the_same(words: tuple[tuple[str, str], tuple[str, str]]) -> None:
    (found, advice), (found_vi, advice_vi) = words

    assert fields(found) == fields(found_vi)
    assert fields(advice) == fields(advice_vi)
    assert bool(advice) == bool(advice_vi)


def test_every_word_is_about_something_that_is_looked_at() -> None:
    assert {key.split()[0] for key in WORDS} == {subject.split()[0] for subject in SUBJECTS}


def test_every_finding_has_words() -> None:
    source = Path(doctor.__file__).read_text(encoding="utf-8")
    pairs = re.findall(r'Finding\("([a-z ]+)", [^,]+?, "(\w+)"(?: if [^,]+? else "(\w+)")?', source)

    assert len(pairs) >= 15
    assert [
        f"{name} {how}"
        for name, *hows in pairs
        for how in hows
        if how and f"{name} {how}" not in WORDS
    ] == []


@pytest.mark.parametrize(
    ("locale", "language"),
    [("vi_VN.UTF-8", "vi"), ("vi", "vi"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "en"), ("", "en")],
)
def test_the_language_is_that_of_the_machine(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_a_finding_is_told_in_the_language_asked_for() -> None:
    stopped = Finding("gateway", False, "stopped")

    assert str(stopped.told("en")) == (
        "FAIL  gateway: not running\n      -> start it: systemctl start portal"
    )
    assert str(stopped.told("vi")) == (
        "FAIL  cổng: không chạy\n      -> khởi động: systemctl start portal"
    )


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Readings(HOT_CELSIUS, 100, 64, 0.5, 2e9, True), "temperature: 80 °C"),
        (Readings(None, 2, 64, 0.5, 2e9, True), "storage: 2 MiB free for /var/lib/portal"),
        (Readings(None, 100, 9, 0.5, 2e9, True), "memory: 9 MiB available"),
        (Readings(None, 100, 64, 7.26, 2e9, True), "load: 7.26 for each core"),
        (Readings(None, 100, 64, 0.5, 0.0, False), "clock: not set"),
        (Readings(None, 100, 64, 0.5, 2e9, False), "clock: nobody keeps it right"),
    ],
)
def test_a_machine_that_suffers_is_told(
    found: Readings, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "read", lambda _: found)

    [wrong] = [each for each in doctor._readings(CONFIG) if not each.good]

    assert str(wrong.told("en")).startswith(f"FAIL  {line}")
    assert "\n      -> " in str(wrong.told("vi"))


WORKS = {
    "open_devices": 1,
    "firewall": "stands",
    "content_release": 7,
    "content_source": "answers",
    "log": "written",
}


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ({}, "ok    content: release 7 is shown"),
        ({"content_source": "none"}, "ok    content: release 7 is shown"),
        (
            {"content_source": "none", "content_release": None},
            "ok    content: nothing is published here; the samples are shown",
        ),
        (
            {"content_source": "bundle.json: cannot be fetched"},
            "FAIL  content: bundle.json: cannot be fetched",
        ),
    ],
)
def test_the_content_is_told(
    status: dict[str, object], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ask", lambda *_: WORKS | status)

    [content] = [each for each in doctor._daemon(CONFIG) if each.subject == "content"]

    assert str(content.told("en")).splitlines()[0] == line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ({"firewall": "no buffer space"}, "rules in force: no buffer space"),
        ({"log": "database or disk is full"}, "session log: database or disk is full"),
    ],
)
def test_a_gateway_in_trouble_is_told(
    status: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ask", lambda *_: WORKS | status)

    [wrong] = [each for each in doctor._daemon(CONFIG) if not each.good]

    assert str(wrong.told("en")).startswith(f"FAIL  {line}")


def test_a_file_that_is_no_configuration_is_all_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "portal.toml"
    path.write_text("[site")

    [finding] = examine(path)

    assert "mend these lines" in str(finding.told("en"))
    assert "sửa các dòng này" in str(finding.told("vi"))
