"""What staff and monitoring see over HTTP, on an address that phones do not reach.

Binds one address (`[staff] listen`), never all of them and never one of the phones' interface;
the firewall refuses phones everything of the gateway but its pages.
"""

import asyncio
from collections.abc import Awaitable, Callable
from html import escape
from ipaddress import ip_address

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response
from aiohttp.web_server import Server

from portal.machine import StartError, addresses_of
from portal.metrics import CONTENT_TYPE, Metric, render

_HEADERS = {
    "Server": "portal",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def serve(
    listen: tuple[str, int], phones: str, measure: Callable[[], Awaitable[list[Metric]]]
) -> None:
    """Answer until cancelled.

    Raises:
        StartError: the address is not to be had, or is one that phones reach.
    """
    host, port = listen
    if ip_address(host) in addresses_of(phones):
        raise StartError(
            f"[staff] listen {host} is an address of {phones}, where phones are; write another"
        )

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

    try:
        server = await asyncio.get_running_loop().create_server(
            Server(answer, access_log=None), host, port
        )
    except OSError as error:
        raise StartError(
            f"[staff] listen {host} port {port} cannot be listened on: {error.strerror}"
        ) from None
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
