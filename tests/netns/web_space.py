"""A web space that does what it is told, by https; a program of its own.

    python -m tests.netns.web_space CERTIFICATE KEY FOLDER ADDRESS PORT

It serves FOLDER as any web server does (ranges, tags), and misbehaves as FOLDER/faults.json
says: `{"/wifi/bundle.json": ["redirect", "https://…"]}`. Every request is a line on its output.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

from aiohttp import web

_BLOCK = bytes(1 << 16)


class WebSpace:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        fault = self._fault(request.path)
        response = await self._answer(request, *fault)
        if not response.prepared:
            await response.prepare(request)  # Only then does it know its status.
        asked = request.headers.get("Range", "-"), request.headers.get("If-None-Match", "-")
        print(request.path, response.status, *asked, flush=True)
        return response

    def _fault(self, path: str) -> list[str]:
        faults = self._folder / "faults.json"
        told = json.loads(faults.read_text()) if faults.exists() else {}
        for start, fault in told.items():
            if path.startswith(start):
                return list(fault)
        return ["none", ""]

    async def _answer(
        self, request: web.BaseRequest, fault: str, detail: str
    ) -> web.StreamResponse:
        path = self._folder / request.path.lstrip("/")
        match fault:
            case "redirect":
                return web.Response(status=302, headers={"Location": detail})
            case "moved":
                return web.Response(status=301, headers={"Location": detail + path.name})
            case "endless" | "dribble":
                return await _without_end(request, slowly=fault == "dribble")
            case "cut":
                return await _cut(request, path.read_bytes(), int(detail))
            case "whole":  # As servers do that know nothing of ranges.
                return web.Response(body=path.read_bytes())
            case "slow":
                await asyncio.sleep(float(detail))
        return web.FileResponse(path) if path.is_file() else web.Response(status=404)


async def _without_end(request: web.BaseRequest, *, slowly: bool) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" if slowly else _BLOCK)
        await asyncio.sleep(0.05 if slowly else 0)


async def _cut(request: web.BaseRequest, data: bytes, after: int) -> web.StreamResponse:
    """Promise all of it, and hang up after some."""
    response = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[:after])
    assert request.transport is not None
    request.transport.close()
    return response


async def serve(certificate: str, key: str, folder: Path, address: str, port: int) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    runner = web.ServerRunner(web.Server(WebSpace(folder).answer))
    await runner.setup()
    await web.TCPSite(runner, address, port, ssl_context=context).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
