"""The tests of a shared line again, under a kernel that has more ways than one: Debian's."""

import pytest

from tests.vm import machine

pytestmark = pytest.mark.vm

FAIRNESS = (
    "PORTAL_LAB_PATIENCE=10 .venv/bin/python -m pytest -q -s -p no:cacheprovider -m netns"
    " tests/netns/test_fairness.py"
)
WITHOUT_CAKE = "echo 'install sch_cake /bin/false' >/etc/modprobe.d/no-cake.conf"


def test_cake_shares_the_line_and_keeps_delay_low() -> None:
    result = machine.run(f"{FAIRNESS} -k 'sixteen or counted or dials or cleaning'", seconds=1800)

    print(result.output)
    assert result.code == 0, result.output
    assert result.output.count("line shared by cake") == 3, result.output


def test_fq_codel_shares_the_line_where_there_is_no_cake() -> None:
    result = machine.run(f"{WITHOUT_CAKE}\n{FAIRNESS} -k 'sixteen or cleaning'", seconds=1800)

    print(result.output)
    assert result.code == 0, result.output
    assert result.output.count("line shared by fq_codel") == 2, result.output
