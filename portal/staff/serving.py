"""Opens what the staff site works with, and serves it until told to end."""

import asyncio
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from aiohttp import web

from content_cache.releases import Releases
from content_cache.signing import signer_of
from portal import control
from portal.config import Config
from portal.content_desk import key_file
from portal.hearing import Hearing
from portal.staff import app, guard
from portal.staff.accounts import Accounts
from portal.staff.site import StaffSite
from splash.content_store import ContentStore
from splash.publishing import Press

_LEAVE_SECONDS = 2.0
"""How long what is being answered may take when the site is told to end."""


async def serve(config: Config, source: Path, listening: socket.socket) -> None:
    """Serve on `listening`, and end on SIGTERM or SIGINT. `config` was read from `source`.

    Raises:
        OSError, sqlite3.Error, BrokenStore, BrokenContent, BundleError: a file in `data_dir`
            cannot be used.
    """
    host, _ = config.staff.listen
    async with AsyncExitStack() as stack:
        site = open_site(config, source, stack)
        names = guard.names_of(host, config.staff.names)
        runner = web.AppRunner(
            app.application(site, names), access_log=None, shutdown_timeout=_LEAVE_SECONDS
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await web.SockSite(runner, listening).start()
        await stopping.wait()


def open_site(config: Config, source: Path, stack: AsyncExitStack) -> StaffSite:
    """Open the stores; `stack` closes them."""
    folder = config.storage.data_dir
    accounts = Accounts(folder / "staff.db")
    stack.callback(accounts.close)
    content = ContentStore(folder / "content.db")
    stack.callback(content.close)
    signer, most_bytes = signer_of(key_file(config)), config.content.max_mb * 10**6
    releases = Releases(config.content_store)
    hearing = Hearing(folder / "answers.db")
    stack.callback(hearing.close)
    worker = ThreadPoolExecutor(1, thread_name_prefix="stores")
    stack.callback(worker.shutdown)
    return StaffSite(
        config=config,
        accounts=accounts,
        content=content,
        press=Press(content, releases, signer, config.organisation, most_bytes),
        hearing=hearing,
        ask=partial(control.ask, config.storage.run_dir / "control.sock"),
        wall=time.time,
        worker=worker,
        templates=app.templates(),
        record=source.with_name("reports.toml"),
    )
