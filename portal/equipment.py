"""Tells devices apart: which MAC address sent a packet (RFC 8952 §3).

The kernel's neighbour table knows; this is a copy of it for one interface, kept current by the
kernel's own events. A packet that reaches us has just been answered through that table, so its
sender is there; where the event has not been read yet, the kernel is asked for that one
address. Nothing here believes anything a device says about itself.
"""

import asyncio
import errno
import logging
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2.iproute.linux import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTMGRP_LINK, RTMGRP_NEIGH

from firewall.changes import MacAddress, mac_address

_CONFIRMED = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""REACHABLE, STALE, DELAY, PROBE, PERMANENT (linux/neighbour.h)."""

_MOST_NEIGHBOURS = 16_384
"""More than the kernel keeps by default (gc_thresh3): a flood cannot make us grow past it."""

_AGAIN_SECONDS = 1.0

log = logging.getLogger("portal.equipment")


class Neighbours:
    """A copy of one interface's neighbour table. `run` keeps it current."""

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._index: int | None = None
        self._macs: dict[str, MacAddress] = {}
        self._addresses: dict[MacAddress, set[str]] = {}
        self._kernel: Any = None

    def known(self, address: str) -> MacAddress | None:
        """Whose address this is, as far as the events read so far tell."""
        return self._macs.get(_plain(address))

    def addresses_of(self, mac: MacAddress) -> frozenset[str]:
        """The IP addresses a device is known to use now, both families."""
        return frozenset(self._addresses.get(mac, ()))

    async def find(self, address: str) -> MacAddress | None:
        """Whose address this is; asks the kernel where the copy does not know."""
        return self.known(address) or await self.confirm(address)

    async def confirm(self, address: str) -> MacAddress | None:
        """Whose address this is now, as the kernel says: one question, not a listing."""
        plain = _plain(address)
        if self._kernel is None or self._index is None:
            return None
        family = AF_INET6 if ":" in plain else AF_INET
        try:
            answers = await self._kernel.neigh("get", dst=plain, ifindex=self._index, family=family)
        except NetlinkError as error:
            if error.code != errno.ENOENT:
                log.warning("the kernel was asked for one neighbour and said: %s", error)
            self._forget(plain)
            return None
        for message in answers:
            self._learn(message)
        return self._macs.get(plain)

    async def run(
        self, appeared: Callable[[MacAddress], None], link_changed: Callable[[], None]
    ) -> None:
        """Follow the kernel until cancelled.

        `appeared` is called for every device that is new here; `link_changed` whenever the
        interface came, went or changed.
        """
        while True:
            try:
                await self._follow(appeared, link_changed)
            except (OSError, NetlinkError) as error:
                # ENOBUFS: events came faster than we read them. Begin again from the table.
                log.warning("neighbour events were lost (%s); reading the table again", error)
            finally:
                self._kernel = None
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(
        self, appeared: Callable[[MacAddress], None], link_changed: Callable[[], None]
    ) -> None:
        async with AsyncIPRoute() as events, AsyncIPRoute() as kernel:
            await events.bind(RTMGRP_NEIGH | RTMGRP_LINK)
            self._kernel = kernel
            await self._read_all(appeared)
            while True:  # One `get` ends with the messages that have arrived.
                async for message in events.get():
                    await self._take(message, appeared, link_changed)

    async def _take(
        self,
        message: Any,
        appeared: Callable[[MacAddress], None],
        link_changed: Callable[[], None],
    ) -> None:
        match message["event"]:
            case "RTM_NEWNEIGH" | "RTM_DELNEIGH":
                mac = self._learn(message)
                if mac is not None:
                    appeared(mac)
            case "RTM_NEWLINK" | "RTM_DELLINK":
                if message.get_attr("IFLA_IFNAME") == self._interface:
                    gone = message["event"] == "RTM_DELLINK"
                    if (None if gone else message["index"]) != self._index:
                        await self._read_all(appeared)
                    link_changed()

    async def _read_all(self, appeared: Callable[[MacAddress], None]) -> None:
        """Begin anew from the kernel's table: at the start, and with a new interface."""
        self._macs.clear()
        self._addresses.clear()
        found = await self._kernel.link_lookup(ifname=self._interface)
        self._index = found[0] if found else None
        if self._index is None:
            return
        async for message in await self._kernel.get_neighbours(ifindex=self._index):
            mac = self._learn(message)
            if mac is not None:
                appeared(mac)

    def _learn(self, message: Any) -> MacAddress | None:
        """Take over one message; returns the device if it was not known to be here."""
        if message["ifindex"] != self._index or message["family"] not in (AF_INET, AF_INET6):
            return None
        address = message.get_attr("NDA_DST")
        if address is None:
            return None
        link_address = message.get_attr("NDA_LLADDR")
        here = message["event"] == "RTM_NEWNEIGH" and message["state"] & _CONFIRMED
        try:
            mac = mac_address(link_address) if here and link_address else None
        except ValueError:  # A group address claims to be a device.
            mac = None
        if self._macs.get(address) == mac:
            return None
        self._forget(address)
        if mac is None or len(self._macs) >= _MOST_NEIGHBOURS:
            return None
        new = mac not in self._addresses
        self._macs[address] = mac
        self._addresses.setdefault(mac, set()).add(address)
        return mac if new else None

    def _forget(self, address: str) -> None:
        mac = self._macs.pop(address, None)
        if mac is not None:
            self._addresses[mac].discard(address)
            if not self._addresses[mac]:
                del self._addresses[mac]


def _plain(address: str) -> str:
    """As the kernel writes it: no scope (`%br-lan`), no IPv4 wrapped in IPv6."""
    plain = ip_address(address.partition("%")[0])
    if isinstance(plain, IPv6Address) and plain.ipv4_mapped is not None:
        plain = plain.ipv4_mapped
    return str(plain)
