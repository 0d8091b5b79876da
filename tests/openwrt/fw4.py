"""What fw4 makes of /etc/config/firewall, in nft's words: the same hooks, priorities and order.

Only what our configuration has: zones by device, forwardings, rules with a protocol, ports, ICMP
types and a family, masquerade. Written after reading fw4's templates (24.10); no fw4 is here.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Section:
    kind: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def one(self, key: str, default: str = "") -> str:
        return " ".join(self.values.get(key, [default]))

    def words(self, key: str) -> list[str]:
        return self.one(key).split()


def sections(text: str) -> list[Section]:
    found: list[Section] = []
    for line in text.splitlines():
        match shlex.split(line):
            case ["config", kind, *_]:
                found.append(Section(kind))
            case ["option" | "list", key, value]:
                found[-1].values.setdefault(key, []).append(value)
    return found


def ruleset(config: str, devices: Mapping[str, str]) -> str:
    """The table `fw4` for `/etc/config/firewall`; `devices` are those of each network."""
    parts = sections(config)
    zones = {
        each.one("name"): "{ "
        + ", ".join(f'"{devices[net]}"' for net in each.words("network") if net in devices)
        + " }"
        for each in parts
        if each.kind == "zone"
    }
    by_name = {each.one("name"): each for each in parts if each.kind == "zone"}
    lines = ["table inet fw4", "flush table inet fw4", "table inet fw4 {"]
    [defaults] = (each for each in parts if each.kind == "defaults")
    lines += _base(
        "input",
        zones,
        'iifname "lo" accept',
        "tcp flags & (fin | syn | rst | ack) == syn jump syn_flood",
    )
    lines += _base("forward", zones)
    rate, burst = defaults.one("synflood_rate", "25/s"), defaults.one("synflood_burst", "50")
    lines += [
        "chain handle_reject { meta l4proto tcp reject with tcp reset; reject; }",
        f"chain syn_flood {{ limit rate {rate}econd burst {burst} packets return; drop; }}",
        "chain srcnat { type nat hook postrouting priority srcnat; policy accept;",
        *(
            f"oifname {zones[name]} meta nfproto ipv4 masquerade"
            for name, zone in by_name.items()
            if zone.one("masq") == "1"
        ),
        "}",
    ]
    for name, zone in by_name.items():
        lines += [f"chain input_{name} {{", *_rules(parts, name)]
        lines += [_verdict(zone.one("input")), "}", f"chain forward_{name} {{"]
        lines += [
            f"oifname {zones[each.one('dest')]} accept"
            for each in parts
            if each.kind == "forwarding" and each.one("src") == name
        ]
        if zone.one("forward") == "ACCEPT":
            lines.append(f"oifname {zones[name]} accept")
        lines += [_verdict("DROP" if zone.one("forward") == "DROP" else "REJECT"), "}"]
    return "\n".join([*lines, "}"]) + "\n"


def _base(hook: str, zones: Mapping[str, str], *first: str) -> list[str]:
    return [
        f"chain {hook} {{ type filter hook {hook} priority filter; policy drop;",
        *first,
        "ct state vmap { established : accept, related : accept }",
        *(f"iifname {devices} jump {hook}_{name}" for name, devices in zones.items()),
        "jump handle_reject",
        "}",
    ]


def _rules(parts: Sequence[Section], zone: str) -> list[str]:
    lines = []
    for each in parts:
        if each.kind != "rule" or each.one("src") != zone or each.values.get("dest"):
            continue
        verdict = each.one("target").lower()
        family = {"ipv4": "meta nfproto ipv4 ", "ipv6": "meta nfproto ipv6 ", "": ""}[
            each.one("family")
        ]
        for protocol in each.words("proto"):
            match protocol, each.one("family"):
                case "icmp", "ipv6":
                    types = (_ICMP6[kind] for kind in each.words("icmp_type"))
                    lines.append(f"icmpv6 type {{ {', '.join(types)} }} {verdict}")
                case "icmp", _:
                    lines.append(f"icmp type {{ {', '.join(each.words('icmp_type'))} }} {verdict}")
                case _:
                    ports = ", ".join(each.words("dest_port"))
                    lines.append(f"{family}{protocol} dport {{ {ports} }} {verdict}")
    return lines


_ICMP6 = {
    "echo-request": "echo-request",
    "router-solicitation": "nd-router-solicit",
    "router-advertisement": "nd-router-advert",
    "neighbour-solicitation": "nd-neighbor-solicit",
    "neighbour-advertisement": "nd-neighbor-advert",
}


def _verdict(policy: str) -> str:
    return {"ACCEPT": "accept", "REJECT": "jump handle_reject", "DROP": "drop"}[policy]
