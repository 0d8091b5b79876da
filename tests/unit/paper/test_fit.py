"""Texts of any length go into their box: nothing stands out of it, and nothing is lost unseen."""

from hypothesis import given
from hypothesis import strategies as st

from paper.fit import Fitted, filling, fitted, wrapped


def measure(text: str) -> float:
    return float(len(text))


def test_lines_are_broken_between_words() -> None:
    assert wrapped("một hai ba bốn", 8, measure) == ("một hai", "ba bốn")


def test_a_word_that_is_too_long_is_broken() -> None:
    assert wrapped("a mườihaichữcái b", 5, measure) == ("a", "mườih", "aichữ", "cái b")


def test_no_text_is_no_line() -> None:
    assert wrapped("  ", 8, measure) == ()


def test_a_text_is_as_large_as_there_is_room() -> None:
    assert fitted("abcd", 20, 10, 1, 1, measure) == Fitted(5, ("abcd",))


def test_words_are_broken_only_at_the_least_size() -> None:
    assert fitted("abcdefgh", 12, 4, 3, 2, measure) == Fitted(3, ("abcd", "efgh"))


def test_what_does_not_fit_is_cut_and_shows_it() -> None:
    assert fitted("ab cd ef gh", 6, 3, 1, 1, measure) == Fitted(1, ("ab cd…",), cut=True)


def test_no_word_is_left_alone_in_the_last_line() -> None:
    assert fitted("aaa bbb ccc ddd", 11, 1, 1, 2, measure).lines == ("aaa bbb", "ccc ddd")


def test_a_name_stays_in_one_piece_unless_two_lines_win_much() -> None:
    assert filling("aaaa bbbb", 90, 22, 20, 2, measure) == Fitted(10, ("aaaa bbbb",))
    assert filling("aaaa bbbb", 90, 40, 20, 2, measure) == Fitted(20, ("aaaa", "bbbb"))


@given(
    st.text(st.sampled_from("ab đ"), max_size=80),
    st.floats(8, 60),
    st.integers(1, 4),
)
def test_nothing_stands_out_of_its_box(text: str, width: float, lines: int) -> None:
    found = fitted(text, width, 12, 4, lines, measure)

    assert len(found.lines) <= lines
    assert all(measure(line) * found.size_pt <= width for line in found.lines)
    if not found.cut:
        assert "".join(found.lines).replace(" ", "") == text.replace(" ", "")
