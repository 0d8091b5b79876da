"""The host's own browser as a phone: a reverse proxy from 127.0.0.1 into a phone's network.

The listening socket belongs to the real machine's network, where it was made; what the proxy
asks for goes out through the phone's, so the portal sees the phone.
"""

import asyncio
import contextlib
import socket

import aiohttp
from aiohttp import web

from portal.demo.addresses import GATEWAY4, PORTAL_HOST
from portal.demo.phone import Phone

_PORTAL = f"http://{PORTAL_HOST}"
# A proxy's own business (RFC 9110 §7.6.1), and what `aiohttp` writes anew.
_NOT_PASSED_ON = frozenset({"host", "connection", "content-length", "transfer-encoding"})


def listen(preferred_port: int) -> socket.socket:
    """A socket on 127.0.0.1 of the calling process's network; any port if that one is taken."""
    with contextlib.suppress(OSError):
        return socket.create_server(("127.0.0.1", preferred_port))
    return socket.create_server(("127.0.0.1", 0))


def show_portal(listener: socket.socket, phone: Phone) -> None:
    """Serve the user portal on `listener` as `phone` sees it, until interrupted."""
    with phone.network():
        asyncio.run(_serve(listener))


async def _serve(listener: socket.socket) -> None:
    ours = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def pass_on(request: web.BaseRequest) -> web.Response:
            headers = {
                name: value.replace(ours, _PORTAL)
                for name, value in request.headers.items()
                if name.lower() not in _NOT_PASSED_ON
            }
            try:
                async with session.request(
                    request.method,
                    f"http://{GATEWAY4}{request.path_qs}",
                    headers=headers | {"Host": PORTAL_HOST},
                    data=await request.read(),
                    allow_redirects=False,
                ) as answer:
                    body = await answer.read()
            except aiohttp.ClientError as error:
                return web.Response(status=502, text=f"the portal does not answer: {error}\n")
            kept = {
                name: value.replace(_PORTAL, ours) if name.lower() == "location" else value
                for name, value in answer.headers.items()
                if name.lower() not in _NOT_PASSED_ON
            }
            return web.Response(status=answer.status, headers=kept, body=body)

        runner = web.ServerRunner(web.Server(pass_on))
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
