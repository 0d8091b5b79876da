"""Puts the daemon together, and keeps it together: the one place that knows every part.

Started, it takes over what an earlier daemon or the kernel left. Stopped, it leaves the rules
and the open devices where they are: the kernel keeps the time, and the next daemon the rest.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from firewall import conntrack
from firewall.changes import MacAddress, Usage
from firewall.drivers import open_enforcer
from firewall.enforcer import EnforcementError, Enforcer
from firewall.shaper import Shaper
from firewall.watch import RulesetWatch
from portal import __version__, control, machine, readings, staff_site
from portal.asking import Asking
from portal.config import Config, ConfigurationError
from portal.connections import Connections
from portal.content_source import ContentSource
from portal.desk import Desk
from portal.dns import GARDEN_TURN_SECONDS
from portal.equipment import Neighbours, Sighting
from portal.events import DeviceImitated, EquipmentSeen, GatewayStarted, GatewayStopped
from portal.imitation import Imitations
from portal.library import Library
from portal.listeners import Listeners
from portal.machine import problems, tls_context
from portal.metrics import Metric, by, gauges, render
from portal.outages import Outages
from portal.plan import plan_of, shaping_of
from portal.policy import Policy, Spent, day_of
from portal.replies import Replies
from portal.runner import Runner
from portal.schedule import day_begins
from portal.sealing import SealedRecord, Witness
from portal.session import Device, Instant, Pseudonym
from portal.session_log import SessionLog
from portal.session_store import CLOCK_SET_AFTER, Moment, SessionStore
from portal.showing import Showing
from portal.storage import only_one, open_answers, open_keys, open_log, writable
from portal.uplink_watch import UplinkWatch, looks
from portal.user_portal import UserPortal

_LOOK_SECONDS = 1.0
"""How often the rules are looked at, should the kernel's own notice be missed."""
_SAMPLE_SECONDS = 300.0
"""How often counters are written down: flash wears out by writing."""
_FORGET_SECONDS = 6 * 3600.0

log = logging.getLogger("portal")


async def run(config: Config, source: Path) -> None:
    """Run the gateway until SIGTERM or SIGINT. `config` was read from `source`.

    Raises:
        ConfigurationError: this machine lacks what the configuration names.
        StartError: something else is in the way.
        EnforcementError: the firewall refuses; nothing was changed.
    """
    if missing := problems(config):
        raise ConfigurationError("portal.toml", missing)
    async with AsyncExitStack() as stack:
        run_dir, data_dir = config.storage.run_dir, config.storage.data_dir
        for folder in (run_dir, data_dir):
            writable(folder)
        stack.enter_context(only_one(run_dir / "portal.lock"))
        pseudonyms = open_keys(data_dir / "pseudonym-keys.json")
        kept = open_log(data_dir / "sessions.db", _moment())
        session_log = SessionLog(kept.store, _moment, reopen=kept.reopen)
        stack.push_async_callback(session_log.close)
        session_log.append((GatewayStarted(__version__),))

        neighbours = Neighbours(config.interfaces.phones)
        enforcer = open_enforcer(config.firewall.driver)

        async def cut(macs: Collection[MacAddress]) -> None:
            await _cut({address for mac in macs for address in neighbours.addresses_of(mac)})

        witness = _witness(config, enforcer, neighbours, cut)
        enforcer = witness or enforcer
        stack.push_async_callback(enforcer.close)

        def device(mac: MacAddress) -> Device:
            return pseudonyms.device(mac, time.time())

        library = Library(config.content_store, config.site.id, _wall)
        showing = Showing(config, library, pseudonyms.secret, _wall)
        desk = Desk(data_dir / "answers.db", _wall, config.privacy.keep_days, open_answers)
        stack.push_async_callback(desk.close)
        uplink = UplinkWatch(
            looks(config.interfaces.phones, config.interfaces.uplink, config.uplink.check_urls),
            _now,
            Outages(config, session_log).changed,
        )
        runner = Runner(
            _policy(config, showing.now.conditions),
            plan_of(config),
            enforcer,
            session_log,
            _now,
            cut,
            _wall,
        )
        replies = Replies(
            config.portal.host, showing.now.pages, https=config.portal.https_port is not None
        )
        portal = UserPortal(
            replies,
            runner,
            Asking(neighbours, runner, device),
            _wall,
            session_log,
            desk,
            showing.now.shelf,
            blocks_names=config.family_dns.blocklist is not None,
            down_since=lambda: uplink.line.down_since,
        )
        tls, https_port = tls_context(config), config.portal.https_port
        phones = Listeners(
            config.interfaces.phones,
            config.portal.http_port,
            (https_port, tls) if https_port is not None and tls is not None else None,
            portal,
            Connections(neighbours.known),
        )
        stack.callback(phones.close)
        # Before anything is changed: another program may have the ports.
        phones.take_ports()
        staff = await staff_site.listen_at(config.staff.listen, config.interfaces.phones)
        stack.callback(staff.close)
        await runner.start(device, kept.sessions, kept.blocked, _spent(kept.store))
        log.info(
            "the rules stand; %d sessions go on, %d wait for their device",
            len(runner.state.sessions),
            len(runner.state.remembered),
        )

        async def usage() -> Mapping[MacAddress, Usage]:
            return {mac: grant.usage for mac, grant in (await enforcer.admitted() or {}).items()}

        imitations = Imitations()
        shaper = Shaper(shaping_of(config), config.interfaces.phones, config.interfaces.uplink)

        def status() -> dict[str, Any]:
            return _status(config, runner, session_log, phones, imitations, shaper)

        async def measure() -> list[Metric]:
            try:
                running: Collection[Usage] = (await usage()).values()
            except EnforcementError as error:
                log.warning("the counters could not be read: %s", error)
                running = ()
            return [
                *gauges(
                    status(),
                    uplink.line,
                    readings.read(data_dir),
                    readings.own_memory_bytes(),
                ),
                *session_log.tally.metrics(running),
                by("portal_pages_total", "page", "Pages shown.", portal.shown),
            ]

        async def metrics() -> str:
            return render(await measure())

        operator = control.Control(runner, device, neighbours.addresses_of, usage, status, metrics)

        def appeared(mac: MacAddress) -> None:
            if runner.state.remembered:
                runner.notice(EquipmentSeen(device(mac)))

        def seen(sighting: Sighting) -> None:
            sessions = [s for mac in sighting.devices if (s := runner.session_of(mac))]
            if sessions and imitations.notice(sighting.thing, sighting.place, _now()):
                seen_by: Literal["port", "address"] = (
                    "port" if isinstance(sighting.place, int) else "address"
                )
                session = sessions[0]
                session_log.append((DeviceImitated(session.pseudonym, seen_by),))
                log.warning(
                    "an open device is in two places at once (by %s); device %s",
                    seen_by,
                    session.pseudonym,
                )

        look = asyncio.Event()

        def link_changed() -> None:
            look.set()
            phones.interface_changed.set()

        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(job)
                for job in (
                    runner.run(),
                    session_log.run(),
                    neighbours.run(appeared, link_changed, seen),
                    phones.serve(),
                    control.serve(run_dir / "control.sock", operator.answer),
                    staff_site.keep_pages(staff, source)
                    if _has_pages(config)
                    else staff_site.serve_numbers(staff, measure),
                    _watch_rules(look),
                    _keep_rules(runner, look),
                    _keep_books(config, runner, session_log),
                    _keep_garden(enforcer),
                    showing.keep(replies, portal, runner, desk),
                    desk.run(),
                    shaper.run(),
                    *([uplink.run()] if config.uplink.check_urls else []),
                    *([witness.run()] if witness else []),
                    *([ContentSource(config).run()] if config.content.source_url else []),
                )
            ]
            await stopping.wait()
            await runner.sample_usage()
            session_log.append((GatewayStopped(),))
            log.info("stopping; open devices keep their time")
            for task in running:
                task.cancel()


def _has_pages(config: Config) -> bool:
    """Whether staff sign in at the staff address; else the numbers alone are there."""
    if not config.staff.site:
        return False
    if missing := staff_site.missing():
        log.warning(
            "staff cannot sign in: %s missing; install union-portal[publish], or write"
            " [staff] site = false",
            ", ".join(missing),
        )
        return False
    return True


async def _watch_rules(look: asyncio.Event) -> None:
    """Set `look` when the kernel says that rules were changed."""
    with RulesetWatch() as watch:
        while True:
            await watch.changed()
            look.set()


async def _keep_rules(runner: Runner, look: asyncio.Event) -> None:
    """Look whether the rules stand, whenever `look` says so and every second besides."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await look.wait()
        look.clear()
        with suppress(EnforcementError):  # The runner has said it, once.
            await runner.check_enforcement()


async def _keep_books(config: Config, runner: Runner, session_log: SessionLog) -> None:
    """Write counters down, and turn old sessions into totals."""
    forget = 0.0
    while True:
        if time.monotonic() >= forget:
            forget = time.monotonic() + _FORGET_SECONDS
            await session_log.forget_before(time.time() - config.privacy.keep_days * 86400)
        await asyncio.sleep(_SAMPLE_SECONDS)
        if runner.state.sessions:
            await runner.sample_usage()


async def _keep_garden(enforcer: Enforcer) -> None:
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


async def _cut(addresses: Collection[str]) -> None:
    """End the running connections of these addresses; the set already holds their packets."""
    if addresses:
        try:
            await conntrack.cut([ip_address(address) for address in addresses])
        except EnforcementError as error:
            log.warning("running connections could not be ended: %s", error)


def _now() -> Instant:
    return Instant(time.monotonic())


def _wall() -> float | None:
    """Unix seconds, or None while nobody has set the clock."""
    wall = time.time()
    return wall if wall > CLOCK_SET_AFTER else None


def _witness(
    config: Config,
    within: Enforcer,
    neighbours: Neighbours,
    cut: Callable[[Collection[MacAddress]], Awaitable[None]],
) -> Witness | None:
    """Who keeps the sealed record; None with the profile that has none."""
    if config.privacy.profile == "minimal":
        return None
    assert config.privacy.public_key is not None  # portal.config has seen to it.
    record = SealedRecord(config.storage.data_dir / "sealed", config.privacy.public_key)

    def uplink() -> str | None:
        found = machine.addresses_of(config.interfaces.uplink)
        return next((str(address) for address in found if address.version == 4), None)

    return Witness(within, record, config.site.id, neighbours.addresses_of, _moment, uplink, cut)


def _policy(config: Config, conditions: str) -> Policy:
    return Policy(
        config.session.length,
        conditions,
        config.session.max_devices,
        config.session.schedule,
    )


def _spent(store: SessionStore | None) -> dict[Pseudonym, Spent]:
    """What devices used of this day, as the log has it."""
    wall = _wall()
    if wall is None or store is None:
        return {}
    today, spent = day_of(wall), store.seconds_since(day_begins(wall))
    return {name: Spent(today, seconds) for name, seconds in spent.items()}


def _moment() -> Moment:
    return Moment(time.time(), _now())


def _status(
    config: Config,
    runner: Runner,
    session_log: SessionLog,
    phones: Listeners,
    imitations: Imitations,
    shaper: Shaper,
) -> dict[str, Any]:
    return {
        "site": config.site.id,
        "version": __version__,
        "open_devices": len(runner.state.sessions),
        "waiting_sessions": len(runner.state.remembered),
        "blocked_devices": len(runner.state.blocked),
        "imitated_devices": imitations.noticed,
        "firewall": runner.refusing or "stands",
        "line": shaper.failing or shaper.way or "not shared",
        "log": session_log.failing or "written",
        "lost_log_entries": session_log.lost,
        "connections": len(phones.connections),
        "refused_connections": phones.connections.refused,
    }
