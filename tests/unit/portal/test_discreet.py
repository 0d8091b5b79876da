"""No device's address gets into the log, whatever the message."""

import logging
import sys

import pytest

from portal.discreet import DiscreetFormatter

FORM = DiscreetFormatter("%(levelname)s %(name)s: %(message)s")


def line(message: object, *, failed: bool = False) -> str:
    trouble = sys.exc_info() if failed else None
    return FORM.format(logging.LogRecord("portal", 40, "", 0, message, (), trouble))


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        ("no 02:00:5e:10:00:01 here", "no (device) here"),
        ("no 02-00-5E-10-00-01, 02:00:5e:10:00:02", "no (device), (device)"),
        ("fe80::5eff:fe10:2 and 12:30:45 stay", "fe80::5eff:fe10:2 and 12:30:45 stay"),
        (KeyError("02:00:5e:10:00:01"), "'(device)'"),
    ],
)
def test_a_mac_address_is_masked(message: object, logged: str) -> None:
    assert line(message) == f"ERROR portal: {logged}"


def test_a_traceback_is_masked_too() -> None:
    try:
        {}["02:00:5e:10:00:01"]
    except KeyError:
        shown = line("a page failed", failed=True)

    assert shown.endswith("KeyError: '(device)'")
    assert "KeyError" in shown
