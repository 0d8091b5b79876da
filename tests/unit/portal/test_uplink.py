"""When the line is taken to be down, and when up again."""

from hypothesis import given
from hypothesis import strategies as st

from portal.session import Instant
from portal.uplink import (
    DOUBT_SECONDS,
    FAILURES,
    SUCCESSES,
    Fault,
    Line,
    noticed,
    seconds_to_next_look,
)

LOOKS = st.lists(
    st.tuples(
        st.floats(min_value=1, max_value=30),
        st.sampled_from([None, None, "no route", "gateway silent", "no names", "no answer"]),
    ),
    max_size=60,
)


def after(*looks: tuple[float, Fault | None]) -> Line:
    line = Line()
    for at, fault in looks:
        line = noticed(line, fault, Instant(at))
    return line


def test_a_line_is_up_until_it_is_shown_to_be_down() -> None:
    assert Line().up


def test_three_looks_in_a_row_that_fail_are_an_outage_since_the_first() -> None:
    line = after((0, "no names"), (5, "no names"), (10, "no route"))

    assert line == Line(down_since=Instant(0), fault="no route")


def test_two_looks_that_fail_are_not() -> None:
    assert after((0, "no answer"), (5, "no answer")).up


def test_a_look_that_succeeds_ends_the_doubt() -> None:
    line = after((0, "no answer"), (5, "no answer"), (10, None), (15, "no answer"))

    assert line == Line(None, "no answer", 1, Instant(15))


def test_a_cable_in_another_socket_is_no_outage() -> None:
    assert after((0, "no route"), (1, "no route"), (2, "no route"), (3, "no route")).up


def test_a_line_is_up_after_two_looks_that_succeed() -> None:
    down = ((0.0, "no route"), (5.0, "no route"), (10.0, "no route"))

    assert not after(*down, (20, None)).up
    assert not after(*down, (20, None), (22, "no route"), (32, None)).up
    assert after(*down, (20, None), (22, None)) == Line()


def test_doubt_hurries_and_certainty_does_not() -> None:
    down = ((0.0, "no route"), (5.0, "no route"), (10.0, "no route"))

    assert seconds_to_next_look(after((0, None))) == 20
    assert seconds_to_next_look(after((0, "no route"))) == 5
    assert seconds_to_next_look(after(*down)) == 10
    assert seconds_to_next_look(after(*down, (20, None))) == 2


def test_an_outage_is_noticed_within_fifteen_seconds_of_looks() -> None:
    line, now = Line(), 0.0
    while line.up:
        line = noticed(line, "no route", Instant(now))
        if line.up:
            now += seconds_to_next_look(line)

    assert now <= 15


@given(LOOKS)
def test_a_change_needs_as_many_looks_in_a_row(looks: list[tuple[float, Fault | None]]) -> None:
    line, now = Line(), 0.0
    history: list[tuple[float, bool]] = []
    for pause, fault in looks:
        now += pause
        before, line = line, noticed(line, fault, Instant(now))
        history.append((now, fault is None))
        if before.up and not line.up:
            assert [good for _, good in history[-FAILURES:]] == [False] * FAILURES
            since = line.down_since
            assert since is not None
            assert now - since >= DOUBT_SECONDS
            assert not any(good for at, good in history if at >= since)
        if line.up and not before.up:
            assert [good for _, good in history[-SUCCESSES:]] == [True] * SUCCESSES


@given(LOOKS)
def test_what_the_last_look_found_is_known(looks: list[tuple[float, Fault | None]]) -> None:
    line = Line()
    for number, (_, fault) in enumerate(looks):
        before, line = line, noticed(line, fault, Instant(number * 5.0))
        assert line.fault == fault
        assert before.up or line.up or line.down_since == before.down_since
