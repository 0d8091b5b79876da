"""What an article costs to send, and what a release costs in bytes and in the daemon's memory.

An article that is asked for again comes from memory; one that nobody has asked for is looked up,
unpacked, checked, drawn and packed, which is what rendering at each request would cost. nginx has
the same bytes in a file. The articles are those of `bench.search`, without pictures unless said.
"""

import json
import random
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from bench.browsing import Response, fetch, together
from bench.figures import NGINX, OURS, RENDERED, Figure, Subject, figures
from bench.processes import cpu_seconds, memory_mib
from bench.search import made_articles
from bench.site import BenchSite
from bench.subjects import Standing, nginx, ours
from content_cache.builder import BundleItem, build
from content_cache.releases import Releases
from content_cache.signing import Signer
from portal.demo.addresses import PORTAL_HOST
from portal.demo.host import LabError
from splash import content
from splash.content import Article, Source, Words

SECTION: Final = "reading"
SMALL, LARGE = 300, 3000
AT_ONCE: Final = 20
_POPULAR: Final = 20
"""Articles that are asked for again and again."""
_PICTURE_BYTES: Final = 30_000
_LARGE_BYTES: Final = 50 << 20
_MADE: Final = 1_790_000_000.0
_HOME: Final = f"http://{PORTAL_HOST}"
_ROWS: Final = (("an article: server's CPU", "ms"),)


def measure(site: BenchSite, *, repetitions: int, quick: bool, peer: bool) -> list[Figure]:
    """`peer` is of no use here: openNDS has no articles."""
    small, large = _released(site, 1, SMALL, 0), _released(site, 2, LARGE, 0)
    found = [
        Figure(SECTION, f"release of {count:,} articles", OURS, "MiB", (size / 2**20,))
        for count, size in ((SMALL, small), (LARGE, large))
    ]
    pages = 400 if quick else 2000
    costs: dict[Subject, list[list[float]]] = {OURS: [], NGINX: [], RENDERED: []}
    for _ in range(min(3, repetitions)):
        with ours(site) as standing:
            _show(site, 2)
            article = _read(standing, [0])[0]
            _read(standing, range(_POPULAR))
            again = [number % _POPULAR for number in range(pages)]
            costs[OURS].append([_cost(standing, again)])
            anew = range(_POPULAR, min(LARGE, _POPULAR + pages))
            costs[RENDERED].append([_cost(standing, anew)])
        with nginx(site, article) as rival:
            costs[NGINX].append([_cost(rival, [None] * pages)])
    for subject, runs in costs.items():
        found += figures(SECTION, subject, _ROWS, runs)
    return found + _memory(site, large, 1 if quick else min(3, repetitions))


def _memory(site: BenchSite, large: int, repetitions: int) -> list[Figure]:
    """RSS after the same reading and searching, in one daemon: a small release, then a large."""
    one = _released(site, 3, SMALL // 2, 0)
    fifty = _released(site, 4, LARGE, _LARGE_BYTES - large)
    seen: list[list[float]] = []
    for _ in range(repetitions):
        _activate(site, 3)
        with ours(site) as standing:
            run = []
            for number in (3, 4, 3):
                _show(site, number)
                _read(standing, range(100))
                _searched(standing)
                run.append(memory_mib(standing.pid)["RSS"])
        seen.append(run)
    rows = [
        (f"daemon's RSS with a release of {size / 2**20:.0f} MiB{more}", "MiB")
        for size, more in ((one, ""), (fifty, ", afterwards"), (one, ", again"))
    ]
    return figures(SECTION, OURS, rows, seen)


def _cost(standing: Standing, numbers: Sequence[int | None]) -> float:
    """Milliseconds of the server's CPU for one of these pages."""
    before = cpu_seconds(standing.pid)
    _read(standing, numbers)
    return (cpu_seconds(standing.pid) - before) / len(numbers) * 1000


def _read(standing: Standing, numbers: Sequence[int | None]) -> list[Response]:
    """Articles by number, some at once; None is the one page that nginx has."""
    read: list[Response] = []
    with standing.site.crowd.network():
        for first in range(0, len(numbers), AT_ONCE):
            part = numbers[first : first + AT_ONCE]
            asked = [
                fetch(phone, _HOME + ("/" if number is None else f"/a/bai-{number}"))
                for phone, number in zip(standing.site.phones, part, strict=False)
            ]
            read += _whole(together(asked, 30))
    return read


def _searched(standing: Standing) -> None:
    """Each by another phone, so that none asks too often."""
    addresses = (f"{_HOME}/search?q={words}" for words in ("luong+toi+thieu", "dien+nuoc"))
    with standing.site.crowd.network():
        for phone, address in zip(standing.site.phones, addresses, strict=False):
            _whole(together([fetch(phone, address)], 30))


def _whole(answers: Sequence[Response | None]) -> list[Response]:
    came = [answer for answer in answers if answer is not None and answer.status == 200]
    if len(came) != len(answers):
        raise LabError(f"{len(answers) - len(came)} of {len(answers)} pages did not come")
    return came


def _released(site: BenchSite, number: int, count: int, picture_bytes: int) -> int:
    """Put a release with so many articles into the access point's store; its size in bytes."""
    store = Releases(site.lab.folder / "data/content")
    pictures = dict(_pictures(site.lab.folder / "pictures", picture_bytes))
    items = [
        BundleItem(
            **{name: getattr(entry.item, name) for name in ("id", "kind", "date", "title_vi")},
            summary_vi=entry.item.summary_vi,
            category="tin",
            revision=1,
            text_vi=entry.text_vi,
            content=_content(entry.item.title_vi, entry.item.summary_vi, entry.text_vi),
            media=tuple(pictures) if place == 0 else (),
        )
        for place, entry in enumerate(made_articles(count))
    ]
    release = build(store, items, pictures, number, _MADE, Signer(b"bench" * 6 + b".."))
    return sum(release.manifest.files.values())


def _content(title: str, summary: str, text: str) -> bytes:
    sentences = text.split(". ")
    body = "".join(
        f"<p>{'. '.join(sentences[first : first + 4])}</p>" for first in range(0, len(sentences), 4)
    )
    made = Article("tin", Words(title), Words(summary), Words(body), Source("Công đoàn mẫu"))
    return json.dumps(content.to_json(made), ensure_ascii=False).encode()


def _pictures(folder: Path, size: int) -> Iterator[tuple[str, Path]]:
    """Bytes that cannot be packed, as pictures: what they show is of no use here."""
    folder.mkdir(exist_ok=True)
    chance = random.Random(50)
    for _ in range(size // _PICTURE_BYTES):
        data = chance.randbytes(_PICTURE_BYTES)
        path = folder / f"{sha256(data).hexdigest()}.webp"
        path.write_bytes(data)
        yield path.name, path


def _activate(site: BenchSite, number: int) -> None:
    store = Releases(site.lab.folder / "data/content")
    store.activate(number, Signer(b"bench" * 6 + b"..").public_key)


def _show(site: BenchSite, number: int) -> None:
    """Have the daemon show it."""
    said = f"release {number} is shown"
    before = site.gateway.read_log("portal").count(said)
    if Releases(site.lab.folder / "data/content").active_number() == number and before:
        return
    _activate(site, number)
    site.gateway.wait_until(
        lambda: site.gateway.read_log("portal").count(said) > before, said, log="portal"
    )
