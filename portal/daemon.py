"""Puts the daemon together, and keeps it together: the one place that knows every part.

Started, it takes over what an earlier daemon or the kernel left. Stopped, it leaves the rules
and the open devices where they are: the kernel keeps the time, and the next daemon the rest.
"""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firewall.changes import MacAddress
from firewall.drivers import open_enforcer
from firewall.enforcer import Enforcer
from firewall.shaper import Shaper
from portal import __version__, clock, control, machine, staff_site, technician, upkeep
from portal.asking import Asking
from portal.config import Config, ConfigurationError
from portal.connections import Connections
from portal.content_source import ContentSource
from portal.desk import Desk
from portal.doctor import saved
from portal.equipment import Neighbours
from portal.events import GatewayStarted, GatewayStopped
from portal.library import Library
from portal.listeners import Listeners
from portal.machine import problems, tls_context
from portal.outages import Outages
from portal.plan import plan_of, shaping_of
from portal.policy import Policy, Spent, day_of
from portal.replies import Replies
from portal.runner import Runner
from portal.schedule import day_begins
from portal.sealing import SealedRecord, Witness
from portal.session import Device, Pseudonym
from portal.session_log import SessionLog
from portal.session_store import SessionStore
from portal.showing import Showing
from portal.sightings import Sightings
from portal.standing import Standing
from portal.storage import Kept, only_one, open_answers, open_keys, open_log, writable
from portal.technician import SelfTest, Window
from portal.technician_pages import TechnicianPages
from portal.uplink_watch import UplinkWatch, looks
from portal.user_portal import UserPortal

log = logging.getLogger("portal")

Job = Coroutine[Any, Any, None]


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
        gateway = _put_together(config, source, stack)
        # Before anything is changed: another program may have the ports.
        gateway.phones.take_ports()
        staff = await staff_site.listen_at(config.staff.listen, config.interfaces.phones)
        stack.callback(staff.close)
        await _take_over(gateway)
        await _keep_going(gateway, staff, source)


@dataclass(frozen=True, slots=True)
class _Gateway:
    """The parts. Nothing is written to the firewall yet, and nobody listens."""

    config: Config
    kept: Kept
    """What an earlier daemon left."""
    session_log: SessionLog
    device: Callable[[MacAddress], Device]
    neighbours: Neighbours
    enforcer: Enforcer
    witness: Witness | None
    showing: Showing
    desk: Desk
    uplink: UplinkWatch
    runner: Runner
    replies: Replies
    portal: UserPortal
    phones: Listeners
    shaper: Shaper
    window: Window
    test: SelfTest


def _put_together(config: Config, source: Path, stack: AsyncExitStack) -> _Gateway:
    """Make every part; `stack` closes what has to be closed."""
    run_dir, data_dir = config.storage.run_dir, config.storage.data_dir
    for folder in (run_dir, data_dir):
        writable(folder)
    stack.enter_context(only_one(run_dir / "portal.lock"))
    pseudonyms = open_keys(data_dir / "pseudonym-keys.json")
    kept = open_log(data_dir / "sessions.db", clock.moment())
    session_log = SessionLog(kept.store, clock.moment, reopen=kept.reopen)
    stack.push_async_callback(session_log.close)
    session_log.append((GatewayStarted(__version__),))

    neighbours = Neighbours(config.interfaces.phones)
    enforcer = open_enforcer(config.firewall.driver)

    async def cut(macs: Collection[MacAddress]) -> None:
        addresses = {address for mac in macs for address in neighbours.addresses_of(mac)}
        await upkeep.cut_connections(addresses)

    witness = _witness(config, enforcer, neighbours, cut)
    enforcer = witness or enforcer
    stack.push_async_callback(enforcer.close)

    def device(mac: MacAddress) -> Device:
        return pseudonyms.device(mac, time.time())

    library = Library(config.content_store, config.site.id, clock.wall)
    showing = Showing(config, library, pseudonyms.secret, clock.wall)
    desk = Desk(data_dir / "answers.db", clock.wall, config.privacy.keep_days, open_answers)
    stack.push_async_callback(desk.close)
    uplink = UplinkWatch(
        looks(config.interfaces.phones, config.interfaces.uplink, config.uplink.check_urls),
        clock.now,
        Outages(config, session_log).changed,
    )
    runner = Runner(
        _policy(config, showing.now.conditions),
        plan_of(config),
        enforcer,
        session_log,
        clock.now,
        cut,
        clock.wall,
    )
    replies = Replies(
        config.portal.host, showing.now.pages, https=config.portal.https_port is not None
    )
    asking = Asking(neighbours, runner, device)
    window = Window(config.site.id, clock.now)
    test = SelfTest(saved.path_of(config), technician.doctor(source), clock.now)
    portal = UserPortal(
        replies,
        runner,
        asking,
        clock.wall,
        session_log,
        desk,
        showing.now.shelf,
        TechnicianPages(replies, asking, window, test, config.site.id),
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
    return _Gateway(
        config=config,
        kept=kept,
        session_log=session_log,
        device=device,
        neighbours=neighbours,
        enforcer=enforcer,
        witness=witness,
        showing=showing,
        desk=desk,
        uplink=uplink,
        runner=runner,
        replies=replies,
        portal=portal,
        phones=phones,
        shaper=Shaper(shaping_of(config), config.interfaces.phones, config.interfaces.uplink),
        window=window,
        test=test,
    )


async def _take_over(gateway: _Gateway) -> None:
    """Put up the rules, and go on with the sessions that the kernel or the log knows."""
    runner, kept = gateway.runner, gateway.kept
    await runner.start(gateway.device, kept.sessions, kept.blocked, _spent(kept.store))
    log.info(
        "the rules stand; %d sessions go on, %d wait for their device",
        len(runner.state.sessions),
        len(runner.state.remembered),
    )


async def _keep_going(gateway: _Gateway, staff: socket.socket, source: Path) -> None:
    """Everything that runs, until a signal; one that dies of a fault ends the others."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(job) for job in _jobs(gateway, staff, source)]
        await stopping.wait()
        await gateway.runner.sample_usage()
        gateway.session_log.append((GatewayStopped(),))
        log.info("stopping; open devices keep their time")
        for task in running:
            task.cancel()


def _jobs(gateway: _Gateway, staff: socket.socket, source: Path) -> Iterator[Job]:
    config, runner, session_log = gateway.config, gateway.runner, gateway.session_log
    neighbours, phones, uplink = gateway.neighbours, gateway.phones, gateway.uplink
    content_source = ContentSource(config) if config.content.source_url else None
    sightings = Sightings(runner, session_log, gateway.device)
    standing = Standing(
        config,
        runner,
        gateway.enforcer,
        session_log,
        phones,
        sightings.imitations,
        gateway.shaper,
        uplink,
        gateway.portal.shown,
        gateway.showing,
        content_source,
        gateway.window,
    )
    operator = control.Control(
        runner,
        gateway.device,
        neighbours.addresses_of,
        standing.usage,
        standing.status,
        standing.metrics,
        gateway.window,
    )
    look = asyncio.Event()

    def link_changed() -> None:
        look.set()
        phones.interface_changed.set()

    # Sessions
    yield runner.run()
    yield session_log.run()
    yield neighbours.run(sightings.appeared, link_changed, sightings.seen)
    # Who asks
    yield phones.serve()
    yield control.serve(config.storage.run_dir / "control.sock", operator.answer)
    yield staff_site.serve(staff, config, source, standing.measure)
    yield gateway.test.run()
    # The firewall and the line
    yield upkeep.watch_rules(look)
    yield upkeep.keep_rules(runner, look)
    yield upkeep.keep_books(runner, session_log, config.privacy.keep_days)
    yield upkeep.keep_garden(gateway.enforcer)
    yield gateway.shaper.run()
    if config.uplink.check_urls:
        yield uplink.run()
    if gateway.witness:
        yield gateway.witness.run()
    # What is shown, and what is sent
    yield gateway.showing.keep(gateway.replies, gateway.portal, runner, gateway.desk)
    yield gateway.desk.run()
    if content_source:
        yield content_source.run()


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

    return Witness(
        within, record, config.site.id, neighbours.addresses_of, clock.moment, uplink, cut
    )


def _policy(config: Config, conditions: str) -> Policy:
    return Policy(
        config.session.length,
        conditions,
        config.session.max_devices,
        config.session.schedule,
    )


def _spent(store: SessionStore | None) -> dict[Pseudonym, Spent]:
    """What devices used of this day, as the log has it."""
    wall = clock.wall()
    if wall is None or store is None:
        return {}
    today, spent = day_of(wall), store.seconds_since(day_begins(wall))
    return {name: Spent(today, seconds) for name, seconds in spent.items()}
