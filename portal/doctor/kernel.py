"""Looks at the kernel's settings: forwarding, neighbours, the bridge, offload."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from portal.config import Config
from portal.doctor.finding import Finding, unseen
from portal.doctor.programs import run

_ADDRESSES_OF_A_DEVICE = 8
"""One of IPv4 and several of IPv6, and as many again of devices that have gone."""
_ROUTERS_FIREWALL = Path("/etc/config/firewall")


def forwarding(config: Config) -> Iterator[Finding]:
    for family, name in (("ipv4", "ip_forward"), ("ipv6", "conf/all/forwarding")):
        setting = Path(f"/proc/sys/net/{family}/{name}")
        if setting.exists():
            on = setting.read_text().strip() != "0"
            values = {"family": family, "setting": f"net.{family}.{name.replace('/', '.')}"}
            yield Finding("forwarding", on, "on" if on else "off", values)


def neighbour_tables(config: Config) -> Iterator[Finding]:
    """When one of these is full, no phone that is new can be answered (docs/security.md)."""
    needed = _ADDRESSES_OF_A_DEVICE * config.session.max_devices
    for family in ("ipv4", "ipv6"):
        table = Path(f"/proc/sys/net/{family}/neigh/default")
        try:
            places = int((table / "gc_thresh3").read_text())
        except FileNotFoundError:  # Not in a namespace: the limit is the machine's.
            continue
        good = places >= needed
        values = {
            "family": family,
            "setting": f"net.{family}.neigh.default.gc_thresh3",
            "places": places,
            "devices": config.session.max_devices,
            "needed": needed,
        }
        yield Finding("neighbours", good, "enough" if good else "few", values)


def false_routers(config: Config) -> Iterator[Finding]:
    """The gateway must not take a phone for a router (RFC 6104). Our rules drop what phones
    advertise, but not before there are rules."""
    settings = Path(f"/proc/sys/net/ipv6/conf/{config.interfaces.phones}")
    if not settings.exists():
        return
    accept = (settings / "accept_ra").read_text().strip()
    forwarding = (settings / "forwarding").read_text().strip() != "0"
    good = accept == "0" or (accept == "1" and forwarding)  # A router takes none, but by 2.
    values = {"setting": f"net.ipv6.conf.{config.interfaces.phones}.accept_ra"}
    yield Finding("routers", good, "refused" if good else "taken", values)


def isolation(config: Config) -> Iterator[Finding]:
    """Whether phones behind different ports of the bridge reach each other.

    Phones of one radio are the radio's matter (`portal.doctor.air`).
    """
    ports = sorted(Path(f"/sys/class/net/{config.interfaces.phones}/brif").glob("*"))
    if not ports:
        return
    joined = [port.name for port in ports if (port / "isolated").read_text().strip() != "1"]
    good = len(joined) <= 1
    values = {
        "ports": len(ports),
        "joined": len(joined),
        "first": next(iter(joined), ""),
        "which": ", ".join(joined[:8]),
    }
    yield Finding("apart", good, "good" if good else "bad", values)


def offload(config: Config) -> Iterator[Finding]:
    """Offloaded packets pass by every rule: counters stop and sessions never end."""
    try:
        asked = asks_for_offload(_ROUTERS_FIREWALL.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # Not OpenWrt, or not for this user.
        asked = []
    if asked:
        yield Finding("offload", False, "asked", {"which": ", ".join(asked)})
        return
    try:
        listed = run("nft", "list", "flowtables")
    except (OSError, subprocess.SubprocessError):
        yield unseen("offload", "unseen")
        return
    offloading = "flowtable" in listed
    yield Finding("offload", not offloading, "on" if offloading else "off")


def asks_for_offload(settings: str) -> list[str]:
    """Which options of OpenWrt's firewall (`/etc/config/firewall`) turn offload on."""
    found: list[str] = []
    for line in settings.splitlines():
        match line.replace("'", " ").replace('"', " ").split():
            case ["option", "flow_offloading" | "flow_offloading_hw" as name, value, *_]:
                if value in ("1", "on", "true", "yes", "enabled"):
                    found.append(name)
    return found
