"""Decides how the line is shared: which queues stand where. No kernel here.

A modem's own queue is first come, first served: one device with sixteen downloads gets sixteen
turns, and everybody waits behind them. So the queue is kept here, at a rate the line can carry,
and every device has one turn.

There are three ways, for what the kernel has:

`cake`      knows hosts by address, behind NAT too, and keeps delay low by itself. What phones are
            sent over the line leaves through an interface of ours between (ifb).
`fq_codel`  HTB with one class for each device, its lane; in each, low delay by fq_codel.
`pfifo`     the same with short plain queues: a device that fills its own waits in it, alone.

Pages of the gateway do not come over the line and are not queued with what does. Lanes are given
out in the kernel, by the rules of `firewall.lanes`: no filter is added for a device.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from firewall.marks import FORWARDED

Way = Literal["cake", "fq_codel", "pfifo"]
WAYS: tuple[Way, ...] = ("cake", "fq_codel", "pfifo")
"""Best first. A kernel that lacks one says so when its queue is made."""

LANES = 128
"""How many devices can have a lane of their own at once; see `firewall.lanes`."""

BETWEEN = "portal-down"
"""The interface at which cake queues what phones are sent."""

HANDLE = 0x00CD0000
"""Our queues are known by this number, `cd:`; lanes are its classes."""
LINE, OWN, SHARED, FIRST_LANE = HANDLE | 1, HANDLE | 2, HANDLE | 3, HANDLE | 0x10

ROOT = 0xFFFFFFFF  # TC_H_ROOT
FILTERS_HANDLE = 0xFFFF0000
"""The kernel's own number for what has filters and no queue (`clsact`, `ingress`)."""
_LEAVES = 0x100

_LONGEST_PACKET = 1514
_LARGEST_TURN = 65_536 + 14
"""Bytes. HTB sends one packet in each turn at least, and Linux puts packets together on the way
(GRO, GSO), up to this: with shorter turns it would share packets, not bytes, and sixteen thin
connections got a quarter of what one thick one did. A device with little to send does not wait for
turns: it stays within what is its own for sure."""


@dataclass(frozen=True, slots=True)
class Shaping:
    """What the line carries, and the most one device may have of it; None: no limit.

    `down_mbit` and `up_mbit` should be a little less than what the line carries: the queue is
    kept by whoever is slowest.
    """

    down_mbit: int | None = None
    up_mbit: int | None = None
    device_down_mbit: int | None = None
    device_up_mbit: int | None = None

    @property
    def queues(self) -> bool:
        """Whether anything is queued; a ceiling for each device alone needs no queue."""
        return self.down_mbit is not None or self.up_mbit is not None


NOT_SHAPED = Shaping()


@dataclass(frozen=True, slots=True)
class Divert:
    """Make the interface `to`, and have what leaves `interface` with the `mark` pass its queue.

    There, where the rules have judged and counted it, and not where it arrives: a packet that
    comes back from an ifb into the gateway is not shown to the egress hook of any interface
    (Linux sets `nf_skip_egress`), so nothing would be counted, and nobody's downloads ended.
    """

    interface: str
    to: str
    mark: int


@dataclass(frozen=True, slots=True)
class Cake:
    """The queue of `interface`: `mbit`, shared by hosts; `nat` to look for them behind it.

    One queue for each host. With one for each connection as well (`dual-`), cake serves thin
    connections first without asking whose they are: sixteen of one device had twice its share.
    """

    interface: str
    mbit: int
    hosts: Literal["srchost", "dsthost"]
    nat: bool
    arriving: bool
    """Count what is dropped as well: it has used the line already."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The queue of `interface`: HTB. What is in no class goes to `otherwise`, or if that is
    None is sent at once."""

    interface: str
    otherwise: int | None


@dataclass(frozen=True, slots=True)
class Class:
    """A share of `interface`: `kbit` for sure, and up to `most_kbit` of what others leave.

    What is left is offered to the lowest `priority` first, and shared among equals
    `turn_bytes` at a time.
    """

    interface: str
    handle: int
    parent: int
    kbit: int
    most_kbit: int
    burst_bytes: int
    turn_bytes: int
    priority: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """The queue inside the class `parent`: at most `packets`."""

    interface: str
    handle: int
    parent: int
    kind: Literal["fq_codel", "pfifo"]
    packets: int


Order: TypeAlias = Divert | Cake | Classes | Class | Leaf


def orders(shaping: Shaping, phones: str, uplink: str, way: Way) -> tuple[Order, ...]:
    """What to make, in this order, on interfaces that have no queue of ours."""
    made: list[Order] = []
    if way == "cake":
        if shaping.up_mbit is not None:
            made.append(Cake(uplink, shaping.up_mbit, "srchost", nat=True, arriving=False))
        if shaping.down_mbit is not None:
            # NAT is undone there: looking behind it again, cake would find one host, the gateway.
            made.append(Divert(phones, BETWEEN, FORWARDED))
            made.append(Cake(BETWEEN, shaping.down_mbit, "dsthost", nat=False, arriving=True))
        return tuple(made)
    if shaping.up_mbit is not None:
        # The gateway's own questions, to resolvers above all, go first.
        made += _lanes(uplink, shaping.up_mbit, way, own=True)
    if shaping.down_mbit is not None:
        # What the gateway says itself has not come over the line: at once.
        made += _lanes(phones, shaping.down_mbit, way, own=False)
    return tuple(made)


def standing(made: Iterable[Order]) -> frozenset[tuple[str, int]]:
    """Interfaces, each with the number of the queue that it has while `made` stand."""
    found = set()
    for order in made:
        match order:
            case Cake() | Classes():
                found.add((order.interface, HANDLE))
            case Divert():
                found.add((order.interface, FILTERS_HANDLE))
            case Class() | Leaf():
                pass
            case _:
                assert_never(order)
    return frozenset(found)


def _lanes(
    interface: str, mbit: int, leaf: Literal["fq_codel", "pfifo"], *, own: bool
) -> list[Order]:
    most = mbit * 1000
    burst = max(mbit * 500, 2 * _LONGEST_PACKET)  # 4 ms: timers are not exact.
    # One device alone can fill the line (50 ms of it), and sixteen connections of one find room.
    # Who fills it waits in it, nobody else.
    packets = min(max(mbit * 6250 // _LONGEST_PACKET, 256), 1000)
    sure = max(most // (LANES + 2), 8)

    def share(handle: int, priority: int) -> Class:
        return Class(interface, handle, LINE, sure, most, burst, _LARGEST_TURN, priority)

    classes = [share(SHARED, 1), *(share(FIRST_LANE + lane, 1) for lane in range(LANES))]
    if own:
        classes.append(share(OWN, 0))
    return [
        Classes(interface, OWN if own else None),
        Class(interface, LINE, HANDLE, most, most, burst, _LARGEST_TURN, 0),
        *(
            order
            for number, inside in enumerate(classes)
            for order in (
                inside,
                Leaf(interface, (_LEAVES + number) << 16, inside.handle, leaf, packets),
            )
        ),
    ]
