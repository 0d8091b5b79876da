"""What is shown is replaced as a whole, or not at all."""

from pathlib import Path

import pytest

from portal.showing import Showing
from splash.pages import Pages
from tests.unit.portal.site import HOST, TOKEN, Site, secret
from tests.unit.portal.test_annex import config
from tests.unit.portal.test_library import POLL, Store, item, notice, rules
from tests.unit.portal.world import mac


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "content")


def shown(store: Store) -> Showing:
    return Showing(config(), store.library, secret, lambda: store.wall)


def test_it_begins_with_what_is_active(store: Store) -> None:
    assert shown(store).now.shelf.edition.release is None

    store.publish([item("quy", rules("Một"))])

    now = Showing(config(), Store(store.releases.folder).library, secret, lambda: 0.0).now
    assert now.shelf.edition.release == 1
    assert now.conditions == "2026-11-22.1+0.2-mau"


def test_content_that_cannot_be_drawn_leaves_what_was_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    store.publish([item("eins", notice("Một"))])
    now = shown(store)
    before = now.now
    store.publish([item("zwei", notice("Hai"))])
    monkeypatch.setattr(Pages, "showing", broken)

    assert not now.look()
    assert now.now is before
    assert "what was shown stays" in caplog.text
    assert before.shelf.articles.page(1).items == ()  # It is still open.


def test_pages_pictures_and_conditions_change_together(tmp_path: Path, store: Store) -> None:
    site = Site(tmp_path)
    now = shown(store)
    site.loop.run(site.desk.vote("mang-the-nao", 0, mac(1)))
    store.publish([item("quy", rules("Không ồn")), item("mang", POLL)])

    site.loop.run(now.step(site.replies, site.portal, site.world.runner, site.desk))

    assert site.replies.pages is now.now.pages
    assert "Không ồn" in site.ask("/").text
    assert site.post("/accept", f"conditions={TOKEN}").location == f"http://{HOST}/"
    assert not site.passes()
    token = now.now.pages.token
    assert site.post("/accept", f"conditions={token}").location == f"http://{HOST}/status"
    assert not site.loop.run(site.desk.votes_after("mang-the-nao", mac(1), 3))
    site.close()


def test_no_poll_is_closed_by_a_clock_that_is_not_set(tmp_path: Path, store: Store) -> None:
    site = Site(tmp_path)
    store.wall = None
    now = shown(store)
    site.loop.run(site.desk.vote("mang-the-nao", 0, mac(1)))

    site.loop.run(now.step(site.replies, site.portal, site.world.runner, site.desk))
    assert site.loop.run(site.desk.votes_after("mang-the-nao", mac(1), 3)) == (1, 0, 0)
    store.wall = 1_795_600_000.0
    site.loop.run(now.step(site.replies, site.portal, site.world.runner, site.desk))
    assert site.loop.run(site.desk.votes_after("mang-the-nao", mac(1), 3)) is None
    site.close()
