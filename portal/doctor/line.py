"""Looks at the line: cable, address, route, names, and whether somebody answers."""

import asyncio
import fcntl
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Final

from portal.config import Config
from portal.doctor import networks
from portal.doctor.finding import Finding
from portal.doctor.programs import run
from portal.machine import addresses_of
from portal.routes import default_routes
from portal.uplink import Fault
from portal.uplink_watch import LOOK_SECONDS, addresses_for_phones, looks

_SIOCGIFADDR, _SIOCGIFNETMASK = 0x8915, 0x891B  # linux/sockios.h
_POINT_TO_POINT: Final = "512"
"""ARPHRD_PPP (linux/if_arp.h)."""
_LEAST_MBIT: Final = 100


def cable(config: Config) -> Iterator[Finding]:
    uplink = config.interfaces.uplink
    link = Path(f"/sys/class/net/{uplink}")
    if not link.exists():  # `machine` says so.
        return
    values = {"uplink": uplink}
    try:
        there = (link / "carrier").read_text().strip() == "1"
    except OSError:  # An interface that is down does not say.
        yield Finding("cable", False, "off", values)
        return
    if not there:
        yield Finding("cable", False, "out", values)
        return
    with suppress(OSError, ValueError):  # What is no Ethernet has no speed.
        mbit = int((link / "speed").read_text())
        if 0 < mbit < _LEAST_MBIT:
            yield Finding("cable", False, "slow", {**values, "mbit": mbit})
            return
    yield Finding("cable", True, "in", values)


def address(config: Config) -> Iterator[Finding]:
    """The address of the line, and how many times it is translated on the way out."""
    uplink = config.interfaces.uplink
    yield from networks.judge(
        networks_of(uplink), networks_of(config.interfaces.phones), _way(uplink)
    )


def _way(uplink: str) -> networks.Way:
    with suppress(OSError):
        if Path(f"/sys/class/net/{uplink}/type").read_text().strip() == _POINT_TO_POINT:
            return "pppoe"
    try:
        return networks.way_of(run("ubus", "call", "network.interface", "dump"), uplink)
    except (OSError, subprocess.SubprocessError):  # Not OpenWrt, or not for this user.
        return "unknown"


def networks_of(interface: str) -> list[IPv4Interface]:
    """The first IPv4 address of an interface with its network; empty if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as question:
        asked = struct.pack("16s24x", interface.encode())
        try:
            own, mask = (
                IPv4Address(fcntl.ioctl(question, what, asked)[20:24])
                for what in (_SIOCGIFADDR, _SIOCGIFNETMASK)
            )
        except OSError:
            return []
    return [IPv4Interface(f"{own}/{mask}")]


def route(config: Config) -> Iterator[Finding]:
    uplink = config.interfaces.uplink
    routes = [
        each for each in default_routes() if each.gateway is None or each.gateway.version == 4
    ]
    others = sorted({each.interface for each in routes} - {uplink})
    values = {"uplink": uplink, "others": ", ".join(others)}
    if any(each.interface == uplink for each in routes):
        yield Finding("route", True, "there", values)
    else:
        yield Finding("route", False, "elsewhere" if others else "none", values)


def names(config: Config) -> Iterator[Finding]:
    """Whether the resolver of the phones leads the portal's name here."""
    here = set(addresses_of(config.interfaces.phones))
    values = {"host": config.portal.host, "phones": config.interfaces.phones}
    if not here:
        yield Finding("names", False, "nowhere", values)
        return

    async def ask() -> set[object]:
        async with asyncio.timeout(LOOK_SECONDS):
            return set(await addresses_for_phones(config.interfaces.phones, config.portal.host))

    try:
        found = asyncio.run(ask())
    except (OSError, TimeoutError):
        yield Finding("names", False, "silent", values)
        return
    if not found:
        yield Finding("names", False, "unknown", values)
    else:
        yield Finding("names", found <= here, "here" if found <= here else "astray", values)


def answers(config: Config) -> Iterator[Finding]:
    """One look at each of the hosts, until one answers."""
    urls, ways = config.uplink.check_urls, config.interfaces
    if not urls:
        return
    look = looks(ways.phones, ways.uplink, urls)

    async def find() -> Fault | None:
        fault: Fault | None = None
        for _ in urls:
            if (fault := await look()) is None:
                break
        return fault

    fault = asyncio.run(find())
    values = {"uplink": ways.uplink, "asked": ", ".join(urls)}
    yield Finding("line", fault is None, fault or "up", values)
