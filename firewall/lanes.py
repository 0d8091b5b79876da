"""Renders the rules that tell devices apart before the queue, as chains for `firewall.ruleset`.

Every device gets a lane of its own, a class of the queue (`firewall.shaping`), in turn, with the
first packet after ten minutes. So no two of the first 128 devices in ten minutes share one, the
cost of a packet does not grow with their number, and nobody has to notice who is there.

Chains of their own, after those that judge: what gets here passes.
"""

from string import Template

from firewall.shaping import FIRST_LANE, LANES, SHARED, Shaping

_UPLOADS = Template("""
    # -- whose turn it is at the line ------------------------------------------------------
$ceiling_set\
$lanes_map\
    chain lanes {
        type filter hook forward priority filter - 4; policy accept;
        iifname != $phones accept
$ceiling_rule\
$lanes_rules\
    }
""")

_DOWNLOADS = Template("""
    # -- whose turn it is at the line ------------------------------------------------------
$ceiling_set\
$lanes_map\
    chain lanes {
        type filter hook egress device $phones priority filter + 1; policy accept;
        meta mark & $forwarded == 0 accept comment "our pages have not come over the line"
$ceiling_rule\
$lanes_rules\
    }
""")

_CEILING_SET = """\
    # Devices that sent or received a moment ago, to bound what each has of the line.
    set busy {
        type ether_addr
        size 16384
        flags dynamic,timeout
        timeout 10s
    }
"""

_CEILING_RULE = Template("""\
        update @busy { ether $device limit rate over $rate kbytes/second burst $burst kbytes } \\
            drop comment "the most one device may have"
""")

_LANES_MAP = """\
    map lane {
        type ether_addr : classid
        size 16384
        flags dynamic,timeout
        timeout 10m
    }
"""

_LANES_RULES = Template("""\
        meta priority set ether $device map @lane accept comment "its lane"
        add @lane { ether $device : numgen inc mod $lanes offset $first_lane } \\
            comment "a lane for it, the next in turn"
        meta priority set $shared comment "no lane: one for all of them"
        meta priority set ether $device map @lane comment "its new lane"
""")


def uploads(shaping: Shaping, phones: str) -> str:
    """Chains for table inet: what `phones` (quoted) send over the line."""
    return _chains(_UPLOADS, "saddr", shaping.up_mbit, shaping.device_up_mbit, phones=phones)


def downloads(shaping: Shaping, phones: str, forwarded: str) -> str:
    """Chains for table netdev: what has the mark bit `forwarded` and goes to `phones` (quoted)."""
    return _chains(
        _DOWNLOADS,
        "daddr",
        shaping.down_mbit,
        shaping.device_down_mbit,
        phones=phones,
        forwarded=forwarded,
    )


def _chains(
    template: Template,
    device: str,
    line_mbit: int | None,
    device_mbit: int | None,
    **names: str,
) -> str:
    if line_mbit is None and device_mbit is None:
        return ""
    ceiling_rule = lanes_rules = ""
    if device_mbit is not None:
        # A quarter of a second at once: enough for TCP to find the rate.
        ceiling_rule = _CEILING_RULE.substitute(
            device=device, rate=device_mbit * 125, burst=max(device_mbit * 125 // 4, 32)
        )
    if line_mbit is not None:
        lanes_rules = _LANES_RULES.substitute(
            device=device,
            lanes=LANES,
            first_lane=FIRST_LANE,
            shared=f"{SHARED >> 16:x}:{SHARED & 0xFFFF:x}",
        )
    return template.substitute(
        names,
        ceiling_set=_CEILING_SET if ceiling_rule else "",
        lanes_map=_LANES_MAP if lanes_rules else "",
        ceiling_rule=ceiling_rule,
        lanes_rules=lanes_rules,
    )
