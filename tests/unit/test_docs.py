"""The documentation and the program say the same: every setting, every command, every option."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from portal.__main__ import parser
from portal.config import REQUIRED, Config, load
from portal.router_settings import Router
from portal.setting_values import OtherDay

DOCS = Path(__file__).parents[2] / "docs"
SECTIONS: dict[str, Any] = {section.name: section.type for section in fields(Config)}


def parts(text: str, heading: str) -> dict[str, str]:
    """What stands under each heading of this kind, by its title."""
    titles_and_texts = re.split(rf"^{heading} (.+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(titles_and_texts[::2], titles_and_texts[1::2], strict=True))


def documented(section: str) -> dict[str, tuple[str, str]]:
    """The rows of a section's table: key -> default, words."""
    text = parts((DOCS / "configuration.md").read_text(encoding="utf-8"), "##")[f"[{section}]"]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", text, flags=re.MULTILINE)
    return {key: (default, words) for key, default, words in rows}


def test_every_section_is_documented_in_its_order() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")

    assert re.findall(r"^## \[(\w+)\]$", text, flags=re.MULTILINE) == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_documented_with_its_own_words(section: str) -> None:
    expected = {entry.name: entry.metadata["doc"] for entry in fields(SECTIONS[section])}

    rows = documented(section)

    assert {key: words for key, (_, words) in rows.items()} == expected
    assert list(rows) == list(expected)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_default_is_the_one_documented(section: str) -> None:
    settings = {entry.name: entry for entry in fields(SECTIONS[section])}

    for key, (default, _) in documented(section).items():
        entry = settings[key]
        if default in ("required", "none"):
            assert entry.default is (REQUIRED if default == "required" else None), key
            continue
        written = tomllib.loads(f"value = {default.strip('`')}")["value"]
        if written in ("", []):  # What nobody may write, but the absence of it.
            assert not entry.default, key
        else:
            assert entry.metadata["parse"](written) == entry.default, key


def test_the_example_is_a_configuration() -> None:
    load(DOCS / "portal.toml.example")


def test_every_setting_is_in_what_a_router_comes_with() -> None:
    text = (DOCS.parent / "deploy/openwrt/root/etc/config/portal").read_text(encoding="utf-8")

    for section, kind in SECTIONS.items():
        lines = rf"^config {section} '{section}'\n((?:\t.*\n)*)"
        [own] = re.findall(lines, text, flags=re.MULTILINE)
        named = re.findall(r"^\t(?:# )?(?:option|list) (\w+) ", own, flags=re.MULTILINE)
        expected = [
            f"{entry.name}_opening_hours" if OtherDay in get_args(entry.type) else entry.name
            for entry in fields(kind)
        ]
        assert list(dict.fromkeys(named)) == expected, section


def test_every_setting_of_the_router_is_documented_with_its_own_words() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `router\.(\w+)` \| (.+?) \| (.+) \|$", text, flags=re.MULTILINE)
    settings = {entry.name: entry for entry in fields(Router)}

    assert {key: words for key, _, words in rows} == {
        name: entry.metadata["doc"] for name, entry in settings.items()
    }
    for key, written, _ in rows:
        default = settings[key].default
        value = str(int(default)) if isinstance(default, bool) else str(default or "none")
        assert written.strip("`'") == value, key


# Commands


def commands() -> dict[str, argparse.ArgumentParser]:
    [choices] = (
        action.choices
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(choices)


def options(command: argparse.ArgumentParser) -> Iterator[str]:
    """The command's own options; --config and --help are described once, for all."""
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from options(sub)
        yield from (
            option for option in action.option_strings if option not in ("-h", "--help", "--config")
        )


def described() -> dict[str, str]:
    """Each command's part of docs/commands.md, its heading included."""
    found = {}
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for title, words in parts(text, "###").items():
        if match := re.match(r"`portal ([\w-]+)", title):
            found[match[1]] = title + "\n" + words
    return found


def test_every_command_is_described_and_no_other() -> None:
    assert set(described()) == set(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_is_described_with_its_command(name: str) -> None:
    words = described()[name]

    assert [option for option in options(commands()[name]) if option not in words] == []


@pytest.mark.parametrize("name", commands())
def test_no_option_is_described_that_is_not_there(name: str) -> None:
    title = described()[name].partition("\n")[0]

    assert set(re.findall(r"--\w+", title)) <= set(options(commands()[name]))


def test_every_decision_is_in_the_index_in_its_order() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")

    listed = re.findall(r"\[(\d+) [^]]+\]\(adr/(\d{4}-[a-z0-9-]+\.md)\)", index)

    assert [file for _, file in listed] == sorted(path.name for path in (DOCS / "adr").iterdir())
    assert all(int(number) == int(file[:4]) for number, file in listed)


@pytest.mark.parametrize("folder", ["paper", "portal", "portal/doctor", "portal/staff", "reports"])
def test_every_module_is_in_its_folder_s_readme_and_no_other(folder: str) -> None:
    here = DOCS.parent / folder
    modules = {path.name for path in here.glob("*.py")} - {"__init__.py"}

    named = set(re.findall(r"`(\w+\.py)`", (here / "README.md").read_text(encoding="utf-8")))

    assert named == modules


def test_the_systemd_unit_lets_the_daemon_write_where_the_documentation_says() -> None:
    unit = (DOCS.parent / "deploy/systemd/portal.service").read_text(encoding="utf-8")
    example = (DOCS / "portal.toml.example").read_text(encoding="utf-8")
    [folder] = re.findall(r'^#names_dir = "(.+)"$', example, flags=re.MULTILINE)

    assert "ProtectSystem=strict\n" in unit
    assert f"\nReadWritePaths=-{folder}\n" in unit
    assert f"install -d -o portal -m 0755 {folder}\n" in (DOCS / "health.md").read_text("utf-8")
