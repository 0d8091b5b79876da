"""Overtime and night work, against figures worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splash.calculator import (
    KINDS,
    MINIMUM_WAGES,
    Line,
    Work,
    calculate,
    decimal,
    money,
    percent_at_night,
    read,
    written,
)

# 208 hours a month at 50,000 đồng: easy to check by hand.
WORK = Work(wage=10_400_000)
NONE = Fraction(0)


def hours(*numbers: int) -> tuple[Fraction, Fraction, Fraction]:
    one, two, three = map(Fraction, numbers)
    return one, two, three


def test_an_hour_is_the_month_divided_by_its_normal_hours() -> None:
    result = calculate(WORK)

    assert (result.hourly, result.lines, result.extra, result.total) == (
        50_000,
        (),
        0,
        10_400_000,
    )


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (Work(10_400_000, by_day=hours(2, 0, 0)), Line("workday-day", Fraction(2), 150, 150_000)),
        (Work(10_400_000, by_day=hours(0, 8, 0)), Line("restday-day", Fraction(8), 200, 800_000)),
        (Work(10_400_000, by_day=hours(0, 0, 1)), Line("holiday-day", Fraction(1), 300, 150_000)),
        (Work(10_400_000, night=Fraction(10)), Line("night", Fraction(10), 30, 150_000)),
        (
            Work(10_400_000, at_night=hours(1, 0, 0)),
            Line("workday-night", Fraction(1), 200, 100_000),
        ),
        (
            Work(10_400_000, at_night=hours(1, 0, 0), after_day=True),
            Line("workday-night", Fraction(1), 210, 105_000),
        ),
        (
            Work(10_400_000, at_night=hours(0, 2, 0)),
            Line("restday-night", Fraction(2), 270, 270_000),
        ),
        (
            Work(10_400_000, at_night=hours(0, 0, 1), after_day=True),
            Line("holiday-night", Fraction(1), 390, 195_000),
        ),
    ],
)
def test_the_least_that_has_to_be_paid(work: Work, line: Line) -> None:
    result = calculate(work)

    assert result.lines == (line,)
    assert result.extra == line.amount
    assert result.total == 10_400_000 + line.amount


def test_hours_add_up() -> None:
    result = calculate(
        Work(10_400_000, by_day=hours(2, 8, 0), at_night=hours(1, 0, 0), night=Fraction(10))
    )

    assert result.extra == 150_000 + 150_000 + 800_000 + 100_000
    assert result.overtime_hours == 11  # Night work in normal hours is no overtime.


def test_amounts_are_rounded_to_whole_dong() -> None:
    result = calculate(Work(5_310_000, by_day=hours(1, 0, 0)))

    assert result.hourly == 25_529  # 25,528.85
    assert result.lines[0].amount == 38_293  # 38,293.27


@pytest.mark.parametrize(
    ("wage", "region", "below"),
    [(5_310_000, "I", False), (5_309_999, "I", True), (4_000_000, "IV", False), (1, None, False)],
)
def test_the_wage_is_compared_with_the_minimum_of_the_region(
    wage: int, region: str | None, below: bool
) -> None:
    result = calculate(Work(wage, region=region))  # type: ignore[arg-type]

    assert result.below_minimum is below
    assert result.minimum == (MINIMUM_WAGES[region] if region else None)  # type: ignore[index]


@pytest.mark.parametrize(
    ("kind", "percent"), [("workday", 200), ("restday", 270), ("holiday", 390)]
)
def test_overtime_at_night_counts_the_day_it_is_on(kind: str, percent: int) -> None:
    assert percent_at_night(kind) == percent  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "dong"),
    [
        ("5310000", 5_310_000),
        ("5.310.000", 5_310_000),
        ("5,310,000", 5_310_000),
        ("5 310 000", 5_310_000),
        ("5.310.000đ", 5_310_000),
        ("5.310.000 đồng", 5_310_000),
        ("5.310.000 VNĐ", 5_310_000),
        ("5,31 triệu", 5_310_000),
        ("5.31tr", 5_310_000),
        ("5tr3", 5_300_000),
        ("5tr310", 5_310_000),
        ("7 triệu", 7_000_000),
        ("12 củ", 12_000_000),
        ("0", 0),
    ],
)
def test_money_is_read_as_people_type_it(typed: str, dong: int) -> None:
    assert money(typed) == dong


@pytest.mark.parametrize(
    "typed", ["", "năm triệu", "5.31", "5.3100", "1.234,567", "5,31tr3", "-5", "5e6", "٥٠٠", "0x10"]
)
def test_what_is_no_amount_is_not_guessed(typed: str) -> None:
    assert money(typed) is None


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("7,5", Fraction(15, 2)),
        ("7.5 giờ", Fraction(15, 2)),
        ("26 ngày", Fraction(26)),
        ("8h", Fraction(8)),
        ("1/2", None),
        ("-1", None),
        ("nan", None),
        ("1e5", None),
        ("", None),
    ],
)
def test_hours_and_days_may_have_a_comma_or_a_point(typed: str, value: Fraction | None) -> None:
    assert decimal(typed) == value


def test_a_form_with_the_wage_alone_is_enough() -> None:
    assert read({"wage": "10.400.000", "days": " ", "region": "VIII"}).work == WORK


FORM = {"wage": "6tr", "days": "25", "hours": "7.5", "region": "II", "night": "3"}
FORM |= {f"{kind}-day": f"{n}" for n, kind in enumerate(KINDS, 1)}
FORM |= {f"{kind}-night": f"{n}" for n, kind in enumerate(KINDS, 4)}
FORM |= {"after-day": "on", "lang": "en", "x": "y"}


def test_a_whole_form_is_read() -> None:
    assert read(FORM).work == Work(
        6_000_000,
        Fraction(25),
        Fraction(15, 2),
        "II",
        Fraction(3),
        hours(1, 2, 3),
        hours(4, 5, 6),
        after_day=True,
    )


def test_what_was_read_can_be_typed_again() -> None:
    again = dict(read(FORM).fields)

    assert (again["wage"], again["hours"]) == ("6.000.000", "7,5")
    assert read(again) == read(FORM)


def test_all_mistakes_are_told_at_once_and_the_rest_is_kept() -> None:
    typed = read({"days": "0", "hours": "x", "night": "401", "holiday-day": "-1", "wage": "7tr"})

    assert typed.work is None
    assert dict(typed.wrong) == {
        "days": "too small",
        "hours": "not a number",
        "night": "too large",
        "holiday-day": "not a number",
    }
    assert typed.numbers == (("wage", Fraction(7_000_000)),)
    assert read({}).wrong == (("wage", "missing"),)
    assert read({"wage": "5.310"}).wrong == (("wage", "too small"),)


@pytest.mark.parametrize(
    ("value", "text"), [(5_310_000, "5.310.000"), (Fraction(15, 2), "7,5"), (0, "0")]
)
def test_numbers_are_written_as_people_write_them(value: Fraction, text: str) -> None:
    assert written(value) == text


anything = st.text(max_size=60)


@given(st.dictionaries(st.sampled_from(["wage", "days", "hours", "night", "region"]), anything))
def test_whatever_is_typed_is_read_or_refused(typed: dict[str, str]) -> None:
    work = read(typed).work

    assert work is None or calculate(work).hourly > 0
    assert read(dict(read(typed).fields)).numbers == read(typed).numbers
