"""answers.db: what workers say is kept once, bounded, anonymous, and as long as was told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from content_cache.sqlite_files import BrokenStore
from portal import hearing
from portal.hearing import DrawEntry, Fault, Hearing, Question, Score, Views
from tests.unit.portal.world import NOVEMBER_2026 as NOW
from tests.unit.portal.world import mac, new_answers, rows

DAY = 86400.0
TODAY = "2026-11-23"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return new_answers(tmp_path / "answers.db")


@pytest.fixture
def heard(path: Path) -> Iterator[Hearing]:
    with closing(Hearing(path)) as heard:
        yield heard


def test_a_new_file_is_made_by_a_program_of_its_own(tmp_path: Path) -> None:
    with closing(Hearing(tmp_path / "answers.db")) as made:
        assert made.faults() == []
    assert rows(tmp_path / "answers.db", "PRAGMA user_version") == [(hearing.SCHEMA_VERSION,)]


def test_a_file_of_something_else_is_told_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_bytes(b"no database at all" * 100)

    with pytest.raises(BrokenStore):
        Hearing(tmp_path / "answers.db")


def test_a_fault_is_reported_and_mended(heard: Hearing) -> None:
    assert heard.report_fault("slow", "từ 19 giờ", NOW)
    assert heard.report_fault("no-internet", "", None)
    assert heard.fault_done(1, "đã khởi động lại", NOW + 60)

    assert heard.faults() == [
        Fault(2, "no-internet", "", None, None, None),
        Fault(1, "slow", "từ 19 giờ", NOW, NOW + 60, "đã khởi động lại"),
    ]
    assert [fault.id for fault in heard.faults(open_only=True)] == [2]
    assert not heard.fault_done(3, "", NOW)


def test_a_question_is_answered_for_all_to_read_or_only_for_the_record(heard: Hearing) -> None:
    for text in ("Tôi là A, bị nợ lương?", "Khi nào có mạng mới?", "xyz"):
        assert heard.ask(text, NOW)
    heard.answer(1, "Gọi 0225…", "lan", NOW + 1, shown="Bị nợ lương thì làm gì?")
    heard.answer(2, "Tháng sau.", "lan", NOW + 2)
    heard.put_aside(3, "lan", NOW + 3)

    public = Question(
        1, "Tôi là A, bị nợ lương?", NOW, NOW + 1, "Gọi 0225…", "Bị nợ lương thì làm gì?", "lan"
    )
    assert heard.public_answers(10) == [public]
    assert heard.open_questions() == []
    assert [question.answer for question in heard.questions()] == [None, "Tháng sau.", "Gọi 0225…"]


def test_a_deleted_question_is_gone_from_the_file(heard: Hearing, path: Path) -> None:
    heard.ask("Tôi tên là Nguyễn Thị Bí Mật", NOW)

    assert heard.delete_question(1)

    assert "Bí Mật".encode() not in in_files(path)
    assert not heard.delete_question(1)


def test_a_device_votes_once(heard: Hearing) -> None:
    assert [heard.vote("mang", choice, mac(1)) for choice in (0, 1)] == ["counted", "voted before"]
    assert heard.vote("mang", 1, mac(2)) == "counted"
    assert heard.vote("khac", 2, mac(1)) == "counted"

    assert heard.votes("mang") == {0: 1, 1: 1}
    assert heard.has_voted("mang", mac(1))
    assert not heard.has_voted("mang", mac(3))
    assert not heard.has_voted("chua-ai", mac(1))


def test_a_device_can_take_its_votes_back(heard: Hearing, path: Path) -> None:
    for number in (1, 2):
        heard.vote("mang", 0, mac(number))
        heard.vote("khac", 1, mac(number))
    marks = rows(path, "SELECT mark FROM vote")

    heard.take_back_votes(mac(1))
    heard.take_back_votes(mac(3))

    assert (heard.votes("mang"), heard.votes("khac")) == ({0: 1}, {1: 1})
    assert sum(mark in in_files(path) for (mark,) in marks) == 2
    assert heard.vote("mang", 0, mac(1)) == "counted"


def test_the_order_of_votes_is_not_kept(heard: Hearing, path: Path) -> None:
    """Beside how many voted on each day it would tell whose vote was when."""
    for number in range(50):
        heard.vote("mang", 0, mac(number))

    marks = [mark for (mark,) in rows(path, "SELECT mark FROM vote")]
    assert marks == sorted(marks)
    with pytest.raises(sqlite3.OperationalError, match="no such column: rowid"):
        rows(path, "SELECT rowid FROM vote")


def test_what_is_done_is_counted_by_day(heard: Hearing) -> None:
    heard.add_deeds({("read", "bai", TODAY): 2, ("read", "bai", "2023-11-01"): 1})
    heard.add_deeds({("read", "bai", ""): 3, ("website", "union", TODAY): 1})

    heard.forget(NOW, TODAY, 90)

    assert heard.deeds("read") == {"bai": 5}
    assert heard.deeds("website", TODAY) == {"union": 1}
    assert heard.deeds("vote") == {}


def test_marks_tell_nothing_across_polls(heard: Hearing, path: Path) -> None:
    for poll in ("mot", "hai"):
        heard.vote(poll, 0, mac(1))

    assert len({mark for (mark,) in rows(path, "SELECT mark FROM vote")}) == 2


def test_when_a_poll_closes_its_marks_go_and_its_totals_stay(heard: Hearing, path: Path) -> None:
    for number in range(5):
        heard.vote("mang", number % 2, mac(number))
    heard.vote("con-mo", 0, mac(1))
    marks = rows(path, "SELECT mark FROM vote WHERE poll = 'mang'")
    [(secret,)] = rows(path, "SELECT secret FROM poll_secret WHERE poll = 'mang'")

    heard.close_polls({"con-mo"})

    assert heard.votes("mang") == {0: 3, 1: 2}
    assert rows(path, "SELECT poll FROM poll_secret") == [("con-mo",)]
    for told in (*(mark for (mark,) in marks), secret):
        assert told not in in_files(path)
    assert heard.has_voted("con-mo", mac(1))


def test_a_poll_that_opens_again_adds_to_its_totals(heard: Hearing) -> None:
    heard.vote("mang", 0, mac(1))
    heard.close_polls(())
    heard.vote("mang", 0, mac(2))
    assert heard.votes("mang") == {0: 2}

    heard.close_polls(())

    assert heard.votes("mang") == {0: 2}


def test_totals_of_old_polls_are_bounded(
    heard: Hearing, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "MOST_POLLS", 2)
    for poll in ("a", "b", "c"):
        heard.vote(poll, 0, mac(1))
        heard.close_polls(())

    assert rows(path, "SELECT poll FROM tally ORDER BY 1") == [("b",), ("c",)]


def test_scores_are_counted_by_day(heard: Hearing) -> None:
    for score in (5, 5, 3):
        heard.quiz_done("luat", score, TODAY)
    heard.quiz_done("khac", 1, "2026-11-22")

    assert heard.quiz_scores("luat") == [Score("luat", TODAY, 3, 1), Score("luat", TODAY, 5, 2)]
    assert heard.quiz_scores(since=TODAY) == heard.quiz_scores("luat")
    assert len(heard.quiz_scores()) == 3


def test_views_add_up(heard: Hearing) -> None:
    heard.add_views({("bai-1", TODAY): 3, ("bai-2", TODAY): 1})
    heard.add_views({("bai-1", TODAY): 2})

    assert heard.views() == [Views("bai-1", TODAY, 5), Views("bai-2", TODAY, 1)]
    assert heard.views("2026-11-24") == []


def test_who_enters_a_draw_can_leave_it(heard: Hearing, path: Path) -> None:
    code = heard.enter_draw("luat", "Nguyễn Thị Mẫu", "0912345678", "1.0", NOW)
    assert code is not None

    [entry] = heard.draw_entries("luat")
    assert entry == DrawEntry(
        1, "luat", "Nguyễn Thị Mẫu", "0912345678", code, "1.0", NOW, NOW + 90 * DAY
    )
    assert not heard.leave_draw("WRONG")
    assert heard.leave_draw(code)
    assert heard.draw_entries("luat") == []
    assert b"0912345678" not in in_files(path)


def test_who_knows_a_number_neither_changes_its_entry_nor_takes_it_back(heard: Hearing) -> None:
    first = heard.enter_draw("luat", "A", "0912345678", "1.0", NOW)
    second = heard.enter_draw("luat", "B", "0912345678", "1.1", NOW + 1)

    assert second is not None  # As for any other number.
    assert not heard.leave_draw(second)
    [entry] = heard.draw_entries("luat")
    assert (entry.name, entry.code, entry.consent) == ("A", first, "1.0")


def test_entries_go_thirty_days_after_prizes_were_given(heard: Hearing) -> None:
    heard.enter_draw("luat", "A", "0912345678", "1.0", NOW)
    heard.enter_draw("luat", "B", "0912345679", "1.0", NOW - 80 * DAY)
    heard.prizes_given("luat", NOW)

    assert [entry.delete_by for entry in heard.draw_entries("luat")] == [
        NOW + 30 * DAY,
        NOW + 10 * DAY,
    ]
    heard.forget(NOW + 31 * DAY, "2026-12-24", 90)
    assert heard.draw_entries("luat") == []


def test_staff_delete_an_entry_when_asked(heard: Hearing) -> None:
    heard.enter_draw("luat", "A", "0912345678", "1.0", NOW)

    assert heard.delete_draw_entry(1)
    assert not heard.delete_draw_entry(1)


@pytest.mark.parametrize(
    ("limit", "add"),
    [
        ("MOST_FAULTS", lambda heard, n: heard.report_fault("other", f"{n}", NOW)),
        ("MOST_QUESTIONS", lambda heard, n: heard.ask(f"{n}", NOW)),
        ("MOST_DRAW_ENTRIES", lambda heard, n: heard.enter_draw("q", "A", f"09{n}", "1", NOW)),
        ("MOST_VOTES", lambda heard, n: heard.vote("p", 0, mac(n)) == "counted"),
    ],
)
def test_every_table_has_an_end(
    heard: Hearing, monkeypatch: pytest.MonkeyPatch, limit: str, add: object
) -> None:
    monkeypatch.setattr(hearing, limit, 3)

    assert [bool(add(heard, n)) for n in range(5)] == [True, True, True, False, False]  # type: ignore[operator]


def test_counts_have_an_end(heard: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "MOST_COUNTS", 2)
    heard.add_views({(f"{n}", TODAY): 1 for n in range(5)})
    heard.add_views({("new", TODAY): 1})
    for score in range(5):
        heard.quiz_done("q", score, TODAY)

    assert (len(heard.views()), len(heard.quiz_scores())) == (2, 2)


def test_what_was_dealt_with_is_forgotten_and_what_all_may_read_stays(heard: Hearing) -> None:
    for _ in range(3):
        heard.report_fault("slow", "", NOW)
        heard.ask("?", NOW)
    heard.fault_done(1, "", NOW)
    heard.answer(1, "!", "lan", NOW)
    heard.answer(2, "!", "lan", NOW, shown="?")

    heard.forget(NOW + 91 * DAY, "2027-02-22", 90)
    assert {fault.id for fault in heard.faults()} == {2, 3}
    assert {question.id for question in heard.questions()} == {2, 3}

    heard.forget(NOW + 366 * DAY, "2027-11-24", 90)
    assert heard.faults() == []
    assert {question.id for question in heard.questions()} == {2}


def test_what_came_before_the_clock_was_set_came_now(heard: Hearing) -> None:
    heard.report_fault("slow", "", None)
    heard.enter_draw("luat", "A", "0912345678", "1.0", None)
    heard.quiz_done("luat", 5, "")
    heard.quiz_done("luat", 5, TODAY)
    heard.add_views({("bai", ""): 2})

    heard.forget(NOW, TODAY, 90)

    assert heard.faults()[0].at == NOW
    assert heard.draw_entries("luat")[0].delete_by == NOW + 90 * DAY
    assert heard.quiz_scores() == [Score("luat", TODAY, 5, 2)]
    assert heard.views() == [Views("bai", TODAY, 2)]


def test_counts_are_kept_for_three_years(heard: Hearing) -> None:
    heard.add_views({("bai", "2023-11-01"): 1, ("bai", "2024-01-01"): 1})

    heard.forget(NOW, TODAY, 90)

    assert heard.views() == [Views("bai", "2024-01-01", 1)]


def test_two_programs_use_the_file_at_once(path: Path) -> None:
    with closing(Hearing(path)) as daemon, closing(Hearing(path)) as site:
        daemon.ask("Hỏi", NOW)
        [question] = site.open_questions()
        site.answer(question.id, "Đáp", "lan", NOW, shown="Hỏi")

        assert daemon.public_answers(1)[0].answer == "Đáp"


def test_a_full_disk_writes_nothing_by_halves(heard: Hearing) -> None:
    heard.vote("mang", 0, mac(1))
    pages = heard._db.execute("PRAGMA page_count").fetchone()[0]
    heard._db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        heard.ask("x" * 100_000, NOW)

    assert heard.votes("mang") == {0: 1}


def in_files(path: Path) -> bytes:
    return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
