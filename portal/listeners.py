"""The user portal's listening sockets: on the phones' interface and nowhere else."""

import asyncio
import logging
import resource
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from typing import Any, Protocol

from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse
from aiohttp.web_server import Server

from portal.connections import PLACES, SECURE_PLACES, Connections
from portal.machine import StartError

_AGAIN_SECONDS = 1.0
_BACKLOG = 4096
"""As many as the kernel allows by default (net.core.somaxconn)."""
_TLS_BUFFER_BYTES = 16 * 1024
"""One record, the most TLS ever needs to see at once (RFC 8446 §5.1)."""
_MOST_FILES = PLACES + SECURE_PLACES + 256
"""A file for each connection, and what else the daemon opens. Many systems start with 1024."""
_LINGER_SECONDS = 2.0
"""How long the rest of a form that nobody wanted is still read, so that the answer arrives."""
_UNREAD_MILLISECONDS = 15_000
"""How long the kernel keeps an answer that the phone does not take (tcp(7), TCP_USER_TIMEOUT);
by default minutes, in which slow readers would collect."""

log = logging.getLogger("portal")


class PortTaken(StartError):
    """Another program listens where the pages should be."""


class Answers(Protocol):
    """Who answers requests; never raises."""

    async def handle(self, request: BaseRequest) -> StreamResponse: ...

    def unreadable(self) -> StreamResponse:
        """The answer to bytes that are no request."""
        ...


class Listeners:
    """Serves the user portal on an interface, through every life of that interface."""

    def __init__(
        self,
        interface: str,
        http_port: int,
        https: tuple[int, ssl.SSLContext] | None,
        portal: Answers,
        connections: Connections,
    ) -> None:
        self._interface = interface
        self._ports: list[tuple[int, ssl.SSLContext | None]] = [(http_port, None)]
        if https is not None:
            self._ports.append(https)
        self._server = _Server(portal)
        self.connections = connections
        self.interface_changed = asyncio.Event()
        self._index = 0
        self._listening: list[tuple[socket.socket, ssl.SSLContext | None]] = []

    def take_ports(self) -> None:
        """Begin to listen; phones that come before `serve` wait in line.

        Raises:
            PortTaken: a port is not free.
        """
        self._index = _index(self._interface)
        try:
            for port, tls in self._ports:
                for family in (socket.AF_INET, socket.AF_INET6):
                    self._listening.append((_bound(family, port, self._interface), tls))
        except OSError as error:
            self.close()
            setting = "https_port" if tls else "http_port"
            raise PortTaken(
                f"port {port} cannot be listened on: {error.strerror}; stop the program"
                f" that has it, or choose another [portal] {setting}"
            ) from None

    def close(self) -> None:
        """Give the ports back."""
        for bound, _ in self._listening:
            bound.close()
        self._listening.clear()

    async def serve(self) -> None:
        """Answer until cancelled; take the ports anew when the interface is a new one."""
        _allow_files(_MOST_FILES)
        SSLProtocol.max_size = _TLS_BUFFER_BYTES  # asyncio takes 256 KiB for each connection.
        while True:
            log.info("ready for phones on %s", self._interface)
            async with asyncio.TaskGroup() as tasks:
                serving = [
                    tasks.create_task(self.connections.serve(each, self._server, tls))
                    for each, tls in self._listening
                ]
                await self._interface_replaced()
                for task in serving:
                    task.cancel()
            log.warning("%s is a new interface; listening again", self._interface)
            self.close()
            while not self._listening:
                try:
                    self.take_ports()
                except PortTaken as error:
                    log.warning("%s", error)
                    await asyncio.sleep(_AGAIN_SECONDS)

    async def _interface_replaced(self) -> None:
        while _index(self._interface) in (self._index, 0):
            await self.interface_changed.wait()
            self.interface_changed.clear()


class _Server(Server):
    """aiohttp's server, which answers what is no HTTP in our words and not in its own.

    Its own name the program and its version, repeat what was sent, and write a traceback into
    the log for every such request.
    """

    def __init__(self, portal: Answers) -> None:
        self.unreadable = portal.unreadable
        self._settings: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # Forms are not compressed; bombs are.
            "lingering_time": _LINGER_SECONDS,
            "logger": log,
        }
        super().__init__(portal.handle)

    def __call__(self) -> RequestHandler:
        return _Exchange(self, loop=asyncio.get_running_loop(), **self._settings)


class _Exchange(RequestHandler):
    """One connection of `_Server`."""

    def __init__(self, server: _Server, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._unreadable = server.unreadable

    def handle_error(self, *_: Any, **__: Any) -> StreamResponse:
        """Answer what could not be read. `Answers.handle` itself never fails."""
        return self._unreadable()

    def log_exception(self, *args: Any, **words: Any) -> None:
        log.debug(*args, **words)


def _bound(family: int, port: int, interface: str) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Packets of other interfaces never reach this socket, whatever the firewall does.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MILLISECONDS)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _allow_files(most: int) -> None:
    """Raise this process's own limit as far as `most`, if the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _index(interface: str) -> int:
    """The interface's number; 0 while there is none of this name."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return 0
