"""A made-up Vietnamese news site of 300 articles, with every fault, is mirrored over a network.

The waiting between requests is fifty times faster than in the world, except where it is what is
tested; the deadline of a fetch is the real one where pages dribble.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from content_cache.catalogue import Catalogue
from content_cache.releases import Releases
from portal.demo.host import Host
from splash import markup
from tests.newssite.articles import REASONS, Site
from tests.newssite.judging import Copy, judged

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("mirror")]

WEBSITE, PUBLISHER = "203.0.113.20", "203.0.113.2"
RULE = {
    "link": "h3 a", "next": "a.next", "pages": 50, "title": "h1.title", "date": ".date",
    "body": ".content", "drop": [".related"],
}  # fmt: skip
PATHS = {"list": "/tin-tuc", "feed": "/rss.xml?most=400", "sitemap": "/sitemap.xml"}
PORTAL = """
[site]
id = "hp-001"
name = "Khu trọ"
[organisation]
name = "LĐLĐ"
unit = "Ban"
address = "1 Phố Nhà"
phone = "0225 000 000"
responsible = "Bà Lan"
[interfaces]
phones = "br-lan"
uplink = "wan"
[storage]
data_dir = "{folder}/data"
run_dir = "{folder}/run"
"""


class World:
    """A website and a machine that publishes."""

    def __init__(self, folder: Path, website: Host, publisher: Host) -> None:
        self.folder = folder
        self.publisher = publisher
        self.log = folder / "requests"
        website.ip(
            f"link add name eth0 type veth peer name eth0 netns {publisher.pid}",
            "link set eth0 up",
            f"address add {WEBSITE}/24 dev eth0",
        )
        publisher.ip("link set eth0 up", f"address add {PUBLISHER}/24 dev eth0")
        process = website.popen(
            sys.executable, "-m", "tests.newssite.server",
            WEBSITE, "80", self.log, "--full", log="server",
        )  # fmt: skip
        website.wait_until(
            lambda: "ready" in website.read_log("server"),
            "it serves",
            process=process,
            log="server",
        )

    def source(self, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "name": "mau", "title": "Công đoàn mẫu", "kind": kind, "own": True,
            "url": f"http://{WEBSITE}{PATHS[kind]}", "allow_private": True, "max_articles": 400,
            "rule": RULE, **more,
        }  # fmt: skip

    def mirror(self, source: dict[str, Any], memory: str, seconds: float = 5.0) -> dict[str, Any]:
        self.log.write_text("")
        task = {
            "source": source, "memory": str(self.folder / memory), "seconds": seconds, "times": 50,
        }  # fmt: skip
        out = self.folder / "out.json"
        self.publisher.must(
            sys.executable, "-m", "tests.newssite.mirroring", json.dumps(task), out, timeout=600
        )
        return dict(json.loads(out.read_text()))

    def requests(self) -> list[dict[str, Any]]:
        return sorted(map(json.loads, self.log.read_text().splitlines()), key=lambda one: one["at"])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="portal-mirror-")))
        hosts = []
        for name in ("website", "publisher"):
            hosts.append(Host(name, folder))
            closing.callback(hosts[-1].close)
        yield World(folder, *hosts)


@pytest.fixture(scope="module")
def site() -> Site:
    """What the server serves, worked out again."""
    return Site(side=2600, huge=True)


@pytest.fixture(scope="module")
def first(world: World) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The site mirrored once from its lists, and what was asked; its memory is `list.db`."""
    made = world.mirror(world.source("list"), "list.db", seconds=20)
    return made, world.requests()


def check(site: Site, made: dict[str, Any]) -> None:
    copies = {
        path: Copy(one["title"], one["html"], datetime.fromisoformat(one["date"]))
        for path, one in made["articles"].items()
    }
    score = judged(site.good, copies)
    print(score)
    assert (score.missing, score.wrong_dates, score.wrong_titles, score.wrong_pictures) == (
        (), (), (), (),
    )  # fmt: skip
    assert min(score.precision, score.recall, score.worst) >= 0.97
    assert len(copies) == len(site.good) == 300
    failed = {
        urlsplit(line["address"]).path: line["notes"][0]["reason"]
        for line in made["report"]["lines"]
        if line["state"] == "failed"
    }
    assert failed == {
        article.path: REASONS[article.trouble] for article in site.articles if not article.good
    }
    assert all(markup.problems(one["html"]) == () for one in made["articles"].values())
    widths = [width for one in made["articles"].values() for width in one["widths"]]
    assert len(widths) == 57
    assert max(widths) <= 480


def test_a_whole_site_is_mirrored_from_its_lists(
    first: tuple[dict[str, Any], list[dict[str, Any]]], site: Site
) -> None:
    made, seen = first

    check(site, made)
    longest = max(one["took"] for one in seen)
    assert 19 < longest < 21  # The servers that dribble; nothing else comes near.
    assert not any(one["path"].startswith("/noi-bo/") for one in seen)
    notes = Counter(note["reason"] for line in made["report"]["lines"] for note in line["notes"])
    print(f"{made['seconds']:.0f} s, {len(seen)} requests, longest {longest:.1f} s", notes)
    print(f"largest process for a picture {made['worker_kb'] // 1024} MB,", end=" ")
    print(f"the mirror {made['own_kb'] // 1024} MB, pictures", end=" ")
    print(sum(one["bytes"] for one in made["articles"].values()) // 1000, "KB")
    assert notes["charset"] == sum(
        one.coding != "utf-8" and (one.coding != "cp1258") for one in site.good
    )
    assert [notes[f"picture-{why}"] for why in ("large", "bad", "missing")] == [1, 1, 1]
    assert made["worker_kb"] < 200_000


@pytest.mark.usefixtures("first")
def test_a_second_run_fetches_only_what_changed(world: World, site: Site) -> None:
    edited = site.articles[40]
    world.publisher.must(
        sys.executable, "-c",
        f"import urllib.request as u; u.urlopen('http://{WEBSITE}/--edit--/{edited.number}')",
    )  # fmt: skip

    made = world.mirror(world.source("list"), "list.db", seconds=1)

    edited.edits += 1
    check(site, made)
    states = Counter(line["state"] for line in made["report"]["lines"])
    assert (states["changed"], states["unchanged"], states["new"]) == (1, 299, 0)
    good = {article.path for article in site.good}
    brought = [one["path"] for one in world.requests() if one["status"] == 200]
    assert [path for path in brought if path in good] == [edited.path]
    print(f"{made['seconds']:.0f} s, {len(world.requests())} requests, {len(brought)} bodies")


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_a_feed_and_a_sitemap_lead_to_the_same(world: World, site: Site, kind: str) -> None:
    """With the memory of the first run, which saves making every picture small again."""
    check(site, world.mirror(world.source(kind), "list.db", seconds=1))


@pytest.mark.usefixtures("first")
def test_without_rules_the_text_is_guessed(world: World, site: Site) -> None:
    rule = {"link": "h3 a", "next": "a.next", "pages": 50}

    made = world.mirror(world.source("list", rule=rule), "list.db", seconds=1)

    copies = {
        path: Copy(one["title"], one["html"], datetime.fromisoformat(one["date"]))
        for path, one in made["articles"].items()
    }
    score = judged(site.good, copies)
    print(score)
    assert (score.missing, score.wrong_dates) == ((), ())
    assert min(score.precision, score.recall) >= 0.97


def test_the_command_asks_once_a_second_and_what_needs_no_person_is_shown(world: World) -> None:
    folder = world.folder / "gateway"
    (folder / "data").mkdir(parents=True)
    config = folder / "portal.toml"
    config.write_text(PORTAL.format(folder=folder), encoding="utf-8")
    source = f"""
        [[source]]
        name = "mau"
        title = "Công đoàn mẫu"
        kind = "feed"
        url = "http://{WEBSITE}/rss.xml?most=12"
        own = true
        publish = "auto"
        allow_private = true
        [source.rule]
        body = ".content"
        drop = [".related"]
    """
    config.with_name("mirror.toml").write_text(source, encoding="utf-8")
    world.log.write_text("")

    told = world.publisher.must(
        sys.executable, "-m", "portal", "content", "mirror", "--publish", "--config", config,
        timeout=120,
    )  # fmt: skip

    assert "bài mới: 12" in told
    gaps = [later["at"] - one["at"] for one, later in pairwise(world.requests())]
    assert min(gaps) > 0.9  # A busy machine hands requests over late, and the next in time.
    store = Releases(folder / "data" / "content")
    active = store.active()
    assert active is not None
    catalogue = Catalogue(active.index)
    page = catalogue.page("hp-001", 0.0, 1)
    catalogue.close()
    assert len(page.items) == 12
    assert [item.date for item in page.items] == sorted(
        (item.date for item in page.items), reverse=True
    )
    refused = config.with_name("mirror.toml")
    refused.write_text(source.replace("allow_private = true", ""), encoding="utf-8")
    again = world.publisher.run(
        sys.executable, "-m", "portal", "content", "mirror", "--config", config
    )
    assert again.returncode == 1
    assert f"máy chủ {WEBSITE} nằm trong mạng nội bộ" in again.stdout
