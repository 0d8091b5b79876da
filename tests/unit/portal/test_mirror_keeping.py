"""What is copied from websites becomes drafts in review, or goes live if its source says so."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from content_cache.mirror.articles import Article, Media
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.memory import Memory, media_name
from content_cache.mirror.report import Report
from content_cache.mirror.run import Outcome, Result
from content_cache.mirror.sources import Source
from portal.mirror_keeping import keep, used_ids
from splash import content
from splash.content import Words
from splash.content_store import ContentStore
from tests.unit.splash.staff import LAN, TUAN, store_in

NOW = 1_800_000_000.0
WEBP = b"the bytes of a picture"
MEDIA = Media(media_name(WEBP), WEBP, 480, 320)
COPY = Article(
    "luong-moi",
    "https://congdoan.example/luong-moi.html",
    "Lương mới",
    "Hai dòng.",
    f'<p>Từ ngày 1/7.</p><p><img src="/m/{MEDIA.name}" alt="Lương mới"></p>',
    datetime(2026, 5, 12, 23, 30, tzinfo=VIETNAM),
    "",
    (MEDIA,),
)
REVIEWED = Source(
    name="ldld", title="LĐLĐ thành phố", kind="list", url="https://congdoan.example/", own=True
)
AUTOMATIC = replace(REVIEWED, publish="auto")


class World:
    def __init__(self, folder: Path) -> None:
        self.store: ContentStore = store_in(folder)
        self.memory = Memory(None)

    def close(self) -> None:
        self.store.close()
        self.memory.close()

    def keep(self, copy: Article, source: Source = REVIEWED) -> list[str]:
        """Keep an article; returns what staff are told of it."""
        self.memory.id_of(copy.address, copy.title, source.name, used_ids(self.store))
        before = self.memory.digest(copy.address)
        state = "unchanged" if before == copy.digest() else "changed" if before else "new"
        result = Result(copy, state, ())  # type: ignore[arg-type]
        report = Report(source.name, source.title, NOW, 1.0, 1, 1, (result.line(),))
        [line] = keep(self.store, self.memory, source, Outcome((result,), report), NOW).report.lines
        return [line.state, *(str(note) for note in line.notes)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path / "data")) as world:
        yield world


def test_a_copy_waits_for_a_person(world: World) -> None:
    assert world.keep(COPY) == ["new"]

    revision = world.store.revision("luong-moi")
    assert (revision.state, revision.author) == ("in_review", "nguồn:ldld")
    assert world.store.live() == []
    assert revision.content == content.Article(
        category="tin",
        title=Words("Lương mới"),
        summary=Words("Hai dòng."),
        body=Words(COPY.html),
        source=content.Source(
            "LĐLĐ thành phố", COPY.address, "Trang của chính cơ quan", date(2026, 5, 12)
        ),
    )
    assert (world.store.media_folder / MEDIA.name).read_bytes() == WEBP


def test_of_an_automatic_source_it_goes_live_and_the_audit_says_why(world: World) -> None:
    world.keep(COPY, AUTOMATIC)

    [live] = world.store.live()
    assert (live.revision.item.id, live.published_by) == ("luong-moi", "tự động:ldld")
    audit = {(entry.action, entry.who): entry.note for entry in world.store.audit()}
    why = 'nguồn ldld: publish = "auto" trong mirror.toml'
    assert audit["approve", "tự động:ldld"] == audit["publish", "tự động:ldld"] == why


def test_a_change_is_a_new_revision_and_no_change_is_none(world: World) -> None:
    world.keep(COPY, AUTOMATIC)

    assert world.keep(COPY, AUTOMATIC) == ["unchanged"]
    assert world.keep(replace(COPY, html="<p>Từ ngày 1/8.</p>"), AUTOMATIC) == ["changed"]

    assert [one.state for one in world.store.revisions("luong-moi")] == ["live", "superseded"]


def test_what_a_person_changed_stays(world: World) -> None:
    world.keep(COPY)
    mine = world.store.revision("luong-moi")
    assert isinstance(mine.content, content.Article)
    changed = replace(mine.content, title=Words("Lương mới, đã sửa"))
    world.store.save("luong-moi", changed, LAN, NOW, base=1)

    told = world.keep(replace(COPY, html="<p>Mới hơn.</p>"))

    assert told == ["changed", "bài đã được sửa bằng tay ở đây, giữ nguyên bản đó"]
    assert world.store.revision("luong-moi").content == changed


def test_what_a_person_withdrew_does_not_come_back(world: World) -> None:
    world.keep(COPY, AUTOMATIC)
    world.store.act("withdraw", "luong-moi", 1, TUAN, NOW)

    told = world.keep(replace(COPY, html="<p>Mới hơn.</p>"), AUTOMATIC)

    assert told == ["changed", "bài đã bị gỡ ở đây, không tự đăng lại"]
    assert world.store.live() == []


def test_what_cannot_be_published_stays_a_draft(world: World) -> None:
    [state, note] = world.keep(COPY, replace(AUTOMATIC, category="quyen-loi"))

    assert state == "new"
    assert note.startswith("còn là bản nháp: Pháp lý, căn cứ pháp luật: đang để trống")
    assert world.store.revision("luong-moi").state == "draft"


def test_a_text_that_may_not_be_shown_is_not_saved(world: World) -> None:
    [state, note] = world.keep(replace(COPY, html="<script>x</script>"))

    assert state == "failed"
    assert note.startswith("không lưu được: Nội dung")
    assert world.store.items() == []
    assert world.memory.digest(COPY.address) == ""


def test_without_the_memory_articles_are_known_by_their_address(world: World) -> None:
    world.keep(COPY)
    world.memory = Memory(None)

    assert used_ids(world.store) == {"luong-moi": COPY.address}
    assert world.memory.id_of(COPY.address, "Khác", "ldld", used_ids(world.store)) == "luong-moi"
    other = "https://congdoan.example/khac.html"
    assert world.memory.id_of(other, "Lương mới", "ldld", used_ids(world.store)) == "luong-moi-2"
