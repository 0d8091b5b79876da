"""The turns that the entries of an opened record add up to. No file, no clock, no key.

Times are Unix seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LEEWAY_SECONDS = 10.0  # A busy daemon ends a turn a little late.


@dataclass
class Block:
    """From when to when a device left by these source ports; `end` is None as in `Turn`."""

    first: int
    last: int
    begin: float
    end: float | None = None


@dataclass
class Turn:
    """How long a device passed.

    `ends_by` is when the kernel would have ended it by itself; `end` is None where the record
    has nothing of an end, because the daemon was dead by then. `without_ports` says that the
    device had no block for a time, or the record is of a version that gave none: then its
    connections may have had any port.
    """

    mac: str
    begin: float
    ends_by: float
    end: float | None
    addresses: list[str]
    public_addresses: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    without_ports: bool = False

    def learn(self, entry: Mapping[str, Any]) -> None:
        """Take over what an entry of this turn says of addresses and ports."""
        self.addresses = sorted({*self.addresses, *entry["addresses"]})
        if (uplink := entry.get("uplink")) is not None:
            self.public_addresses = sorted({*self.public_addresses, uplink})
        ports, running = entry.get("ports"), self._running_block()
        if running is not None and [running.first, running.last] != ports:
            running.end = entry["time"]
            running = None
        if ports is None:
            self.without_ports = True
        elif running is None:
            first, last = ports
            self.blocks.append(Block(first, last, entry["time"]))

    def finish(self, time: float) -> None:
        """The device was held again."""
        self.end = time
        if (running := self._running_block()) is not None:
            running.end = time

    def had(self, port: int, begin: float, end: float) -> bool:
        """Whether the device had `port` at some time from `begin` to `end`."""
        return any(
            block.first <= port <= block.last
            and block.begin <= end
            and (block.end or self.ends_by) >= begin
            for block in self.blocks
        )

    def _running_block(self) -> Block | None:
        return self.blocks[-1] if self.blocks and self.blocks[-1].end is None else None


def turns_of(entries: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """The turns that the entries of a record add up to."""
    turns: list[Turn] = []
    running: dict[str, Turn] = {}
    for entry in sorted(entries, key=lambda entry: float(entry["time"])):
        mac = entry["mac"]
        turn = running.get(mac)
        if turn is not None and turn.ends_by < entry["time"] - _LEEWAY_SECONDS:
            del running[mac]
            turn = None
        if entry["what"] == "admitted":
            ends_by = entry["time"] + entry["seconds"]
            if turn is None:
                turn = running[mac] = Turn(mac, entry["time"], ends_by, None, [])
                turns.append(turn)
            turn.ends_by = ends_by
        if turn is not None:
            turn.learn(entry)
            if entry["what"] == "withheld":
                turn.finish(entry["time"])
                del running[mac]
    return turns
