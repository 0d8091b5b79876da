"""What a house shows at a moment, and what is found in it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.catalogue import Catalogue, Item, problems
from content_cache.catalogue_schema import FORMAT, SCHEMA
from content_cache.catalogue_writer import Entry, write

HERE, THERE, NOW = "hp-001", "hp-002", 1000.0


def item(id: str, **changes: object) -> Item:
    values = {
        "id": id,
        "kind": "article",
        "date": "2026-11-01",
        "title_vi": f"Bài {id}",
        "revision": 1,
        "file": "f" * 64,
    }
    return Item(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def catalogue(folder: Path, *entries: Entry | Item) -> Iterator[Catalogue]:
    path = folder / "catalogue.db"
    path.write_bytes(write([e if isinstance(e, Entry) else Entry(e, "") for e in entries]))
    with closing(Catalogue(path)) as opened:
        yield opened


def ids(items: tuple[Item, ...]) -> list[str]:
    return [found.id for found in items]


def test_an_item_is_read_as_it_was_written(tmp_path: Path) -> None:
    whole = Item(
        id="day-du",
        kind="notice",
        sites=(HERE, THERE),
        begins=1.5,
        ends=2000.0,
        pinned=True,
        date="2026-11-09",
        title_vi="Ngày Pháp luật",
        title_en="Law Day",
        summary_vi="Tóm tắt",
        summary_en="Summary",
        category="tin",
        source="Báo Hải Phòng",
        url="https://example.vn/",
        revision=4,
        file="a" * 64 + ".gz",
    )

    with catalogue(tmp_path, whole) as opened:
        assert opened.get("day-du", HERE, NOW) == whole


def test_pinned_ones_come_first_and_then_the_newest(tmp_path: Path) -> None:
    with catalogue(
        tmp_path,
        item("cu", date="2026-01-01"),
        item("moi", date="2026-12-01"),
        item("ghim", date="2020-01-01", pinned=True),
        item("b-cung-ngay"),
        item("a-cung-ngay"),
        item("khac", kind="notice"),
    ) as opened:
        assert ids(opened.headlines(HERE, NOW, 2)) == ["ghim", "moi"]
        assert ids(opened.page(HERE, NOW, 1).items) == [
            "ghim",
            "moi",
            "a-cung-ngay",
            "b-cung-ngay",
            "cu",
        ]


TIMES = st.none() | st.integers(0, 6).map(float)


@given(
    st.lists(
        st.tuples(TIMES, TIMES, st.sets(st.sampled_from([HERE, THERE, "hp-00", "p-001"]))),
        max_size=6,
    ),
    st.integers(0, 7).map(float),
)
def test_the_database_and_the_item_agree_on_what_is_shown(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float | None, float | None, set[str]]],
    now: float,
) -> None:
    items = [
        item(f"so-{n}", begins=begins, ends=ends, sites=tuple(sorted(sites)))
        for n, (begins, ends, sites) in enumerate(rows)
    ]
    shown = sorted(found.id for found in items if found.shown(HERE, now))
    changes = [
        moment
        for found in items
        if not found.sites or HERE in found.sites
        for moment in (found.begins, found.ends)
        if moment is not None and moment > now
    ]

    with catalogue(tmp_path_factory.mktemp("c"), *items) as opened:
        assert sorted(ids(opened.current("article", HERE, now))) == shown
        assert [n for n in (f"so-{i}" for i in range(6)) if opened.get(n, HERE, now)] == shown
        assert opened.page(HERE, now, 1).pages == 1
        assert opened.next_change(HERE, now) == min(changes, default=None)


def test_pages_are_of_twenty_and_there_is_always_one(tmp_path: Path) -> None:
    some = [item(f"so-{n:02}", category="tin" if n < 5 else "van-ban") for n in range(41)]
    with catalogue(tmp_path, *some) as opened:
        last = opened.page(HERE, NOW, 99)
        assert (ids(last.items), last.number, last.pages) == (["so-40"], 3, 3)
        assert opened.page(HERE, NOW, -1).number == 1
        assert len(opened.page(HERE, NOW, 1).items) == 20
        tin = opened.page(HERE, NOW, 1, category="tin")
        assert (len(tin.items), tin.pages) == (5, 1)
        none = opened.page(HERE, NOW, 1, category="khong-co")
        assert (none.items, none.number, none.pages) == ((), 1, 1)
        assert opened.categories(HERE, NOW) == ("tin", "van-ban")


# Search

WAGES = Entry(
    item("luong", title_vi="Lương tối thiểu", date="2020-01-01"), "Điện, nước và chỗ ở.", "Wages"
)
STRIKE = Entry(
    item("dinh-cong", summary_vi="Đình công hợp pháp"), "Lương. Rồi mới tối, hay thiểu số."
)
PEACH = Entry(item("chi-dao", title_vi="Chị Nguyễn Thị Đào"), "Nói về lương tối thiểu.")
ETHICS = Entry(item("dao-duc", title_vi="Đạo đức nghề", date="2026-12-01"), "Người lao động")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("luong toi thieu", ["luong", "chi-dao", "dinh-cong"]),
        ("LƯƠNG Tối thiểu", ["luong", "chi-dao", "dinh-cong"]),
        ("dinh cong", ["dinh-cong"]),
        ("đình CÔNG", ["dinh-cong"]),
        ("nguyen thi dao", ["chi-dao"]),
        ("dien nuoc", ["luong"]),
        ("Điện nước", ["luong"]),
        ("wages", ["luong"]),
        ("dao", ["dao-duc", "chi-dao"]),  # The newest first,
        ("đào", ["chi-dao", "dao-duc"]),  # but what was typed with its accents before all.
        ("đạo", ["dao-duc", "chi-dao"]),
        ("toi luong thieu", ["chi-dao", "dinh-cong", "luong"]),
        ("khong co", []),
        ("", []),
        ('title : "x" OR *', []),
    ],
)
def test_words_are_found_with_and_without_their_accents(
    tmp_path: Path, typed: str, found: list[str]
) -> None:
    with catalogue(tmp_path, WAGES, STRIKE, PEACH, ETHICS) as opened:
        assert [result.item.id for result in opened.search(typed, HERE, NOW, 10)] == found


def test_at_most_so_many_are_found(tmp_path: Path) -> None:
    many = [Entry(item(f"so-{n}"), "Công đoàn") for n in range(100)]

    with catalogue(tmp_path, *many) as opened:
        assert len(opened.search("cong doan", HERE, NOW, 10)) == 10
        assert len(opened.search("Công đoàn", HERE, NOW, 10)) == 10
        assert len(opened.search("công đoàn", HERE, NOW, 70)) == 70


def test_what_a_house_does_not_show_is_not_found(tmp_path: Path) -> None:
    with catalogue(
        tmp_path,
        Entry(item("noi-khac", sites=(THERE,)), "điện nước"),
        Entry(item("het-han", ends=NOW), "điện nước"),
        Entry(item("chua-den", begins=NOW + 1), "điện nước"),
        Entry(item("thay", begins=NOW, ends=NOW + 1, sites=(HERE,)), "điện nước"),
    ) as opened:
        assert [result.item.id for result in opened.search("dien nuoc", HERE, NOW, 10)] == ["thay"]


def test_a_find_shows_the_part_of_the_text_where_it_stands(tmp_path: Path) -> None:
    with catalogue(tmp_path, WAGES) as opened:
        [result] = opened.search("dien nuoc", HERE, NOW, 10)

    assert result.snippet[0] == ("Điện, nước", True)


@given(typed=st.text())
def test_whatever_a_phone_sends_is_a_query(
    tmp_path_factory: pytest.TempPathFactory, typed: str
) -> None:
    with catalogue(tmp_path_factory.mktemp("c"), WAGES, STRIKE) as opened:
        opened.search(typed, HERE, NOW, 10)


# Files that are no catalogues


def test_the_same_entries_in_another_order_make_the_same_bytes() -> None:
    assert write([WAGES, STRIKE, PEACH]) == write([PEACH, WAGES, STRIKE])


def test_a_file_that_is_no_catalogue_is_told(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    whole = write([WAGES])
    wrong = {
        "not a database": b"x" * 4096,
        "empty": b"",
        "cut": whole[:8192],
        "without its tables": _database("CREATE TABLE item (id)"),
        "a schema that is no text": whole.replace(b"CREATE INDEX item_ends", b"\xff" * 22),
    }

    for what, data in wrong.items():
        path.write_bytes(data)
        assert len(problems(path, {"f" * 64})) == 1, what
    assert len(problems(tmp_path / "missing", set())) == 1


def test_an_item_whose_file_is_not_in_the_bundle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(write([WAGES, STRIKE]))

    assert problems(path, {"f" * 64}) == []
    assert problems(path, set()) == [
        "catalogue: item dinh-cong: its file is not in the bundle",
        "catalogue: item luong: its file is not in the bundle",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE item SET begins = 'soon'", "begins is not what it should be"),
        ("UPDATE item SET ends = x'00'", "ends is not what it should be"),
        ("UPDATE item SET sites = x'00'", "sites is not what it should be"),
        ("UPDATE item SET revision = 'first'", "revision is not what it should be"),
        ("UPDATE item SET title_vi = printf('%.*c', 50000, 'x')", "more than 40000 characters"),
        ("UPDATE item SET title_vi = CAST(x'ff' AS TEXT)", "cannot be read"),
        ("UPDATE item SET id = '../x\"><script>'", "small letters, digits and hyphens"),
        ("UPDATE item SET id = 'x' || char(13, 10) || 'Set-Cookie: a'", "small letters"),
        ("UPDATE words SET vi = 'as they are'", "not packed"),
        ("CREATE TRIGGER t AFTER INSERT ON item BEGIN SELECT 1; END", "other tables"),
        ("CREATE TABLE more (x)", "other tables"),
        ("DROP INDEX item_ends", "other tables"),
        ("CREATE VIEW v AS SELECT 1", "other tables"),
        (
            "ALTER TABLE item RENAME TO it; CREATE VIEW item AS WITH RECURSIVE"
            " c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT it.* FROM it, c",
            "other tables",
        ),
    ],
)
def test_a_signed_catalogue_that_does_something_or_holds_anything_else_is_refused(
    tmp_path: Path, change: str, words: str
) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(write([WAGES]))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(change)

    found = problems(path, {"f" * 64})

    assert found
    assert words in "; ".join(found)


def test_a_thousand_houses_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    houses = tuple(f"{number:032}" for number in range(1000))
    path.write_bytes(write([Entry(item("alle", sites=houses), "")]))

    assert problems(path, {"f" * 64}) == []


def test_words_that_cannot_be_unpacked_are_none(tmp_path: Path) -> None:
    with catalogue(tmp_path, WAGES):
        pass
    with closing(sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)) as database:
        database.execute("UPDATE words SET vi = x'00'")
    with closing(Catalogue(tmp_path / "catalogue.db")) as opened:
        assert [found.item.id for found in opened.search("luong", HERE, NOW, 5)] == ["luong"]


def test_another_schema_would_be_another_format() -> None:
    """Gateways refuse a catalogue whose schema differs in a letter, or in a comment."""
    assert FORMAT == 1
    assert (
        hashlib.sha256(SCHEMA.encode()).hexdigest()
        == "182b7742f220ae6184535192166b5467e7fc6ceaf8591e8bb0ff30f15846c7e7"
    )


def test_what_is_for_this_house_alone_is_foremost(tmp_path: Path) -> None:
    with catalogue(
        tmp_path,
        item("alle", date="2026-11-09"),
        item("hier", sites=(HERE,)),
        item("dort", sites=(THERE,), date="2026-11-10"),
    ) as opened:
        foremost = opened.foremost("article", HERE, NOW)
        assert foremost is not None
        assert foremost.id == "hier"
        assert opened.foremost("poll", HERE, NOW) is None
        assert ids(opened.current("article", HERE, NOW, 1)) == ["alle"]


def test_a_catalogue_is_never_written_to(tmp_path: Path) -> None:
    with catalogue(tmp_path, WAGES) as opened:
        before = (tmp_path / "catalogue.db").read_bytes()
        opened.search("luong", HERE, NOW, 5)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened._database.execute("DELETE FROM item")

    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.db"]
    assert (tmp_path / "catalogue.db").read_bytes() == before


def _database(*statements: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in (*statements, "PRAGMA user_version = 1"):
            database.execute(statement)
        return database.serialize()
