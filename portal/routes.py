"""The default routes of this machine, as the kernel lists them in /proc."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from sys import byteorder

from portal.name_question import Address

_NET = Path("/proc/net")
_UP, _GATEWAY, _REJECT = 0x1, 0x2, 0x200  # linux/route.h
_ANYWHERE6 = "0" * 32


@dataclass(frozen=True, slots=True)
class Route:
    """A way to everywhere. `gateway` is None on a line with only two ends (PPP)."""

    interface: str
    gateway: Address | None


def default_routes(folder: Path = _NET) -> list[Route]:
    """The default routes that are in force, of both families."""
    return [*_ipv4(_lines(folder / "route")[1:]), *_ipv6(_lines(folder / "ipv6_route"))]


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:  # A kernel without this family.
        return []


def _ipv4(lines: list[str]) -> Iterator[Route]:
    for line in lines:
        name, target, gateway, flags, _, _, _, mask, *_ = line.split()
        if int(target, 16) == int(mask, 16) == 0 and int(flags, 16) & (_UP | _REJECT) == _UP:
            by = IPv4Address(int(gateway, 16).to_bytes(4, byteorder))
            yield Route(name, by if int(flags, 16) & _GATEWAY else None)


def _ipv6(lines: list[str]) -> Iterator[Route]:
    for line in lines:
        target, prefix, _, _, gateway, _, _, _, flags, name = line.split()
        if target == _ANYWHERE6 and prefix == "00" and int(flags, 16) & (_UP | _REJECT) == _UP:
            by = IPv6Address(bytes.fromhex(gateway))
            yield Route(name, by if int(flags, 16) & _GATEWAY else None)
