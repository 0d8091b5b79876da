"""Reads a plain web space, of which nothing is believed: every answer has an end."""

import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from content_cache.durable import hash_of
from content_cache.manifest import BundleError, shown
from content_cache.signing import MOST_BUNDLE_BYTES

_CONNECT_SECONDS: Final = 15.0
_SILENCE_SECONDS: Final = 30.0
_MOST_REDIRECTS: Final = 3
_CHUNK: Final = 1 << 16
_RANGE: Final = re.compile(r"bytes (\d{1,12})-\d{1,12}/(?:\d{1,12}|\*)")
_NOTHING: Final[Mapping[str, str]] = {}


class FetchError(Exception):
    """The source could not be reached or has not what it should; it may have, later."""


@asynccontextmanager
async def web_space(url: str) -> AsyncIterator["WebSpace"]:
    """The web space at `url`, a folder: it ends with a slash."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()),
        auto_decompress=False,  # What is hashed is what was stored; and no bomb goes off.
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "union-portal", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
        ),
    ) as session:
        yield WebSpace(url, session)


class WebSpace:
    """Raises `FetchError` and `aiohttp.ClientError` where it cannot be read, `BundleError` where
    it has what no bundle has. Whoever calls it sets the deadline."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def bundle(self, known: str | None) -> tuple[bytes, str] | None:
        """Its bundle.json, and the tag of it; None if it is still the one with the tag `known`."""
        headers = {"If-None-Match": known} if known else _NOTHING
        async with self._asked("bundle.json", headers) as response:
            if response.status == 304 and known:
                return None
            if response.status != 200:
                raise FetchError(f"{self._url}bundle.json: the server answers {response.status}")
            signed = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                signed += chunk
                if len(signed) > MOST_BUNDLE_BYTES:
                    raise BundleError([f"bundle.json: more than {MOST_BUNDLE_BYTES} bytes"])
            return bytes(signed), response.headers.get("ETag", "")

    async def file(self, name: str, size: int, part: Path) -> None:
        """Have the file `name` at `part`, on the disk; what is there of it already stays."""
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            have = file.seek(0, os.SEEK_END)
            if have > size or not await self._completed(name, size, file):
                file.truncate(0)  # What was there before is from another day: once from the start.
                file.seek(0)
                if have == 0 or not await self._completed(name, size, file):
                    words = "has other bytes than its name says (SHA-256)"
                    raise BundleError([f"file {name}: {words}"])
            os.fsync(file.fileno())

    async def _completed(self, name: str, size: int, file: BinaryIO) -> bool:
        """Whether the file is what its name says, after the rest of it was fetched."""
        if file.tell() < size:
            await self._rest(name, size, file)
        file.seek(0)
        return hash_of(file) == name[:64]

    async def _rest(self, name: str, size: int, file: BinaryIO) -> None:
        """Append what is missing of a file; all of it where the server cannot do less."""
        have = file.tell()
        headers = {"Range": f"bytes={have}-"} if have else _NOTHING
        async with self._asked(f"files/{name}", headers) as response:
            if response.status == 206 and have:
                found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
                if found is None or int(found[1]) != have:
                    file.truncate(0)
                    raise FetchError(f"file {name}: the server sent another part than asked for")
            elif response.status == 200:
                file.seek(0)
                file.truncate()
            else:
                if response.status == 416:  # It has fewer bytes than are here.
                    file.truncate(0)
                raise FetchError(f"file {name}: the server answers {response.status}")
            async for chunk in response.content.iter_chunked(_CHUNK):
                if file.tell() + len(chunk) > size:
                    file.truncate(0)
                    raise BundleError([f"file {name}: goes on after {size} bytes"])
                file.write(chunk)
        if file.tell() < size:
            raise BundleError([f"file {name}: ends after {file.tell()} of {size} bytes"])

    @asynccontextmanager
    async def _asked(
        self, path: str, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer for one of its files, which may say that it is elsewhere on this host."""
        url = urljoin(self._url, path)
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status not in (301, 302, 303, 307, 308):
                    yield response
                    return
                url = on_the_same_host(url, response.headers.get("Location", ""))
        raise FetchError(f"{self._url}{path}: leads on and on")


def on_the_same_host(url: str, location: str) -> str:
    """Where `location` leads from `url`.

    Raises:
        FetchError: to another host, or another port of it, or away from https.
    """
    try:
        there = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(there)
        same = (before.scheme, before.netloc.lower()) == (after.scheme, after.netloc.lower())
    except ValueError:
        same = False
    if not same:
        advice = "only its own host is followed; write that address as [content] source_url"
        raise FetchError(f"{url}: leads to {shown(location)}; {advice}")
    return there
