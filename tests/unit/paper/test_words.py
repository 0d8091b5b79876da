"""Times and hours as people say them."""

import unicodedata

import pytest

from paper import words
from portal.schedule import Day, Hours, Schedule, parse_hours
from tests.unit.paper.places import place


def week(*days: Day) -> Schedule:
    return Schedule(days if len(days) == 7 else (*days[:1] * 5, *days[1:]))


def day(hours: str, turn: float = 4 * 3600, limit: float | None = None) -> Day:
    return Day(turn, parse_hours(hours), limit)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(14400, "4 giờ"), (5400, "1 giờ 30 phút"), (1200, "20 phút"), (90, "1 phút 30 giây")],
)
def test_how_long_is_said_in_hours_and_minutes(seconds: float, said: str) -> None:
    assert words.lasting(seconds, "vi") == said


def test_a_network_that_never_closes_has_no_opening_hours() -> None:
    assert words.opening_hours(place(), "vi") == ""
    assert words.opening_hours(place(week=week(*[day("00:00-24:00")] * 7)), "vi") == ""


def test_the_same_hours_on_every_day_are_said_once() -> None:
    same = place(week=week(*[day("05:00-23:30")] * 7))

    assert words.opening_hours(same, "vi") == "5:00–23:30 hằng ngày"
    assert words.opening_hours(same, "en") == "5:00–23:30 every day"


def test_other_hours_are_said_with_their_days() -> None:
    some = place(week=week(day("05:00-23:30"), day("05:00-02:00"), day("closed")))

    assert words.opening_hours(some, "vi") == (
        "thứ Hai đến thứ Sáu 5:00–23:30; thứ Bảy 5:00–2:00 hôm sau; Chủ nhật nghỉ"
    )
    assert words.opening_hours(some, "en") == (
        "Monday to Friday 5:00–23:30; Saturday 5:00–2:00 the next day; Sunday closed"
    )


def test_a_day_without_end_is_a_whole_day() -> None:
    some = place(week=week(day("00:00-24:00"), day("00:00-24:00"), day("06:00-22:00")))

    assert words.opening_hours(some, "vi") == "thứ Hai đến thứ Bảy cả ngày; Chủ nhật 6:00–22:00"
    assert words.opening_hours(some, "en").startswith("Monday to Saturday all day")


def test_turns_that_differ_are_said_from_the_shortest_to_the_longest() -> None:
    some = place(week=week(day("00:00-24:00"), day("00:00-24:00", 6 * 3600), day("closed", 60)))

    assert words.turn(some, "vi") == "từ 4 giờ đến 6 giờ"
    assert words.turn(some, "en") == "4 h to 6 h"
    assert words.turn(place(), "vi") == "4 giờ"


def test_a_limit_says_where_there_is_none() -> None:
    ten = day("00:00-24:00", limit=36000)

    assert words.limit(place(), "vi") == ""
    assert words.limit(place(week=week(*[ten] * 7)), "vi") == "10 giờ"
    assert words.limit(place(week=week(ten, ten, day("00:00-24:00"))), "vi") == (
        "10 giờ (có ngày không giới hạn)"
    )
    assert words.limit(place(week=week(ten, ten, day("00:00-24:00"))), "en") == (
        "10 h (some days without limit)"
    )


def test_a_line_is_composed_and_has_nothing_unseen() -> None:
    decomposed = unicodedata.normalize("NFD", "Khu trọ\n\tHồng Phong")

    assert words.one_line(decomposed + " \u200b\u0007❤\ufe0f") == "Khu trọ Hồng Phong ❤"


def test_a_long_line_is_cut() -> None:
    assert words.one_line("abc def ghi", 8) == "abc def…"


def test_hours_of_one_day_are_seconds() -> None:
    assert parse_hours("05:00-23:30") == Hours(18000, 84600)
