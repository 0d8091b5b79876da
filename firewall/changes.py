"""What can be asked of the enforcement device, as values. No clock, no network.

A device is known to the firewall by its MAC address and by nothing else: addresses change
under it (IPv6 privacy addresses, a new lease), the MAC address of one visit does not.
"""

import re
from dataclasses import dataclass
from typing import NewType, TypeAlias

MacAddress = NewType("MacAddress", str)
"""Six lower-case hexadecimal pairs joined by colons: `02:00:5e:10:00:01`."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def mac_address(text: str) -> MacAddress:
    """Parse a MAC address as people and programs write it (`:` or `-`, any case).

    Raises:
        ValueError: not the address of one device (malformed, group or all zero).
    """
    address = text.strip().lower().replace("-", ":")
    if not _MAC.fullmatch(address):
        raise ValueError(f"{text!r} is not a MAC address; write it like 02:00:5e:10:00:01")
    if int(address[:2], 16) & 1 or address == "00:00:00:00:00:00":
        raise ValueError(f"{text!r} is not the address of one device")
    return MacAddress(address)


@dataclass(frozen=True, slots=True, order=True)
class Ports:
    """A block of source ports, both ends in it."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Admit:
    """Let a device pass for `seconds` from now; the kernel ends it by itself.

    Admitting a device again replaces its remaining time and keeps its counters. `ports` is the
    block it has from now on, one of the plan's; None: its ports are left alone.
    """

    mac: MacAddress
    seconds: float
    ports: Ports | None = None


@dataclass(frozen=True, slots=True)
class Withhold:
    """Hold a device back from now on, and cut the connections it has running."""

    mac: MacAddress


Change: TypeAlias = Admit | Withhold


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes forwarded for one device since it was first admitted, IPv4 and IPv6 together.

    IP headers count, Ethernet headers do not.
    """

    up_bytes: int
    down_bytes: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What the kernel holds of one admitted device."""

    seconds_left: float
    usage: Usage
    ports: Ports | None = None
