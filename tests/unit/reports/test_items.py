"""What articles and polls are called, out of releases on the disk."""

from pathlib import Path

from reports.facts import Item
from reports.items import items_of
from splash.content import Article, Poll, Source, Words
from tests.unit.portal.test_library import Store, item

ARTICLE = Article("tin", Words("Tên cũ"), Words(""), Words("<p>Bài.</p>"), Source("Công đoàn"))
POLL = Poll(Words("Mở từ mấy giờ?"), (Words("5 giờ"), Words("6 giờ")))


def test_without_releases_the_samples_have_their_titles(tmp_path: Path) -> None:
    found = items_of(tmp_path / "none")

    assert found["03-luong-toi-thieu"].kind == "article"
    assert "ương tối thiểu" in found["03-luong-toi-thieu"].title


def test_the_newest_release_says_what_an_item_is_called_and_an_earlier_one_what_is_gone(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "content")
    store.publish([item("a", ARTICLE), item("gio", POLL)])
    store.publish([item("a", ARTICLE, title_vi="Tên mới")])

    found = items_of(tmp_path / "content")

    assert found["a"] == Item("article", "Tên mới")
    assert found["gio"] == Item("poll", "Mở từ mấy giờ?", ("5 giờ", "6 giờ"))


def test_a_damaged_release_costs_titles_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path / "content")
    store.publish([item("a", ARTICLE)])
    store.releases.release(1).index.write_bytes(b"no catalogue")

    assert "a" not in items_of(tmp_path / "content")
