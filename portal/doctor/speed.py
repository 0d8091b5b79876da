"""Measures what the line carries downwards, by one download that is bounded in bytes and time.

Only when asked: it fills the line for some seconds.
"""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from portal.config import Config
from portal.doctor import rates
from portal.doctor.finding import Finding
from portal.uplink_watch import LOOK_SECONDS, addresses_for_phones, anyone

MOST_BYTES: Final = 25_000_000
MOST_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = MOST_SECONDS + 3 * _ANSWER_SECONDS
"""For all of it: a server that says a byte now and then is never late with one."""
_CHUNK: Final = 1 << 16


def down(config: Config) -> Iterator[Finding]:
    url = config.uplink.speed_url
    if url is None:
        yield Finding("speed", True, "unset", looked=False)
        return
    try:
        count, seconds = _download(url, config.interfaces.phones)
    except (OSError, TimeoutError, http.client.HTTPException) as error:
        yield Finding("speed", False, "failed", {"url": url, "said": str(error) or repr(error)})
        return
    yield rates.judge(count, seconds, config.fairness.down_mbit)


def _download(url: str, phones: str) -> tuple[int, float]:
    """How many bytes came, and in how many seconds after the first of them.

    Raises:
        OSError, TimeoutError, http.client.HTTPException: nothing came.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    raw = socket.create_connection((_address(phones, host), port), _ANSWER_SECONDS)
    connection = http.client.HTTPConnection(host, port)
    with raw, _ended_in_time(raw):
        try:
            connection.sock = anyone().wrap_socket(raw, server_hostname=host) if secure else raw
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": "portal-doctor"})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise http.client.HTTPException(f"status {answer.status}")
            return _read(answer)
        finally:
            connection.close()


@contextmanager
def _ended_in_time(connected: socket.socket) -> Iterator[None]:
    """Whatever waits for the other side is told after a while that it has hung up."""
    with connected.dup() as same:  # TLS takes the first one for itself.

        def hang_up() -> None:
            with suppress(OSError):
                same.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(_LONGEST_SECONDS, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _address(phones: str, host: str) -> str:
    """Raises:
    OSError, TimeoutError: the resolver of the phones knows no address.
    """

    async def ask() -> str:
        async with asyncio.timeout(LOOK_SECONDS):
            found = await addresses_for_phones(phones, host)
        if not found:
            raise OSError(f"no address is known for {host}")
        return str(found[0])

    return asyncio.run(ask())


def _read(answer: http.client.HTTPResponse) -> tuple[int, float]:
    answer.read(1)  # The clock starts with the first byte.
    count = 0
    begun = time.monotonic()
    seconds = 0.0
    while count < MOST_BYTES and seconds < MOST_SECONDS:
        part = answer.read1(_CHUNK)
        seconds = time.monotonic() - begun
        if not part:
            break
        count += len(part)
    return count, seconds
