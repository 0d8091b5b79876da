"""Default routes, as the kernel of a gateway listed them."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from portal.routes import Route, default_routes

ROUTE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wan\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
*\t00000000\t00000000\t0201\t0\t0\t9999\t00000000\t0\t0\t0
wan\t007100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ROUTE6 = (
    f"{'0' * 32} 00 {'0' * 32} 00 20010db8000100000000000000000001 00000400 1 0 00000003      wan\n"
    f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"
    f"20010db8000100000000000000000000 40 {'0' * 32} 00 {'0' * 32} 00000100 1 0 00000001      wan\n"
)


def test_default_routes_in_force_are_found(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTE)
    (tmp_path / "ipv6_route").write_text(ROUTE6)

    assert default_routes(tmp_path) == [
        Route("wan", IPv4Address("203.0.113.1")),
        Route("ppp0", None),
        Route("wan", IPv6Address("2001:db8:1::1")),
    ]


def test_a_kernel_without_a_family_has_no_routes_of_it(tmp_path: Path) -> None:
    assert default_routes(tmp_path) == []
