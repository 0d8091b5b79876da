"""The garden by name: dnsmasq fills two sets of ours, which no installation may empty."""

import re
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


async def test_what_was_heard_lately_is_always_in_the_garden(enforcer: NftEnforcer) -> None:
    def heard(address: str) -> None:
        for name in ("garden4", "garden4_spare"):  # As dnsmasq does: again and again.
            run(f"nft add element inet portal {name} {{ {address} }}")

    def in_garden() -> set[str]:
        names = ("garden4", "garden4_spare")
        listed = "".join(run(f"nft list set inet portal {name}") for name in names)
        return set(re.findall(r"192\.0\.2\.\d+", listed))

    heard("192.0.2.1")
    heard("192.0.2.2")
    await enforcer.empty_garden(6)
    assert in_garden() == {"192.0.2.1", "192.0.2.2"}
    heard("192.0.2.2")
    await enforcer.empty_garden(7)
    assert in_garden() == {"192.0.2.2"}
    assert await enforcer.intact()
    await enforcer.empty_garden(8)
    assert in_garden() == set()


async def test_an_address_leaves_the_garden_by_itself(enforcer: NftEnforcer) -> None:
    assert "timeout 1d" in run("nft list set inet portal garden4")
    assert "size 4096" in run("nft list set inet portal garden4")
