"""What the doctor says of what it found; that it finds it is in tests/netns/test_doctor.py."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from portal import control, doctor, readings
from portal.config import Config, parse
from portal.doctor import examine as examining
from portal.doctor import gateway, house
from portal.doctor.examine import examine
from portal.doctor.finding import Finding, language_of, unseen
from portal.doctor.kernel import asks_for_offload
from portal.doctor.words import SUBJECTS, WORDS
from portal.health import HOT_CELSIUS
from portal.readings import Readings

FILE = """
site = { id = "a", name = "A" }
organisation = { name = "O", unit = "U" }
interfaces = { phones = "br-lan", uplink = "wan" }
"""
CONFIG = parse(tomllib.loads(FILE))
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
    [folder] = map(Path, doctor.__path__)
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    pairs = re.findall(
        r'(?:Finding|unseen)\(\s*"([a-z ]+)",(?: [^,]+?,)? "([a-z ]+)"'
        r'(?: if [^,]+? else "([a-z ]+)")?',
        source,
    )

    assert len(pairs) >= 30
    assert [
        f"{name} {how}"
        for name, *hows in pairs
        for how in hows
        if how and f"{name} {how}" not in WORDS
    ] == []


def test_what_nobody_could_look_at_is_told_and_is_no_failure() -> None:
    told = unseen("table", "unseen", said="no permission").told("en")

    assert told.good
    assert told.as_dict()["looked"] is False
    assert str(told).startswith("--    rules in the kernel: could not be looked at: no permission")


def test_what_others_say_is_shown_without_what_a_terminal_would_obey() -> None:
    said = ValueError("\x1b]0;mine\x07\x1b[2J\u202e" + "a" * 99_999)

    told = Finding("speed", False, "failed", {"url": "http://a.example/", "said": said}).told("vi")

    assert "?]0;mine??[2J?aaa" in told.found
    assert len(str(told)) < 5000


def test_a_look_that_breaks_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(config: Config) -> Iterator[Finding]:
        raise ZeroDivisionError("of a kind")
        yield

    def well(config: Config) -> Iterator[Finding]:
        yield Finding("log", True, "good")

    monkeypatch.setattr(examining, "LOOKS", (broken, well))
    path = tmp_path / "portal.toml"
    path.write_text(FILE)

    _, broke, other = examine(path)

    assert "a look failed" in str(broke.told("en"))
    assert re.search(r"ZeroDivisionError, test_doctor\.py:\d+$", broke.told("vi").found)
    assert "of a kind" not in str(broke.told("en"))  # It might name a device.
    assert other.good


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("option flow_offloading '1'", ["flow_offloading"]),
        ('\toption flow_offloading_hw "1"', ["flow_offloading_hw"]),
        ("option flow_offloading '0'", []),
        ("# option flow_offloading '1'", []),
        ("option syn_flood '1'", []),
    ],
)
def test_offload_that_the_routers_firewall_is_asked_for(line: str, asked: list[str]) -> None:
    assert asks_for_offload(f"config defaults\n{line}\n") == asked


@pytest.mark.parametrize(
    ("locale", "language"),
    [("vi_VN.UTF-8", "vi"), ("vi", "vi"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "en"), ("", "en")],
)
def test_the_language_is_that_of_the_machine(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_a_finding_is_told_in_the_language_asked_for() -> None:
    stopped = Finding("gateway", False, "stopped")

    assert str(stopped.told("en")) == (
        "FAIL  gateway: not running\n      -> start it: systemctl start portal;"
        " on OpenWrt: service portal start"
    )
    assert str(stopped.told("vi")) == (
        "FAIL  phần mềm portal: không chạy\n      -> khởi động: systemctl start portal;"
        " trên OpenWrt: service portal start"
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

    [wrong] = [each for each in house.health(CONFIG) if not each.good]

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

    [content] = [each for each in gateway.daemon(CONFIG) if each.subject == "content"]

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

    [wrong] = [each for each in gateway.daemon(CONFIG) if not each.good]

    assert str(wrong.told("en")).startswith(f"FAIL  {line}")


def test_a_file_that_is_no_configuration_is_all_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "portal.toml"
    path.write_text("[site")

    [finding] = examine(path)

    assert "mend these lines" in str(finding.told("en"))
    assert "sửa các dòng này" in str(finding.told("vi"))
