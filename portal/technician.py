"""The technician's window: open for some minutes, and the self-test that is run from it.

All of it is memory. A window that is open when the daemon stops is closed when it starts.
"""

import asyncio
import hmac
import logging
import os
import sys
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Final

from firewall.changes import MacAddress
from portal import site_code
from portal.allowances import Allowances, Rate
from portal.session import Instant

USUAL_MINUTES: Final = 30
MOST_MINUTES: Final = 240
TEST_SECONDS: Final = 180.0
"""A self-test that takes longer is ended. It takes a few seconds, or half a minute with radios."""

_TRIES: Final = (Rate(5, 10), Rate(15, 30))
"""Of one device, and of all, to type the site's name."""
_TESTS: Final = Rate(6, 20)
"""Of all: each takes the radios off their channel for seconds, or fills the line."""
_MOST_ADMITTED: Final = 16

log = logging.getLogger("portal.technician")


class Window:
    """Whether technicians may see the self-test, and which devices have shown that they are one."""

    def __init__(self, site: str, now: Callable[[], Instant]) -> None:
        self._site = site
        self._now = now
        self._closes: Instant | None = None
        self._admitted: set[MacAddress] = set()
        self._tries = Allowances(*_TRIES)
        self._tests = Allowances(_TESTS, _TESTS)

    def open(self, minutes: int) -> None:
        """Open it from now on; nobody is admitted yet."""
        self.close()
        self._closes = Instant(self._now() + minutes * 60)
        log.info("the technician's window is open for %d minutes", minutes)

    def close(self) -> None:
        self._closes = None
        self._admitted.clear()
        self._tries = Allowances(*_TRIES)

    @property
    def seconds_left(self) -> int | None:
        """None while it is closed."""
        left = 0.0 if self._closes is None else self._closes - self._now()
        return ceil(left) if left > 0 else None

    def admits(self, mac: MacAddress | None) -> bool:
        return self.seconds_left is not None and mac in self._admitted

    def may_try(self, mac: MacAddress) -> bool:
        """Whether this device may type the site's name once more."""
        return self._tries.take(mac, self._now())

    def may_test(self) -> bool:
        """Whether another test may begin. Opening the window anew does not change that."""
        return self._tests.take("everybody", self._now())

    def let_in(self, mac: MacAddress, typed: str) -> bool:
        """Admit the device if what was typed is the site's name, or its code (`HP-001-U`)."""
        if _is(self._site, typed) and len(self._admitted) < _MOST_ADMITTED:
            self._admitted.add(mac)
            return True
        return False


def _is(site: str, typed: str) -> bool:
    """It takes as long for a name that is nearly right."""
    said, right = (text.strip().lower().encode() for text in (typed, site))
    key = os.urandom(16)  # Digests are of one length, whatever was typed.
    same = hmac.compare_digest(hmac.digest(key, said, "sha256"), hmac.digest(key, right, "sha256"))
    try:
        coded = site_code.find(site_code.typed(typed), [site]) is not None
    except (site_code.NotACode, site_code.Mistyped):
        coded = False
    return same or coded


class SelfTest:
    """Runs `portal doctor --save` as a child, one at a time; `run` has to be running."""

    def __init__(self, result: Path, command: Sequence[str], now: Callable[[], Instant]) -> None:
        """`result` is the file that `command` writes."""
        self.result = result
        self._command = command
        self._now = now
        self._wanted: tuple[str, ...] | None = None
        self._wake = asyncio.Event()
        self._since = Instant(0)
        self.failed = False
        """The last one ended without a result."""

    @property
    def seconds_running(self) -> int | None:
        """How long the test runs that runs now; None if none does."""
        return None if self._wanted is None else int(self._now() - self._since)

    def start(self, *options: str) -> bool:
        """Have one run; False if one runs already."""
        if self._wanted is not None:
            return False
        self._wanted = options
        self._since = self._now()
        self._wake.set()
        return True

    async def run(self) -> None:
        """Run what is wanted, again and again, until cancelled."""
        while True:
            await self.run_next()

    async def run_next(self) -> None:
        """Wait until one is wanted, and run it to its end."""
        await self._wake.wait()
        self._wake.clear()
        before = self._written()
        try:
            await self._run_child(self._wanted or ())
        finally:
            self._wanted = None
        self.failed = self._written() == before
        if self.failed:
            log.warning("the self-test ended without a result")

    async def _run_child(self, options: Sequence[str]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *options,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            )
        except OSError as error:
            log.warning("the self-test cannot be started: %s", error)
            return
        try:
            async with asyncio.timeout(TEST_SECONDS):
                await process.wait()
        except TimeoutError:
            log.warning("the self-test took longer than %d s", TEST_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _written(self) -> tuple[int, int] | None:
        """Changes with every result that is saved."""
        try:
            found = self.result.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def doctor(source: Path) -> list[str]:
    """The command that tests a gateway whose configuration is `source`."""
    return [
        *(sys.executable, "-m", "portal", "doctor"),
        *("--json", "--save", "--config", str(source)),
    ]
