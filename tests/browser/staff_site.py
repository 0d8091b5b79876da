"""The staff site in a thread of its own, so that a browser can be driven beside it."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from portal.staff import passwords
from tests.unit.staff.world import Browser, World

T = TypeVar("T")

SECONDS = 60


class StaffSiteBeside:
    """`World`, asked from another thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._cost = passwords.COST
        self._browsers: dict[str, Browser] = {}

    def __enter__(self) -> Self:
        passwords.COST = {"n": 2, "r": 8, "p": 1}
        self._thread.start()
        self.world = World(self._folder)
        self.run(self.world.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.world.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        passwords.COST = self._cost

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.world.server.port}"

    def person(self, name: str, *roles: str, sites: tuple[str, ...] = ()) -> Browser:
        """Somebody signed in, who asks without a screen."""
        if name not in self._browsers:
            self._browsers[name] = self.run(self.world.signed_in(name, *roles, sites=sites))
        return self._browsers[name]

    def cookies(self, name: str) -> list[dict[str, str]]:
        """The same sign-in for a browser with a screen."""
        found = self._browsers[name].cookies
        return [{"name": k, "value": v, "url": self.address} for k, v in found.items()]

    def post(self, name: str, path: str, form: dict[str, str]) -> str:
        """What somebody sends without looking; where that leads."""
        done = self.run(self._browsers[name].post(path, form))
        assert done.status == 303, self.run(done.text())
        return done.headers["Location"]
