"""A bundle is built whole, or every reason is told and nothing is there."""

import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

from content_cache.builder import BundleItem, build
from content_cache.catalogue import Catalogue
from content_cache.manifest import BundleError
from content_cache.releases import MOST_CONTENT_BYTES, Releases
from tests.unit.content_cache.bundles import (
    ARTICLE,
    MADE,
    NOTICE,
    POSTER_NAME,
    SIGNER,
    SITE,
    article,
    released,
)


@pytest.fixture
def store(tmp_path: Path) -> Releases:
    return Releases(tmp_path / "content")


def refused(
    store: Releases, *items: BundleItem, media: dict[str, Path] | None = None, release: int = 1
) -> list[str]:
    with pytest.raises(BundleError) as error:
        build(store, items, media or {}, release, MADE, SIGNER)
    assert store.numbers() == []
    return list(error.value.problems)


def test_every_problem_of_every_item_is_told(store: Releases) -> None:
    found = refused(
        store,
        article("Có dấu", media=("../x",)),
        article("hai", sites=("HP 1",), begins=5.0, ends=5.0),
        article("hai", media=(), content=bytes(MOST_CONTENT_BYTES + 1)),
        release=0,
    )

    assert found == [
        "release 0: is not a number from 1",
        "item 'Có dấu': id: write small letters without accents, digits and hyphens",
        "item 'Có dấu': media: '../x' is no name of a file",
        "item 'hai': sites: 'HP 1' is no site's id",
        "item 'hai': ends: is not later than begins",
        f"item 'hai': media: {POSTER_NAME} is not there",
        "item 'hai': id: two items have it",
        "item 'hai': content: more than 4194304 bytes",
    ]


def test_a_picture_that_is_missing_or_another_one_is_told(store: Releases, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"another picture")

    assert refused(store, ARTICLE, media={POSTER_NAME: tmp_path / "missing"}) == [
        f"media: {POSTER_NAME} cannot be read: No such file or directory"
    ]
    assert refused(store, ARTICLE, media={POSTER_NAME: tmp_path / "other"}) == [
        f"media: {POSTER_NAME} has other bytes than its name says (SHA-256)"
    ]


def test_the_content_of_an_item_is_what_was_given(store: Releases) -> None:
    release = released(store, 1)

    with closing(Catalogue(release.index)) as catalogue:
        found = catalogue.get(ARTICLE.id, SITE, MADE)
        hidden = catalogue.get(NOTICE.id, SITE, MADE)
        assert catalogue.get(NOTICE.id, SITE, MADE + 150) is not None

    assert found is not None
    assert store.content(found.file) == ARTICLE.content
    assert (found.title_vi, found.revision, found.source) == ("Lương tối thiểu vùng", 3, "")
    assert hidden is None


def test_texts_are_composed(store: Releases) -> None:
    apart = unicodedata.normalize("NFD", "Đình công")
    release = released(store, 1, article("nfd", title_vi=apart, text_vi=apart))

    with closing(Catalogue(release.index)) as catalogue:
        [found] = catalogue.search("Đình công", SITE, MADE, 5)

    assert found.item.title_vi == "Đình công"
    assert found.snippet == (("Đình công", True),)


def test_a_bundle_without_items_is_a_bundle(store: Releases) -> None:
    build(store, [], {}, 1, MADE, SIGNER)

    assert store.verify(1, SIGNER.public_key) == []
