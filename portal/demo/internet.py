"""The Internet of the laboratory: every host that phones ask, at a few addresses.

Runs as a program on the laboratory's host `internet`:
    python -m portal.demo.internet CERTIFICATE KEY
It serves HTTP on 80 and 8080, HTTPS on 443, and repeats what it is sent on TCP and UDP port 7
(RFC 862), over IPv4 and IPv6.
"""

import asyncio
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aiohttp import web

from portal.demo.addresses import (
    CHECKS4,
    CHECKS6,
    DOWNLOAD,
    WEBSITE,
    WEBSITE4,
    WEBSITE6,
)
from portal.demo.probes import PROBES, TRUE_NAMES, Answer

ECHO_PORT = 7

_WEBSITE_PAGE = Answer(
    200,
    {"content-type": "text/html; charset=utf-8"},
    '<!doctype html><html lang="vi"><meta name="viewport" content="width=device-width">'
    "<title>Công đoàn mẫu</title><h1>Công đoàn mẫu</h1>"
    "<p>Trang mẫu của liên đoàn.</p></html>",
)
_PAGES: Mapping[tuple[str, str], Answer] = {
    (WEBSITE, "/"): _WEBSITE_PAGE,
    **{(probe.host, probe.path): probe.online for probe in PROBES},
}
_BLOCK = bytes(64 * 1024)


def names() -> Mapping[str, tuple[str, ...]]:
    """All names that the Internet's resolver knows, with their IPv4 and IPv6 addresses."""
    checks = {probe.host: (CHECKS4, CHECKS6) for probe in PROBES}
    # As in the world: each of these has one address family only.
    families = {"ipv4.connman.net": (CHECKS4,), "ipv6.connman.net": (CHECKS6,)}
    ours = {WEBSITE: (WEBSITE4, WEBSITE6), DOWNLOAD: (WEBSITE4, WEBSITE6)}
    return {**checks, **families, **TRUE_NAMES, **ours}


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    host = request.host.partition(":")[0]
    if request.path.startswith("/bytes/"):
        return await _download(request, int(request.path.removeprefix("/bytes/")))
    page = _PAGES.get((host, request.path_qs))
    if page is None:
        return web.Response(status=404, text="not in this laboratory\n")
    body = page.body.encode() or None
    return web.Response(status=page.status, headers=page.headers, body=body)


async def _download(request: web.BaseRequest, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(length)})
    await response.prepare(request)
    while length > 0:
        block = _BLOCK[:length]
        await response.write(block)
        length -= len(block)
    return response


async def _repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(64 * 1024):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class _RepeatDatagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own transport does not inherit the class it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


async def serve(certificate: Path, key: Path) -> None:
    """Serve until cancelled; prints `ready` once everything listens."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    runner = web.ServerRunner(web.Server(_answer))
    await runner.setup()
    for port, tls in ((80, None), (8080, None), (443, context)):
        await web.TCPSite(runner, port=port, ssl_context=tls).start()
    await asyncio.start_server(_repeat, port=ECHO_PORT)
    loop = asyncio.get_running_loop()
    for address in (WEBSITE4, WEBSITE6):  # Not the wildcard: answers must come from the address.
        await loop.create_datagram_endpoint(_RepeatDatagrams, local_addr=(address, ECHO_PORT))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
