"""Prints what would be asked of nftables, and changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from firewall.changes import Change, Grant, MacAddress
from firewall.commands import render_changes
from firewall.memory import MemoryEnforcer
from firewall.plan import Plan
from firewall.ruleset import REMOVE, empty_garden, render


class DryRunEnforcer(MemoryEnforcer):
    """A device in memory that writes the nft text of every order to `stream`."""

    def __init__(self, clock: Callable[[], float], stream: TextIO) -> None:
        super().__init__(clock)
        self._stream = stream

    async def check(self, plan: Plan) -> None:
        self._print(render(plan))

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        await super().install(plan, grants)
        self._print(render(plan, grants))

    async def apply(self, changes: Sequence[Change]) -> None:
        used = await self.usage([change.mac for change in changes])
        held = self._ports_held()
        await super().apply(changes)
        self._print(render_changes(changes, used, held))

    async def empty_garden(self, turn: int) -> None:
        await super().empty_garden(turn)
        self._print(empty_garden(turn))

    async def remove(self) -> None:
        await super().remove()
        self._print(REMOVE)

    def _print(self, script: str) -> None:
        self._stream.write(script)
        self._stream.flush()
