"""Opens the enforcement device by the name it has in the configuration."""

import sys
import time
from typing import Literal

from firewall.dry_run import DryRunEnforcer
from firewall.enforcer import EnforcementError, Enforcer
from firewall.libnftables import LibNftables
from firewall.memory import MemoryEnforcer
from firewall.nft import NftEnforcer
from firewall.nft_process import NftProcess

DriverName = Literal["nftables", "libnftables", "nft", "dry-run", "memory"]


def open_enforcer(driver: DriverName) -> Enforcer:
    """The device called `driver`, untouched: nothing is installed by opening it.

    `nftables` is libnftables, or the command `nft` where python-nftables is missing.

    Raises:
        EnforcementError: what it needs is not installed.
    """
    match driver:
        case "nftables":
            try:
                return NftEnforcer(LibNftables())
            except EnforcementError:
                return NftEnforcer(NftProcess())
        case "libnftables":
            return NftEnforcer(LibNftables())
        case "nft":
            return NftEnforcer(NftProcess())
        case "dry-run":
            return DryRunEnforcer(time.monotonic, sys.stdout)
        case "memory":
            return MemoryEnforcer(time.monotonic)
