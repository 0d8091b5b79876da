"""What is said when the kernel, the binding or the permission is missing."""

import asyncio
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from firewall.changes import Admit, MacAddress, Withhold
from firewall.drivers import open_enforcer
from firewall.dry_run import DryRunEnforcer
from firewall.enforcer import EnforcementError
from firewall.libnftables import LibNftables
from firewall.memory import MemoryEnforcer
from firewall.nft import NftEnforcer, NothingThereError, refusal
from firewall.nft_process import NftProcess
from firewall.plan import Plan
from tests.contract.namespace import new_network

PLAN = Plan("br-lan", "wan")
HERE = Plan("lo", "wan")
"""Its interface is on every machine."""
PHONE = MacAddress("02:00:5e:10:00:01")


async def test_a_missing_nft_is_named_with_its_package() -> None:
    enforcer = NftEnforcer(NftProcess("nft-is-not-here"))

    with pytest.raises(EnforcementError, match="not found; install the package nftables"):
        await enforcer.check(HERE)
    await enforcer.close()


async def test_an_nft_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    enforcer = NftEnforcer(NftProcess(str(tmp_path)))

    with pytest.raises(EnforcementError, match="cannot be started"):
        await enforcer.check(HERE)
    await enforcer.close()


def test_a_missing_binding_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nftables", None)

    with pytest.raises(EnforcementError, match="install the package python3-nftables"):
        LibNftables()
    with pytest.raises(EnforcementError, match="python3-nftables"):
        open_enforcer("libnftables")


async def test_without_the_binding_nft_itself_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nftables", None)

    enforcer = open_enforcer("nftables")

    assert isinstance(enforcer, NftEnforcer)
    assert isinstance(enforcer._carrier, NftProcess)
    await enforcer.close()


async def test_every_driver_opens_by_name() -> None:
    kinds = {
        "nftables": NftEnforcer,
        "libnftables": NftEnforcer,
        "nft": NftEnforcer,
        "dry-run": DryRunEnforcer,
        "memory": MemoryEnforcer,
    }
    for name, kind in kinds.items():
        enforcer = open_enforcer(name)  # type: ignore[arg-type]
        assert type(enforcer) is kind
        await enforcer.close()


async def test_a_dry_run_prints_what_it_would_ask() -> None:
    printed = StringIO()
    enforcer = DryRunEnforcer(lambda: 0.0, printed)

    await enforcer.install(PLAN, {})
    await enforcer.apply([Admit(PHONE, 60), Withhold(PHONE)])
    await enforcer.remove()

    script = printed.getvalue()
    assert script.startswith("add table inet portal\ndelete table inet portal\n")
    assert "counter packets 0 bytes 0 timeout 60000ms expires 60000ms }" in script
    assert script.endswith("delete table netdev portal\n")


def test_a_refusal_tells_the_whole_story_without_whole_addresses() -> None:
    error = refusal(
        "nft", "Error: syntax error\n  { 02:00:5e:10:00:01 }", "add element { 02:00:5e:10:00:01 }"
    )

    assert str(error) == (
        "nft refused: Error: syntax error\n  { 02:00:5e:… }\nwe asked: add element { 02:00:5e:… }"
    )


def test_a_long_question_is_cut_short() -> None:
    assert str(refusal("nft", "no", "x" * 9000)).endswith("… (9000 characters)")


def test_what_is_not_there_is_told_apart() -> None:
    assert isinstance(refusal("nft", "Error: No such file or directory", "list"), NothingThereError)
    assert not isinstance(refusal("nft", "Error: syntax error", "list"), NothingThereError)


def test_a_full_set_is_explained() -> None:
    said = "Error: Could not process rule: Too many open files in system"

    assert "max_devices" in str(refusal("nft", said, "add"))


async def test_a_listing_that_cannot_be_read_is_an_error_of_the_device() -> None:
    class Strange:
        async def run(self, script: str, *, check: bool = False) -> str:
            return f"elements = {{ {PHONE} timeout 4h }}"

        async def close(self) -> None: ...

    with pytest.raises(EnforcementError) as refused:
        await NftEnforcer(Strange()).admitted()

    assert str(refused.value) == "nft printed an element we cannot read: 'timeout 4h'"


def test_silence_is_called_so() -> None:
    assert "refused: (nothing)" in str(refusal("nft", " ", "add"))


@pytest.mark.netns
@pytest.mark.parametrize("driver", ["libnftables", "nft"])
async def test_a_missing_interface_is_refused_and_nothing_is_changed(driver: str) -> None:
    with new_network():
        enforcer = open_enforcer(driver)  # type: ignore[arg-type]

        with pytest.raises(EnforcementError, match="'br-lan' does not exist"):
            await enforcer.check(PLAN)
        with pytest.raises(EnforcementError, match="'br-lan' does not exist"):
            await enforcer.install(PLAN, {})

        assert await enforcer.admitted() is None
        await enforcer.close()


@pytest.mark.netns
@pytest.mark.parametrize("driver", ["libnftables", "nft"])
async def test_a_missing_permission_is_named(driver: str) -> None:
    script = (
        "import asyncio\n"
        "from firewall.drivers import open_enforcer\n"
        "from firewall.plan import Plan\n"
        f"asyncio.run(open_enforcer({driver!r}).check(Plan('lo', 'wan')))\n"
    )
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]

    done = await asyncio.to_thread(
        subprocess.run,
        [*nobody, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "no permission; needs CAP_NET_ADMIN" in done.stderr
