"""Notices that somebody changed the rules or the interfaces, without asking again and again.

The kernel tells every listener of a netlink group what changed. Rules: elements come and go all
day, ours and dnsmasq's, rules do not; so only tables, chains, rules and sets wake anybody, and
then `Enforcer.intact` says whether it concerned us. Interfaces: what wakes is one that came, went
or changed; queues go with their interface (`firewall.shaper`). Idle costs nothing.
"""

import asyncio
import errno
from collections.abc import Callable
from types import TracebackType
from typing import Self

from firewall.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, messages, open_socket

SETTLE_SECONDS = 0.02
"""A firewall that restarts changes its rules in several transactions; look when it has done."""

_NFTABLES_GROUP = 1 << (7 - 1)  # NFNLGRP_NFTABLES, as a mask
_NFTABLES = 10 << 8
_NOT_RULES = {_NFTABLES | 12, _NFTABLES | 14, _NFTABLES | 15}  # {NEW,DEL}SETELEM, NEWGEN
_LINK_GROUP = 1 << (1 - 1)  # RTNLGRP_LINK
_RECEIVE = 1 << 16


class _Watch:
    """Listens from when it is made until it is closed.

    Raises:
        OSError: the kernel does not let us listen.
    """

    def __init__(self, protocol: int, group: int, concerns: Callable[[bytes], bool]) -> None:
        self._concerns = concerns
        self._socket = open_socket(group, protocol=protocol)
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def changed(self) -> None:
        """Wait until something was changed, by anyone, since the last call returned."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                if self._concerns(await loop.sock_recv(self._socket, _RECEIVE)):
                    break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                break  # More was changed than the kernel could tell us.
        await asyncio.sleep(SETTLE_SECONDS)
        self._forget()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _forget(self) -> None:
        """Drop what was told meanwhile: our caller looks now, and will see it."""
        while True:
            try:
                self._socket.recv(_RECEIVE)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise


class RulesetWatch(_Watch):
    """Wakes when rules were changed."""

    def __init__(self) -> None:
        super().__init__(NETLINK_NETFILTER, _NFTABLES_GROUP, _of_rules)


class LinkWatch(_Watch):
    """Wakes when an interface came, went or changed."""

    def __init__(self) -> None:
        super().__init__(NETLINK_ROUTE, _LINK_GROUP, lambda _: True)


def _of_rules(datagram: bytes) -> bool:
    return any(kind not in _NOT_RULES for kind, _, _ in messages(datagram))
