"""Killed a hundred times at any moment, a store always has a valid release that is shown."""

import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from content_cache.releases import Releases
from portal.demo.authority import Authority
from tests.netns import content_writers
from tests.unit.content_cache.bundles import KEY, published

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("content-kills")]

KILLS = 100
PORT = 18443


@pytest.fixture
def fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.netns.content_writers", "nacl.signing"])
    return context


class Killed:
    """What was found after each kill."""

    def __init__(self, store: Releases) -> None:
        self._store = store
        self.shown: list[int] = []
        self.midway = 0
        """How often something half done was left."""

    def look(self) -> None:
        number = self._store.active_number()
        assert number is not None
        assert self._store.verify(number, KEY) == []
        self.shown.append(number)
        left = [path for path in self._store.folder.rglob(".*") if path.is_file()]
        parts = list(self._store.folder.glob("incoming/*.part"))
        waiting = [other for other in self._store.numbers() if other > number]
        self.midway += bool(left or parts or waiting)

    def proved(self) -> None:
        """It got on between the kills, and they met it at work."""
        assert len(self.shown) == KILLS
        assert self.shown == sorted(self.shown)
        assert self.shown[-1] - self.shown[0] > KILLS / 10
        assert self.midway > KILLS / 10


def kill_again_and_again(
    start: Callable[[], "multiprocessing.process.BaseProcess"], killed: Killed, store: Releases
) -> None:
    """Kill within the time that a release takes on this machine, or a little later."""
    for _ in range(2):  # The first one waits for the fork server itself.
        before, begun = store.active_number(), time.monotonic()
        writer = start()
        while store.active_number() == before:
            assert writer.is_alive(), "it ended by itself"
            assert time.monotonic() - begun < 60, "nothing was shown"
            time.sleep(0.005)
        took = time.monotonic() - begun
        writer.kill()
        writer.join()
    chance = random.Random(4)
    for _ in range(KILLS):
        writer = start()
        time.sleep(chance.uniform(0.0, 1.5 * took))
        assert writer.is_alive(), "it was to be killed, and ended by itself"
        writer.kill()
        writer.join()
        killed.look()


def test_publishing_is_killed(tmp_path: Path, fork_server: ForkServerContext) -> None:
    store = Releases(tmp_path / "content")
    content_writers.build(store, 1)
    store.activate(1, KEY)
    killed = Killed(store)

    def start() -> "multiprocessing.process.BaseProcess":
        writer = fork_server.Process(target=content_writers.publish, args=(store.folder,))
        writer.start()
        return writer

    kill_again_and_again(start, killed, store)

    killed.proved()
    store.collect()
    files = {path.name for path in store.files.iterdir()}
    assert files == {
        name for number in store.numbers() for name in store.release(number).manifest.files
    }


@pytest.fixture
def web_space(tmp_path: Path) -> Iterator[Path]:
    """A folder of https://localhost, which takes its time for every file."""
    certificate = Authority(tmp_path).sign("localhost", ["localhost"])
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "faults.json").write_text('{"/wifi/files/": ["slow", "0.005"]}')
    with (tmp_path / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.netns.web_space"),
                *(certificate.chain, certificate.key, folder, "127.0.0.1", str(PORT)),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        while b"ready" not in (tmp_path / "web.log").read_bytes():
            assert server.poll() is None, (tmp_path / "web.log").read_text()
            time.sleep(0.01)
        yield folder / "wifi"
    finally:
        server.kill()
        server.wait()


def test_fetching_is_killed(
    tmp_path: Path, web_space: Path, fork_server: ForkServerContext
) -> None:
    made, store = Releases(tmp_path / "made"), Releases(tmp_path / "content")
    killed = Killed(store)
    newest = 0

    def publish() -> None:
        nonlocal newest
        newest += 1
        content_writers.build(made, newest)
        published(made, newest, web_space)

    def start() -> "multiprocessing.process.BaseProcess":
        if store.active_number() in (None, newest):
            publish()
        writer = fork_server.Process(
            target=content_writers.follow,
            args=(store.folder, f"https://localhost:{PORT}/wifi/", tmp_path / "authority.pem"),
        )
        writer.start()
        return writer

    kill_again_and_again(start, killed, store)

    killed.proved()
