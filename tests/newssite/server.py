"""Serves the made-up site over HTTP, with its faults.

As a program: `python -m tests.newssite.server ADDRESS PORT LOG [--full]`; every request is a line
of JSON in LOG, and `/--edit--/NUMBER` edits an article.
"""

import asyncio
import gzip
import io
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.newssite.articles import Article, Picture, Site, etag, in_1258

_OLD_FONT: Final = "C«ng ®oµn thµnh phè H¶i Phßng tæ chøc héi nghÞ ng­êi lao ®éng n¨m míi. "
_SCRIPT_PAGE: Final = (
    '<!doctype html><html><head><meta charset="utf-8"><title>Công đoàn</title></head><body>'
    "<noscript>Bạn cần bật JavaScript để xem trang này.</noscript>"
    '<div id="app"></div><script src="/app.js"></script></body></html>'
)
DRIP_SECONDS: Final = 0.05


class Server:
    """The site as an aiohttp application. `now` is the clock of `requests`."""

    def __init__(self, site: Site, now: Callable[[], float] = time.monotonic) -> None:
        self.site = site
        self.requests: list[dict[str, Any]] = []
        self.crawl_delay = ""
        self.now = now
        self._tries: Counter[str] = Counter()
        self._pictures: dict[str, bytes] = {}
        self.log: Path | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    def draw(self) -> None:
        """Make all pictures now; else each is made when it is first asked for."""
        for article in self.site.articles:
            self._pictures |= {picture.path: drawn(picture) for picture in article.pictures}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        at = self.now()
        status = 0
        try:
            response = await self._response(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            took = self.now() - at
            entry = {"at": at, "path": request.path_qs, "status": status, "took": took}
            self.requests.append(entry)
            if self.log is not None:
                with self.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(entry) + "\n")
        return response

    async def _response(self, request: web.Request) -> web.StreamResponse:
        path, host = request.path, f"{request.scheme}://{request.host}"
        site = self.site
        if path == "/robots.txt":
            return web.Response(text=f"User-agent: *\nDisallow: /noi-bo/\n{self.crawl_delay}")
        if path == "/rss.xml":
            most = int(request.query.get("most", "20"))
            return _made(request, site.feed(host, most).encode(), "application/rss+xml")
        if path == "/sitemap.xml":
            text = (
                f"<sitemapindex><sitemap><loc>{host}/sitemap-0.xml.gz</loc></sitemap>"
                f"<sitemap><loc>{host}/sitemap-1.xml</loc></sitemap></sitemapindex>"
            )
            return _made(request, text.encode(), "text/xml")
        if path == "/sitemap-0.xml.gz":
            packed = gzip.compress(site.sitemap(host, 0).encode(), mtime=0)
            return _made(request, packed, "application/x-gzip")
        if path == "/sitemap-1.xml":
            return _made(request, site.sitemap(host, 1).encode(), "text/xml")
        if path == "/tin-tuc":
            text = site.lists(int(request.query.get("trang", "1")))
            return _made(request, text.encode(), "text/html; charset=utf-8")
        if path == "/tai-ve/nghi-quyet.pdf":
            return _made(request, b"%PDF-1.4\n" + bytes(1_234_567), "application/pdf")
        if path.startswith("/--edit--/"):
            site.articles[int(path.rpartition("/")[2]) - 1].edits += 1
            return web.Response(text="edited")
        if path.startswith("/anh/"):
            return await self._picture(request)
        article = site.by_path.get(path.removeprefix("/in-bai"))
        if article is None:
            raise web.HTTPNotFound
        return await self._article(request, article, host)

    async def _article(
        self, request: web.Request, article: Article, host: str
    ) -> web.StreamResponse:
        match article.trouble:
            case "404":
                return web.Response(status=404, text="Không tìm thấy")
            case "500":
                return web.Response(status=500)
            case "500-twice":
                self._tries[request.path] += 1
                if self._tries[request.path] <= 2:
                    return web.Response(status=500)
            case "loop":
                onward = f"{article.path}?lan=" + ("1" if "lan" in request.query else "2")
                return web.Response(status=302, headers={"Location": onward})
            case "away":
                return web.Response(status=302, headers={"Location": "http://127.0.0.9/x"})
            case "drips-body" | "drips-head":
                return await _drip(request, article.trouble == "drips-head")
            case "script":
                return _made(request, _SCRIPT_PAGE.encode(), "text/html; charset=utf-8")
            case "old-font":
                page = self.site.page(replace(article, blocks=[f"<p>{_OLD_FONT * 8}</p>"]), host)
                return _made(request, page.encode(), "text/html; charset=utf-8")
            case "large":
                page = self.site.page(article, host).encode() + b"<!-- -->" * 800_000
                return _made(request, page, "text/html; charset=utf-8")
        page = self.site.page(article, host)
        match article.coding:
            case "cp1258":
                return _made(request, in_1258(page), "text/html; charset=windows-1258")
            case "cp1258-unsaid":
                return _made(request, in_1258(page), "text/html")
            case "utf-8-as-latin":
                return _made(request, page.encode(), "text/html; charset=iso-8859-1")
            case "twice":
                twice = page.encode().decode("latin-1").encode()
                return _made(request, twice, "text/html; charset=utf-8")
        return _made(request, page.encode(), "text/html; charset=utf-8")

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        pictures = {one.path: one for article in self.site.articles for one in article.pictures}
        picture = pictures.get(path)
        if picture is None or picture.kind == "missing":
            raise web.HTTPNotFound
        if path not in self._pictures:
            self._pictures[path] = await asyncio.to_thread(drawn, picture)
        return _made(request, self._pictures[path], "image/jpeg")


def drawn(picture: Picture) -> bytes:
    """A photograph's likeness: coarse noise, made smooth."""
    from PIL import Image

    if picture.kind in ("broken", "missing"):
        return b"\xff\xd8\xff\xe0" + b"khong phai anh" * 50
    out = io.BytesIO()
    if picture.kind == "png":
        Image.new("L", (picture.width, picture.height)).save(out, "PNG")
        return out.getvalue()
    noise = random.Random(picture.path).randbytes(64 * 48 * 3)
    small = Image.frombytes("RGB", (64, 48), noise)
    large = small.resize((picture.width, picture.height), Image.Resampling.BICUBIC)
    large.save(out, "JPEG", quality=92)
    return out.getvalue()


def _made(request: web.Request, body: bytes, kind: str) -> web.Response:
    tag = etag(body)
    headers = {"ETag": tag, "Content-Type": kind}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return web.Response(body=body, headers=headers)


async def _drip(request: web.Request, head: bool) -> web.StreamResponse:
    """A byte now and then, for ever: no single read takes long."""
    if head:
        transport = request.transport
        assert transport is not None
        transport.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not transport.is_closing():
            transport.write(b"a")
            await asyncio.sleep(DRIP_SECONDS)
        return web.Response()
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b"<p>")
            await asyncio.sleep(DRIP_SECONDS)
    except ConnectionError:
        return response


async def main(address: str, port: int, log: Path, *, full: bool) -> None:
    server = Server(Site(side=2600, huge=True) if full else Site())
    server.log = log
    runner = web.AppRunner(server.app())
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), full="--full" in sys.argv[4:])
    )
