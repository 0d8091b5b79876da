"""Releases on the disk, and what a house shows of them at which moment."""

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path

import pytest

from content_cache.builder import BundleItem, build
from content_cache.catalogue import Catalogue
from content_cache.releases import Releases
from content_cache.signing import Signer
from portal.conditions import conditions_of
from portal.library import Library, Shelf
from splash import content
from splash.content import (
    Article,
    Campaign,
    Conditions,
    Content,
    Notice,
    Picture,
    Poll,
    Privacy,
    Source,
    Words,
)
from splash.edition import Shown
from tests.unit.portal.test_annex import config

SIGNER = Signer(b"s" * 32)
SITE = "hp-001"
NOON = 1_795_600_000.0
HOUR = 3600.0


class Store:
    """A store that is published to, and the library of a house that reads it."""

    def __init__(self, folder: Path) -> None:
        self.releases = Releases(folder)
        self.wall: float | None = NOON
        self.library = Library(folder, SITE, lambda: self.wall)
        self.n = 0

    def publish(self, items: Iterable[BundleItem], media: dict[str, Path] | None = None) -> None:
        self.n += 1
        build(self.releases, items, media or {}, self.n, NOON, SIGNER)
        self.activate(self.n)

    def activate(self, number: int) -> None:
        self.releases.activate(number, SIGNER.public_key)

    def look(self) -> Shelf:
        shelf = self.library.look()
        assert shelf is not None
        return shelf


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "content")


def item(id: str, what: Content, **changes: object) -> BundleItem:
    values: dict[str, object] = {
        "id": id,
        "kind": content.kind_of(what),
        "date": "2026-11-22",
        "title_vi": content.title_of(what).vi,
        "revision": 1,
        "content": json.dumps(content.to_json(what)).encode(),
        "text_vi": "lương tối thiểu",
    }
    return BundleItem(**(values | changes))  # type: ignore[arg-type]


def article(title: str = "Bài") -> Article:
    return Article("tin", Words(title), Words(""), Words("<p>Chữ</p>"), Source("Công đoàn"))


def notice(title: str) -> Notice:
    return Notice(Words(title), Words("<p>Chữ</p>"))


def rules(*short: str) -> Conditions:
    return Conditions(tuple(map(Words, short)), Words("<p>Đủ</p>"))


POLL = Poll(Words("Mạng?"), (Words("Tốt"), Words("Xấu")))
CAMPAIGN = Campaign(Words("Ngày Pháp luật"), Words("Cùng làm"), Words("<p>Chữ</p>"))


def test_without_a_release_the_samples_are_shown(store: Store) -> None:
    shelf = store.library.first()

    assert shelf.articles.get("02-lam-them-gio") is not None
    assert shelf.edition.release is None
    assert store.library.look() is None


def test_a_release_is_shown_whole(store: Store) -> None:
    store.publish(
        [
            item("bai", article()),
            item("nuoc", notice("Cắt nước"), revision=4),
            item("mang", POLL),
            item("luat", CAMPAIGN),
            item("quy", rules("Một", "Hai"), revision=2),
        ]
    )

    shelf = store.library.first()

    assert shelf.edition.release == 1
    assert shelf.edition.made == NOON
    assert shelf.edition.notices[0].content == notice("Cắt nước")
    assert shelf.edition.notices[0].version == "2026-11-22.4"
    assert [shown.content for shown in shelf.edition.polls] == [POLL]
    assert [shown.content for shown in shelf.edition.campaigns] == [CAMPAIGN]
    assert shelf.articles.get("bai") == Shown("bai", article(), "2026-11-22", 1)
    assert list(shelf.articles.ids()) == ["bai"]
    assert shelf.articles.get("nuoc") is None
    assert [each.id for each in shelf.articles.headlines(4)] == ["bai"]
    assert {hit.id for hit in shelf.articles.search("luong toi thieu", 9)} == {
        "bai",
        "nuoc",
        "mang",
        "luat",
    }


def test_a_search_outlives_the_shelf_and_finds_nothing_in_what_is_gone(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.publish([item("bai", article())])
    shelf = store.library.first()
    shelf.close()
    assert [hit.id for hit in shelf.articles.search("luong", 9)] == ["bai"]

    store.releases.release(1).index.unlink()

    assert shelf.articles.search("luong", 9) == ()
    assert "cannot be searched" in caplog.text


def test_what_is_shown_changes_with_the_link_and_only_then(store: Store) -> None:
    store.publish([item("eins", notice("Một"))])
    store.publish([item("zwei", notice("Hai"))])
    first = store.library.first()
    assert store.library.look() is None

    store.activate(1)
    second = store.look()

    assert [first.edition.notices[0].id, second.edition.notices[0].id] == ["zwei", "eins"]
    assert store.library.look() is None
    first.close()
    assert second.articles.page(1).items == ()


def test_a_campaign_begins_and_ends_at_its_minute(store: Store) -> None:
    store.publish([item("luat", CAMPAIGN, begins=NOON + HOUR, ends=NOON + 2 * HOUR)])
    assert store.library.first().edition.campaigns == ()

    store.wall = NOON + HOUR - 0.1
    assert store.library.look() is None
    store.wall = NOON + HOUR
    assert store.look().edition.campaigns[0].id == "luat"
    assert store.library.look() is None
    store.wall = NOON + 2 * HOUR
    assert store.look().edition.campaigns == ()
    store.wall = NOON + 90 * 86400
    assert store.library.look() is None


def test_while_the_clock_is_not_set_it_is_when_the_release_was_made(store: Store) -> None:
    store.publish(
        [
            item("luat", CAMPAIGN, begins=NOON - HOUR, ends=NOON + HOUR),
            item("mai", notice("Mai"), begins=NOON + 86400),
        ]
    )
    store.wall = None
    assert store.library.first().edition.campaigns != ()
    assert store.library.look() is None

    store.wall = NOON + 2 * 86400

    shelf = store.look()
    assert (shelf.edition.campaigns, shelf.edition.notices[0].id) == ((), "mai")


def test_a_clock_that_was_ahead_and_is_set_right_shows_what_is_on_now(store: Store) -> None:
    store.publish([item("luat", CAMPAIGN, ends=NOON + HOUR)])
    store.wall = NOON + 86400
    assert store.library.first().edition.campaigns == ()

    store.wall = NOON

    assert store.look().edition.campaigns != ()


def test_a_house_sees_its_own_and_its_own_rules_first(store: Store) -> None:
    store.publish(
        [
            item("chung", notice("Chung")),
            item("day", notice("Ở đây"), sites=(SITE,)),
            item("kia", notice("Ở kia"), sites=("hp-002",)),
            item("quy-a", rules("Chung"), pinned=True),
            item("quy-b", rules("Riêng"), sites=(SITE,)),
            item("bai-kia", article(), sites=("hp-002",)),
        ]
    )

    shelf = store.library.first()

    assert {shown.id for shown in shelf.edition.notices} == {"chung", "day"}
    assert shelf.edition.conditions is not None
    assert shelf.edition.conditions.id == "quy-b"
    assert shelf.articles.get("bai-kia") is None


def test_pictures_are_shown_as_long_as_the_release_has_them(store: Store, tmp_path: Path) -> None:
    name = f"{hashlib.sha256(b'picture').hexdigest()}.webp"
    (tmp_path / name).write_bytes(b"picture")
    picture = Picture(name, Words("Ảnh"), 10, 10)
    campaign = Campaign(Words("A"), Words("B"), Words("<p>x</p>"), picture)
    store.publish([item("luat", campaign, media=(name,))], {name: tmp_path / name})
    shelf = store.library.first()
    assert shelf.media == {name}
    assert (shelf.files / name).read_bytes() == b"picture"

    store.publish([item("luat", CAMPAIGN)])

    assert store.look().media == frozenset()


def test_one_item_that_cannot_be_read_does_not_take_the_others_with_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.publish(
        [
            item("hong", notice("Hỏng"), content=b'{"title": 7}'),
            item("rac", notice("Rác"), content=b"\xff not JSON"),
            item("tot", notice("Tốt")),
            item("bai", article(), content=b"[]"),
        ]
    )

    shelf = store.library.first()

    assert [shown.id for shown in shelf.edition.notices] == ["tot"]
    assert shelf.articles.get("bai") is None
    assert "item hong of the content cannot be read" in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_an_item_that_would_fill_the_memory_is_left_out(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    much = b'{"title":[' + b"[]," * 1_000_000 + b"[]]}"
    store.publish([item("viel", notice("Nhiều"), content=much), item("nuoc", notice("Nước"))])

    assert [shown.id for shown in store.library.first().edition.notices] == ["nuoc"]
    assert "item viel of the content cannot be read" in caplog.text


def test_a_damaged_release_leaves_what_was_shown(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.publish([item("eins", notice("Một"))])
    store.library.first()
    store.publish([item("zwei", notice("Hai"))])
    index = store.releases.release(2).index
    whole = index.read_bytes()
    index.write_bytes(b"damaged" * 1000)
    caplog.clear()

    looks = [store.library.look() for _ in range(50)]
    assert looks == [None] * 50
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1

    index.write_bytes(whole)
    shown = (shelf for _ in range(60) if (shelf := store.library.look()))
    assert next(shown).edition.release == 2


def test_a_damaged_release_at_the_start_shows_the_samples(store: Store) -> None:
    store.publish([item("eins", notice("Một"))])
    (store.releases.folder / "releases/1/bundle.json").write_bytes(b"{}")

    assert store.library.first().articles.get("02-lam-them-gio") is not None


def test_a_release_that_no_check_foresaw_leaves_what_was_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.publish([item("nuoc", notice("Cắt nước"))])
    assert store.library.first().edition.release == 1
    monkeypatch.setattr(Catalogue, "next_change", lambda *_: float("soon"))
    store.publish([item("dien", notice("Cắt điện"))])

    assert store.library.look() is None
    assert "could not convert string to float" in caplog.text
    assert store.library.look() is None  # And nothing dies the next second either.


def test_new_rules_and_a_new_notice_are_new_conditions(store: Store) -> None:
    seen = [conditions_of(config())]
    for items in (
        [item("quy", rules("Một"))],
        [item("quy", rules("Hai"), revision=2)],
        [
            item("quy", rules("Hai"), revision=2),
            item("rieng", Privacy(Words("Gọn"), Words("<p>Đủ</p>")), revision=3),
        ],
    ):
        store.publish(items)
        seen.append(conditions_of(config(), store.look().edition))

    assert seen == [
        "0.2-mau",
        "2026-11-22.1+0.2-mau",
        "2026-11-22.2+0.2-mau",
        "2026-11-22.2+2026-11-22.3",
    ]
