"""The whole way over the air: hostapd, wpa_supplicant, and cake on the uplink."""

import pytest

from portal.demo.walk import STEPS
from tests.vm import machine, on_air

pytestmark = pytest.mark.vm


def test_a_phone_walks_the_whole_way_over_wifi() -> None:
    result = machine.run("PORTAL_LAB_PATIENCE=10 .venv/bin/python -m tests.vm.on_air", seconds=1800)

    print(result.output)
    assert result.code == 0, result.output
    assert "the line is shared fairly, by cake" in result.output
    assert result.output.count("ok") >= len(STEPS) + len(on_air.STEPS)
