"""The command `portal` itself, whichever of its commands is meant."""

import os
import sys

import pytest

from portal.__main__ import FAILED, main


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
