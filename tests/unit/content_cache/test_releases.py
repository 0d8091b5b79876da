"""The store: what is shown is always whole, and always what its key's holder signed."""

import gzip
from pathlib import Path

import pytest

from content_cache.builder import again
from content_cache.manifest import BundleError
from content_cache.releases import MOST_CONTENT_BYTES, Releases
from tests.unit.content_cache.bundles import (
    ARTICLE,
    KEY,
    MADE,
    POSTER,
    POSTER_NAME,
    SIGNER,
    STRANGER,
    article,
    released,
)


@pytest.fixture
def store(tmp_path: Path) -> Releases:
    return Releases(tmp_path / "content")


def test_an_empty_store_shows_nothing(store: Releases) -> None:
    assert (store.active(), store.active_number(), store.numbers()) == (None, None, [])


def test_what_was_built_is_shown_once_it_is_activated(store: Releases) -> None:
    release = released(store, 1)
    assert store.active() is None

    store.activate(1, KEY)

    assert store.active() == release
    with store.open_file(POSTER_NAME) as file:
        assert file.read() == POSTER


def test_the_same_items_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = Releases(tmp_path / "one"), Releases(tmp_path / "other")
    released(one, 7, ARTICLE, article("hai"), article("ba"))

    released(other, 7, article("ba"), ARTICLE, article("hai"))

    assert one.signed(7) == other.signed(7)


def test_going_back_shows_the_very_bytes_of_before(store: Releases) -> None:
    first = released(store, 1)
    store.activate(1, KEY)
    before = {name: store.file(name).read_bytes() for name in first.manifest.files}
    released(store, 2, article("moi"))
    store.activate(2, KEY)

    store.activate(1, KEY)

    assert store.active() == first
    assert {name: store.file(name).read_bytes() for name in first.manifest.files} == before


def test_an_earlier_release_can_be_published_again_under_a_higher_number(store: Releases) -> None:
    first = released(store, 1)
    released(store, 2, article("moi"))

    third = again(store, 1, 3, MADE + 60, SIGNER)

    assert third.manifest.files == first.manifest.files
    assert store.verify(3, KEY) == []


def test_every_failed_check_is_told_and_what_was_shown_stays(store: Releases) -> None:
    released(store, 1)
    store.activate(1, KEY)
    second = released(store, 2, ARTICLE, article("moi", content=b'{"body": "new"}'))
    changed, missing = sorted(set(second.manifest.files) - {second.manifest.index})[:2]
    size = second.manifest.files[changed]
    store.file(changed).write_bytes(b"x" * size)
    store.file(missing).unlink()

    with pytest.raises(BundleError) as refused:
        store.activate(2, KEY)

    assert sorted(refused.value.problems) == sorted(
        [
            f"file {changed}: has other bytes than its name says (SHA-256)",
            f"file {missing}: is missing",
        ]
    )
    assert store.active_number() == 1


def test_a_release_of_a_stranger_is_not_shown(store: Releases) -> None:
    released(store, 1, signer=STRANGER)

    with pytest.raises(BundleError, match="signed by another key"):
        store.activate(1, KEY)

    assert store.active() is None


def test_a_release_in_the_place_of_another_is_not_shown(store: Releases) -> None:
    released(store, 1)
    (store.folder / "releases/2").mkdir()
    (store.folder / "releases/2/bundle.json").write_bytes(store.signed(1))

    with pytest.raises(BundleError, match="release 2: its manifest says release 1"):
        store.activate(2, KEY)
    with pytest.raises(BundleError, match=r"release 3: bundle\.json: No such file"):
        store.activate(3, KEY)


def test_a_release_whose_files_are_not_there_is_not_taken(tmp_path: Path) -> None:
    made, store = Releases(tmp_path / "made"), Releases(tmp_path / "content")
    release = released(made, 1)

    with pytest.raises(BundleError) as refused:
        store.add(made.signed(1), KEY)

    assert len(refused.value.problems) == len(release.manifest.files)
    assert store.numbers() == []


def test_what_cannot_be_written_leaves_nothing_behind(store: Releases) -> None:
    """A folder stands where the file should go, as nobody makes it."""
    released(store, 1)
    name = store.put(b"new")
    store.file(name).unlink()
    (store.file(name) / "x").mkdir(parents=True)

    with pytest.raises(OSError, match="Is a directory"):
        store.put(b"new")

    assert [path for path in store.files.iterdir() if path.name.startswith(".")] == []


def test_a_link_in_the_pool_is_no_file(store: Releases, tmp_path: Path) -> None:
    """Whatever it leads to, even the right bytes."""
    released(store, 1)
    (tmp_path / "elsewhere").write_bytes(POSTER)
    store.file(POSTER_NAME).unlink()
    store.file(POSTER_NAME).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BundleError, match=f"file {POSTER_NAME}: cannot be read"):
        store.activate(1, KEY)
    with pytest.raises(OSError, match="symbolic links"):
        store.open_file(POSTER_NAME)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", ".", "a" * 63, "A" * 64, "a" * 64 + "/"])
def test_a_name_that_is_no_hash_opens_nothing(store: Releases, name: str) -> None:
    with pytest.raises(BundleError):
        store.open_file(name)


@pytest.mark.parametrize("to", ["/etc", "releases/../..", "releases/0", "releases/1/", "releases"])
def test_a_link_that_leads_elsewhere_is_no_active_release(store: Releases, to: str) -> None:
    store.folder.mkdir()
    (store.folder / "active").symlink_to(to)

    assert store.active_number() is None


def test_another_release_of_the_same_number_is_refused(store: Releases) -> None:
    released(store, 1)

    with pytest.raises(BundleError, match="another release of this number"):
        released(store, 1, article("moi"))


def test_content_is_unpacked_and_never_more_of_it_than_is_held(store: Releases) -> None:
    name = store.put(gzip.compress(b"{}"), ".gz")
    bomb = store.put(gzip.compress(bytes(MOST_CONTENT_BYTES + 1)), ".gz")
    broken = store.put(gzip.compress(b"{}")[:-9], ".gz")

    assert store.content(name) == b"{}"
    with pytest.raises(BundleError, match="more than"):
        store.content(bomb)
    with pytest.raises(BundleError):
        store.content(broken)


def test_old_releases_go_and_the_files_that_only_they_had(store: Releases) -> None:
    for number in (1, 2, 3):
        released(store, number, article(f"so-{number}", content=b'{"n": %d}' % number))
        store.activate(number, KEY)
    only_first = set(store.release(1).manifest.files) - {POSTER_NAME}

    assert store.collect(keep=2) == len(only_first)

    assert store.numbers() == [2, 3]
    assert (store.verify(2, KEY), store.verify(3, KEY)) == ([], [])
    assert not any(store.file(name).exists() for name in only_first)


def test_what_somebody_who_was_killed_left_goes_too(store: Releases) -> None:
    released(store, 1)
    store.activate(1, KEY)
    for left in ("files/.0123", "releases/9/.4567", ".active-89"):
        path = store.folder / left
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")

    store.collect()

    assert store.verify(1, KEY) == []
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "active",
        "files",
        "lock",
        "releases",
    ]
    assert [path.name for path in (store.folder / "releases").iterdir()] == ["1"]


def test_a_release_that_waits_to_be_activated_keeps_its_files(store: Releases) -> None:
    released(store, 1)
    store.activate(1, KEY)
    released(store, 2, article("moi", content=b'{"n": 2}'))

    store.collect()

    assert store.verify(2, KEY) == []
