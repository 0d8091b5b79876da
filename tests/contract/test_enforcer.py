"""What every driver of the enforcement device promises (`firewall.enforcer.Enforcer`).

The drivers that need a kernel run in a network namespace of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import pytest

from firewall.changes import Admit, Grant, MacAddress, Ports, Usage, Withhold
from firewall.dry_run import DryRunEnforcer
from firewall.enforcer import EnforcementError, Enforcer
from firewall.libnftables import LibNftables
from firewall.memory import MemoryEnforcer
from firewall.nft import NftEnforcer
from firewall.nft_process import NftProcess
from firewall.plan import Plan
from tests.contract.namespace import new_network, run

PLAN = Plan(phones="br-lan", uplink="wan", max_devices=2)
PHONE = MacAddress("02:00:5e:10:00:01")
OTHER = MacAddress("02:00:5e:10:00:02")
BLOCKS = (Ports(1024, 2047), Ports(2048, 3071))
FIRST, SECOND = BLOCKS
WITH_PORTS = replace(PLAN, ports=BLOCKS)


@dataclass(frozen=True)
class Device:
    """A driver, the seconds it counts, and somebody else who flushes the ruleset, or a set."""

    enforcer: Enforcer
    sleep: Callable[[float], Any]
    vanish: Callable[[], None]
    flush_granted: Callable[[], None]
    flush_ports: Callable[[], None]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def network() -> Iterator[None]:
    with new_network():
        run("ip link add br-lan type bridge")
        run("ip link set br-lan up")
        yield


@pytest.fixture(
    params=[
        "memory",
        "dry-run",
        pytest.param("libnftables", marks=pytest.mark.netns),
        pytest.param("nft", marks=pytest.mark.netns),
    ]
)
async def device(request: pytest.FixtureRequest) -> AsyncIterator[Device]:
    clock = Clock()
    enforcer: Enforcer
    if request.param in ("memory", "dry-run"):
        fake = (
            MemoryEnforcer(clock)
            if request.param == "memory"
            else DryRunEnforcer(clock, StringIO())
        )
        yield Device(fake, clock.sleep, fake.vanish, fake.flush, fake.flush_ports)
        return
    request.getfixturevalue("network")
    enforcer = NftEnforcer(LibNftables() if request.param == "libnftables" else NftProcess())
    yield Device(
        enforcer,
        asyncio.sleep,
        lambda: run("nft flush ruleset"),
        lambda: run("nft flush set inet portal granted"),
        lambda: run("nft flush map inet portal ports"),
    )
    await enforcer.close()


async def test_nothing_is_installed_by_opening(device: Device) -> None:
    assert await device.enforcer.admitted() is None
    assert await device.enforcer.intact() is False


async def test_checking_a_plan_changes_nothing(device: Device) -> None:
    await device.enforcer.check(PLAN)

    assert await device.enforcer.admitted() is None


async def test_installing_a_plan_admits_nobody(device: Device) -> None:
    await device.enforcer.install(PLAN, {})

    assert await device.enforcer.admitted() == {}
    assert await device.enforcer.intact() is True


async def test_installing_brings_grants_with_their_time_and_counters(device: Device) -> None:
    usage = Usage(up_bytes=123_456_789_012, down_bytes=987)
    await device.enforcer.install(PLAN, {PHONE: Grant(90.5, usage)})

    admitted = await device.enforcer.admitted()

    assert admitted is not None
    assert list(admitted) == [PHONE]
    assert admitted[PHONE].usage == usage
    assert 89.5 < admitted[PHONE].seconds_left <= 90.5


async def test_installing_again_holds_exactly_the_new_grants(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(1, 2))})
    await device.enforcer.install(PLAN, {OTHER: Grant(90, Usage(3, 4))})

    admitted = await device.enforcer.admitted()

    assert admitted is not None
    assert {mac: grant.usage for mac, grant in admitted.items()} == {OTHER: Usage(3, 4)}
    assert await device.enforcer.intact() is True


async def test_a_smaller_plan_throws_nobody_out(device: Device) -> None:
    grants = {MacAddress(f"02:00:5e:10:01:{n:02x}"): Grant(90, Usage(0, 0)) for n in range(40)}

    await device.enforcer.install(PLAN, grants)

    assert set(await device.enforcer.admitted() or {}) == set(grants)


async def test_an_admitted_device_passes_until_its_time_is_up(device: Device) -> None:
    await device.enforcer.install(PLAN, {})

    await device.enforcer.apply([Admit(PHONE, 0.4), Admit(OTHER, 90)])
    assert set(await device.enforcer.admitted() or {}) == {PHONE, OTHER}

    await device.sleep(0.6)
    assert set(await device.enforcer.admitted() or {}) == {OTHER}


async def test_admitting_again_replaces_the_time_and_keeps_the_counters(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(10, Usage(1000, 2000))})

    await device.enforcer.apply([Admit(PHONE, 3600)])

    admitted = await device.enforcer.admitted()
    assert admitted is not None
    assert 3590 < admitted[PHONE].seconds_left <= 3600
    assert admitted[PHONE].usage == Usage(1000, 2000)


async def test_admitting_again_can_shorten_the_time(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(3600, Usage(0, 0))})

    await device.enforcer.apply([Admit(PHONE, 10)])

    admitted = await device.enforcer.admitted()
    assert admitted is not None
    assert admitted[PHONE].seconds_left <= 10


async def test_admitting_after_the_time_was_up_begins_anew(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(0.2, Usage(1000, 2000))})
    await device.sleep(0.4)

    await device.enforcer.apply([Admit(PHONE, 10)])

    assert await device.enforcer.usage([PHONE]) == {PHONE: Usage(0, 0)}


async def test_another_daemon_keeps_the_counters_too(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(10, Usage(1000, 2000))})
    if isinstance(device.enforcer, NftEnforcer):
        successor: Enforcer = NftEnforcer(NftProcess())
    else:
        successor = device.enforcer

    await successor.apply([Admit(PHONE, 20)])

    assert await device.enforcer.usage([PHONE]) == {PHONE: Usage(1000, 2000)}
    await successor.close()


async def test_a_time_of_nothing_is_not_for_ever(device: Device) -> None:
    await device.enforcer.install(PLAN, {})

    await device.enforcer.apply([Admit(PHONE, 0)])
    await device.sleep(0.1)

    assert await device.enforcer.admitted() == {}


async def test_a_withheld_device_is_not_admitted(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(0, 0))})

    await device.enforcer.apply([Withhold(PHONE)])

    assert await device.enforcer.admitted() == {}


async def test_withholding_a_device_that_is_not_admitted_is_no_error(device: Device) -> None:
    await device.enforcer.install(PLAN, {OTHER: Grant(90, Usage(0, 0))})

    await device.enforcer.apply([Withhold(PHONE)])

    assert set(await device.enforcer.admitted() or {}) == {OTHER}


async def test_changes_apply_in_order(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(5, 6))})

    await device.enforcer.apply(
        [Withhold(PHONE), Admit(PHONE, 60), Admit(OTHER, 60), Withhold(OTHER), Admit(PHONE, 30)]
    )

    admitted = await device.enforcer.admitted()
    assert admitted is not None
    assert set(admitted) == {PHONE}
    assert admitted[PHONE].seconds_left <= 30
    assert admitted[PHONE].usage == Usage(0, 0)  # Withheld in between: a new grant.


async def test_no_changes_are_no_error(device: Device) -> None:
    await device.enforcer.install(PLAN, {})

    await device.enforcer.apply([])

    assert await device.enforcer.admitted() == {}


async def test_more_devices_than_the_kernel_is_told_to_hold_are_refused_together(
    device: Device,
) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(0, 0))})
    crowd = [Admit(MacAddress(f"02:00:5e:10:02:{n:02x}"), 90.0) for n in range(40)]

    with pytest.raises(EnforcementError):
        await device.enforcer.apply(crowd)

    assert set(await device.enforcer.admitted() or {}) == {PHONE}


async def test_a_full_house_can_still_be_sent_away(device: Device) -> None:
    await device.enforcer.install(
        PLAN, {PHONE: Grant(90, Usage(0, 0)), OTHER: Grant(90, Usage(0, 0))}
    )

    await device.enforcer.apply([Withhold(MacAddress("02:00:5e:10:00:03")), Withhold(PHONE)])

    assert set(await device.enforcer.admitted() or {}) == {OTHER}


async def test_usage_leaves_out_who_is_not_admitted(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(1, 2))})

    assert await device.enforcer.usage([OTHER, PHONE]) == {PHONE: Usage(1, 2)}


async def test_usage_of_many_is_the_usage_of_each(device: Device) -> None:
    grants = {MacAddress(f"02:00:5e:10:03:{n:02x}"): Grant(90, Usage(n, 2 * n)) for n in range(30)}
    await device.enforcer.install(PLAN, grants)

    used = await device.enforcer.usage(list(grants))

    assert used == {mac: grant.usage for mac, grant in grants.items()}


async def test_a_vanished_ruleset_is_noticed_and_can_be_put_back(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(1, 2))})

    device.vanish()

    assert await device.enforcer.intact() is False
    assert await device.enforcer.admitted() is None
    with pytest.raises(EnforcementError):
        await device.enforcer.apply([Admit(OTHER, 10)])

    await device.enforcer.install(PLAN, {PHONE: Grant(80, Usage(1, 2))})
    assert await device.enforcer.intact() is True


async def test_grants_that_come_and_go_leave_the_rules_intact(device: Device) -> None:
    await device.enforcer.install(PLAN, {})

    await device.enforcer.apply([Admit(PHONE, 0.1), Admit(OTHER, 10), Withhold(OTHER)])
    await device.sleep(0.3)

    assert await device.enforcer.intact() is True


async def test_what_is_admitted_is_intact_and_what_is_not_is_not(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(0, 0))})
    await device.enforcer.apply([Admit(OTHER, 10)])

    assert await device.enforcer.intact([PHONE, OTHER]) is True

    device.flush_granted()

    assert await device.enforcer.intact([PHONE, OTHER]) is False
    assert await device.enforcer.intact() is True


async def test_nothing_is_left_after_removing(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(90, Usage(0, 0))})

    await device.enforcer.remove()

    assert await device.enforcer.admitted() is None
    assert await device.enforcer.intact() is False


async def test_removing_what_is_not_there_is_no_error(device: Device) -> None:
    await device.enforcer.remove()
    await device.enforcer.remove()


async def test_emptying_the_garden_leaves_all_else_as_it_is(device: Device) -> None:
    await device.enforcer.install(PLAN, {PHONE: Grant(60, Usage(1, 2))})

    await device.enforcer.empty_garden(1)

    assert await device.enforcer.intact([PHONE])
    assert (await device.enforcer.usage([PHONE]))[PHONE] == Usage(1, 2)


async def test_there_is_no_garden_where_nothing_is_installed(device: Device) -> None:
    with pytest.raises(EnforcementError):
        await device.enforcer.empty_garden(1)


# -- blocks of source ports -------------------------------------------------------------------


async def ports_of(enforcer: Enforcer) -> dict[MacAddress, Ports | None]:
    return {mac: grant.ports for mac, grant in (await enforcer.admitted() or {}).items()}


async def test_a_device_has_the_block_it_was_admitted_with(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {PHONE: Grant(90, Usage(1, 2), FIRST)})

    await device.enforcer.apply([Admit(OTHER, 60, SECOND)])

    assert await ports_of(device.enforcer) == {PHONE: FIRST, OTHER: SECOND}
    assert await device.enforcer.intact([PHONE, OTHER]) is True


async def test_a_device_without_a_block_passes_as_well(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {})

    await device.enforcer.apply([Admit(PHONE, 60)])

    assert await ports_of(device.enforcer) == {PHONE: None}
    assert await device.enforcer.intact([PHONE]) is True


async def test_admitting_again_brings_another_block_or_none(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {PHONE: Grant(90, Usage(1, 2), FIRST)})

    await device.enforcer.apply([Admit(PHONE, 60, FIRST)])
    assert await ports_of(device.enforcer) == {PHONE: FIRST}
    await device.enforcer.apply([Admit(PHONE, 60, SECOND)])
    assert await ports_of(device.enforcer) == {PHONE: SECOND}
    await device.enforcer.apply([Admit(PHONE, 60)])
    assert await ports_of(device.enforcer) == {PHONE: None}
    assert await device.enforcer.usage([PHONE]) == {PHONE: Usage(1, 2)}


async def test_a_block_is_free_for_another_at_once(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {PHONE: Grant(90, Usage(0, 0), FIRST)})

    await device.enforcer.apply(
        [Withhold(PHONE), Admit(OTHER, 60, FIRST), Admit(PHONE, 60, SECOND)]
    )

    assert await ports_of(device.enforcer) == {PHONE: SECOND, OTHER: FIRST}


async def test_a_block_ends_with_the_time_of_its_device(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {})
    await device.enforcer.apply([Admit(PHONE, 0.2, FIRST), Admit(OTHER, 90, SECOND)])
    await device.sleep(0.4)

    assert await ports_of(device.enforcer) == {OTHER: SECOND}
    await device.enforcer.apply([Withhold(PHONE)])
    await device.enforcer.apply([Admit(PHONE, 60, FIRST)])

    assert await ports_of(device.enforcer) == {PHONE: FIRST, OTHER: SECOND}
    assert await device.enforcer.intact([PHONE, OTHER]) is True


async def test_blocks_that_come_and_go_leave_the_rules_intact(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {OTHER: Grant(90, Usage(0, 0), SECOND)})

    await device.enforcer.apply([Admit(PHONE, 0.1, FIRST)])
    await device.sleep(0.3)
    device.flush_granted()

    assert await device.enforcer.intact() is True


async def test_another_daemon_finds_the_blocks_and_can_take_them_back(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {PHONE: Grant(90, Usage(0, 0), FIRST)})
    if isinstance(device.enforcer, NftEnforcer):
        successor: Enforcer = NftEnforcer(NftProcess())
    else:
        successor = device.enforcer

    assert await ports_of(successor) == {PHONE: FIRST}
    await successor.apply([Admit(PHONE, 60, SECOND)])

    assert await ports_of(device.enforcer) == {PHONE: SECOND}
    await successor.close()


async def test_blocks_that_somebody_took_away_are_missed(device: Device) -> None:
    grants = {PHONE: Grant(90, Usage(0, 0), FIRST), OTHER: Grant(90, Usage(0, 0))}
    await device.enforcer.install(WITH_PORTS, grants)
    assert await device.enforcer.intact(list(grants)) is True

    device.flush_ports()

    assert await device.enforcer.intact([PHONE, OTHER]) is False
    assert await device.enforcer.intact([OTHER]) is True
    assert await ports_of(device.enforcer) == {PHONE: None, OTHER: None}


async def test_a_block_that_the_plan_does_not_have_is_refused(device: Device) -> None:
    await device.enforcer.install(WITH_PORTS, {PHONE: Grant(90, Usage(0, 0), FIRST)})

    with pytest.raises(EnforcementError):
        await device.enforcer.apply([Admit(OTHER, 60, Ports(5000, 6000))])
    with pytest.raises(EnforcementError):
        await device.enforcer.install(
            replace(PLAN, ports=(SECOND,)), {PHONE: Grant(90, Usage(0, 0), FIRST)}
        )

    assert await ports_of(device.enforcer) == {PHONE: FIRST}
