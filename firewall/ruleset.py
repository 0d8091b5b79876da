"""Renders a plan and its grants as nft text. No kernel, no clock, no network.

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
from string import Template
from types import MappingProxyType

from firewall.changes import Grant, MacAddress
from firewall.lanes import downloads, uploads
from firewall.plan import Plan

TABLE = "portal"
GRANTED = "granted"
UPLOADS = f"inet {TABLE} {GRANTED}"
DOWNLOADS = f"netdev {TABLE} {GRANTED}"
GARDENS_BY_NAME = (
    (f"inet {TABLE} garden4", f"inet {TABLE} garden6"),
    (f"inet {TABLE} garden4_spare", f"inet {TABLE} garden6_spare"),
)
"""Two pairs, each of which dnsmasq fills with all it hears. See `empty_garden`."""

FORWARDED = 0x00800000
"""Mark bit: this packet was forwarded to a phone, not sent by the gateway itself."""

FROM_GARDEN = 0x00400000
"""Mark bit, of a packet and of its connection: it belongs to the walled garden."""

NAMES_AT_ONCE, NAMES_PER_SECOND = 180, 1
"""How many DNS packets a captive device may send at once, and how many for hours.

A phone that wakes up asks for some forty names, each for IPv4, IPv6 and HTTPS. A tunnel (iodine)
asks without end, some 150 bytes of its own in each question.
"""

NAMES_BYTES_AT_ONCE, NAMES_BYTES_PER_SECOND = 48_000, 500
"""The same for what it is answered: a tunnel gets a kilobyte of its own into each answer."""

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

_RULES = Template("""\
table inet $table {
    # Devices that may pass. The counter is what they sent.
    set granted {
        type ether_addr
        size $size
        flags timeout
        counter$granted_up
    }

    # Devices that were refused a moment ago, to bound what we answer to each.
    set refused {
        type ether_addr
        size 4096
        flags dynamic,timeout
        timeout 10s
    }

    # Devices that asked something of the gateway a moment ago, to bound what each may ask.
    set asking {
        type ether_addr
        size 4096
        flags dynamic,timeout
        timeout 10s
    }

    # Captive devices that asked for names, to bound what goes through a tunnel made of names.
    # Kept longer than the share takes to fill up again: a pause earns no new one.
    set naming {
        type ether_addr
        size 16384
        flags dynamic,timeout
        timeout 5m
    }

    # The walled garden: networks from the plan, and addresses that dnsmasq adds (nftset=). It
    # adds each to a set and to its spare. Hearing an address again does not lengthen its time
    # there (Linux 6.1), so the daemon empties the two in turn: what was heard lately is always
    # in one of them. The time-out is for when there is no daemon.
    set garden_networks4 {
        type ipv4_addr
        flags interval
        auto-merge$garden4
    }
    set garden_networks6 {
        type ipv6_addr
        flags interval
        auto-merge$garden6
    }
    set garden4 {
        type ipv4_addr
        size 4096
        flags timeout
        timeout 1d
    }
    set garden6 {
        type ipv6_addr
        size 4096
        flags timeout
        timeout 1d
    }
    set garden4_spare {
        type ipv4_addr
        size 4096
        flags timeout
        timeout 1d
    }
    set garden6_spare {
        type ipv6_addr
        size 4096
        flags timeout
        timeout 1d
    }

    # Networks behind the uplink that belong to the house, not to the Internet.
    set closed_networks4 {
        type ipv4_addr
        flags interval
        auto-merge$closed4
    }
    set closed_networks6 {
        type ipv6_addr
        flags interval
        auto-merge$closed6
    }

    # -- who it claims to be ---------------------------------------------------------------
    # After connection tracking, which has compared the packets of a known connection already;
    # a connection that is dropped here is never known.
    chain source {
        type filter hook prerouting priority mangle - 5; policy accept;
        ct state != established goto new_source comment "whose it is, is asked once"
    }
    chain new_source {
        iifname != $phones fib saddr oifname $phones drop comment "only phones speak for phones"
        iifname != $phones accept
        # Linux lets DHCP and duplicate address detection through here: no address yet.
        fib saddr . iif oif missing drop comment "phones have addresses of their own network"
    }

    # -- where it is sent ------------------------------------------------------------------
    # Sees the first packet of a connection only. An inverted look-up does not count, so a
    # packet of an admitted device is counted once, in `from_phones`.
    chain destination {
        type nat hook prerouting priority dstnat - 5; policy accept;
        iifname != $phones accept
        fib daddr type local tcp dport 80 redirect to :$http_port comment "our pages"
$https_redirect\
        ether saddr != @granted goto captive_destination
    }
    chain captive_destination {
        udp dport 53 redirect to :53 comment "captive: DNS from the gateway"
        tcp dport 53 redirect to :53 comment "captive: DNS from the gateway, over TCP"
        jump garden comment "garden: its own pages"
        tcp dport 80 redirect to :$http_port comment "captive: any page is our page"
    }

    # Called by both hooks: an `accept` leaves the page where it is, and lets it pass.
    chain garden {
        ip daddr @garden_networks4 goto in_garden comment "garden: IPv4"
        ip6 daddr @garden_networks6 goto in_garden comment "garden: IPv6"
        ip daddr @garden4 goto in_garden comment "garden: IPv4 by name"
        ip6 daddr @garden6 goto in_garden comment "garden: IPv6 by name"
        ip daddr @garden4_spare goto in_garden comment "garden: IPv4 by name, spare"
        ip6 daddr @garden6_spare goto in_garden comment "garden: IPv6 by name, spare"
    }
    # The connection keeps the mark, so that its answers need not be looked up.
    chain in_garden {
        ct mark set ct mark | $from_garden comment "garden: remember the connection"
        accept comment "garden: pass"
    }

    # -- what reaches the gateway ----------------------------------------------------------
    # Ports are as they are after the redirect. Captive or not makes a difference to names only.
    chain input {
        type filter hook input priority filter - 5; policy accept;
        iifname $uplink tcp dport $portal_ports drop comment "our pages are for phones"
        iifname != $phones accept
        ct state { new, untracked } \\
            update @asking { ether saddr limit rate over 200/second burst 1000 packets } drop \\
            comment "enough questions of one device"
        udp dport { 67, 547 } accept comment "DHCP"
        meta l4proto { tcp, udp } th dport 53 ether saddr != @granted \\
            update @naming { ether saddr limit rate over $names_per_second/second \\
            burst $names_at_once packets } drop comment "captive: enough names"
        udp dport 53 accept comment "DNS"
        tcp dport 53 accept comment "DNS over TCP"
        tcp dport $portal_ports accept comment "portal"
        icmpv6 type $neighbours accept comment "neighbours"
        icmp type echo-request meta length <= $ping_bytes \\
            limit rate 100/second burst 100 packets accept comment "ping"
        icmpv6 type echo-request meta length <= $ping_bytes \\
            limit rate 100/second burst 100 packets accept comment "ping6"
        ct direction reply accept comment "answers to the gateway"
        goto refuse comment "nothing else of the gateway"
    }

    # -- what passes through ---------------------------------------------------------------
    # Before the router's own chain, whose first rule may offload flows past everyone else.
    # There is no `ct state established accept`: a grant that ends, ends running connections.
    # Only where a connection leads is not asked again for each of its packets.
    chain forward {
        type filter hook forward priority filter - 5; policy accept;
        iifname $phones goto from_phones
        oifname $phones goto to_phones
    }
    chain from_phones {
        ct state != established jump new_destination comment "where it leads, is asked once"
        ether saddr @granted accept comment "admitted: pass and count"
        tcp dport { 80, 443 } jump garden comment "garden: pages only"
        goto refuse comment "captive: nothing passes"
    }
    chain new_destination {
        oifname != $uplink goto refuse comment "only the uplink: no other phones, no other rooms"
        ip daddr @closed_networks4 goto refuse comment "not the house's networks, IPv4"
        ip6 daddr @closed_networks6 goto refuse comment "not the house's networks, IPv6"
    }

    # Says no at once, so that a phone does not wait for a time-out; but a storm is not
    # answered in kind. Each device has its share, and all of them together a limit.
    chain refuse {
        meta pkttype { broadcast, multicast } drop comment "chatter"
        update @refused { ether saddr limit rate over 50/second burst 100 packets } drop \\
            comment "enough answers to one device"
        limit rate over 1000/second burst 500 packets drop comment "enough answers"
        meta l4proto tcp reject with tcp reset comment "refused at once, TCP"
        reject with icmpx type admin-prohibited comment "refused at once"
    }

    # Marks what the last door (table netdev) has to judge: it sees the device, not the way.
    chain to_phones {
        meta mark set meta mark & $other_bits | $forwarded comment "forwarded to a phone"
        ct mark & $from_garden != 0 meta mark set meta mark | $from_garden \\
            comment "garden: answers"
    }
$lanes_up\
}

table netdev $table {
    # The same devices. The counter is what they received, with 14 bytes of Ethernet each.
    set granted {
        type ether_addr
        size $size
        flags timeout
        counter$granted_down
    }

    # Captive devices that were told names: the other half of the set `naming`.
    set named {
        type ether_addr
        size 16384
        flags dynamic,timeout
        timeout 5m
    }

    # -- the last door ---------------------------------------------------------------------
    chain downloads {
        type filter hook egress device $phones priority filter; policy accept;
        meta mark & $forwarded == 0 goto from_gateway
        ether daddr @granted accept comment "admitted: receive and count"
        meta mark & $from_garden != 0 accept comment "garden: receive"
        drop comment "captive: nothing is received"
    }
    chain from_gateway {
        meta l4proto { tcp, udp } th sport 53 ether daddr != @granted \\
            update @named { ether daddr limit rate over $names_bytes_per_second bytes/second \\
            burst $names_bytes_at_once bytes } drop comment "captive: enough was told of names"
    }
$lanes_down\
}
""")


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
        names_at_once=NAMES_AT_ONCE,
        names_per_second=NAMES_PER_SECOND,
        names_bytes_at_once=NAMES_BYTES_AT_ONCE,
        names_bytes_per_second=NAMES_BYTES_PER_SECOND,
        ping_bytes=PING_BYTES,
        other_bits=f"{0xFFFFFFFF ^ FORWARDED ^ FROM_GARDEN:#010x}",
        granted_up=_elements(element(mac, g, g.usage.up_bytes) for mac, g in grants.items()),
        granted_down=_elements(element(mac, g, g.usage.down_bytes) for mac, g in grants.items()),
        garden4=_networks(plan.garden, IPv4Network),
        garden6=_networks(plan.garden, IPv6Network),
        closed4=_networks(plan.closed_networks, IPv4Network),
        closed6=_networks(plan.closed_networks, IPv6Network),
        lanes_up=uploads(plan.shaping, _quoted(plan.phones)),
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
