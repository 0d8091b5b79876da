"""Looks at the line to the Internet; what the looks mean is decided by `portal.uplink`.

One look wants a default route, an answer from the resolver that phones ask, a TCP connection
and (for https) a TLS handshake. A dozen packets every twenty seconds, more only while there is
doubt. Nothing is sent that tells who asks, and nothing of the answer is believed but that there
is one: so the certificate is not checked, or the wrong clock after a power cut would look like
an outage.
"""

import asyncio
import errno
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Literal
from urllib.parse import urlsplit

from firewall.netlink import NETLINK_ROUTE, open_socket
from firewall.watch import LinkWatch
from portal import name_question, rtnetlink
from portal.machine import addresses_of
from portal.name_question import Address
from portal.routes import Route, default_routes
from portal.session import Instant
from portal.uplink import Fault, Line, noticed, seconds_to_next_look

LOOK_SECONDS = 5.0
"""Longer than any answer takes over a crowded line."""
_PAUSE_SECONDS = 1.0
"""At least so long between two looks, whatever happens to interfaces meanwhile."""
_RESOLVER_PORT = 53
_MOST_ANSWER_BYTES = 4096
_RECEIVE = 1 << 16


class UplinkWatch:
    """What is believed of the line (`line`). `run` keeps it current."""

    def __init__(
        self,
        look: Callable[[], Awaitable[Fault | None]],
        now: Callable[[], Instant],
        changed: Callable[[Line, Line], None],
    ) -> None:
        """`changed` is told the line before and after, when it went down or came up."""
        self._look = look
        self._now = now
        self._changed = changed
        self._wake = asyncio.Event()
        self.line = Line()

    async def run(self) -> None:
        """Look again and again until cancelled; at once when an interface changes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_links())
            while True:
                begun = self._now()
                fault = await self._look()
                before, self.line = self.line, noticed(self.line, fault, self._now())
                if before.up != self.line.up:
                    self._changed(before, self.line)
                took = self._now() - begun
                await asyncio.sleep(max(0.0, _PAUSE_SECONDS - took))
                wait = seconds_to_next_look(self.line) - max(took, _PAUSE_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, wait)):
                        await self._wake.wait()
                self._wake.clear()

    async def _follow_links(self) -> None:
        with LinkWatch() as watch:
            while True:
                await watch.changed()
                self._wake.set()


def looks(
    phones: str, uplink: str, addresses: Sequence[str]
) -> Callable[[], Awaitable[Fault | None]]:
    """How to look at the line through `uplink`: each time at the next of the web `addresses`.

    So three looks that fail in a row were not about one host that was being restarted.
    """
    turns = cycle(addresses)

    async def look() -> Fault | None:
        routes = [route for route in default_routes() if route.interface == uplink]
        if not routes:
            return "no route"
        fault = await _ask(phones, next(turns))
        if fault is None:
            return None
        heard = [_is_there(route) for route in routes]
        return "gateway silent" if False in heard and True not in heard else fault

    return look


async def _ask(phones: str, address: str) -> Fault | None:
    """Resolve and connect, as a phone would."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    secure = parts.scheme == "https"
    fault: Fault = "no names"
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            found = await addresses_for_phones(phones, parts.hostname)
            if not found:
                return fault
            fault = "no answer"
            _, writer = await asyncio.open_connection(
                str(found[0]),
                parts.port or (443 if secure else 80),
                ssl=anyone() if secure else None,
                server_hostname=parts.hostname if secure else None,
            )
            writer.transport.abort()  # Enough was seen; nobody waits for a farewell.
    except (OSError, TimeoutError):
        return fault
    return None


async def addresses_for_phones(phones: str, name: str) -> list[Address]:
    """What the resolver of the phones says; nothing if it knows nothing, or is silent."""
    for resolver in addresses_of(phones)[:1]:
        for family in (4, 6):
            if found := await _resolve(resolver, name, family):
                return found
    return []


async def _resolve(resolver: Address, name: str, family: Literal[4, 6]) -> list[Address]:
    kind = socket.AF_INET if resolver.version == 4 else socket.AF_INET6
    loop = asyncio.get_running_loop()
    with socket.socket(kind, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        channel.connect((str(resolver), _RESOLVER_PORT))
        number = secrets.randbelow(1 << 16)
        await loop.sock_sendall(channel, name_question.ask(number, name, family))
        while True:
            answer = await loop.sock_recv(channel, _MOST_ANSWER_BYTES)
            with suppress(name_question.Unreadable):
                return name_question.read(answer, number)


def anyone() -> ssl.SSLContext:
    """TLS with whoever answers; see the module."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_there(route: Route) -> bool | None:
    """Whether the provider's router answered when the kernel last looked for it.

    None if there is no telling: the kernel did not look, or there is nobody to look for.
    """
    if route.gateway is None:
        return None
    with open_socket(protocol=NETLINK_ROUTE) as kernel:
        kernel.setblocking(False)  # The kernel answers while it is asked: nothing waits.
        try:
            index = socket.if_nametoindex(route.interface)
            kernel.send(rtnetlink.whose(str(route.gateway), index))
            words = list(rtnetlink.read(kernel.recv(_RECEIVE)))
        except OSError as error:
            if error.errno in (errno.ENODEV, errno.EAGAIN):
                return None
            raise
    found = [word.mac for word in words if isinstance(word, rtnetlink.Neighbour)]
    return None if not found else found[0] is not None
