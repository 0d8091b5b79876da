"""Renders changes as nft text, and reads back what nft prints. No kernel, no clock.

Nothing here begins a rule: a change is an element that comes or goes, in both tables, in one
transaction.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from firewall.changes import Admit, Change, Grant, MacAddress, Ports, Usage, Withhold
from firewall.ports import chain_name
from firewall.ruleset import DOWNLOADS, PORTS, UPLOADS, element, ports_element

ETHERNET_HEADER = 14
"""Bytes a packet is longer at the egress hook than the IP packet in it."""

_UNUSED = Usage(0, 0)
_NO_PORTS: Mapping[MacAddress, Ports] = MappingProxyType({})


def render_changes(
    changes: Sequence[Change],
    used: Mapping[MacAddress, Usage],
    held: Mapping[MacAddress, Ports] = _NO_PORTS,
) -> str:
    """The nft script that applies all of `changes`, in order, or none of them.

    `used` is what devices that are admitted already have used: admitting again replaces the
    element (on Linux 6.1 and 6.6 adding what exists does not extend its timeout), and the new
    one starts from there. `held` are the blocks of ports in the map now: the kernel refuses to
    lead a device to another block before the first is taken back.
    """
    lines: list[str] = []
    leads_to: dict[MacAddress, Ports | None] = dict(held)
    for change in changes:
        match change:
            case Admit(mac, seconds, ports):
                usage = used.get(mac, _UNUSED)
                grant = Grant(seconds, usage)
                lines += _delete(UPLOADS, mac)
                lines.append(_add(UPLOADS, element(mac, grant, usage.up_bytes)))
                lines += _delete(DOWNLOADS, mac)
                lines.append(_add(DOWNLOADS, element(mac, grant, usage.down_bytes)))
                lines += _take_back(mac, leads_to.get(mac))
                lines += [] if ports is None else [_add(PORTS, ports_element(mac, ports, seconds))]
                leads_to[mac] = ports
            case Withhold(mac):
                lines += _delete(UPLOADS, mac)
                lines += _delete(DOWNLOADS, mac)
                lines += _take_back(mac, leads_to.pop(mac, None))
                used = {other: usage for other, usage in used.items() if other != mac}
            case _:
                assert_never(change)
    return "\n".join(lines) + "\n" if lines else ""


def _add(where: str, what: str) -> str:
    return f"add element {where} {{ {what} }}"


def _delete(where: str, mac: MacAddress) -> list[str]:
    # Deleting what is not there is an error, so it is made to be there.
    return [_add(where, mac), f"delete element {where} {{ {mac} }}"]


def _take_back(mac: MacAddress, ports: Ports | None) -> list[str]:
    if ports is None:
        return []
    # As above: it may have run out meanwhile. Adding what is there is no error if it is the same.
    there = _add(PORTS, f"{mac} : goto {chain_name(ports)}")
    return [there, f"delete element {PORTS} {{ {mac} }}"]


# -- what nft prints ----------------------------------------------------------------------
#
# Text, because nft's JSON rounds the remaining time down to whole seconds, and because
# OpenWrt's usual nft cannot print JSON at all.

_ELEMENT = re.compile(
    r"(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})"
    r"(?P<details>(?: (?:counter packets \d+ bytes \d+|timeout \w+|expires \w+))+)"
)
_COUNTER = re.compile(r"counter packets (\d+) bytes (\d+)")
_EXPIRES = re.compile(r"expires (\w+)")
_SPAN = re.compile(r"(\d+)(ms|[dhms])")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read_grants(uploads: str, downloads: str) -> dict[MacAddress, Grant]:
    """The grants in nft's listings of the two sets; blocks of ports are not in them.

    A device is admitted when it may send. One whose download element is missing (the tables
    expire within the same millisecond, but are listed one after the other) received nothing.

    Raises:
        ValueError: this nft prints elements in another way.
    """
    received = {
        mac: received_bytes(packets, counted)
        for mac, _, packets, counted in _read_elements(downloads)
    }
    return {
        mac: Grant(seconds, Usage(sent, received.get(mac, 0)))
        for mac, seconds, _, sent in _read_elements(uploads)
    }


def received_bytes(packets: int, counted: int) -> int:
    """What a device received, of what its element in table netdev has counted."""
    return counted - ETHERNET_HEADER * packets


_LISTED = re.compile(r"elements = \{([^}]*)\}")


def render_elements(where: str, listing: str) -> str:
    """The nft script that adds what nft listed of a set, with the time it has left."""
    listed = _LISTED.search(listing)
    return _add(where, " ".join(listed[1].split())) + "\n" if listed else ""


def _read_elements(listing: str) -> list[tuple[MacAddress, float, int, int]]:
    """Address, seconds left, packets and bytes of each element."""
    elements = []
    for found in _ELEMENT.finditer(listing):
        counter = _COUNTER.search(found["details"])
        expires = _EXPIRES.search(found["details"])
        if counter is None or expires is None:
            # Without the address: this text ends in a log.
            raise ValueError(f"nft printed an element we cannot read: {found['details'].strip()!r}")
        seconds = sum(int(n) * _SECONDS[unit] for n, unit in _SPAN.findall(expires[1]))
        elements.append((MacAddress(found["mac"]), seconds, int(counter[1]), int(counter[2])))
    return elements
