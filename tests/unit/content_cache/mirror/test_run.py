"""A small news site with every fault is mirrored as it should be; tests/netns has a large one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestServer

from content_cache.mirror.articles import Article
from content_cache.mirror.fetching import Pace
from content_cache.mirror.memory import Memory
from content_cache.mirror.report import as_json, in_vietnamese
from content_cache.mirror.run import Outcome, mirror
from content_cache.mirror.sources import Source, parse
from splash import markup
from tests.newssite.articles import NEWEST, REASONS, Site
from tests.newssite.judging import judged
from tests.newssite.server import Server

NOW = NEWEST.timestamp()
RULE = {
    "link": "h3 a", "next": "a.next", "pages": 50, "title": "h1.title", "date": ".date",
    "body": ".content", "drop": [".related"],
}  # fmt: skip
PATHS = {"list": "/tin-tuc", "feed": "/rss.xml?most=400", "sitemap": "/sitemap.xml"}


class World:
    def __init__(self, server: Server, base: str) -> None:
        self.server = server
        self.site = server.site
        self.base = base
        self.memory = Memory(None)
        self.time = 0.0
        server.now = lambda: self.time

    def source(self, kind: str = "list", **more: Any) -> Source:
        table = {
            "name": "mau", "title": "Công đoàn mẫu", "kind": kind, "url": self.base + PATHS[kind],
            "own": True, "allow_private": True, "rule": RULE,
        }  # fmt: skip
        return parse({"source": [table | more]})[0]

    async def run(self, source: Source, most: int | None = None) -> Outcome:
        self.server.requests.clear()
        pace = Pace(lambda: self.time, self._sleep)
        return await mirror(source, self.memory, NOW, agent="thu/1", pace=pace, most=most)

    async def _sleep(self, seconds: float) -> None:
        self.time += seconds

    def save(self, outcome: Outcome) -> None:
        for result in outcome.results:
            self.memory.saved(result.article.address, result.article.digest(), NOW)


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[World]:
    server = Server(site)
    async with TestServer(server.app()) as at:
        world = World(server, str(at.make_url("")).rstrip("/"))
        yield world
        world.memory.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A site of some articles and every fault; it has no pictures."""
    async with serving(Site(30, pictures=0, drips=False)) as world:
        yield world


@cache
def with_pictures() -> tuple[World, Outcome]:
    """A site with pictures, and what one run made of it."""

    async def run() -> tuple[World, Outcome]:
        async with serving(Site(40, pictures=6, drips=False)) as world:
            world.server.draw()
            return world, await world.run(world.source())

    return asyncio.run(run())


def by_path(outcome: Outcome) -> dict[str, Article]:
    return {urlsplit(found.article.address).path: found.article for found in outcome.results}


def check(site: Site, outcome: Outcome) -> None:
    """Everything good is there and right, and everything broken is told."""
    copies = by_path(outcome)
    score = judged(site.good, copies)
    assert (score.missing, score.wrong_dates, score.wrong_titles, score.wrong_pictures) == (
        (), (), (), (),
    )  # fmt: skip
    assert min(score.precision, score.recall, score.worst) >= 0.97
    assert len(copies) == len(site.good)
    failed = {
        urlsplit(line.address).path: line.notes[0].reason
        for line in outcome.report.lines
        if line.state == "failed"
    }
    assert failed == {
        article.path: REASONS[article.trouble] for article in site.articles if not article.good
    }


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
async def test_good_articles_come_whole_and_broken_ones_are_told(world: World, kind: str) -> None:
    check(world.site, await world.run(world.source(kind)))


@pytest.mark.slow
def test_a_list_leads_to_the_same_and_pictures_come_along() -> None:
    world, outcome = with_pictures()

    check(world.site, outcome)


@pytest.mark.slow
def test_what_phones_get_is_safe_and_local() -> None:
    world, outcome = with_pictures()

    ids = {result.article.id for result in outcome.results}
    assert len(ids) == len(outcome.results)
    for result in outcome.results:
        article = result.article
        assert markup.problems(article.html) == ()
        assert set(markup.pictures(article.html)) <= {media.name for media in article.media}
        assert all(media.width <= 480 for media in article.media)
    copies = {result.article.title: result.article for result in outcome.results}
    first = copies[world.site.articles[0].title]
    [link] = [part.split('"')[0] for part in first.html.split('<a href="/a/')[1:]]
    assert link in ids
    outside = copies[world.site.articles[4].title].html
    assert '<a href="https://vanban.example/luat">cổng văn bản</a>' in outside
    assert f'<a href="{world.base}/khong-con-nua.html">' in outside
    pdf = copies[world.site.articles[16].title].html
    assert f'<a href="{world.base}/tai-ve/nghi-quyet.pdf">Nghị quyết (PDF, 1,2 MB)</a>' in pdf


def test_staff_are_told_what_to_look_at() -> None:
    _, outcome = with_pictures()

    reasons = Counter(note.reason for line in outcome.report.lines for note in line.notes)
    assert {name: reasons[name] for name in ("charset", "duplicate", "picture-foreign")} == {
        "charset": 3,
        "duplicate": 3,
        "picture-foreign": 1,
    }
    assert [reasons[f"picture-{why}"] for why in ("large", "bad", "missing")] == [1, 1, 1]
    text = in_vietnamese(outcome.report)
    assert text.startswith("Công đoàn mẫu – 20/11/2026 16:45\n  bài mới: 40, ")
    assert "trang cần JavaScript mới hiện nội dung; hãy nhập bài bằng tay" in text
    document = as_json(outcome.report)
    assert document["lines"][0]["state"] == "new"
    assert all(isinstance(note["vi"], str) for line in document["lines"] for note in line["notes"])


def test_requests_are_a_second_apart_and_none_goes_where_robots_may_not() -> None:
    world, _ = with_pictures()

    times = [entry["at"] for entry in world.server.requests]
    assert len(times) > 60
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.999
    assert not any(entry["path"].startswith("/noi-bo/") for entry in world.server.requests)


@pytest.mark.slow
async def test_pictures_of_a_page_that_is_as_it_was_are_not_asked_for() -> None:
    async with serving(Site(12, pictures=2, drips=False)) as world:
        source = world.source()
        first = await world.run(source)
        second = await world.run(source)

        assert not any(entry["path"].startswith("/anh/") for entry in world.server.requests)
        assert [one.article for one in second.results] == [one.article for one in first.results]


async def test_a_second_run_fetches_only_what_changed(world: World) -> None:
    source = world.source()
    world.save(await world.run(source))
    world.site.articles[2].edits = 1

    outcome = await world.run(source)

    states = Counter(result.state for result in outcome.results)
    assert states == {"unchanged": 29, "changed": 1}
    good = {article.path for article in world.site.good}
    brought = [
        entry["path"]
        for entry in world.server.requests
        if entry["status"] == 200 and entry["path"] in good
    ]
    assert brought == [world.site.articles[2].path]


async def test_what_the_sitemap_says_has_not_changed_is_not_asked_for(world: World) -> None:
    source = world.source("sitemap")
    world.save(await world.run(source))
    world.site.articles[2].edits = 1

    outcome = await world.run(source)

    good = {article.path for article in world.site.good}
    asked = [entry["path"] for entry in world.server.requests if entry["path"] in good]
    assert asked == [world.site.articles[2].path]
    assert Counter(result.state for result in outcome.results) == {"unchanged": 29, "changed": 1}


@pytest.mark.slow
async def test_articles_are_guessed_where_no_rule_is_given(world: World) -> None:
    rule = {"link": "h3 a", "next": "a.next", "pages": 50}

    outcome = await world.run(world.source(rule=rule))

    score = judged(world.site.good, by_path(outcome))
    assert (score.missing, score.wrong_dates, score.wrong_titles) == ((), (), ())
    assert min(score.precision, score.recall) >= 0.97


async def test_of_somebody_elses_article_there_are_two_lines_and_a_link(world: World) -> None:
    outcome = await world.run(world.source(own=False), most=3)

    assert len(outcome.results) == 3
    for result in outcome.results:
        article = result.article
        assert article.media == ()
        assert len(markup.plain(article.html)) < 300
        assert f'<p><a href="{article.address}">Đọc toàn bài ở trang gốc</a></p>' in article.html


async def test_a_permission_makes_them_whole(world: World) -> None:
    source = world.source(own=False)

    outcome = await world.run(replace(source, permission="Thư số 12"), most=3)

    assert all(len(markup.plain(result.article.html)) > 300 for result in outcome.results)


async def test_only_some_addresses_and_the_newest_are_mirrored(world: World) -> None:
    few = await world.run(world.source(max_articles=5))
    none = await world.run(world.source(only=["/khac/"]))

    assert len(few.results) == 5
    assert [result.article.date for result in few.results] == sorted(
        (result.article.date for result in few.results if result.article.date), reverse=True
    )
    assert [line.notes[0].reason for line in none.report.lines] == ["no-articles"]


async def test_an_id_stays_when_the_title_changes(world: World) -> None:
    source = world.source(max_articles=1)
    [first] = (await world.run(source)).results
    world.site.articles[0].title = "Tên khác"

    [second] = (await world.run(source)).results

    assert second.article.title == "Tên khác"
    assert second.article.id == first.article.id


async def test_a_site_that_is_away_is_one_line(world: World) -> None:
    outcome = await world.run(world.source(url="http://127.0.0.1:9/tin-tuc"))

    assert outcome.results == ()
    assert [line.notes[0].reason for line in outcome.report.lines] == ["robots-silent"]
