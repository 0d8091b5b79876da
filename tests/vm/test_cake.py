"""The tests of a shared line again, under a kernel that has cake: Debian's."""

import pytest

from tests.vm import machine

pytestmark = pytest.mark.vm


def test_cake_shares_the_line_and_keeps_delay_low() -> None:
    result = machine.run(
        "PORTAL_LAB_PATIENCE=10 .venv/bin/python -m pytest -q -s -p no:cacheprovider -m netns"
        " tests/netns/test_fairness.py -k 'sixteen or dials or cleaning'",
        seconds=900,
    )

    print(result.output)
    assert result.code == 0, result.output
    assert result.output.count("line shared by cake") == 2, result.output
