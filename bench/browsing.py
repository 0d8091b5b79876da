"""Many phones at once in one thread: each is a generator that says what it waits for.

Clients and servers share two cores, so a client must be cheap: about 0.1 ms of Python per
connection, a third of what asyncio's streams need.
"""

import heapq
import select
import socket
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlencode, urlsplit

from bench.site import CrowdPhone
from portal.demo.addresses import CHECKS4, GATEWAY4
from portal.demo.browser import forms

CHECK: Final = "http://connectivitycheck.gstatic.com/generate_204"
_AT: Final[Mapping[str, str]] = {"connectivitycheck.gstatic.com": CHECKS4}
"""Where names lead; what is not here leads to the gateway. Names are not what is measured."""

_MOST_REDIRECTS = 4
_AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when `channel` can be read (or written), or at `until` (monotonic) at the latest."""

    channel: socket.socket | None
    writing: bool = False
    until: float | None = None


Doing: TypeAlias = Generator[Wait, None, T]


def together(doings: Iterable[Doing[T]], seconds: float) -> list[T | None]:
    """Run all to their ends, at once; None for what has not ended after `seconds`."""
    doing = list(doings)
    results: list[T | None] = [None] * len(doing)
    watched: dict[int, int] = {}  # file descriptor -> number of the doing that waits for it
    turns = [0] * len(doing)
    alarms: list[tuple[float, int, int]] = []
    left = len(doing)
    give_up = time.monotonic() + seconds
    with select.epoll() as poll:

        def step(number: int) -> bool:
            """Let one go on until it waits again; True when it has ended."""
            turns[number] += 1
            try:
                wait = next(doing[number])
            except StopIteration as end:
                results[number] = end.value
                return True
            if wait.channel is not None:
                descriptor = wait.channel.fileno()
                mask = select.EPOLLOUT if wait.writing else select.EPOLLIN
                poll.register(descriptor, mask | select.EPOLLONESHOT)
                watched[descriptor] = number
            if wait.until is not None:
                heapq.heappush(alarms, (wait.until, number, turns[number]))
            return False

        def forget(descriptor: int) -> int:
            poll.unregister(descriptor)
            return watched.pop(descriptor)

        for number in range(len(doing)):
            left -= step(number)
        while left and time.monotonic() < give_up:
            due = min([give_up, *(alarm[0] for alarm in alarms[:1])])
            for descriptor, _ in poll.poll(max(0.0, due - time.monotonic())):
                if descriptor in watched:
                    left -= step(forget(descriptor))
            while alarms and alarms[0][0] <= time.monotonic():
                _, number, turn = heapq.heappop(alarms)
                if turns[number] != turn:
                    continue  # Its channel was faster.
                for descriptor in [fd for fd, who in watched.items() if who == number]:
                    forget(descriptor)
                left -= step(number)
    for one in doing:
        one.close()
    return results


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Failed(Exception):
    """No whole answer came."""


def fetch(phone: CrowdPhone, url: str, fields: Mapping[str, str] | None = None) -> Doing[Response]:
    """Ask once over a connection of its own; with `fields`, a POST.

    Raises:
        Failed: refused, cut off or incomplete.
    """
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = b"" if fields is None else urlencode(fields).encode()
    head = (
        f"{'GET' if fields is None else 'POST'} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"User-Agent: {_AGENT}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n"
    )
    if fields is not None:
        head += (
            f"Origin: http://{parts.netloc}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )
    with phone.socket(socket.SOCK_STREAM) as channel:
        channel.connect_ex((_AT.get(parts.hostname or "", GATEWAY4), parts.port or 80))
        yield Wait(channel, writing=True)
        data = b""
        try:
            channel.send(head.encode() + b"\r\n" + body)
            while True:
                yield Wait(channel)
                more = channel.recv(1 << 18)
                data += more
                if not more or _is_whole(data):
                    break
        except OSError as error:
            raise Failed(str(error)) from None
    return _response(data, url)


def _is_whole(data: bytes) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    at = head.lower().find(b"\r\ncontent-length:")
    if not found or at < 0:
        return False
    return len(body) >= int(head[at + 17 :].split(b"\r\n", 1)[0])


def _response(data: bytes, url: str) -> Response:
    head, found, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if not found or len(words) < 2:
        raise Failed(f"no answer but {data[:60]!r}")
    headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
    if len(body) != int(headers.get("content-length", len(body))):
        raise Failed("the answer was cut off")
    return Response(int(words[1]), headers, body, url)


def splash(phone: CrowdPhone) -> Doing[Response]:
    """From the captive check to the whole splash page.

    Raises:
        Failed: something else came.
    """
    url = CHECK
    for _ in range(_MOST_REDIRECTS):
        answer = yield from fetch(phone, url)
        if answer.status not in (301, 302, 303, 307):
            break
        url = answer.headers.get("location", "")
    if answer.status != 200 or not answer.body:
        raise Failed(f"status {answer.status} from {answer.url[:80]}")
    return answer


def timed_splash(phone: CrowdPhone) -> Doing[float | None]:
    """Seconds from the captive check to the whole splash page; None if it did not come."""
    begun = time.monotonic()
    try:
        yield from splash(phone)
    except Failed:
        return None
    return time.monotonic() - begun


def tap(phone: CrowdPhone, page: Response, number: int = 0) -> Doing[Response]:
    """Send the form with this number on `page`, filled in as it came.

    Raises:
        Failed: no such form, or no answer.
    """
    text = _plain(page).decode("utf-8", "replace")
    found = forms(text, page.url)
    if number >= len(found):
        raise Failed("the page has no button")
    form = found[number]
    if form.method == "post":
        return (yield from fetch(phone, form.url, form.fields))
    return (yield from fetch(phone, f"{form.url}?{urlencode(form.fields)}"))


def _plain(page: Response) -> bytes:
    if page.headers.get("content-encoding") != "gzip":
        return page.body
    import gzip

    return gzip.decompress(page.body)


def burst(phones: Sequence[CrowdPhone], seconds: float) -> tuple[list[float], int, float]:
    """All phones at the same moment: the times of those that got the splash page, the number of
    those that did not within `seconds`, and how long it took altogether."""
    begun = time.monotonic()
    times = together([timed_splash(phone) for phone in phones], seconds)
    elapsed = time.monotonic() - begun
    came = [time for time in times if time is not None]
    return came, len(times) - len(came), elapsed
