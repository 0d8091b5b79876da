"""What staff and monitoring see over HTTP, on an address that phones do not reach.

Binds one address (`[staff] listen`), never all of them and never one of the phones' interface;
the firewall refuses phones everything of the gateway but its pages. The pages of staff are a
process of their own (`portal.staff`), which is given the listening socket. Where there is none,
because the settings or what is installed say so, the numbers are served here.
"""

import asyncio
import errno
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import escape
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response
from aiohttp.web_server import Server

from portal.config import Config
from portal.machine import StartError, addresses_of
from portal.metrics import CONTENT_TYPE, Metric, render

PUBLISH: Final = ("PIL", "mammoth", "mutagen", "nh3", "segno")
"""What the extra `[publish]` installs."""

_HEADERS = {
    "Server": "portal",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_FREE_SECONDS = 3.0
"""How long the site of a daemon that was killed may take to follow it."""
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_STOP_SECONDS = 5.0

log = logging.getLogger("portal")


def missing() -> list[str]:
    """What the staff site needs and is not installed here."""
    return [name for name in PUBLISH if find_spec(name) is None]


async def listen_at(listen: tuple[str, int], phones: str) -> socket.socket:
    """Take the address.

    Raises:
        StartError: it is not to be had, or is one that phones reach.
    """
    host, port = listen
    address = ip_address(host)
    if address in addresses_of(phones):
        raise StartError(
            f"[staff] listen {host} is an address of {phones}, where phones are; write another"
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    give_up = time.monotonic() + _FREE_SECONDS
    while True:
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(128)
            listening.setblocking(False)
            return listening
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() > give_up:
                raise StartError(
                    f"[staff] listen {host} port {port} cannot be listened on: {error.strerror}"
                ) from None
        except BaseException:
            listening.close()
            raise
        await asyncio.sleep(0.1)


async def serve(
    listening: socket.socket,
    config: Config,
    source: Path,
    measure: Callable[[], Awaitable[list[Metric]]],
) -> None:
    """Have staff's pages there, or where there are none the numbers alone, until cancelled.

    `config` was read from `source`.
    """
    if _has_pages(config):
        await keep_pages(listening, source)
    else:
        await serve_numbers(listening, measure)


def _has_pages(config: Config) -> bool:
    if not config.staff.site:
        return False
    if lacking := missing():
        log.warning(
            "staff cannot sign in: %s missing; install union-portal[publish], or write"
            " [staff] site = false",
            ", ".join(lacking),
        )
        return False
    return True


async def keep_pages(listening: socket.socket, config: Path) -> None:
    """Keep the staff site running until cancelled; started again whenever it ends.

    Connections wait meanwhile, because the socket stays open here.
    """
    pause = 0.0
    while True:
        begun = time.monotonic()
        code = await _run_pages(listening, config)
        pause = next_pause(pause, time.monotonic() - begun)
        log.warning("the staff site ended (%d); it is started again in %.0f s", code, pause)
        await asyncio.sleep(pause)


def next_pause(before: float, lasted: float) -> float:
    """How long to wait after a run that `lasted` so long: longer each time one was short."""
    if lasted > _LONGEST_PAUSE_SECONDS:
        return _FIRST_PAUSE_SECONDS
    return min(max(2 * before, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


async def _run_pages(listening: socket.socket, config: Path) -> int:
    """One life of the staff site; returns its exit code."""
    number = listening.fileno()
    command = (sys.executable, "-m", "portal.staff", "--config", str(config))
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--listening", str(number), "--parent", str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(number,),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def serve_numbers(
    listening: socket.socket, measure: Callable[[], Awaitable[list[Metric]]]
) -> None:
    """Answer with nothing but numbers, until cancelled."""

    async def answer(request: BaseRequest) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status=405, headers={**_HEADERS, "Allow": "GET, HEAD"})
        if request.path == "/metrics":
            text = render(await measure())
            return Response(text=text, headers={**_HEADERS, "Content-Type": CONTENT_TYPE})
        if request.path == "/":
            page = _page(await measure())
            return Response(text=page, content_type="text/html", headers=_HEADERS)
        return Response(status=404, headers=_HEADERS)

    server = await asyncio.get_running_loop().create_server(
        Server(answer, access_log=None), sock=listening
    )
    async with server:
        await server.serve_forever()


def _page(metrics: list[Metric]) -> str:
    """The numbers once more, for people."""
    rows = "".join(
        f"<tr><td>{escape(each.help)}<td>{escape(' '.join(labels.values()))}<td>{value:.15g}"
        for each in metrics
        for labels, value in each.samples
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Portal</title>'
        f"<h1>Portal</h1><table>{rows}</table></html>"
    )
