"""The command `portal` itself, whichever of its commands is meant."""

import os
import sys
from pathlib import Path

import pytest

from portal.__main__ import FAILED, main

EXAMPLE = Path(__file__).parents[3] / "docs/portal.toml.example"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["staff", "--help"]])
def test_a_reader_that_leaves_gets_no_traceback(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)

        assert main(words) == FAILED  # And closing the pipe says no more.

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("words", [["--help"], ["ruleset", "--config", str(EXAMPLE)]])
def test_a_full_disk_below_what_is_printed_is_said_in_a_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)

        assert main(words) == FAILED  # And closing it says no more.

    said = "portal: this cannot be written: No space left on device\n"
    assert capfd.readouterr() == ("", said)
