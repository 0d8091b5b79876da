"""What a forwarded packet costs, with 0 to 5,000 open devices beside the one that sends.

Small packets of one open phone, at full speed on one core: UDP up (phone to Internet) and down,
and TCP segments down from port 443, which is most of what phones receive.
Rules are swapped under the same flow in the same namespaces, in turns, so that every repetition
sees the same machine; the figure is CPU time per packet, see `bench.packets`.

`sending` is the same packets dropped where they enter the gateway: what is left of the others
when that is taken away is the gateway's own share, which no sender hides.

Ours are the rules and grants exactly as the daemon installs them (`firewall.ruleset.render`).
openNDS's are what its daemon made, and for every open device the four rules it adds for one,
put in by iptables-restore: `ndsctl auth` would take an hour and a half.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from typing import Final

from bench.figures import NONE, OPENNDS, OURS, Figure, Subject
from bench.opennds import OpenNDS
from bench.packets import Blaster, Way, sent
from bench.site import BenchSite
from firewall.changes import Grant, Usage, mac_address
from firewall.plan import Plan
from firewall.ruleset import REMOVE, render
from portal.demo.addresses import INTERNET4, WAN4, WEBSITE4
from portal.demo.host import Host, LabError

SECTION: Final = "forwarding"
DEVICES: Final = (0, 100, 1000, 5000)

WAYS: Final = ("up", "down", "down from a web server")
WHOLE: Final = "a packet, with the sender's work"
OWN: Final = "a packet, the gateway's work alone"
PARTS: Final = (WHOLE, OWN)

_UP, _DOWN, _WEB = WAYS
_FROM, _TO, _HTTPS = 40000, 9, 443
_SYN, _ACK = 0x02, 0x10
_OTHERS = IPv4Address("10.81.0.0")  # The phones' own network has no room for 5,000.
_PARTS = 10
_PORTS = f"{{ {_TO}, {_HTTPS} }}"
_PAYLOAD = bytes(22)  # 64 bytes of Ethernet frame.

# Where packets end: dropped at the first hook, and counted, so that receiving costs as good as
# nothing. `sink` stands at both ends of the way.
_SINK = """
table netdev sink {{
    chain sink {{
        type filter hook ingress device "{device}" priority 0; policy accept;
        meta l4proto {{ tcp, udp }} th {side} {ports} counter drop
    }}
}}
"""


# The two chains that openNDS makes with nft; iptables-save does not know them.
_PEER_CHAINS = """
add chain ip filter nds_allow_INP { type filter hook input priority 100; }
add chain ip filter nds_allow_FWD { type filter hook forward priority 100; }
add rule ip filter nds_allow_INP iifname "br-lan" counter accept
add rule ip filter nds_allow_FWD iifname "br-lan" counter accept
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One state of the gateway's firewall."""

    subject: Subject
    devices: int


class Road:
    """The way of the packets through `site`, and what stands in it."""

    def __init__(self, site: BenchSite) -> None:
        self._site = site
        phone = site.phones[0]
        gateway_mac = _mac(site.gateway, "br-lan")
        wan_mac, internet_mac = _mac(site.gateway, "wan"), _mac(site.internet, "eth0")

        def up(port: int) -> Way:
            ends = (phone.address, WEBSITE4)
            return Way((phone.mac, gateway_mac), ends, (_FROM, port))

        def down(port: int) -> Way:
            return Way((internet_mac, wan_mac), (WEBSITE4, WAN4), (port, _FROM))

        with site.crowd.network():
            self._up = Blaster("radio", up(_TO).udp(_PAYLOAD))
            asking = [
                Blaster("radio", up(_HTTPS).tcp(_SYN, (1, 0))),
                Blaster("radio", up(_HTTPS).tcp(_ACK, (2, 2))),
            ]
        with site.internet.network():
            self._down = Blaster("eth0", down(_TO).udp(_PAYLOAD))
            self._web = Blaster("eth0", down(_HTTPS).tcp(_ACK, (2, 2), _PAYLOAD[:10]))
            answer = Blaster("eth0", down(_HTTPS).tcp(_SYN | _ACK, (1, 2)))
        self._opening = (self._up, self._down, asking[0], answer, asking[1], self._web)
        _nft(site.internet, _SINK.format(device="eth0", side="dport", ports=_PORTS))
        _nft(site.crowd, _SINK.format(device="radio", side="sport", ports=_PORTS))
        _nft(
            site.gateway,
            "table netdev gate {\n"
            '    chain up { type filter hook ingress device "crowd" priority 0; }\n'
            '    chain down { type filter hook ingress device "wan" priority 0; }\n}\n',
        )
        # The gateway knows its neighbours without asking.
        site.gateway.ip(
            f"neighbour replace {phone.address} lladdr {phone.mac} dev br-lan nud permanent",
            f"neighbour replace {WEBSITE4} lladdr {internet_mac} dev wan nud permanent",
            f"neighbour replace {INTERNET4} lladdr {internet_mac} dev wan nud permanent",
        )

    def close(self) -> None:
        for blaster in self._opening:
            blaster.close()
        _nft(self._site.internet, "delete table netdev sink")
        _nft(self._site.crowd, "delete table netdev sink")
        _nft(self._site.gateway, "delete table netdev gate")

    def open(self) -> None:
        """Begin the flows anew: their connections are tracked, and have been answered."""
        self._site.gateway.run("conntrack", "-F")
        for blaster in self._opening:
            blaster.send(1)

    def gate(self, *, shut: bool) -> None:
        """Drop the packets where they enter the gateway, or let them in."""
        rules = "flush table netdev gate\n"
        if shut:
            rules += f"add rule netdev gate up th dport {_PORTS} drop\n"
            rules += f"add rule netdev gate down th sport {_PORTS} drop\n"
        _nft(self._site.gateway, rules)

    def nanoseconds(self, direction: str, count: int, *, arrive: bool = True) -> float:
        """CPU time per packet: the best of ten parts, which nothing has disturbed.

        Raises:
            LabError: fewer arrived than should (with `arrive`), or any (without).
        """
        blaster = {_UP: self._up, _DOWN: self._down, _WEB: self._web}[direction]
        end = self._site.internet if direction == _UP else self._site.crowd
        before = _arrived(end)
        used = min(blaster.send(count // _PARTS) for _ in range(_PARTS))
        arrived = _arrived(end) - before
        whole = sent(count // _PARTS) * _PARTS
        expected = whole if arrive else 0
        if abs(arrived - expected) > 0.01 * whole:
            raise LabError(f"{direction}: {arrived} of {expected} packets arrived")
        return used / sent(count // _PARTS)


def _mac(host: Host, interface: str) -> str:
    return host.must("cat", f"/sys/class/net/{interface}/address").strip()


def _nft(host: Host, script: str) -> None:
    host.must("nft", "-f", "-", stdin=script, timeout=60)


def _arrived(host: Host) -> int:
    listing = host.must("nft", "list", "table", "netdev", "sink")
    return int(listing.partition("counter packets ")[2].split()[0])


def open_macs(site: BenchSite, devices: int) -> list[str]:
    """The MAC addresses of so many open devices besides the phone that sends, which is between
    them."""
    others = [f"02:00:5e:01:{n >> 8:02x}:{n & 255:02x}" for n in range(devices)]
    half = devices // 2
    return [*others[:half], site.phones[0].mac, *others[half:]]


def our_rules(site: BenchSite, devices: int) -> str:
    plan = Plan(phones="br-lan", uplink="wan", max_devices=6000)
    grants = {mac_address(mac): Grant(3600, Usage(0, 0)) for mac in open_macs(site, devices)}
    return render(plan, grants)


@dataclass(frozen=True, slots=True)
class PeerRules:
    """What openNDS's daemon put into the kernel, as text to put back."""

    saved: str

    def with_devices(self, site: BenchSite, devices: int) -> str:
        """For iptables-restore: its rules with those of open devices."""
        marks, lanes, counts = [], [], []
        macs = open_macs(site, devices)
        others = iter(range(len(macs)))
        for mac in macs:
            own = mac == site.phones[0].mac
            address = site.phones[0].address if own else str(_OTHERS + next(others))
            lanes += [
                f"-A ndsINC -d {address}/32 -j MARK --set-xmark 0x30000/0x30000",
                f"-A ndsINC -d {address}/32 -j ACCEPT",
            ]
            marks.append(
                f"-A ndsOUT -s {address}/32 -m mac --mac-source {mac}"
                " -j MARK --set-xmark 0x30000/0x30000"
            )
            counts.append(f"-A ndsULR -s {address}/32 -j RETURN")
        lines: list[str] = []
        table = ""
        for line in self.saved.splitlines():
            if line.startswith("*"):
                table = line
            if line == "-A ndsULR -j RETURN":
                lines += counts
            if line == "COMMIT" and table == "*mangle":
                lines += lanes + marks
            lines.append(line)
        return "\n".join(lines) + "\n"


def peer_rules(site: BenchSite) -> PeerRules:
    """Let openNDS make its rules, write them down, and let it go."""
    site.gateway.must("ping", "-c", "1", "-W", "2", INTERNET4)
    peer = OpenNDS(site)
    try:
        process = peer.start()
        site.gateway.wait_until(
            lambda: "openNDS is now running" in site.gateway.read_log("opennds"),
            "openNDS runs",
            process=process,
            log="opennds",
            seconds=60,
        )
        saved = peer.run("iptables-save").stdout
    finally:
        peer.close()
    _flush_peer(site)
    return PeerRules(saved)


def _flush_peer(site: BenchSite) -> None:
    for table in ("filter", "mangle", "nat"):
        site.gateway.run("nft", "delete", "table", "ip", table)


class _Ours:
    def __init__(self, site: BenchSite, devices: int) -> None:
        self._site, self._rules = site, our_rules(site, devices)

    def __enter__(self) -> None:
        _nft(self._site.gateway, self._rules)

    def __exit__(self, *_: object) -> None:
        _nft(self._site.gateway, REMOVE)


class _Peer:
    def __init__(self, site: BenchSite, rules: PeerRules, devices: int) -> None:
        self._site, self._rules, self._devices = site, rules, devices

    def __enter__(self) -> None:
        text = self._rules.with_devices(self._site, self._devices)
        self._site.gateway.must("iptables-restore", stdin=text, timeout=120)
        _nft(self._site.gateway, _PEER_CHAINS)

    def __exit__(self, *_: object) -> None:
        _flush_peer(self._site)


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """All variants in turns, once per repetition."""
    count = 20_000 if quick else 100_000
    states: dict[Variant, Callable[[], AbstractContextManager[None]]] = {
        Variant(NONE, 0): nullcontext,
        **{Variant(OURS, n): partial(_Ours, site, n) for n in DEVICES},
    }
    if peer:
        rules = peer_rules(site)
        states |= {Variant(OPENNDS, n): partial(_Peer, site, rules, n) for n in DEVICES}
    taken: dict[tuple[str, Variant], list[float]] = {}
    sending: dict[str, list[float]] = {way: [] for way in WAYS}
    with ExitStack() as stack:
        road = Road(site)
        stack.callback(road.close)
        for _ in range(repetitions):
            for direction in WAYS:
                road.gate(shut=True)
                cost = road.nanoseconds(direction, count, arrive=False)
                sending[direction].append(cost)
            road.gate(shut=False)
            for variant, state in states.items():
                # A packet past 5,000 of its rules takes 0.1 ms: fewer of them tell as much.
                fewer = 1 + variant.devices // 100 if variant.subject == OPENNDS else 1
                with state():
                    road.open()
                    for direction in WAYS:
                        road.nanoseconds(direction, count // fewer // 8)  # Caches are warm.
                        cost = road.nanoseconds(direction, count // fewer)
                        taken.setdefault((direction, variant), []).append(cost)
    return _figures(taken, sending)


def name_of(way: str, devices: int, part: str) -> str:
    """What a figure is called."""
    return f"{way}, {devices:,} open: {part}"


def _figures(
    taken: Mapping[tuple[str, Variant], Sequence[float]], sending: Mapping[str, Sequence[float]]
) -> list[Figure]:
    found = []
    for (direction, variant), costs in taken.items():
        own = [cost - send for cost, send in zip(costs, sending[direction], strict=True)]
        # No portal has no open devices: its one figure stands beside all of them.
        for devices in DEVICES if variant.subject == NONE else (variant.devices,):
            found += [
                Figure(
                    SECTION, name_of(direction, devices, part), variant.subject, "ns", tuple(values)
                )
                for part, values in ((WHOLE, costs), (OWN, own))
            ]
    return found
