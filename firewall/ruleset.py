"""Renders a plan and its grants as nft text. No kernel, no clock, no network.

The rules are in `ruleset.nft.in`, as nft reads them but for names after a `$`.

Two tables, both named `portal`. Table `inet` refuses and redirects, and counts what devices
send; table `netdev` stands at the phones' interface, counts what devices receive and is the
last door: a forwarded packet leaves through it only to a device that is admitted. So a grant is
one element with a timeout in each table, and when the kernel lets it run out, both directions
are cut, with or without a daemon.

Our rules only withhold. An `accept` here hands the packet on to the router's own firewall.

Rules change only with the plan. What changes with every device is a set element, so the cost of
a packet does not grow with the number of devices.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from string import Template
from types import MappingProxyType

from firewall.changes import Grant, MacAddress, Ports
from firewall.lanes import downloads, uploads
from firewall.marks import FORWARDED, FROM_GARDEN
from firewall.plan import Plan
from firewall.ports import MAP, chain_name, translation

TABLE = "portal"
GRANTED = "granted"
UPLOADS = f"inet {TABLE} {GRANTED}"
DOWNLOADS = f"netdev {TABLE} {GRANTED}"
PORTS = f"inet {TABLE} {MAP}"
GARDENS_BY_NAME = (
    (f"inet {TABLE} garden4", f"inet {TABLE} garden6"),
    (f"inet {TABLE} garden4_spare", f"inet {TABLE} garden6_spare"),
)
"""Two pairs, each of which dnsmasq fills with all it hears. See `empty_garden`."""

ASKING_BYTES_AT_ONCE, ASKING_BYTES_PER_SECOND = 8_500, 75
"""How much a captive device may ask by DNS at once, and how much for hours, in IP packets.

A phone that wakes up asks for some thirty names, each for IPv4, IPv6 and HTTPS: 90 questions of
75 to 90 bytes. A tunnel (iodine) asks without end, in questions three times as long; with half as
much again at once it carries more than 1,000 bytes a second of what compresses well.
"""

TOLD_BYTES_AT_ONCE, TOLD_BYTES_PER_SECOND = 20_000, 220
"""The same for what it is answered: 230 bytes to each of those questions, frames and all. A
tunnel gets a kilobyte of its own into an answer."""

PING_BYTES = 128
"""The longest ping to the gateway that is answered; `ping` sends 84 bytes, or 104 by IPv6."""

REMOVE = f"""\
add table inet {TABLE}
delete table inet {TABLE}
add table netdev {TABLE}
delete table netdev {TABLE}
"""
"""Deletes both tables. Adding them first makes it no error that one is missing (nft 1.0.6 has
no `destroy`)."""

_NOBODY: Mapping[MacAddress, Grant] = MappingProxyType({})

_RULES = Template(Path(__file__).with_name("ruleset.nft.in").read_text(encoding="utf-8"))


def render(plan: Plan, grants: Mapping[MacAddress, Grant] = _NOBODY) -> str:
    """The nft script that makes the kernel hold exactly `plan` and `grants`, in one step.

    Grants come with the time they have left and what they used, so installing again loses
    nothing.
    """
    return REMOVE + _RULES.substitute(
        table=TABLE,
        phones=_quoted(plan.phones),
        uplink=_quoted(plan.uplink),
        size=capacity(plan, grants),
        http_port=plan.http_port,
        https_redirect=_https_redirect(plan.https_port),
        portal_ports=_port_set(plan),
        neighbours="{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }",
        forwarded=f"{FORWARDED:#010x}",
        from_garden=f"{FROM_GARDEN:#010x}",
        asking_bytes_at_once=ASKING_BYTES_AT_ONCE,
        asking_bytes_per_second=ASKING_BYTES_PER_SECOND,
        told_bytes_at_once=TOLD_BYTES_AT_ONCE,
        told_bytes_per_second=TOLD_BYTES_PER_SECOND,
        ping_bytes=PING_BYTES,
        other_bits=f"{0xFFFFFFFF ^ FORWARDED ^ FROM_GARDEN:#010x}",
        granted_up=_elements(element(mac, g, g.usage.up_bytes) for mac, g in grants.items()),
        granted_down=_elements(element(mac, g, g.usage.down_bytes) for mac, g in grants.items()),
        garden4=_networks(plan.garden, IPv4Network),
        garden6=_networks(plan.garden, IPv6Network),
        closed4=_networks(plan.closed_networks, IPv4Network),
        closed6=_networks(plan.closed_networks, IPv6Network),
        lanes_up=uploads(plan.shaping, _quoted(plan.phones)),
        translation=translation(
            plan.ports,
            _quoted(plan.uplink),
            capacity(plan, grants),
            _elements(
                ports_element(mac, g.ports, g.seconds_left)
                for mac, g in grants.items()
                if g.ports is not None
            ),
        ),
        lanes_down=downloads(plan.shaping, _quoted(plan.phones), f"{FORWARDED:#010x}"),
    )


def empty_garden(turn: int) -> str:
    """The nft script that empties one pair of the garden's sets: each at every other turn.

    Whatever dnsmasq heard since the turn before stays in the other pair. So a phone that was
    answered can reach the address as long as answers are good for less than the time between
    two turns; and an address nobody hears of any more is gone after two.
    """
    return "".join(f"flush set {where}\n" for where in GARDENS_BY_NAME[turn % 2])


def capacity(plan: Plan, grants: Mapping[MacAddress, Grant] = _NOBODY) -> int:
    """How many elements the sets `granted` hold before the kernel refuses another.

    Twice what is planned: an element that has run out takes its place until the kernel
    collects it, about a second later, and withholding adds the device for a moment. Never too
    few for those who are already admitted, or a smaller plan could not be installed.
    """
    return 2 * max(plan.max_devices, len(grants))


def element(mac: MacAddress, grant: Grant, used_bytes: int) -> str:
    """One element of a set `granted`.

    `used_bytes` is written with no packets, so that the 14 bytes each packet of a download is
    long too much are subtracted only from what the kernel counts from now on.
    """
    left = milliseconds(grant.seconds_left)
    return f"{mac} counter packets 0 bytes {used_bytes} timeout {left}ms expires {left}ms"


def ports_element(mac: MacAddress, ports: Ports, seconds: float) -> str:
    """One element of the map `ports`, for as long as the device passes."""
    left = milliseconds(seconds)
    return f"{mac} timeout {left}ms expires {left}ms : goto {chain_name(ports)}"


def milliseconds(seconds: float) -> int:
    """As the kernel counts. Never 0, which would mean for ever."""
    return max(1, round(seconds * 1000))


def _https_redirect(port: int | None) -> str:
    if port is None:
        return ""
    return (
        "        fib daddr type local tcp dport 443 "
        f'redirect to :{port} comment "our pages, with a certificate"\n'
    )


def _port_set(plan: Plan) -> str:
    ports = [plan.http_port] if plan.https_port is None else [plan.http_port, plan.https_port]
    return "{ " + ", ".join(map(str, ports)) + " }"


def _networks(
    networks: Iterable[IPv4Network | IPv6Network], family: type[IPv4Network | IPv6Network]
) -> str:
    return _elements(str(network) for network in networks if isinstance(network, family))


def _elements(elements: Iterable[str]) -> str:
    # An empty `elements = { }` is a syntax error.
    lines = ",\n            ".join(elements)
    return f"\n        elements = {{\n            {lines}\n        }}" if lines else ""


def _quoted(interface: str) -> str:
    # `Plan` has refused everything that would need escaping.
    return f'"{interface}"'
