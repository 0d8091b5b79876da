"""Fetches the newest release from a plain web space, by https; anything that serves files will do.

    SOURCE/bundle.json    the signed manifest
    SOURCE/files/NAME     every file it names

Nothing that comes over the line is believed before the signature and every hash fit, nothing is
read without an end, and until the last check is passed what was shown stays shown. What has been
fetched of a file waits in STORE/incoming, and is not fetched again after a cut.

A program of its own, which ends: TLS, the client and the signature's library would cost a
daemon at rest more memory than everything else it knows of content.

    python -m content_cache.fetch STORE SOURCE PUBLIC_KEY MOST_BYTES [--check] [--within SECONDS]

It prints the number of the release that is shown now, or nothing if it was shown before, and
ends with 0; or it says on the standard error why not, and ends with 1.
"""

import argparse
import asyncio
import fcntl
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from content_cache.manifest import BundleError, Manifest, shown
from content_cache.releases import Releases
from content_cache.signing import opened
from content_cache.web_space import FetchError, WebSpace, web_space

TOTAL_SECONDS: Final = 1800.0
"""One attempt usually ends then, however busy the server looks; the next goes on where it ended."""
_SPARE_BYTES: Final = 16 << 20
"""What stays free on the disk: the session log needs it more."""
_TAG: Final = re.compile(r'(?:W/)?"[!#-~]{0,200}"')


@dataclass(frozen=True, slots=True)
class Source:
    """Where releases come from, and what is taken from there."""

    url: str
    """The folder; ends with a slash."""
    public_key: str
    most_bytes: int
    """Of all the files of a release."""
    total_seconds: float
    """How long one attempt may take."""


async def fetch(releases: Releases, source: Source, *, check: bool = False) -> int | None:
    """Show the source's release, if it is newer; its number, or None if nothing changed.

    With `check` every file of the release that is shown is read, and fetched again if damaged.

    Raises:
        BundleError: what is there is refused, with every reason; what was shown stays.
        FetchError: it could not be fetched, or not to the end; what was shown stays.
    """
    try:
        with _alone(releases.folder / "incoming"):
            async with asyncio.timeout(source.total_seconds), web_space(source.url) as web:
                return await _Attempt(releases, source).run(web, check)
    except aiohttp.ClientError as error:
        raise FetchError(f"{source.url}: cannot be fetched: {shown(str(error), 300)}") from None
    except TimeoutError:
        words = f"not done after {source.total_seconds:g} s; the rest is fetched next time"
        raise FetchError(f"{source.url}: {words}") from None
    except OSError as error:
        raise FetchError(f"{releases.folder}: {error.strerror or error}") from None


class _Attempt:
    def __init__(self, releases: Releases, source: Source) -> None:
        self._releases = releases
        self._source = source
        self._incoming = releases.folder / "incoming"
        self._tag = self._incoming / "tag"
        self._unfinished = self._incoming / "bundle.json"

    async def run(self, web: WebSpace, check: bool) -> int | None:
        found = await web.bundle(None if check else self._known_tag())
        if found is None:
            return None
        signed, tag = found
        manifest = opened(signed, self._source.public_key)
        self._refuse(manifest, signed)
        wanted = self._is_wanted(manifest, signed, check)
        if wanted:
            self._unfinished.write_bytes(signed)
            await self._files(web, manifest)
            self._show(manifest, signed)
        self._remember(tag)
        return manifest.release if wanted else None

    def _refuse(self, manifest: Manifest, signed: bytes) -> None:
        """Refuse a release that is properly signed, and is not to be shown nevertheless."""
        number, newest = manifest.release, max(self._releases.numbers(), default=0)
        if number < newest:
            raise BundleError([f"release {number}: is older than release {newest}, which is here"])
        if number == newest and self._releases.signed(number) != signed:
            raise BundleError([f"release {number}: is another one than release {number} here"])
        if manifest.total_bytes > self._source.most_bytes:
            words = f"has {manifest.total_bytes} bytes; at most {self._source.most_bytes}"
            raise BundleError([f"release {number}: {words} are taken ([content] max_mb)"])

    def _is_wanted(self, manifest: Manifest, signed: bytes, check: bool) -> bool:
        """Whether there is something to do: it is new, or was not finished, or is damaged.

        Staff of this house may have gone back to an earlier one: that stays.
        """
        number = manifest.release
        if number not in self._releases.numbers():
            return True
        if self._unfinished.is_file() and self._unfinished.read_bytes() == signed:
            return True
        return (
            check
            and number == self._releases.active_number()
            and bool(self._releases.verify(number, self._source.public_key))
        )

    async def _files(self, web: WebSpace, manifest: Manifest) -> None:
        """Have every file in the pool, or waiting beside it."""
        lacking = {
            name: size
            for name, size in sorted(manifest.files.items())
            if self._releases.wrong(name, size) is not None
        }
        self._forget_others({f"{name}.part" for name in lacking})
        waiting = sum(part.stat().st_size for part in self._incoming.glob("*.part"))
        needed = sum(lacking.values()) - waiting + _SPARE_BYTES
        free = shutil.disk_usage(self._incoming).free
        if needed > free:
            raise FetchError(f"release {manifest.release}: needs {needed} bytes; {free} are free")
        for name, size in lacking.items():
            await web.file(name, size, self._incoming / f"{name}.part")

    def _show(self, manifest: Manifest, signed: bytes) -> None:
        releases, key = self._releases, self._source.public_key
        with releases.locked():
            for part in self._incoming.glob("*.part"):
                releases.take(part, part.name.removesuffix(".part"))
            releases.add(signed, key)
            releases.activate(manifest.release, key)
        self._unfinished.unlink()
        with suppress(BundleError):  # An earlier one is damaged: what is shown is not.
            releases.collect()

    def _forget_others(self, wanted: set[str]) -> None:
        for part in self._incoming.glob("*.part"):
            if part.name not in wanted:
                part.unlink()

    def _known_tag(self) -> str | None:
        """The tag of the bundle.json that was dealt with last, if it is from this source."""
        if self._unfinished.exists() or self._releases.active_number() is None:
            return None
        with suppress(OSError, UnicodeDecodeError):
            url, _, tag = self._tag.read_text(encoding="ascii").partition("\n")
            if url == self._source.url and _TAG.fullmatch(tag):
                return tag
        return None

    def _remember(self, tag: str) -> None:
        if _TAG.fullmatch(tag):
            self._tag.write_text(f"{self._source.url}\n{tag}", encoding="ascii")
        else:
            self._tag.unlink(missing_ok=True)


@contextmanager
def _alone(incoming: Path) -> Iterator[None]:
    """No other attempt runs meanwhile.

    Raises:
        FetchError: one does.
    """
    incoming.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (incoming / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FetchError("another attempt to fetch it is running") from None
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m content_cache.fetch")
    parser.add_argument("store", type=Path)
    parser.add_argument("source")
    parser.add_argument("public_key")
    parser.add_argument("most_bytes", type=int)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--within", type=float, default=TOTAL_SECONDS)
    given = parser.parse_args()
    with suppress(OSError):  # Phones come first; the unit's filter of system calls may say no.
        os.nice(10)
    with suppress(OSError):  # If memory runs out, the kernel is to take this process.
        Path("/proc/self/oom_score_adj").write_text("1000")
    source = Source(given.source, given.public_key, given.most_bytes, given.within)
    try:
        release = asyncio.run(fetch(Releases(given.store), source, check=given.check))
    except (BundleError, FetchError) as error:
        print(error, file=sys.stderr)
        return 1
    if release is not None:
        print(release)
    return 0


if __name__ == "__main__":
    sys.exit(main())
