"""What the daemon does again and again: rules, counters, old sessions, the garden by name."""

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress
from ipaddress import ip_address

from firewall import conntrack
from firewall.enforcer import EnforcementError, Enforcer
from firewall.watch import RulesetWatch
from portal.dns import GARDEN_TURN_SECONDS
from portal.runner import Runner
from portal.session_log import SessionLog

_LOOK_SECONDS = 1.0
"""How often the rules are looked at, should the kernel's own notice be missed."""
_SAMPLE_SECONDS = 300.0
"""How often counters are written down: flash wears out by writing."""
_FORGET_SECONDS = 6 * 3600.0

log = logging.getLogger("portal")


async def watch_rules(look: asyncio.Event) -> None:
    """Set `look` when the kernel says that rules were changed."""
    with RulesetWatch() as watch:
        while True:
            await watch.changed()
            look.set()


async def keep_rules(runner: Runner, look: asyncio.Event) -> None:
    """Look whether the rules stand, whenever `look` says so and every second besides."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await look.wait()
        look.clear()
        with suppress(EnforcementError):  # The runner has said it, once.
            await runner.check_enforcement()


async def keep_books(runner: Runner, session_log: SessionLog, keep_days: int) -> None:
    """Write counters down, and turn sessions older than `keep_days` into totals."""
    forget = 0.0
    while True:
        if time.monotonic() >= forget:
            forget = time.monotonic() + _FORGET_SECONDS
            await session_log.forget_before(time.time() - keep_days * 86400)
        await asyncio.sleep(_SAMPLE_SECONDS)
        if runner.state.sessions:
            await runner.sample_usage()


async def keep_garden(enforcer: Enforcer) -> None:
    """Empty one half of the garden by name at every turn, so that no address stays for ever."""
    turn = int(time.monotonic() // GARDEN_TURN_SECONDS)
    while True:
        # Counted, not asked of the clock again: a sleep may end a moment early.
        turn = max(turn + 1, int(time.monotonic() // GARDEN_TURN_SECONDS))
        await asyncio.sleep(turn * GARDEN_TURN_SECONDS - time.monotonic())
        try:
            await enforcer.empty_garden(turn)
        except EnforcementError as error:
            log.warning("the garden by name was not emptied, and keeps old addresses: %s", error)


async def cut_connections(addresses: Collection[str]) -> None:
    """End the running connections of these addresses; the set already holds their packets."""
    if addresses:
        try:
            await conntrack.cut([ip_address(address) for address in addresses])
        except EnforcementError as error:
            log.warning("running connections could not be ended: %s", error)
