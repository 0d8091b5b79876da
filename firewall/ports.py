"""Blocks of source ports, one for each device, as rules. No kernel, no clock.

With blocks in the plan, what an admitted device sends over the uplink by TCP or UDP and IPv4
leaves with a source port of its block. Each block is a chain of one rule, and a map leads from
device to chain: rules change with the plan only, and the first packet of a connection costs one
look-up however many devices there are. A port on its own as the data of a map would be simpler,
but nft 1.0.6 loses the end of an interval there (ADR 0014).

Who has no block is left to the router's own translation, and so is all else.
"""

import re
from collections.abc import Sequence
from string import Template

from firewall.changes import Ports

FIRST_PORT, LAST_PORT = 1024, 32_767
"""Blocks end where Linux's own source ports begin (32768; those of others at 49152): what is not
in a block keeps its port in the router's own translation, and should not look as if it were."""

_SIZES = (1024, 512, 256, 128)

MAP = "ports"

_TABLE_PART = Template("""
    # -- with which source port it leaves --------------------------------------------------
    # Just before the router's own translation, which sees what has no block.
    map $map {
        type ether_addr : verdict
        size $size
        flags timeout$elements
    }
    chain translation {
        type nat hook postrouting priority srcnat - 5; policy accept;
        oifname != $uplink accept
        meta nfproto ipv4 ether saddr vmap @$map comment "ports: of its block"
    }
$chains""")

_CHAIN = Template("""\
    chain $name {
        meta l4proto { tcp, udp } masquerade to :$first-$last comment "ports: $first-$last"
    }
""")

_NAME = re.compile(r"ports_(\d+)_(\d+)")


def blocks(devices: int) -> tuple[Ports, ...]:
    """One block for each of `devices`, of 1,024 ports at most and 128 at least.

    So there are no more than 248, whatever is asked for. A port serves one connection to each
    place and port: 128 bound how many a device has to one server, not how many it has.
    """
    size = next((size for size in _SIZES if _count(size) >= devices), _SIZES[-1])
    return tuple(
        Ports(first, first + size - 1)
        for first in range(FIRST_PORT, FIRST_PORT + _count(size) * size, size)
    )


def _count(size: int) -> int:
    return (LAST_PORT + 1 - FIRST_PORT) // size


def chain_name(ports: Ports) -> str:
    return f"ports_{ports.first}_{ports.last}"


def ports_of(chain: str) -> Ports:
    """The block whose chain has this name.

    Raises:
        ValueError: it is none of ours.
    """
    found = _NAME.fullmatch(chain)
    if found is None:
        raise ValueError(f"{chain!r} is not the chain of a block of ports")
    return Ports(int(found[1]), int(found[2]))


def translation(plan_blocks: Sequence[Ports], uplink: str, size: int, elements: str) -> str:
    """The map and its chains for table inet; `uplink` quoted, and nothing without blocks."""
    if not plan_blocks:
        return ""
    return _TABLE_PART.substitute(
        map=MAP,
        size=size,
        uplink=uplink,
        elements=elements,
        chains="".join(
            _CHAIN.substitute(name=chain_name(each), first=each.first, last=each.last)
            for each in plan_blocks
        ),
    )
