"""What the fake does beyond the contract: tests make traffic, and take the rules away."""

import pytest

from firewall.changes import Admit, Grant, MacAddress, Usage
from firewall.enforcer import EnforcementError
from firewall.memory import MemoryEnforcer
from firewall.plan import Plan

PLAN = Plan("br-lan", "wan")
PHONE = MacAddress("02:00:5e:10:00:01")


async def test_only_an_admitted_device_is_forwarded_and_counted() -> None:
    device = MemoryEnforcer(lambda: 0.0)
    await device.install(PLAN, {})
    assert not device.forward(PHONE, up_bytes=10)

    await device.apply([Admit(PHONE, 60)])
    assert device.forward(PHONE, up_bytes=10, down_bytes=20)
    assert device.forward(PHONE, up_bytes=1)

    assert await device.admitted() == {PHONE: Grant(60, Usage(11, 20))}


async def test_nothing_is_forwarded_after_the_rules_vanished() -> None:
    device = MemoryEnforcer(lambda: 0.0)
    await device.install(PLAN, {PHONE: Grant(60, Usage(0, 0))})

    device.vanish()

    assert not device.forward(PHONE)
    with pytest.raises(EnforcementError, match="nothing is installed"):
        await device.apply([Admit(PHONE, 1)])
