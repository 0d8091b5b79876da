"""The content store: nothing saved is lost or changed, and nobody gets around the workflow."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from splash import workflow
from splash.content import ContentProblems, Notice, Words
from splash.content_store import (
    ELSEWHERE,
    WRONG_TIMES,
    BrokenContent,
    ContentStore,
    NoSuchItem,
    Refused,
    Revision,
)
from splash.workflow import Action, Actor
from tests.unit.splash.contents import ARTICLE, EVERY, NOTICE
from tests.unit.splash.staff import CHU, LAN, MINH, NOBODY, QUYEN, TUAN, copy_of, store_in

NOW = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with closing(store_in(tmp_path / "store")) as opened:
        yield opened


def published(store: ContentStore, title: str = "Mai cúp nước", now: float = NOW) -> Revision:
    """A notice on its whole way."""
    made = store.create(replace(NOTICE, title=Words(title)), LAN, now)
    walk = (("submit", LAN), ("approve", TUAN), ("publish", TUAN))
    for action, actor in walk:
        made = store.act(action, made.item.id, made.n, actor, now)
    return made


def refused(error: pytest.ExceptionInfo[Refused]) -> workflow.Refusal:
    return error.value.refusal


@pytest.mark.parametrize("one", EVERY)
def test_every_kind_is_kept_as_it_was_written(store: ContentStore, one: object) -> None:
    made = store.create(one, LAN, NOW)  # type: ignore[arg-type]

    assert store.revision(made.item.id).content == one
    assert made.complete


def test_an_item_is_called_after_its_title(store: ContentStore) -> None:
    ids = [store.create(NOTICE, LAN, NOW).item.id for _ in range(3)]

    assert ids == ["mai-cup-nuoc", "mai-cup-nuoc-2", "mai-cup-nuoc-3"]


def test_an_id_that_was_asked_for_is_not_another(store: ContentStore) -> None:
    store.create(NOTICE, LAN, NOW, id="cup-nuoc")

    with pytest.raises(ContentProblems, match="another item has this id"):
        store.create(NOTICE, LAN, NOW, id="cup-nuoc")
    with pytest.raises(ContentProblems, match="small letters"):
        store.create(NOTICE, LAN, NOW, id="../x")


def test_saving_adds_a_revision_and_keeps_the_last_one(store: ContentStore) -> None:
    first = store.create(NOTICE, LAN, NOW)
    longer = replace(NOTICE, title=Words("Mai cúp nước cả ngày"))

    second = store.save(first.item.id, longer, MINH, NOW + 1, base=1, sites=["hp-001"], pinned=True)

    assert [(one.n, one.author, one.content) for one in store.revisions(first.item.id)] == [
        (2, "minh", longer),
        (1, "lan", NOTICE),
    ]
    assert (second.item.sites, second.item.pinned) == (("hp-001",), True)
    assert store.revision(first.item.id, 1) == first


def test_saving_what_did_not_change_adds_nothing(store: ContentStore) -> None:
    first = store.create(NOTICE, LAN, NOW)

    assert store.save(first.item.id, NOTICE, LAN, NOW + 1, base=1) == first


def test_two_people_do_not_overwrite_each_other(store: ContentStore) -> None:
    id = store.create(NOTICE, LAN, NOW).item.id
    store.save(id, replace(NOTICE, title=Words("Một")), LAN, NOW, base=1)

    with pytest.raises(Refused) as error:
        store.save(id, replace(NOTICE, title=Words("Hai")), MINH, NOW, base=1)

    assert refused(error) == ELSEWHERE
    assert len(store.revisions(id)) == 2


def test_an_item_stays_of_its_kind(store: ContentStore) -> None:
    id = store.create(NOTICE, LAN, NOW).item.id

    with pytest.raises(TypeError):
        store.save(id, ARTICLE, LAN, NOW, base=1)


def test_the_whole_way_of_a_notice(store: ContentStore) -> None:
    made = store.create(NOTICE, LAN, NOW)
    id = made.item.id

    states = [
        store.act("submit", id, 1, LAN, NOW + 1).state,
        store.act("return", id, 1, TUAN, NOW + 2, note="Mấy giờ?").state,
        store.act("submit", id, 1, LAN, NOW + 3).state,
        store.act("approve", id, 1, TUAN, NOW + 4).state,
        store.act("publish", id, 1, TUAN, NOW + 5, begins=NOW + 60, ends=NOW + 120).state,
    ]
    (live,) = store.live()

    assert states == ["in_review", "returned", "in_review", "approved", "live"]
    assert (live.revision.n, live.begins, live.ends) == (1, NOW + 60, NOW + 120)
    assert live.revision.approved_by == "tuan"
    assert store.act("withdraw", id, 1, QUYEN, NOW + 6).state == "withdrawn"
    assert store.live() == []
    assert [(entry.who, entry.action, entry.note) for entry in store.audit(item=id)] == [
        ("quyen", "withdraw", ""),
        ("tuan", "publish", ""),
        ("tuan", "approve", ""),
        ("lan", "submit", ""),
        ("tuan", "return", "Mấy giờ?"),
        ("lan", "submit", ""),
        ("lan", "edit", ""),
    ]


def test_what_is_live_stays_while_a_newer_revision_is_on_its_way(store: ContentStore) -> None:
    id = published(store).item.id
    store.save(id, replace(NOTICE, title=Words("Khác")), LAN, NOW, base=1)
    store.act("submit", id, 2, LAN, NOW)
    before = store.live()[0].revision.n

    store.act("approve", id, 2, TUAN, NOW)
    store.act("publish", id, 2, TUAN, NOW)

    assert before == 1
    assert [(one.n, one.state) for one in store.revisions(id)] == [(2, "live"), (1, "superseded")]
    assert [one.revision.n for one in store.live()] == [2]


def test_a_newer_revision_sent_to_review_takes_the_older_one_back(store: ContentStore) -> None:
    id = store.create(NOTICE, LAN, NOW).item.id
    store.act("submit", id, 1, LAN, NOW)
    store.save(id, replace(NOTICE, title=Words("Khác")), LAN, NOW, base=1)

    store.act("submit", id, 2, LAN, NOW)

    assert [one.state for one in store.revisions(id)] == ["in_review", "returned"]


def test_what_is_live_can_be_given_other_times(store: ContentStore) -> None:
    id = published(store).item.id

    store.act("publish", id, 1, TUAN, NOW, ends=NOW + 60)

    assert [(one.begins, one.ends) for one in store.live()] == [(None, NOW + 60)]


def test_times_the_wrong_way_round_change_nothing(store: ContentStore) -> None:
    id = published(store).item.id

    with pytest.raises(Refused) as error:
        store.act("publish", id, 1, TUAN, NOW, begins=NOW + 60, ends=NOW + 60)

    assert refused(error) == WRONG_TIMES
    assert [(one.begins, one.ends) for one in store.live()] == [(None, None)]


@pytest.mark.parametrize(
    ("action", "actor"), [("submit", NOBODY), ("submit", CHU), ("approve", LAN), ("publish", QUYEN)]
)
def test_who_may_not_changes_nothing(store: ContentStore, action: Action, actor: Actor) -> None:
    made = store.create(NOTICE, MINH, NOW)

    with pytest.raises(Refused):
        store.act(action, made.item.id, 1, actor, NOW)

    assert store.revisions(made.item.id) == [made]
    assert len(store.audit()) == 1


def test_an_author_who_is_an_approver_too_needs_another_one(store: ContentStore) -> None:
    made = store.create(NOTICE, MINH, NOW)
    store.act("submit", made.item.id, 1, MINH, NOW)

    with pytest.raises(Refused) as error:
        store.act("approve", made.item.id, 1, MINH, NOW)

    assert refused(error) == workflow.OWN_WORDS


def test_half_a_notice_is_kept_and_not_sent(store: ContentStore) -> None:
    made = store.create(Notice(Words("Mai"), Words("")), LAN, NOW)

    with pytest.raises(Refused) as error:
        store.act("submit", made.item.id, 1, LAN, NOW)

    assert not made.complete
    assert refused(error) == workflow.NOT_COMPLETE


def test_a_house_owner_keeps_to_the_own_house(store: ContentStore) -> None:
    own = store.create(NOTICE, CHU, NOW, sites=["hp-001"])
    other = store.create(NOTICE, LAN, NOW, sites=["hp-002"])
    changed = replace(NOTICE, title=Words("Khác"))

    store.save(own.item.id, changed, CHU, NOW, base=1, sites=["hp-001"])
    for id, base, sites in ((own.item.id, 2, ["hp-002"]), (other.item.id, 1, ["hp-001"])):
        with pytest.raises(Refused):
            store.save(id, changed, CHU, NOW, base=base, sites=sites)
    with pytest.raises(Refused):
        store.create(ARTICLE, CHU, NOW, sites=["hp-001"])


def test_lists_show_the_newest_revision_and_what_is_live(store: ContentStore) -> None:
    id = published(store).item.id
    store.create(ARTICLE, MINH, NOW + 5)
    store.save(id, replace(NOTICE, title=Words("Khác")), LAN, NOW + 9, base=1)

    both = store.items()

    assert [(one.title.vi, one.newest.n, one.live and one.live.revision.n) for one in both] == [
        ("Khác", 2, 1),
        (ARTICLE.title.vi, 1, None),
    ]
    assert [one.newest.item.kind for one in store.items(kind="article")] == ["article"]
    assert [one.newest.item.id for one in store.items(state="draft", author="lan")] == [id]


def test_a_live_article_whose_review_is_past_is_flagged(store: ContentStore) -> None:
    id = store.create(ARTICLE, LAN, NOW).item.id
    late = date(2027, 3, 1)
    flags = [store.items()[0].overdue(late)]
    for action, actor in (("submit", LAN), ("approve", TUAN), ("publish", TUAN)):
        store.act(action, id, 1, actor, NOW)
    flags += [store.items()[0].overdue(late), store.items()[0].overdue(date(2027, 2, 28))]

    assert flags == [False, True, False]


def test_rolling_back_makes_live_what_was_live_then(store: ContentStore) -> None:
    first = published(store, "Một").item.id
    store.add_release(1, NOW, "tuan")
    store.save(first, replace(NOTICE, title=Words("Một, sửa")), LAN, NOW, base=1)
    for action, actor in (("submit", LAN), ("approve", TUAN), ("publish", TUAN)):
        store.act(action, first, 2, actor, NOW)
    second = published(store, "Hai").item.id
    store.add_release(2, NOW, "tuan", note="hai")

    store.roll_back(1, QUYEN, NOW + 1)

    assert [(one.revision.item.id, one.revision.n) for one in store.live()] == [(first, 1)]
    assert [one.state for one in store.revisions(first)] == ["superseded", "live"]
    assert store.revision(second).state == "withdrawn"
    assert [(one.n, one.note) for one in store.releases()] == [(2, "hai"), (1, "")]
    store.roll_back(2, QUYEN, NOW + 2)
    assert [one.revision.n for one in store.live()] == [1, 2]


def test_rolling_back_needs_the_right_and_the_release(store: ContentStore) -> None:
    with pytest.raises(Refused):
        store.roll_back(1, LAN, NOW)
    with pytest.raises(NoSuchItem):
        store.roll_back(1, QUYEN, NOW)


def test_what_is_not_there_is_said(store: ContentStore) -> None:
    with pytest.raises(NoSuchItem, match="no-such"):
        store.revision("no-such")
    published(store)
    with pytest.raises(NoSuchItem, match="revision 7"):
        store.act("submit", "mai-cup-nuoc", 7, LAN, NOW)


FORBIDDEN = [
    "UPDATE revision SET content = '{}'",
    "UPDATE revision SET author = 'tuan'",
    "UPDATE revision SET sites = '[]'",
    "DELETE FROM revision",
    "UPDATE audit SET who = 'x'",
    "DELETE FROM audit",
    "UPDATE item SET kind = 'article'",
    "DELETE FROM item",
    "UPDATE release SET what = '[]'",
    "DELETE FROM release",
    "UPDATE revision SET approved_by = author",
    "UPDATE revision SET approved_by = NULL",
    "INSERT INTO live (item, n, published_by, published_at) VALUES ('draft', 1, 'x', 0)",
    "UPDATE live SET item = 'draft'",
    "UPDATE live SET begins = 2, ends = 1",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_file_itself_refuses_what_must_never_happen(
    store: ContentStore, statement: str
) -> None:
    published(store)
    store.create(NOTICE, LAN, NOW, id="draft")
    store.add_release(1, NOW, "tuan")

    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute(statement)


def test_an_exception_leaves_nothing_half_written(store: ContentStore) -> None:
    def half() -> None:
        with store.transaction():
            published(store)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert store.items() == []
    assert published(store).state == "live"


def test_what_was_saved_is_there_after_a_power_cut(store: ContentStore, tmp_path: Path) -> None:
    made = published(store)

    with closing(copy_of(tmp_path / "store", tmp_path / "after")) as after:
        assert after.revisions(made.item.id) == [made]
        assert len(after.live()) == 1


def test_a_picture_is_kept_once_under_its_hash(store: ContentStore) -> None:
    first = store.add_media(b"RIFF", "webp", "image/webp", LAN, NOW, width=480, height=270)
    again = store.add_media(b"RIFF", "webp", "image/webp", MINH, NOW + 1, width=480, height=270)
    sound = store.add_media(b"ftyp", "m4a", "audio/mp4", LAN, NOW + 2, seconds=9)

    assert again == first == store.find_media(first.name)
    assert (store.media_folder / first.name).read_bytes() == b"RIFF"
    assert [one.name for one in store.media()] == [sound.name, first.name]
    assert store.find_media("x") is None
    with pytest.raises(ValueError, match="svg"):
        store.add_media(b"<svg", "svg", "image/svg+xml", LAN, NOW)


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    with closing(ContentStore(tmp_path / "new" / "content.db")) as made:
        made.write_audit("x", "y", NOW)

        modes = {path.name: path.stat().st_mode & 0o777 for path in made.path.parent.iterdir()}

    assert set(modes.values()) == {0o600}, modes


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "content.db"
    broken.write_bytes(b"nothing like a database" * 100)
    with pytest.raises(BrokenContent, match=r"content\.db: file is not a database"):
        ContentStore(broken)


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    with closing(store_in(tmp_path)) as store, store.transaction() as db:
        db.execute("SELECT 1")
    with closing(sqlite3.connect(tmp_path / "content.db")) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(BrokenContent, match="newer portal"):
        ContentStore(tmp_path / "content.db")


def test_a_file_of_something_else_is_not_migrated(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "content.db")) as db:
        db.execute("CREATE TABLE item (x)")

    with pytest.raises(BrokenContent, match=r"content\.db"):
        ContentStore(tmp_path / "content.db")
