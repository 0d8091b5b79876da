"""Which device has which block of source ports. No clock, no network.

A block that comes back is given out last, so that a clock that is a little wrong does not point
at somebody else.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from firewall.changes import MacAddress, Ports


@dataclass(frozen=True, slots=True)
class PortBlocks:
    """`free` are given in this order; `held` are given."""

    free: tuple[Ports, ...]
    held: Mapping[MacAddress, Ports]

    def given(self, mac: MacAddress) -> "PortBlocks":
        """With a block for `mac`: the one it has, or the next; as before if none is left."""
        if mac in self.held or not self.free:
            return self
        return PortBlocks(self.free[1:], {**self.held, mac: self.free[0]})

    def returned(self, mac: MacAddress) -> "PortBlocks":
        """Without the block of `mac`, if it has one."""
        if mac not in self.held:
            return self
        kept = {other: ports for other, ports in self.held.items() if other != mac}
        return PortBlocks((*self.free, self.held[mac]), kept)


def take_up(
    blocks: Collection[Ports], held: Mapping[MacAddress, Ports], passing: Collection[MacAddress]
) -> PortBlocks:
    """The `blocks`, where devices `passing` keep what they held as far as it is one of them.

    All others of `passing` get one, as long as there are any.
    """
    kept = {mac: held[mac] for mac in passing if mac in held and held[mac] in blocks}
    taken = frozenset(kept.values())
    made = PortBlocks(tuple(block for block in blocks if block not in taken), kept)
    for mac in passing:
        made = made.given(mac)
    return made
