"""The user portal's listening sockets: on the phones' interface and nowhere else."""

import asyncio
import logging
import socket
import ssl
from contextlib import AsyncExitStack

from aiohttp.web_server import Server

from portal.connections import Connections
from portal.user_portal import UserPortal

_AGAIN_SECONDS = 1.0
_BACKLOG = 1024

log = logging.getLogger("portal")


class PortTaken(Exception):
    """Another program listens where the pages should be."""


class Listeners:
    """Serves the user portal on an interface, through every life of that interface."""

    def __init__(
        self,
        interface: str,
        http_port: int,
        https: tuple[int, ssl.SSLContext] | None,
        portal: UserPortal,
        connections: Connections,
    ) -> None:
        self._interface = interface
        self._ports: list[tuple[int, ssl.SSLContext | None]] = [(http_port, None)]
        if https is not None:
            self._ports.append(https)
        self._server = Server(
            portal.handle, access_log=None, logger=logging.getLogger("portal.http")
        )
        self.connections = connections
        self.interface_changed = asyncio.Event()

    async def serve(self) -> None:
        """Listen until cancelled; anew when the interface is a new one of the same name.

        Raises:
            PortTaken: a port is not free, at the first try.
        """
        first = True
        while True:
            async with AsyncExitStack() as stack:
                try:
                    for port, tls in self._ports:
                        for family in (socket.AF_INET, socket.AF_INET6):
                            await self._listen(stack, family, port, tls)
                except OSError as error:
                    if first:
                        raise PortTaken(
                            f"port {port} cannot be listened on: {error.strerror}; stop the program"
                            " that has it, or choose another [portal] http_port"
                        ) from None
                    await asyncio.sleep(_AGAIN_SECONDS)
                    continue
                log.info("ready for phones on %s", self._interface)
                first = False
                index = _index(self._interface)
                while _index(self._interface) in (index, 0):
                    await self.interface_changed.wait()
                    self.interface_changed.clear()
            log.warning("%s is a new interface; listening again", self._interface)

    async def _listen(
        self, stack: AsyncExitStack, family: int, port: int, tls: ssl.SSLContext | None
    ) -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: self.connections.protocol(self._server),
            sock=_bound(family, port, self._interface),
            ssl=tls,
            backlog=_BACKLOG,
        )
        stack.callback(server.close)


def _bound(family: int, port: int, interface: str) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Packets of other interfaces never reach this socket, whatever the firewall does.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    except BaseException:
        listening.close()
        raise
    return listening


def _index(interface: str) -> int:
    """The interface's number; 0 while there is none of this name."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return 0
