"""Sees who really passes: every device sends to the Internet all the time, and somebody listens.

Each datagram says who sent it and when. Nobody answers: what counts is what arrives.
"""

import errno
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Self

from bench.site import BenchSite, CrowdPhone
from portal.demo.addresses import WEBSITE4
from tests.soak.model import LEEWAY_SECONDS, PROMPT_SECONDS, House, Spells, Window

_PORT = 4000
_WORD = struct.Struct("!4sIId")
_MARK = b"soak"
_ROUND_SECONDS = 0.25
"""How often each device sends."""
TRAVEL_SECONDS = 1.0
"""What has not arrived by then is lost."""
_ABSENT = (errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENODEV)


@dataclass
class Seen:
    """The sum of it. A leak is a datagram of a captive device that arrived."""

    passed: int = 0
    held: int = 0
    unsure: int = 0
    leaks: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    longest_overrun_seconds: float = 0.0


class Witness:
    """Sends and listens in two threads while it is entered. `judge` compares with a model."""

    def __init__(self, site: BenchSite, phones: Sequence[CrowdPhone]) -> None:
        self._phones = phones
        self.absent: set[int] = set()
        self.seen = Seen()
        self._sent: deque[tuple[float, int, int]] = deque()
        self._arrived: dict[tuple[int, int], float] = {}
        self._stop = threading.Event()
        self._closing = ExitStack()
        with site.internet.network():
            self._ear = self._closing.enter_context(
                closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            )
            self._ear.bind((WEBSITE4, _PORT))
            self._ear.settimeout(0.2)
        with site.crowd.network():
            self._mouths = [
                self._closing.enter_context(closing(phone.socket(socket.SOCK_DGRAM)))
                for phone in phones
            ]
        self._threads = [threading.Thread(target=job) for job in (self._send, self._listen)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._closing.close()

    def _send(self) -> None:
        pause = _ROUND_SECONDS / len(self._mouths)
        n = 0
        while not self._stop.is_set():
            n += 1
            for number, mouth in enumerate(self._mouths):
                if number not in self.absent:
                    now = time.monotonic()
                    try:
                        mouth.sendto(_WORD.pack(_MARK, number, n, now), (WEBSITE4, _PORT))
                    except OSError as error:
                        if error.errno not in _ABSENT:
                            raise
                    else:
                        self._sent.append((now, number, n))
                time.sleep(pause)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                word = self._ear.recv(64)
            except TimeoutError:
                continue
            mark, number, n, _ = _WORD.unpack(word)
            if mark == _MARK:
                self._arrived[number, n] = time.monotonic()

    def judge(self, house: House, no_rules: Spells, no_line: Spells, no_daemon: Spells) -> None:
        """Judge all that was sent a while ago; the model knows all that was done since.

        Without rules nothing is certain. Without the line, what does not arrive is not lost.
        Without a daemon the kernel alone ends turns, a little later.
        """
        before = time.monotonic() - TRAVEL_SECONDS
        while self._sent and self._sent[0][0] < before:
            sent, number, n = self._sent.popleft()
            mac = self._phones[number].mac
            arrived = self._arrived.pop((number, n), None)
            on_its_way = Window(sent, sent + TRAVEL_SECONDS if arrived is None else arrived)
            unruly = no_rules.touch(on_its_way)
            leeway = PROMPT_SECONDS
            if no_daemon.touch(Window(sent - LEEWAY_SECONDS - PROMPT_SECONDS, on_its_way.latest)):
                leeway += LEEWAY_SECONDS
            if arrived is not None and not house.may_pass(mac, on_its_way, leeway):
                if unruly:
                    self.seen.unsure += 1
                else:
                    self.seen.leaks.append(f"{mac} at {sent:.3f}")
            elif arrived is not None:
                self.seen.passed += 1
                self._note_overrun(house, mac, sent)
            elif house.surely_passes(mac, Window(sent, sent + 0.3)):
                if unruly or no_line.touch(on_its_way):
                    self.seen.unsure += 1
                else:
                    self.seen.losses.append(f"{mac} at {sent:.3f}")
            else:
                self.seen.held += 1

    def _note_overrun(self, house: House, mac: str, sent: float) -> None:
        """How long after the end of its last turn a device still passed."""
        last = house.turns[mac][-1]
        if last.reason == "expired" and last.ends.latest < sent:
            self.seen.longest_overrun_seconds = max(
                self.seen.longest_overrun_seconds, sent - last.ends.latest
            )
