"""The garden by name: dnsmasq fills two sets of ours, which no installation may empty."""

from collections.abc import AsyncIterator, Iterator

import pytest

from firewall.libnftables import LibNftables
from firewall.nft import NftEnforcer
from firewall.plan import Plan
from tests.contract.namespace import new_network, run

pytestmark = pytest.mark.netns

PLAN = Plan(phones="br-lan", uplink="wan")


@pytest.fixture
def network() -> Iterator[None]:
    with new_network():
        run("ip link add br-lan type bridge")
        yield


@pytest.fixture
async def enforcer(network: None) -> AsyncIterator[NftEnforcer]:
    opened = NftEnforcer(LibNftables())
    await opened.install(PLAN, {})
    yield opened
    await opened.close()


async def test_installing_again_keeps_what_dnsmasq_added(enforcer: NftEnforcer) -> None:
    for number in range(40):
        run(f"nft add element inet portal garden4 {{ 192.0.2.{number} }}")
    run("nft add element inet portal garden6 { 2001:db8::1, 2001:db8::2 timeout 90s }")

    await enforcer.install(PLAN, {})

    listed = run("nft list set inet portal garden4")
    assert all(f"192.0.2.{number} " in listed for number in range(40))
    assert "expires 23h59m5" in listed  # As long as there was left, not a day anew.
    listed = run("nft list set inet portal garden6")
    assert "2001:db8::1 " in listed
    assert "2001:db8::2 timeout 1m30s expires 1m2" in listed


async def test_an_address_leaves_the_garden_by_itself(enforcer: NftEnforcer) -> None:
    assert "timeout 1d" in run("nft list set inet portal garden4")
    assert "size 4096" in run("nft list set inet portal garden4")
