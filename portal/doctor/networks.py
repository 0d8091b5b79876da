"""What the addresses of the line mean. No look is taken here.

A public address is never told: it names the house to whoever reads the result.
"""

import json
from collections.abc import Collection, Iterator
from ipaddress import IPv4Interface, IPv4Network
from typing import Final, Literal, TypeAlias

from portal.doctor.finding import Finding

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""
_SHARED: Final = IPv4Network("100.64.0.0/10")
"""RFC 6598: the provider shares one public address among many houses."""

Way: TypeAlias = Literal["dhcp", "pppoe", "static", "unknown"]
"""How the line got its address."""


def way_of(dump: str, device: str) -> Way:
    """What netifd says of `device` (`ubus call network.interface dump`)."""
    try:
        rows = json.loads(dump)["interface"]
        protocols = {str(row["proto"]) for row in rows if row.get("l3_device") == device}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "unknown"
    for way in ("pppoe", "dhcp", "static"):
        if way in protocols:
            return way
    return "unknown"


def judge(
    line: Collection[IPv4Interface], phones: Collection[IPv4Interface], way: Way
) -> Iterator[Finding]:
    """What the addresses of the line and of the phones' network mean together."""
    usable = [each for each in line if not each.ip.is_link_local]
    if not usable:
        yield Finding("address", False, f"{way} none" if way == "pppoe" else "none")
        return
    yield Finding("address", True, way)
    for own in usable:
        for house in phones:
            if own.network.overlaps(house.network):
                values = {"line": own.network, "house": house.network}
                yield Finding("nat", False, "overlap", values)
                return
    private = [each.ip for each in usable if any(each.ip in net for net in _PRIVATE)]
    shared = [each.ip for each in usable if each.ip in _SHARED]
    if private:
        yield Finding("nat", True, "double", {"address": private[0]})
    elif shared:
        yield Finding("nat", True, "shared")
    else:
        yield Finding("nat", True, "single")
