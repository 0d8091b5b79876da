"""Publishing: what is live becomes a release; what is wrong is named, and nothing half done."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from content_cache.catalogue import Catalogue
from content_cache.manifest import BundleError
from content_cache.releases import Releases
from content_cache.signing import Signer
from splash import content, publishing
from splash.content import Picture, Splash, Words
from splash.content_database import BrokenContent
from splash.content_store import ContentStore, Refused
from splash.publishing import CannotPublish, Press, carry_out, publish, publish_to, roll_back
from splash.workflow import Action
from tests.unit.splash.contents import ARTICLE, NOTICE, QUIZ
from tests.unit.splash.staff import LAN, MINH, QUYEN, TUAN, store_in

NOW = 1_800_000_000.0  # 15 January 2027, 15:00 in Vietnam
SIGNER = Signer(b"a key for tests, of thirty-two b")


@dataclass(frozen=True)
class Organisation:
    name: str = "LĐLĐ thành phố"
    phone: str = "0225 000 000"
    email: str = ""
    address: str = "1 Phố Nhà"
    responsible: str = "Bà Lan"


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with closing(store_in(tmp_path / "data")) as store:
        yield Press(store, Releases(tmp_path / "content"), SIGNER, Organisation())


def approved(store: ContentStore, words: content.Content, **envelope: object) -> str:
    """An item that an approver may publish; returns its id."""
    made = store.create(words, LAN, NOW, **envelope)  # type: ignore[arg-type]
    store.act("submit", made.item.id, 1, LAN, NOW)
    store.act("approve", made.item.id, 1, TUAN, NOW)
    return made.item.id


def put_live(press: Press, words: content.Content, **times: float) -> str:
    id = approved(press.store, words)
    carry_out(press, "publish", id, 1, TUAN, NOW, **times)  # type: ignore[arg-type]
    return id


def shown(press: Press) -> dict[str, dict[str, object]]:
    """What the active release shows: id -> content."""
    active = press.releases.active()
    assert active is not None
    with closing(Catalogue(active.index)) as catalogue:
        items = [item for id in LIKELY if (item := catalogue.get(id, "hp-001", NOW)) is not None]
    return {item.id: json.loads(press.releases.content(item.file)) for item in items}


LIKELY = ["mai-cup-nuoc", "hieu-luat", "khac", content.slug_of(ARTICLE.title.vi)]


def all_bytes(folder: Path) -> dict[str, bytes]:
    """Every file that the release which is active in `folder` names."""
    there = Releases(folder)
    active = there.active()
    assert active is not None
    names = active.manifest.files
    return {name: there.file(name).read_bytes() for name in names} | {
        "bundle.json": there.signed(active.number)
    }


def test_what_is_published_is_in_the_active_release(press: Press) -> None:
    id = put_live(press, NOTICE, begins=NOW - 3600 * 9, ends=NOW + 100)

    assert shown(press) == {id: content.to_json(NOTICE)}
    assert press.store.revision(id).state == "live"
    assert [release.n for release in press.store.releases()] == [1]
    active = press.releases.active()
    assert active is not None
    with closing(Catalogue(active.index)) as catalogue:
        item = catalogue.get(id, "hp-001", NOW)
    assert item is not None
    assert (item.kind, item.revision, item.begins, item.ends, item.date) == (
        "notice",
        1,
        NOW - 3600 * 9,
        NOW + 100,
        "2027-01-15",
    )


def test_articles_that_do_not_fit_are_left_out_and_said(press: Press) -> None:
    plain = replace(ARTICLE, body=Words("<p>Chữ</p>"), picture=None, audio=None)
    ids = []
    for number in range(3):
        source = replace(ARTICLE.source, published=date(2026, 5, 1 + number))
        random = Random(number).randbytes(6000).hex()
        words = replace(plain, body=Words(f"<p>{random}</p>"), source=source)
        ids.append(approved(press.store, replace(words, title=Words(f"Bài {number}"))))
    small = replace(press, most_bytes=110_000)
    for id in ids[:2]:
        press.store.act("publish", id, 1, TUAN, NOW)

    release = carry_out(small, "publish", ids[2], 1, TUAN, NOW)

    assert publishing.left_out(small, release.n) == ("bai-0",)
    active = press.releases.active()
    assert active is not None
    assert active.manifest.total_bytes <= 110_000
    with closing(Catalogue(active.index)) as catalogue:
        assert [catalogue.get(id, "hp-001", NOW) is not None for id in ids] == [False, True, True]


def test_an_article_from_elsewhere_has_the_day_it_appeared_there(press: Press) -> None:
    source = replace(ARTICLE.source, published=date(2026, 5, 12))
    id = put_live(
        press, replace(ARTICLE, source=source, body=Words("<p>Chữ</p>"), picture=None, audio=None)
    )
    active = press.releases.active()
    assert active is not None

    with closing(Catalogue(active.index)) as catalogue:
        item = catalogue.get(id, "hp-001", NOW)

    assert item is not None
    assert item.date == "2026-05-12"


def test_a_quiz_is_found_by_its_questions(press: Press) -> None:
    put_live(press, QUIZ)
    active = press.releases.active()
    assert active is not None

    with closing(Catalogue(active.index)) as catalogue:
        found = catalogue.search("ngay nghi", "hp-001", NOW, 5)

    assert [one.item.id for one in found] == ["hieu-luat"]


def test_what_has_ended_is_left_out(press: Press) -> None:
    put_live(press, NOTICE, ends=NOW + 10)

    publish(press, NOW + 20, "tuan")

    assert shown(press) == {}


def test_an_incomplete_footer_is_named_setting_by_setting(press: Press) -> None:
    bare = replace(press, organisation=Organisation(phone="", address=" ", responsible=""))
    id = approved(press.store, NOTICE)

    with pytest.raises(CannotPublish) as error:
        carry_out(bare, "publish", id, 1, TUAN, NOW)

    assert str(error.value) == (
        "organisation.address: the publisher's address: missing;"
        " write address in section [organisation] of portal.toml.\n"
        "organisation.phone: a phone number or an email: missing;"
        " write phone in section [organisation] of portal.toml.\n"
        "organisation.responsible: the person responsible: missing;"
        " write responsible in section [organisation] of portal.toml."
    )
    assert press.store.revision(id).state == "approved"
    assert press.releases.numbers() == []


def test_an_email_does_instead_of_a_telephone(press: Press) -> None:
    assert publishing.footer_problems(Organisation(phone="", email="a@b.vn")) == ()


def test_withdrawing_waits_for_nothing(press: Press) -> None:
    id = put_live(press, NOTICE)
    bare = replace(press, organisation=Organisation(responsible=""))

    carry_out(bare, "withdraw", id, 1, QUYEN, NOW + 1)

    assert shown(press) == {}
    assert press.store.live() == []


def test_a_poster_too_heavy_or_gone_is_named_before_anything_is_built(press: Press) -> None:
    heavy = press.store.add_media(b"x" * 32_001, "webp", "image/webp", LAN, NOW)
    picture = Picture(heavy.name, Words("Áp phích"), 480, 270)
    id = approved(press.store, Splash(Words("Khác"), Words("Chào"), picture))
    lost = approved(press.store, ARTICLE)
    with pytest.raises(CannotPublish) as error:
        carry_out(press, "publish", id, 1, TUAN, NOW)
    with pytest.raises(CannotPublish) as gone:
        carry_out(press, "publish", lost, 1, TUAN, NOW)

    assert [problem.vi for problem in error.value.problems] == [
        "“Khác”, ảnh hoặc bài đọc nặng 32 KB, nhiều nhất 32 KB; hãy dùng tệp nhỏ hơn."
    ]
    assert len(gone.value.problems) == 3
    assert press.store.live() == []


def test_pictures_travel_with_the_release(press: Press) -> None:
    poster = press.store.add_media(b"x" * 32_000, "webp", "image/webp", LAN, NOW)
    picture = Picture(poster.name, Words("Áp phích"), 480, 270)

    put_live(press, Splash(Words("Khác"), Words("Chào"), picture))

    assert all_bytes(press.releases.folder)[poster.name] == b"x" * 32_000


@pytest.mark.parametrize(("action", "actor"), [("publish", LAN), ("publish", QUYEN)])
def test_who_may_not_publish_changes_nothing(press: Press, action: Action, actor: object) -> None:
    id = approved(press.store, NOTICE)

    with pytest.raises(Refused):
        carry_out(press, action, id, 1, actor, NOW)  # type: ignore[arg-type]

    assert press.releases.active_number() is None


def test_rolling_back_shows_the_very_bytes_of_then(press: Press) -> None:
    id = put_live(press, NOTICE)
    before = all_bytes(press.releases.folder)
    press.store.save(id, replace(NOTICE, title=Words("Khác")), LAN, NOW, base=1)
    press.store.act("submit", id, 2, LAN, NOW)
    press.store.act("approve", id, 2, TUAN, NOW)
    carry_out(press, "publish", id, 2, TUAN, NOW)
    assert all_bytes(press.releases.folder) != before

    roll_back(press, 1, MINH, NOW + 5, note="sai giờ")

    assert all_bytes(press.releases.folder) == before
    assert press.store.live()[0].revision.n == 1
    assert press.store.audit()[0].note == "sai giờ"


def test_a_release_that_was_cleared_away_is_made_again_with_the_same_bytes(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "KEPT_RELEASES", 1)
    put_live(press, NOTICE, begins=NOW - 60)
    before = all_bytes(press.releases.folder)
    for title in ("Hai", "Ba", "Bốn"):
        put_live(press, replace(QUIZ, title=Words(title)))
    assert press.releases.numbers() == [2, 3, 4]

    roll_back(press, 1, QUYEN, NOW + 50)

    assert all_bytes(press.releases.folder) == before


def test_what_was_rolled_back_stays_away_when_something_else_is_published(press: Press) -> None:
    put_live(press, NOTICE)
    quiz = put_live(press, QUIZ)
    roll_back(press, 1, QUYEN, NOW)

    release = publish(press, NOW, "tuan")

    assert release.n == 3
    assert quiz not in shown(press)


def test_a_damaged_release_is_not_gone_back_to(press: Press) -> None:
    put_live(press, NOTICE)
    put_live(press, QUIZ)
    damaged = press.releases.release(1).index
    damaged.write_bytes(damaged.read_bytes() + b"x")
    live = press.store.live()

    with pytest.raises(BundleError, match=damaged.name):
        roll_back(press, 1, QUYEN, NOW)

    assert press.releases.active_number() == 2
    assert press.store.live() == live


def test_a_store_that_refuses_at_the_very_end_leaves_the_old_release(press: Press) -> None:
    put_live(press, NOTICE)

    class Full(ContentStore):
        def add_release(self, *_: object, **__: object) -> publishing.Release:
            raise BrokenContent("disk full")

    with closing(Full(press.store.path)) as full, pytest.raises(BrokenContent):
        publish(replace(press, store=full), NOW, "tuan")

    assert press.releases.active_number() == 1
    assert publish(press, NOW, "tuan").n == 3


def test_an_error_after_the_swap_swaps_back(press: Press) -> None:
    put_live(press, NOTICE)

    def late() -> None:
        with publishing._both_or_none(press):
            publish(press, NOW, "tuan")
            raise BrokenContent("disk full")

    with pytest.raises(BrokenContent):
        late()

    assert press.releases.active_number() == 1
    assert [release.n for release in press.store.releases()] == [1]


def test_a_folder_for_a_web_space_has_all_of_it(press: Press, tmp_path: Path) -> None:
    web = tmp_path / "web"
    put_live(press, NOTICE)

    number = publish_to(press, web, NOW, "tuan")

    assert number == 1
    assert publishing.folder_problems(web, SIGNER.public_key) == []
    assert sorted(path.name for path in web.iterdir()) == ["bundle.json", "files"]


def test_a_folder_keeps_the_files_of_the_release_before_and_no_others(
    press: Press, tmp_path: Path
) -> None:
    web = tmp_path / "web"
    (web / "files").mkdir(parents=True)
    (web / "files" / ".x.db.part").write_bytes(b"what a power cut left")
    (web / "files" / "README").write_text("somebody else's")
    names = []
    for words in (NOTICE, QUIZ, replace(NOTICE, title=Words("Khác"))):
        put_live(press, words)
        publish_to(press, web, NOW, "tuan")
        active = press.releases.active()
        assert active is not None
        names.append(set(active.manifest.files))

    assert {path.name for path in (web / "files").iterdir()} == (names[1] | names[2] | {"README"})


def test_gateways_are_led_back_by_a_new_number(press: Press, tmp_path: Path) -> None:
    web = tmp_path / "web"
    put_live(press, NOTICE)
    before = all_bytes(press.releases.folder)
    put_live(press, QUIZ)
    publish_to(press, web, NOW, "tuan")
    roll_back(press, 1, QUYEN, NOW)

    number = publish_to(press, web, NOW + 1, "quyen")

    assert number == 3
    assert press.releases.active_number() == 3
    after = all_bytes(press.releases.folder)
    assert {**after, "bundle.json": b""} == {**before, "bundle.json": b""}
    assert press.store.releases()[0].note == "release 1 again"
    assert publish_to(press, web, NOW + 2, "quyen") == 3


def test_nothing_is_put_over_another_publisher_s_release(press: Press, tmp_path: Path) -> None:
    web = tmp_path / "web"
    put_live(press, NOTICE)
    publish_to(press, web, NOW, "tuan")
    stranger = Signer(b"another key that nobody trusts, ")
    other = replace(press, signer=stranger, releases=Releases(tmp_path / "other"))
    publish(other, NOW, "x")
    before = (web / "bundle.json").read_bytes()

    with pytest.raises(BundleError, match="signed by another key"):
        publish_to(other, web, NOW, "x")

    assert (web / "bundle.json").read_bytes() == before


def test_there_is_nothing_to_put_before_the_first_release(press: Press, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nothing has been published"):
        publish_to(press, tmp_path / "web", NOW, "tuan")


def test_what_is_wrong_in_a_folder_is_named(press: Press, tmp_path: Path) -> None:
    web = tmp_path / "web"
    assert "cannot be read" in publishing.folder_problems(web, SIGNER.public_key)[0]
    put_live(press, NOTICE)
    publish_to(press, web, NOW, "tuan")
    assert "another key" in publishing.folder_problems(web, "0" * 64)[0]
    name = next((web / "files").iterdir()).name
    (web / "files" / name).unlink()

    assert publishing.folder_problems(web, SIGNER.public_key) == [f"files/{name}: is missing"]
