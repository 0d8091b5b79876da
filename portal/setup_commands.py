"""The command `portal setup`: runs instead of `portal run` until a router knows its house."""

import argparse
import asyncio
import logging
import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from portal import site_work
from portal.config import Portal
from portal.lean import without_init
from portal.machine import addresses_of
from portal.session import Instant
from portal.site_work import CannotSetUp
from portal.technician import USUAL_MINUTES

_DONE_SECONDS: Final = 8.0
"""For the last page to be read, before the network goes away under it."""
_LOOK_SECONDS: Final = 3.0
_PLACES: Final = 128
_PLACES_PER_DEVICE: Final = 12
_NAMES_FILE: Final = "outage"
"""The daemon empties it at its start (`portal.outages`)."""

_ASK_AGAIN: Final = """
left=60
until portal technician --minutes "$1"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || exit 1
    sleep 3
done
"""

log = logging.getLogger("portal.setup")


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Make it; `command(name, help=..., ...)` makes a command."""
    help = "Show phones the page where a technician types the site's code, until it is typed."
    setup = command("setup", help=help, description=help, allow_abbrev=False)
    setup.set_defaults(does=_setup)
    setup.add_argument(
        "--phones", default="br-phones", metavar="NAME", help="the interface of the phones"
    )
    setup.add_argument("--port", type=int, default=2080, help="where the page is served")
    setup.add_argument(
        "--sites", type=Path, default=site_work.SITES, metavar="FILE", help="the list of houses"
    )
    setup.add_argument(
        "--names",
        type=Path,
        default=Path("/var/run/portal-names"),
        metavar="DIR",
        help="a folder that dnsmasq reads; the names of captive checks are there meanwhile",
    )


def _setup(options: argparse.Namespace) -> int:
    from portal.discreet import DiscreetFormatter

    stderr = logging.StreamHandler()
    stderr.setFormatter(DiscreetFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[stderr])
    without_init("aiohttp", __version__="")
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    try:
        if site_work.has_a_house():  # procd began this anew after we had ended.
            site_work.start_the_gateway()
        else:
            asyncio.run(_serve(options))
    except CannotSetUp as error:
        log.error("%s", error)
        return 1
    finally:
        _tell_names(options.names, "")
    return 0


async def _serve(options: argparse.Namespace) -> None:
    """Serve until a house was set up, and the network started anew."""
    from portal.connections import Connections
    from portal.listeners import Listeners
    from portal.setup_pages import SetupPages
    from portal.setup_site import SetupSite

    host = Portal().host
    site = SetupSite(
        SetupPages(host, USUAL_MINUTES),
        host,
        options.sites,
        lambda house, applying: site_work.write(house, applying=applying),
        lambda: Instant(time.monotonic()),
    )
    places = Connections(lambda address: None, places=_PLACES, places_per_device=_PLACES_PER_DEVICE)
    listeners = Listeners(options.phones, options.port, None, site, places)
    listeners.take_ports()
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(listeners.serve())
            telling = tasks.create_task(_keep_names(options.names, options.phones, host))
            await site.run()
            await asyncio.sleep(_DONE_SECONDS)
            telling.cancel()
            serving.cancel()
    finally:
        listeners.close()
    _open_technicians_page()
    site_work.take_effect()


async def _keep_names(folder: Path, phones: str, host: str) -> None:
    """Have the names lead to the router's addresses: it may get them, or others, any time."""
    from portal.captive_checks import NAMES
    from portal.dns import render_outage

    told = ""
    while True:
        names = render_outage({*NAMES, host}, (), addresses_of(phones))
        if names != told:
            _tell_names(folder, names)
            told = names
        await asyncio.sleep(_LOOK_SECONDS)


def _tell_names(folder: Path, text: str) -> None:
    """Have dnsmasq lead captive checks here: at the first boot there may be no line yet."""
    draft, file = folder / f".{_NAMES_FILE}", folder / _NAMES_FILE
    if not folder.is_dir():
        return
    with suppress(OSError):
        draft.unlink(missing_ok=True)  # This is root, and the folder is the daemon's.
        with draft.open("x", encoding="ascii") as new:
            os.fchmod(new.fileno(), 0o644)
            new.write(text)
        draft.replace(file)


def _open_technicians_page() -> None:
    """Ask the daemon, which starts when this has ended, to show the technician's page."""
    with suppress(OSError):
        subprocess.Popen(
            ["/bin/sh", "-c", _ASK_AGAIN, "portal", str(USUAL_MINUTES)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
