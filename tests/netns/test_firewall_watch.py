"""Somebody changes the rules of a real kernel, and the watcher notices; we do, and it sleeps."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest

from firewall.changes import Admit, Grant, MacAddress, Usage, Withhold
from firewall.libnftables import LibNftables
from firewall.marks import FORWARDED
from firewall.nft import NftEnforcer
from firewall.plan import Plan
from firewall.watch import RulesetWatch
from tests.contract.namespace import new_network, run
from tests.netns.packets import Tap

pytestmark = pytest.mark.netns

PLAN = Plan(phones="br-lan", uplink="wan")
PHONE = MacAddress("02:00:5e:10:00:01")
NOTICED_WITHIN = 0.5
NOT_NOTICED_FOR = 0.4


@pytest.fixture
def network() -> Iterator[None]:
    with new_network():
        _make_interface()
        yield


@pytest.fixture
async def enforcer(network: None) -> AsyncIterator[NftEnforcer]:
    opened = NftEnforcer(LibNftables())
    await opened.install(PLAN, {PHONE: Grant(60, Usage(0, 0))})
    yield opened
    await opened.close()


async def _noticed(watch: RulesetWatch, seconds: float) -> bool:
    try:
        await asyncio.wait_for(watch.changed(), seconds)
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "command",
    [
        "nft flush ruleset",
        "nft delete table netdev portal",
        "nft flush chain inet portal forward",
        "nft insert rule inet portal forward accept",
    ],
)
async def test_a_change_by_somebody_else_is_noticed_and_is_not_intact(
    enforcer: NftEnforcer, command: str
) -> None:
    with RulesetWatch() as watch:
        assert await enforcer.intact()
        await asyncio.to_thread(run, command)

        assert await _noticed(watch, NOTICED_WITHIN)
        assert not await enforcer.intact()


async def test_an_interface_that_was_made_anew_is_held_or_missed(enforcer: NftEnforcer) -> None:
    """Before Linux 6.16 the chain goes with the interface; since then it comes back with it."""
    assert not _forwarded_packet_leaves()

    await asyncio.to_thread(run, "ip link delete br-lan")
    _make_interface()

    if await enforcer.intact():
        assert not _forwarded_packet_leaves()
    else:
        await enforcer.install(PLAN, {})
        assert not _forwarded_packet_leaves()


def _make_interface() -> None:
    run("ip link add br-lan type veth peer name air")
    run("ip link set air up")
    run("ip link set br-lan up")
    run("ip address add 10.80.0.1/20 dev br-lan")
    run("ip neighbour add 10.80.0.2 lladdr 02:00:5e:10:00:77 dev br-lan")


def _forwarded_packet_leaves() -> bool:
    """Whether a packet marked as forwarded leaves towards a captive device."""
    with closing(Tap("air")) as air, closing(socket.socket(type=socket.SOCK_DGRAM)) as sender:
        sender.sendto(b"unmarked", ("10.80.0.2", 9))
        assert air.arrived(0.5)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, FORWARDED)
        sender.sendto(b"marked", ("10.80.0.2", 9))
        return bool(air.arrived(0.1))


async def test_rules_of_somebody_else_are_noticed_and_do_not_concern_us(
    enforcer: NftEnforcer,
) -> None:
    with RulesetWatch() as watch:
        await asyncio.to_thread(run, "nft add table inet fw4")

        assert await _noticed(watch, NOTICED_WITHIN)
        assert await enforcer.intact()


async def test_devices_that_come_and_go_wake_nobody(enforcer: NftEnforcer) -> None:
    with RulesetWatch() as watch:
        await enforcer.apply([Admit(PHONE, 30), Withhold(PHONE)])
        await asyncio.to_thread(run, "nft add element inet portal garden4 { 192.0.2.1 }")

        assert not await _noticed(watch, NOT_NOTICED_FOR)
        assert await enforcer.intact()


async def test_a_flood_of_changes_is_noticed(enforcer: NftEnforcer) -> None:
    grants = {
        MacAddress(f"02:00:5e:{n >> 8:02x}:{n & 255:02x}:01"): Grant(60, Usage(0, 0))
        for n in range(8000)
    }
    await enforcer.install(PLAN, grants)
    with RulesetWatch() as watch:
        await asyncio.to_thread(run, "nft flush ruleset")

        assert await _noticed(watch, 2)
        assert not await enforcer.intact()


async def test_what_happened_before_the_question_is_not_lost(enforcer: NftEnforcer) -> None:
    with RulesetWatch() as watch:
        await asyncio.to_thread(run, "nft flush ruleset")
        await asyncio.sleep(0.1)

        assert await _noticed(watch, NOTICED_WITHIN)
        assert not await _noticed(watch, NOT_NOTICED_FOR)
