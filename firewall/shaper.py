"""Keeps the queues of `firewall.shaping` standing: interfaces come back without theirs.

A line that dials again (PPPoE), a cable that is pulled, a network that is restarted. Looking
costs a question to the kernel; making is left to a process that ends (`shaping_kernel`).
"""

import asyncio
import logging
import socket
import struct
import sys
from contextlib import closing, suppress
from typing import cast

from firewall.enforcer import EnforcementError
from firewall.netlink import NETLINK_ROUTE, dump, open_socket
from firewall.shaping import HANDLE, Shaping, Way, orders, standing
from firewall.watch import LinkWatch

_LOOK_SECONDS = 60.0
"""How often the queues are looked at without any notice: somebody may remove one by hand."""

_GET_QUEUES = 38  # RTM_GETQDISC
_QUEUE = struct.Struct("=iIII")  # The rest of struct tcmsg: interface, handle, parent, info

log = logging.getLogger("firewall.shaper")


class Shaper:
    """One line, shared as `shaping` says. `run` makes its queues and keeps them."""

    def __init__(self, shaping: Shaping, phones: str, uplink: str) -> None:
        self._shaping = shaping
        self._interfaces = phones, uplink
        self._way: Way | None = None
        self.failing: str | None = None
        """What the kernel last refused; None while the queues stand."""

    @property
    def way(self) -> Way | None:
        """How the line is shared; None while it is not."""
        return self._way if self._shaping.queues else None

    async def run(self) -> None:
        """Keep the queues until cancelled, and leave them standing then.

        A kernel that refuses is no reason to stop: the line is then shared badly, and it is
        tried again whenever an interface changes.
        """
        if not self._shaping.queues:
            if HANDLE in {handle for _, handle in queues()}:
                await self._make()  # None of them: the last configuration left some.
            return
        with LinkWatch() as watch:
            while True:
                if self._way is None or not self._stand(self._way):
                    await self._make()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await watch.changed()

    def _stand(self, way: Way) -> bool:
        wanted = standing(orders(self._shaping, *self._interfaces, way))
        return wanted <= queues()

    async def _make(self) -> None:
        try:
            self._way = await make_elsewhere(self._shaping, *self._interfaces)
        except EnforcementError as error:
            if self.failing is None:
                log.warning("the line is not shared fairly: %s", error)
            self._way, self.failing = None, str(error)
        else:
            self.failing = None
            if self._shaping.queues:
                log.info("the line is shared fairly, by %s", self._way)


async def make_elsewhere(shaping: Shaping, phones: str, uplink: str) -> Way:
    """`shaping_kernel.make` in a process of its own.

    Raises:
        EnforcementError: the kernel refused every way; no queue of ours is left.
    """
    rates = (str(mbit or "-") for mbit in (shaping.down_mbit, shaping.up_mbit))
    command = (sys.executable, "-m", "firewall.shaping_kernel", phones, uplink, *rates)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        said, complained = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise EnforcementError(complained.decode(errors="replace").strip())
    return cast(Way, said.decode().strip())


def queues() -> frozenset[tuple[str, int]]:
    """Every queue of this machine: the interface, and the queue's number.

    Raises:
        OSError: the kernel could not be asked.
    """
    names = dict(socket.if_nameindex())
    with closing(open_socket(protocol=NETLINK_ROUTE)) as netlink:
        found = dump(netlink, _GET_QUEUES, socket.AF_UNSPEC, bytes(_QUEUE.size))
    return frozenset(
        (names[index], handle)
        for index, handle, _, _ in (_QUEUE.unpack_from(message.body) for message in found)
        if index in names
    )
