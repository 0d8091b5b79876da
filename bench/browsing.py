"""Many phones at once in one thread: each is a generator that says what it waits for.

Clients and servers share two cores, so a client must be cheap: this one needs about 0.2 ms of
CPU per connection.
"""

import heapq
import select
import socket
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar
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


def together(
    doings: Sequence[Doing[T]], seconds: float, beside: Sequence[Doing[None]] = ()
) -> list[T | None]:
    """Run all of `doings` to their ends, at once; None for what has not ended after `seconds`.

    What is `beside` runs with them, for as long as one of them runs.
    """
    results: list[T | None] = [None] * len(doings)
    with closing(_Turns((*doings, *beside), results)) as turns:
        turns.run(time.monotonic() + seconds)
    return results


class _Turns:
    """Whose turn it is: doings by number, and what each waits for."""

    def __init__(self, doings: Sequence[Doing[Any]], results: list[Any]) -> None:
        self._left = len(results)
        self._doings = doings
        self._results = results
        self._poll = select.epoll()
        self._watched: dict[int, int] = {}  # file descriptor -> number
        self._turns = [0] * len(doings)
        self._alarms: list[tuple[float, int, int]] = []  # when, number, in which of its turns

    def close(self) -> None:
        for doing in self._doings:
            doing.close()
        self._poll.close()

    def run(self, give_up: float) -> None:
        """Until those that have a place in `results` have ended, or until `give_up`."""
        for number in range(len(self._doings)):
            self._step(number)
        while self._left and time.monotonic() < give_up:
            due = min([give_up, *(when for when, _, _ in self._alarms[:1])])
            for descriptor, _ in self._poll.poll(max(0.0, due - time.monotonic())):
                if descriptor in self._watched:
                    self._step(self._forget(descriptor))
            self._ring()

    def _step(self, number: int) -> None:
        """Let one go on until it waits again."""
        self._turns[number] += 1
        try:
            wait = next(self._doings[number])
        except StopIteration as end:
            if number < len(self._results):
                self._results[number] = end.value
                self._left -= 1
            return
        if wait.channel is not None:
            descriptor = wait.channel.fileno()
            self._poll.register(descriptor, select.EPOLLOUT if wait.writing else select.EPOLLIN)
            self._watched[descriptor] = number
        if wait.until is not None:
            heapq.heappush(self._alarms, (wait.until, number, self._turns[number]))

    def _ring(self) -> None:
        while self._alarms and self._alarms[0][0] <= time.monotonic():
            _, number, turn = heapq.heappop(self._alarms)
            if self._turns[number] != turn:
                continue  # Its channel was faster.
            for descriptor in [fd for fd, who in self._watched.items() if who == number]:
                self._forget(descriptor)
            self._step(number)

    def _forget(self, descriptor: int) -> int:
        self._poll.unregister(descriptor)
        return self._watched.pop(descriptor)


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Failed(Exception):
    """No whole answer came."""


def fetch(
    phone: CrowdPhone,
    url: str,
    fields: Mapping[str, str] | None = None,
    until: float | None = None,
) -> Doing[Response]:
    """Ask once over a connection of its own; with `fields`, a POST.

    Raises:
        Failed: refused, cut off, incomplete, or not whole at `until` (monotonic).
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
        yield Wait(channel, writing=True, until=until)
        data = b""
        try:
            channel.send(head.encode() + b"\r\n" + body)
            while True:
                yield Wait(channel, until=until)
                more = channel.recv(1 << 18)
                data += more
                if not more or _is_whole(data):
                    break
        except OSError as error:  # Also: nothing there to write to or to read, at `until`.
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


def splash(phone: CrowdPhone, until: float | None = None) -> Doing[Response]:
    """From the captive check to the whole splash page.

    Raises:
        Failed: something else came, or it had not come at `until` (monotonic).
    """
    url = CHECK
    for _ in range(_MOST_REDIRECTS):
        answer = yield from fetch(phone, url, until=until)
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
