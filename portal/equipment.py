"""Tells devices apart: which MAC address sent a packet (RFC 8952 §3).

The kernel's neighbour table knows; this is a copy of it for one interface, kept current by the
kernel's own events. A packet that reaches us has just been answered through that table, so its
sender is there; where the event has not been read yet, the kernel is asked for that one
address. Nothing here believes anything a device says about itself.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from itertools import count

from firewall.changes import MacAddress, mac_address
from firewall.netlink import NETLINK_ROUTE, open_socket
from portal import rtnetlink
from portal.rtnetlink import Done, Link, Neighbour, Station

_MOST_NEIGHBOURS = 16_384
"""More than the kernel keeps by default (gc_thresh3): a flood cannot make us grow past it."""

_EVENTS = rtnetlink.NEIGHBOUR_EVENTS | rtnetlink.LINK_EVENTS
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; past net.core.rmem_max, with CAP_NET_ADMIN.
_WAITING_BYTES = 1 << 20
"""Room for a thousand events, which is most of a second of a flood."""
_RECEIVE = 1 << 16
_EVENTS_IN_A_ROW = 64
_AGAIN_SECONDS = 1.0

log = logging.getLogger("portal.equipment")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A MAC address was seen behind a port, or an IP address at a MAC address.

    `devices` are those it is about: who has the address now, and who had it before.
    """

    thing: str
    place: int | MacAddress
    devices: tuple[MacAddress, MacAddress]


class Neighbours:
    """A copy of one interface's neighbour table. `run` keeps it current."""

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._index: int | None = None
        self._macs: dict[str, MacAddress] = {}
        self._addresses: dict[MacAddress, set[str]] = {}

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
        if self._index is None:
            return None
        mac: MacAddress | None = None
        with open_socket(protocol=NETLINK_ROUTE) as kernel:
            kernel.setblocking(False)  # The kernel answers while it is asked: nothing waits.
            kernel.send(rtnetlink.whose(plain, self._index))
            for word in rtnetlink.read(kernel.recv(_RECEIVE)):
                if isinstance(word, Neighbour) and word.address == plain:
                    mac = _device(word.mac)
        self._learn(plain, mac)
        return mac

    async def run(
        self,
        appeared: Callable[[MacAddress], None],
        link_changed: Callable[[], None],
        seen: Callable[[Sighting], None],
    ) -> None:
        """Follow the kernel until cancelled.

        `appeared` is called for every device that is new here; `link_changed` whenever the
        interface came, went or changed; `seen` for all that says where a device is.
        """
        while True:
            try:
                await self._follow(appeared, link_changed, seen)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                # Events came faster than we read them. Until the table has been read again,
                # the kernel is asked for every device that asks us something.
                log.warning("neighbour events were lost; reading the table again")
                self._forget_all()
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(
        self,
        appeared: Callable[[MacAddress], None],
        link_changed: Callable[[], None],
        seen: Callable[[Sighting], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        with open_socket(_EVENTS, protocol=NETLINK_ROUTE) as events:
            events.setblocking(False)
            with suppress(PermissionError):  # In a user namespace nobody may.
                events.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _WAITING_BYTES)
            await self._read_all(appeared)
            for heard in count(1):
                for word in rtnetlink.read(await loop.sock_recv(events, _RECEIVE)):
                    match word:
                        case Neighbour():
                            before = self._macs.get(word.address)
                            self._hear(word, appeared)
                            if (now := self._macs.get(word.address)) is not None:
                                seen(Sighting(word.address, now, (now, before or now)))
                        case Station(bridge, port, address) if bridge == self._index:
                            if (mac := _device(address)) is not None:
                                seen(Sighting(mac, port, (mac, mac)))
                        case Link(index, name, gone) if name == self._interface:
                            if (None if gone else index) != self._index:
                                await self._read_all(appeared)
                            link_changed()
                if heard % _EVENTS_IN_A_ROW == 0:
                    await asyncio.sleep(0)  # `sock_recv` lets nobody else run in a flood.

    async def _read_all(self, appeared: Callable[[MacAddress], None]) -> None:
        """Begin anew from the kernel's table: at the start, and with a new interface."""
        self._forget_all()
        try:
            self._index = socket.if_nametoindex(self._interface)
        except OSError:
            self._index = None
            return
        with open_socket(protocol=NETLINK_ROUTE) as listing:
            listing.setblocking(False)  # As above; each reading fetches the next part.
            listing.send(rtnetlink.all_neighbours())
            done = False
            while not done:
                for word in rtnetlink.read(listing.recv(_RECEIVE)):
                    if isinstance(word, Neighbour):
                        self._hear(word, appeared)
                    done = done or isinstance(word, Done)
                await asyncio.sleep(0)

    def _hear(self, word: Neighbour, appeared: Callable[[MacAddress], None]) -> None:
        if word.index == self._index:
            mac = _device(word.mac)
            if self._learn(word.address, mac) and mac is not None:
                appeared(mac)

    def _learn(self, address: str, mac: MacAddress | None) -> bool:
        """Take over who has an address; whether that device was not known to be here."""
        if self._macs.get(address) == mac:
            return False
        self._forget(address)
        if mac is None or len(self._macs) >= _MOST_NEIGHBOURS:
            return False
        new = mac not in self._addresses
        self._macs[address] = mac
        self._addresses.setdefault(mac, set()).add(address)
        return new

    def _forget_all(self) -> None:
        self._macs.clear()
        self._addresses.clear()

    def _forget(self, address: str) -> None:
        mac = self._macs.pop(address, None)
        if mac is not None:
            self._addresses[mac].discard(address)
            if not self._addresses[mac]:
                del self._addresses[mac]


def _device(mac: str | None) -> MacAddress | None:
    try:
        return None if mac is None else mac_address(mac)
    except ValueError:  # A group address claims to be a device.
        return None


def _plain(address: str) -> str:
    """As the kernel writes it: no scope (`%br-lan`), no IPv4 wrapped in IPv6."""
    plain = ip_address(address.partition("%")[0])
    if isinstance(plain, IPv6Address) and plain.ipv4_mapped is not None:
        plain = plain.ipv4_mapped
    return str(plain)
