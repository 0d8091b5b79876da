"""Fetches pages politely and safely. The only module here that talks to the network.

A request waits for its turn (`pace`), obeys robots.txt, never goes to a host that the source
does not name nor to a private network, ends after `seconds` in all however slowly the other side
speaks, and stops reading what is too large.
"""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from protego import Protego
from yarl import URL

from content_cache.mirror.addresses import host_of, is_public, normal, origin_of
from content_cache.mirror.report import Note

SECONDS: Final = 20.0
"""How long one fetch may take in all, its redirects included, its waiting for a turn not."""
GAP_SECONDS: Final = 1.0
"""Between the beginnings of two requests to one host; more if its robots.txt says so."""
_LONGEST_GAP: Final = 60.0
_MOST_REDIRECTS: Final = 5
_TRIES: Final = 3
_MOST_ROBOTS: Final = 500_000
_MOST_UNANSWERED: Final = 5


class FetchError(Exception):
    """A page cannot be had. `reason` is a key of `report.WORDS`; `detail` goes into its words."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason} {detail}".strip())


class _Again(FetchError):
    """It may go better in a moment."""

    def __init__(self, reason: str, detail: str = "", wait_seconds: float = 0.0) -> None:
        super().__init__(reason, detail)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the copy that we have, so that it need not send it again."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    address: str
    """After redirects."""
    kind: str
    """The content type, without parameters, in small letters."""
    charset: str
    """What the header says; often wrong."""
    validators: Validators
    body: bytes | None
    """None: it is as it was (304), or only its head was wanted."""
    length: int | None
    """Bytes, as the server says."""
    changed: bool


@dataclass(slots=True)
class Pace:
    """One request after another to each host, with a gap. Tests give it another clock."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _last: dict[str, float] = field(default_factory=dict)

    async def turn(self, host: str, gap: float) -> None:
        """Return when `host` may be asked."""
        if host in self._last:
            wait = self._last[host] + gap - self.now()
            if wait > 0:
                await self.sleep(wait)
        self._last[host] = self.now()


class Fetcher:
    """Fetches for one source; made by `fetcher`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hosts: frozenset[str],
        *,
        agent: str,
        pace: Pace,
        seconds: float,
        allow_private: bool,
    ) -> None:
        self.fetched = 0
        """Requests that brought a body."""
        self.asked = 0
        """Requests in all."""
        self._session = session
        self._hosts = hosts
        self._agent = agent
        self._pace = pace
        self._seconds = seconds
        self._allow_private = allow_private
        self._robots: dict[str, Protego | FetchError] = {}
        self._unanswered: dict[str, int] = {}

    async def get(
        self,
        address: str,
        most_bytes: int,
        known: Validators | None = None,
        only_head_of: str = "",
    ) -> Answer:
        """Fetch a page; the body of a content type that begins with `only_head_of` is not read.

        Raises:
            FetchError: it cannot be had; it has been tried again where that may help.
        """
        host = host_of(address)
        if self._unanswered.get(host, 0) >= _MOST_UNANSWERED:
            raise FetchError("host-silent", host)
        await self._permitted(address)
        for attempt in range(1, _TRIES + 1):
            try:
                answer = await self._follow(
                    address, most_bytes, known or Validators(), only_head_of
                )
            except FetchError as error:
                if error.reason in ("slow", "unreachable"):
                    self._unanswered[host] = self._unanswered.get(host, 0) + 1
                if attempt == _TRIES or not isinstance(error, _Again):
                    raise
                await self._pace.sleep(max(error.wait_seconds, backoff(attempt, random.random())))
            else:
                self._unanswered[host] = 0
                return answer
        raise AssertionError("the last try returns or raises")

    async def _permitted(self, address: str) -> None:
        origin = origin_of(address)
        if origin not in self._robots:
            self._robots[origin] = await self._read_robots(origin)
        rules = self._robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        if not rules.can_fetch(address, self._agent):
            raise FetchError("robots")

    async def _read_robots(self, origin: str) -> Protego | FetchError:
        """RFC 9309 §2.3.1: what is not there permits all, what does not answer permits nothing."""
        for attempt in range(1, _TRIES + 1):
            try:
                answer = await self._follow(f"{origin}/robots.txt", _MOST_ROBOTS, Validators(), "")
                return Protego.parse((answer.body or b"").decode("utf-8", "replace"))
            except FetchError as error:
                if error.reason == "status" and error.detail.startswith("4"):
                    return Protego.parse("")
                if isinstance(error, _Again) and attempt < _TRIES:
                    await self._pace.sleep(backoff(attempt, random.random()))
                else:
                    keep = error.reason in ("private", "foreign-host")
                    why = str(Note(error.reason, error.detail))
                    return error if keep else FetchError("robots-silent", why)
        raise AssertionError("the last try returns")

    def _gap(self, address: str) -> float:
        rules = self._robots.get(origin_of(address))
        asked = rules.crawl_delay(self._agent) if isinstance(rules, Protego) else None
        return min(max(GAP_SECONDS, asked or 0.0), _LONGEST_GAP)

    async def _follow(
        self, address: str, most_bytes: int, known: Validators, only_head_of: str
    ) -> Answer:
        """One try: the request, and those that it is redirected to."""
        left = self._seconds
        seen = {address}
        while True:
            if host_of(address) not in self._hosts:
                raise FetchError("foreign-host", host_of(address))
            await self._pace.turn(host_of(address), self._gap(address))
            began = time.monotonic()
            try:
                async with asyncio.timeout(left):
                    answer = await self._request(address, most_bytes, known, only_head_of)
            except TimeoutError:
                raise FetchError("slow", f"{self._seconds:g}") from None
            except aiohttp.InvalidURL:
                raise FetchError("address") from None
            except (aiohttp.ClientError, OSError) as error:
                if isinstance(error.__cause__, _Private) or isinstance(error, _Private):
                    raise FetchError("private", host_of(address)) from None
                raise _Again("unreachable", _said(error)) from None
            except ValueError as error:  # What an answer must not be, by aiohttp's parsers.
                raise FetchError("unreachable", _said(error)) from None
            if isinstance(answer, Answer):
                return answer
            left -= time.monotonic() - began
            if answer in seen or len(seen) > _MOST_REDIRECTS:
                raise FetchError("loop")
            seen.add(answer)
            address = answer

    async def _request(
        self, address: str, most_bytes: int, known: Validators, only_head_of: str
    ) -> Answer | str:
        """One request; a string is the address that it is redirected to."""
        self._check_literal(address)
        headers = {"User-Agent": self._agent, "Accept-Language": "vi, en;q=0.5"}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.modified:
            headers["If-Modified-Since"] = known.modified
        self.asked += 1
        async with self._session.get(
            URL(address, encoded=True), headers=headers, allow_redirects=False
        ) as response:
            if response.status in (301, 302, 303, 307, 308):
                onward = normal(response.headers.get("Location", ""), address)
                if onward is None:
                    raise FetchError("loop")
                return onward
            validators = Validators(
                response.headers.get("ETag", known.etag),
                response.headers.get("Last-Modified", known.modified),
            )
            kind = response.content_type.lower()
            charset = response.charset or ""
            length = response.content_length
            if response.status == 304 and (known.etag or known.modified):
                return Answer(address, kind, charset, validators, None, length, changed=False)
            if response.status in (429, 500, 502, 503, 504):
                told = response.headers.get("Retry-After", "")
                wait = min(float(told), _LONGEST_GAP) if told.isdecimal() else 0.0
                raise _Again("status", str(response.status), wait)
            if response.status != 200:
                raise FetchError("status", str(response.status))
            if only_head_of and kind.startswith(only_head_of):
                return Answer(address, kind, charset, validators, None, length, changed=True)
            body = await _read(response, most_bytes)
            self.fetched += 1
            return Answer(address, kind, charset, validators, body, length, changed=True)

    def _check_literal(self, address: str) -> None:
        """Addresses that are numbers pass no resolver."""
        try:
            literal = ip_address(host_of(address))
        except ValueError:
            return
        if not (self._allow_private or is_public(literal)):
            raise FetchError("private", str(literal))


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    if (response.content_length or 0) > most_bytes:
        raise FetchError("large", f"{most_bytes // 1_000_000}")
    body = bytearray()
    async for part in response.content.iter_chunked(64 * 1024):  # Unpacked: gzip may be a bomb.
        body += part
        if len(body) > most_bytes:
            raise FetchError("large", f"{most_bytes // 1_000_000}")
    return bytes(body)


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait after try number `attempt`; `chance` from 0 to 1 keeps many apart."""
    return float(4 ** (attempt - 1)) * 2 * (0.75 + chance / 2)


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:120]


class _Private(OSError):
    """A name leads to a machine that is not on the Internet."""


class _Resolver(AbstractResolver):
    """The system's, without the addresses of private networks."""

    def __init__(self, *, allow_private: bool) -> None:
        self._inner = aiohttp.ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._allow_private:
            return found
        public = [one for one in found if is_public(ip_address(one["host"].partition("%")[0]))]
        if not public:
            raise _Private(f"{host} is in a private network")
        return public

    async def close(self) -> None:
        await self._inner.close()


@asynccontextmanager
async def fetcher(
    hosts: frozenset[str],
    *,
    agent: str,
    pace: Pace | None = None,
    seconds: float = SECONDS,
    allow_private: bool = False,
) -> AsyncIterator[Fetcher]:
    """A fetcher for `hosts`. It keeps no cookies, and takes no proxy from the environment."""
    connector = aiohttp.TCPConnector(
        resolver=_Resolver(allow_private=allow_private), limit=1, ttl_dns_cache=60
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:
        yield Fetcher(
            session,
            hosts,
            agent=agent,
            pace=pace or Pace(),
            seconds=seconds,
            allow_private=allow_private,
        )
