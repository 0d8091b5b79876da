"""Words are found however they are typed, and whatever is typed is harmless."""

import sqlite3
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.search import MOST_WORDS, Piece, Query, fold, query, snippet


def asked(typed: str) -> Query:
    found = query(typed)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Lương tối thiểu", "luong toi thieu"),
        ("ĐÌNH CÔNG", "dinh cong"),
        ("Nguyễn Thị Đào", "nguyen thi dao"),
        (unicodedata.normalize("NFD", "Điện, nước"), "dien  nuoc"),
        ("“Quỹ” – 100%…", " quy    100  "),
        ("Ước mơ; ưỡn ẹo", "uoc mo  uon eo"),
        ("İ ß 한 漢 😀", "i ß      "),
        ("a_b-c'd\0e", "a b c d e"),
    ],
)
def test_letters_and_digits_stay_without_their_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_a_folded_text_is_as_long_as_the_text(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)

    assert len(fold(text)) == len(composed)
    assert all(c == " " or c.isalnum() for c in fold(text))


@pytest.mark.parametrize("typed", ["", " ", "\0", "*", '"', "- ( ) :", "😀", "\ud800", "…" * 500])
def test_what_has_no_word_in_it_asks_for_nothing(typed: str) -> None:
    assert query(typed) is None


def test_a_query_is_words_in_their_order() -> None:
    found = asked("  Tiền LƯƠNG, tháng 13? ")

    assert found.words == ("tien", "luong", "thang", "13")
    assert found.phrase() == '"tien luong thang 13"'
    assert found.all_words() == '"tien" AND "luong" AND "thang" AND "13"'


def test_a_long_query_is_cut() -> None:
    assert len(asked("a " * 10_000).words) == MOST_WORDS
    assert len(asked("a" * 10_000).words[0]) == 200


@given(st.text())
def test_any_query_is_one_that_the_database_takes(typed: str) -> None:
    looked_for = query(typed)
    if looked_for is None:
        return
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE t USING fts5 (title, text, tokenize = 'ascii')")
        database.execute("INSERT INTO t VALUES ('', ?)", (fold(typed),))
        for expression in (looked_for.phrase(), looked_for.all_words()):
            rows = database.execute("SELECT count(*) FROM t WHERE t MATCH ?", (expression,))
            # What is typed finds itself: both sides agree on what a word is.
            assert rows.fetchone() == (1,)


def test_accents_that_were_typed_tell_words_apart() -> None:
    assert asked("đào").written_in("Chị ĐÀO nói")
    assert not asked("đào").written_in("Đạo đức")
    assert asked(unicodedata.normalize("NFD", "đào")).written_in("hoa đào")
    assert not asked("dao").written_in("dao kéo")  # Nothing was told apart.
    assert not asked("DAO").written_in("dao kéo")


LONG = "Mở đầu. " * 30 + "Mức lương tối thiểu vùng tăng. " + "Phần sau. " * 30


def test_a_snippet_is_the_part_where_the_words_are() -> None:
    pieces = snippet(LONG, asked("luong toi thieu"))

    assert [piece for piece in pieces if piece.marked] == [Piece("lương tối thiểu", True)]
    assert pieces[0].text == "… "
    assert pieces[-1].text == " …"
    whole = "".join(piece.text for piece in pieces[1:-1])
    assert whole in LONG
    assert 100 < len(whole) <= 160


def test_a_snippet_of_words_far_apart_marks_each() -> None:
    pieces = snippet("Tăng ca được trả lương cao hơn.", asked("lương tăng"))

    assert pieces == (
        Piece("Tăng", True),
        Piece(" ca được trả ", False),
        Piece("lương", True),
        Piece(" cao hơn.", False),
    )


def test_a_word_is_not_marked_within_another() -> None:
    assert snippet("công, côngtơ", asked("cong")) == (Piece("công", True), Piece(", côngtơ", False))


def test_a_snippet_of_a_text_without_the_words_is_its_beginning() -> None:
    pieces = snippet(LONG, asked("xyz"))

    assert pieces[0].text.startswith("Mở đầu. Mở đầu.")
    assert not any(piece.marked for piece in pieces)
    assert snippet("", asked("xyz")) == ()


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    pieces = snippet("x" * 500 + "," + "y" * 500, asked("y" * 150))
    found = snippet("x" * 500 + ",đây," + "y" * 500, asked("day"))

    assert len(pieces[0].text) == 160
    assert Piece("đây", True) in found


@given(st.text(), st.text(min_size=1))
def test_a_snippet_is_a_part_of_the_text(text: str, typed: str) -> None:
    looked_for = query(typed)
    if looked_for is not None:
        pieces = snippet(text, looked_for)
        inner = "".join(piece.text for piece in pieces if piece.text not in ("… ", " …"))
        assert inner.strip() in unicodedata.normalize("NFC", text)


def test_only_what_stands_in_the_snippet_is_marked() -> None:
    pieces = snippet("công đoàn " * 40, asked("cong doan"))

    assert len([piece for piece in pieces if piece.marked]) == 16
    assert pieces[-1] == Piece(" …", False)
