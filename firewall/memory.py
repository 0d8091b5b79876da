"""The enforcement device as a value in memory: for tests, and to try the portal without root.

It keeps the promises of the kernel, and passes the same contract tests.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from firewall.changes import Admit, Change, Grant, MacAddress, Ports, Usage, Withhold
from firewall.enforcer import EnforcementError
from firewall.plan import Plan
from firewall.ruleset import capacity, milliseconds


@dataclass(frozen=True, slots=True)
class _Held:
    ends: float
    usage: Usage
    ports: Ports | None


class MemoryEnforcer:
    """`clock` gives monotonic seconds; grants end by it alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._capacity = 0
        self._plan: Plan | None = None
        self._held: dict[MacAddress, _Held] = {}
        self._map: dict[MacAddress, Ports] = {}
        """As `firewall.ruleset` keeps blocks of ports: beside the grants, so that either may go."""

    async def check(self, plan: Plan) -> None:
        """Every plan can be installed here."""

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        held = {
            mac: self._hold(g.seconds_left, g.usage, _block_of(plan, g.ports))
            for mac, g in grants.items()
        }
        self._plan = plan
        self._capacity = capacity(plan, grants)
        self._keep(held)

    async def apply(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        if self._plan is None:
            raise EnforcementError("nothing is installed")
        held = self._running()
        for change in changes:
            match change:
                case Admit(mac, seconds, ports):
                    usage = held[mac].usage if mac in held else Usage(0, 0)
                    held[mac] = self._hold(seconds, usage, _block_of(self._plan, ports))
                case Withhold(mac):
                    held.pop(mac, None)
                case _:
                    assert_never(change)
        if len(held) > self._capacity:
            raise EnforcementError("the set is full")
        self._keep(held)

    async def admitted(self) -> Mapping[MacAddress, Grant] | None:
        if self._plan is None:
            return None
        now, running = self._clock(), self._running()
        ports = self._ports_held()
        return {mac: Grant(h.ends - now, h.usage, ports.get(mac)) for mac, h in running.items()}

    async def usage(self, macs: Collection[MacAddress]) -> Mapping[MacAddress, Usage]:
        held = self._running()
        return {mac: held[mac].usage for mac in macs if mac in held}

    async def intact(self, macs: Collection[MacAddress] = ()) -> bool:
        running, ports = self._running(), self._ports_held()
        return self._plan is not None and all(
            mac in running and running[mac].ports == ports.get(mac) for mac in macs
        )

    async def empty_garden(self, turn: int) -> None:
        """Nobody fills a garden here."""
        if self._plan is None:
            raise EnforcementError("nothing is installed")

    async def remove(self) -> None:
        self._plan = None
        self._held = {}

    async def close(self) -> None:
        """There is nothing to let go of."""

    def vanish(self) -> None:
        """Somebody flushed the ruleset."""
        self._plan = None
        self._held = {}

    def flush(self) -> None:
        """Somebody emptied the set of those who pass; the rules stand."""
        self._held = {}

    def flush_ports(self) -> None:
        """Somebody emptied the map of blocks of ports; the rules stand."""
        self._map = {}

    def forward(self, mac: MacAddress, *, up_bytes: int = 0, down_bytes: int = 0) -> bool:
        """The device sent and received; whether it passed."""
        held = self._running().get(mac)
        if held is None:
            return False
        used = Usage(held.usage.up_bytes + up_bytes, held.usage.down_bytes + down_bytes)
        self._held[mac] = replace(held, usage=used)
        return True

    def _hold(self, seconds: float, usage: Usage, ports: Ports | None) -> _Held:
        return _Held(self._clock() + milliseconds(seconds) / 1000, usage, ports)

    def _keep(self, held: dict[MacAddress, _Held]) -> None:
        self._held = held
        self._map = {mac: h.ports for mac, h in held.items() if h.ports is not None}

    def _ports_held(self) -> dict[MacAddress, Ports]:
        running = self._running()
        return {mac: ports for mac, ports in self._map.items() if mac in running}

    def _running(self) -> dict[MacAddress, _Held]:
        now = self._clock()
        return {mac: held for mac, held in self._held.items() if held.ends > now}


def _block_of(plan: Plan, ports: Ports | None) -> Ports | None:
    if ports is not None and ports not in plan.ports:
        raise EnforcementError(f"no block of ports from {ports.first} to {ports.last}")
    return ports
