"""Keeps the content that is shown as new as its source's, by attempts of a process that ends.

What an attempt does, and what it refuses, is in `content_cache.fetch`; here is only when.
"""

import asyncio
import logging
import random
import sys
from contextlib import suppress
from typing import Final

from portal.config import Config

_STEADY_SECONDS: Final = 900.0
_FIRST_FAILURE_SECONDS: Final = 30.0
_MOST_SECONDS: Final = 3600.0
_DEADLINE_SECONDS: Final = 2700.0
"""Longer than an attempt gives itself, and whatever it has to check after that."""

log = logging.getLogger("portal.content")


def seconds_to_next_attempt(failures: int, luck: float) -> float:
    """How long to wait after so many failures in a row; `luck` is from 0 to 1.

    A thousand houses whose line came back at once do not all ask at once.
    """
    steady = _STEADY_SECONDS
    if failures > 0:
        steady = min(_MOST_SECONDS, _FIRST_FAILURE_SECONDS * 2 ** min(failures - 1, 20))
    return steady * (0.5 + luck)


class ContentSource:
    """The `[content] source_url` of this gateway."""

    def __init__(self, config: Config) -> None:
        content = config.content
        assert content.source_url is not None  # portal.config has seen to both.
        assert content.public_key is not None
        self._command = (
            *(sys.executable, "-m", "content_cache.fetch", str(config.content_store)),
            *(content.source_url, content.public_key, str(content.max_mb * 10**6)),
        )
        self._checked = False
        self.failing: str | None = None
        """Why the last attempt failed; None if it did not."""

    async def run(self) -> None:
        """Try again and again, until cancelled."""
        failures = 0
        while True:
            failing = await self._attempt()
            if failing is not None and failing != self.failing:
                log.warning("the content stays as it is: %s", failing)
            elif failing is None and self.failing is not None:
                log.info("the content is as new as its source's again")
            self.failing = failing
            failures = 0 if failing is None else failures + 1
            await asyncio.sleep(seconds_to_next_attempt(failures, random.random()))

    async def _attempt(self) -> str | None:
        """Fetch what is new; the first time also what was damaged. Says why that failed."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *([] if self._checked else ["--check"]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                said, complained = await process.communicate()
        except TimeoutError:
            return "an attempt to fetch it did not end"
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            lines = complained.decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else f"the attempt to fetch it ended ({process.returncode})"
        self._checked = True
        if release := said.decode(errors="replace").strip():
            log.info("release %s of the content is shown", release)
        return None
