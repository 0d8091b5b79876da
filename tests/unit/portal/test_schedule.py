"""Opening hours and days of the week, as a resident of Hải Phòng reads a clock."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.schedule import (
    ALWAYS,
    INFINITY,
    Day,
    Hours,
    Schedule,
    day_begins,
    parse_hours,
    time_of_day,
    weekday,
)

SITE = timezone(timedelta(hours=7))


def at(text: str) -> float:
    """Unix seconds of a local time, `2026-11-23 05:00` (a Monday)."""
    return datetime.fromisoformat(text).replace(tzinfo=SITE).timestamp()


def week(hours: Hours | None = ALWAYS, **other: Hours | None) -> Schedule:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return Schedule(tuple(Day(14400, other.get(name, hours)) for name in names))


FIVE_TO_ELEVEN = parse_hours("05:00-23:00")
NIGHT = parse_hours("22:00-06:00")


def test_a_network_without_hours_never_closes() -> None:
    assert week().closes_at(at("2026-11-23 03:00")) == INFINITY


def test_it_is_closed_before_opening_and_says_when_it_opens() -> None:
    schedule = week(FIVE_TO_ELEVEN)

    assert schedule.closes_at(at("2026-11-23 04:59")) is None
    assert schedule.opens_at(at("2026-11-23 04:59")) == at("2026-11-23 05:00")


def test_it_is_open_from_the_very_second_and_closed_from_the_very_second() -> None:
    schedule = week(FIVE_TO_ELEVEN)

    assert schedule.closes_at(at("2026-11-23 05:00")) == at("2026-11-23 23:00")
    assert schedule.closes_at(at("2026-11-23 23:00")) is None
    assert schedule.opens_at(at("2026-11-23 23:00")) == at("2026-11-24 05:00")


def test_hours_across_midnight_belong_to_the_day_they_begin_on() -> None:
    schedule = week(None, monday=NIGHT)

    assert schedule.closes_at(at("2026-11-24 05:59")) == at("2026-11-24 06:00")
    assert schedule.closes_at(at("2026-11-23 05:59")) is None  # Sunday night was closed.
    assert schedule.opens_at(at("2026-11-24 06:00")) == at("2026-11-30 22:00")


def test_days_that_touch_at_midnight_are_one_period() -> None:
    schedule = week(None, saturday=Hours(18 * 3600, 86400), sunday=Hours(0, 12 * 3600))

    assert schedule.closes_at(at("2026-11-28 20:00")) == at("2026-11-29 12:00")


def test_a_network_that_is_always_closed_never_opens() -> None:
    assert week(None).opens_at(at("2026-11-23 12:00")) is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("05:00-23:00", Hours(5 * 3600, 23 * 3600)),
        ("00:00-24:00", ALWAYS),
        ("22:30-06:15", Hours(22 * 3600 + 1800, 86400 + 6 * 3600 + 900)),
        ("closed", None),
    ],
)
def test_hours_are_written_as_people_write_them(text: str, hours: Hours | None) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["", "5-23", "05:00", "05:00-25:00", "24:00-05:00", "24:01", 5, None]
)
def test_other_hours_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="05:00-23:00"):
        parse_hours(text)


def test_hours_of_no_length_are_refused() -> None:
    with pytest.raises(ValueError, match="00:00-24:00"):
        parse_hours("08:00-08:00")


@given(st.floats(0, 4e9, allow_nan=False))
def test_local_time_is_that_of_ho_chi_minh_city(wall: float) -> None:
    # Since 13 June 1975; nobody was online before.
    wall = max(wall, 2e8)
    local = datetime.fromtimestamp(wall, UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))

    assert weekday(wall) == local.weekday()
    assert time_of_day(wall) == f"{local:%H:%M}"
    assert day_begins(wall) <= wall < day_begins(wall) + 86400


@given(st.floats(1.7e9, 1.9e9), st.integers(0, 86399), st.integers(60, 86400))
def test_it_is_either_open_or_going_to_open(wall: float, opens: int, length: int) -> None:
    schedule = week(Hours(opens, opens + length))
    closes = schedule.closes_at(wall)

    if closes is None:
        again = schedule.opens_at(wall)
        assert again is not None
        assert wall < again
        assert schedule.closes_at(again) is not None
    else:
        assert closes > wall
        assert closes == INFINITY or schedule.closes_at(closes) is None
