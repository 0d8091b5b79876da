"""Fetching is polite, safe and ends in time."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from content_cache.mirror.fetching import (
    Fetcher,
    FetchError,
    Pace,
    Validators,
    backoff,
    fetcher,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class World:
    def __init__(self, fetcher: Fetcher, base: str, seen: list[tuple[float, str]]) -> None:
        self.fetcher = fetcher
        self.base = base
        self.seen = seen

    async def get(self, path: str, most: int = 1000, known: Validators | None = None) -> bytes:
        return (await self.fetcher.get(self.base + path, most, known)).body or b""


@asynccontextmanager
async def world(
    answer: Handler, *, robots: str | int = "", seconds: float = 30.0, allow_private: bool = True
) -> AsyncIterator[World]:
    clock = Clock()
    seen: list[tuple[float, str]] = []

    async def every(request: web.Request) -> web.StreamResponse:
        seen.append((clock.now(), request.path_qs))
        if request.path == "/robots.txt":
            return (
                web.Response(status=robots)
                if isinstance(robots, int)
                else web.Response(text=robots)
            )
        return await answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", every)
    async with (
        TestServer(app) as server,
        fetcher(
            frozenset(("127.0.0.1",)),
            agent="thu/1",
            pace=Pace(clock.now, clock.sleep),
            seconds=seconds,
            allow_private=allow_private,
        ) as made,
    ):
        yield World(made, str(server.make_url("")).rstrip("/"), seen)


async def ok(request: web.Request) -> web.Response:
    return web.Response(text=request.path)


async def test_requests_to_a_host_are_a_second_apart() -> None:
    async with world(ok) as site:
        for path in "abc":
            await site.get(f"/{path}")

        assert [at for at, _ in site.seen] == [100, 101, 102, 103]


async def test_a_longer_delay_in_robots_txt_is_kept() -> None:
    async with world(ok, robots="User-agent: *\nCrawl-delay: 7\nDisallow: /kin") as site:
        for path in "abc":
            await site.get(f"/{path}")
        with pytest.raises(FetchError, match=r"^robots$"):
            await site.get("/kin/1")

        assert [at for at, _ in site.seen] == [100, 107, 114, 121]


@pytest.mark.parametrize(("status", "passes"), [(404, True), (403, True), (500, False)])
async def test_robots_txt_that_is_missing_permits_and_one_that_fails_does_not(
    status: int, passes: bool
) -> None:
    async with world(ok, robots=status) as site:
        if passes:
            assert await site.get("/a") == b"/a"
        else:
            with pytest.raises(FetchError, match="robots-silent"):
                await site.get("/a")


async def test_a_failing_server_is_asked_again_after_a_while() -> None:
    failures = [500, 503]

    async def moody(request: web.Request) -> web.Response:
        status = failures.pop(0) if failures else 200
        return web.Response(status=status, text="ok", headers={"Retry-After": "30"})

    async with world(moody) as site:
        assert await site.get("/a") == b"ok"

        waits = [
            second[0] - first[0] for first, second in zip(site.seen, site.seen[1:], strict=False)
        ]
        assert waits == [1, 30, 30]


async def test_what_is_not_there_is_not_asked_again() -> None:
    async def missing(request: web.Request) -> web.Response:
        return web.Response(status=404)

    async with world(missing) as site:
        with pytest.raises(FetchError, match="status 404"):
            await site.get("/a")

        assert len(site.seen) == 2


async def test_what_has_not_changed_is_not_sent_again() -> None:
    async def tagged(request: web.Request) -> web.Response:
        same = request.headers.get("If-None-Match") == '"1"'
        return web.Response(
            status=304 if same else 200, headers={"ETag": '"1"'}, text=None if same else "a"
        )

    async with world(tagged) as site:
        first = await site.fetcher.get(site.base + "/a", 100)
        second = await site.fetcher.get(site.base + "/a", 100, first.validators)

    assert (first.body, first.changed) == (b"a", True)
    assert (second.body, second.changed, second.validators) == (None, False, Validators('"1"'))


@pytest.mark.parametrize("where", ["head", "body"])
@pytest.mark.slow
async def test_a_server_that_dribbles_is_left_in_time(where: str) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(b"HTTP/1.1 200 OK\r\n" + (b"X: " if where == "head" else b"\r\n"))
        while not transport.is_closing():
            transport.write(b"a")
            await asyncio.sleep(0.01)
        return web.Response()

    async with world(drip, seconds=0.5) as site:
        began = time.monotonic()
        with pytest.raises(FetchError, match="slow"):
            await site.get("/a", 10**9)

        assert time.monotonic() - began < 5


@pytest.mark.slow
async def test_all_redirects_together_have_one_deadline() -> None:
    async def slow_round(request: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    async with world(slow_round, seconds=0.5) as site:
        with pytest.raises(FetchError, match="slow"):
            await site.get("/a")


async def test_a_redirect_is_followed_and_a_loop_is_left() -> None:
    async def around(request: web.Request) -> web.Response:
        onward = {"/a": "/b", "/b": "/c", "/x": "/y", "/y": "/x", "/nowhere": "javascript:1"}
        to = onward.get(request.path)
        return web.Response(status=302, headers={"Location": to}) if to else web.Response(text="c")

    async with world(around) as site:
        answer = await site.fetcher.get(site.base + "/a", 100)
        assert (answer.body, answer.address) == (b"c", site.base + "/c")
        for path in ("/x", "/nowhere"):
            with pytest.raises(FetchError, match="loop"):
                await site.get(path)


async def test_nothing_leads_to_a_host_that_the_source_does_not_name() -> None:
    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.2:1/"})

    async with world(away) as site:
        with pytest.raises(FetchError, match=r"foreign-host 127\.0\.0\.2"):
            await site.get("/a")


async def test_private_networks_are_not_asked() -> None:
    async with world(ok, allow_private=False) as site:
        with pytest.raises(FetchError, match=r"private 127\.0\.0\.1"):
            await site.get("/a")

        assert site.seen == []


async def test_a_name_that_leads_into_a_private_network_is_not_asked() -> None:
    async with fetcher(frozenset(("localhost",)), agent="thu/1") as made:
        with pytest.raises(FetchError, match="private localhost"):
            await made.get("http://localhost:9/", 100)


@pytest.mark.parametrize("packed", [False, True])
async def test_reading_stops_where_a_page_is_too_large(packed: bool) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        body = b"a" * 1_000_000
        headers = {"Content-Encoding": "gzip"} if packed else {}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(gzip.compress(body) if packed else body)
        return response

    async with world(large) as site:
        with pytest.raises(FetchError, match="large"):
            await site.get("/a", 10_000)


async def test_a_host_that_never_answers_is_given_up() -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with world(hang_up) as site:
        reasons = []
        for path in range(4):
            with pytest.raises(FetchError) as caught:
                await site.get(f"/{path}")
            reasons.append(caught.value.reason)

    assert reasons == ["unreachable", "unreachable", "host-silent", "host-silent"]


def test_waiting_grows_and_keeps_many_apart() -> None:
    assert [backoff(attempt, 0.5) for attempt in (1, 2, 3)] == [2, 8, 32]
    assert backoff(1, 0.0) == 1.5
    assert backoff(1, 1.0) == 2.5
