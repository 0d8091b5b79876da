"""What the form of the reports' page means: which period, beside which other, of which sites.

Pure. Every problem of the form is found at once, in words for who filled it in.
"""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from portal.staff.words import Said

MONTHS: Final = 12
QUARTERS: Final = 6
YEARS: Final = 3
OWN: Final = "own"

_ISO: Final = re.compile(r"(20\d\d)-(\d{1,2})-(\d{1,2})")
_VIETNAMESE: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](20\d\d)")


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants."""

    period: Days
    before: Days | None
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A period to choose; `value` is what the form sends."""

    value: str
    name: Said


def choices(today: date) -> list[Choice]:
    """Months, quarters and years that are over or have begun, the newest first."""
    found: list[Choice] = []
    year, month = today.year, today.month
    for _ in range(MONTHS):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        name = Said(f"Tháng {month}/{year}", f"{date(year, month, 1):%B %Y}")
        found.append(Choice(f"{year}-{month:02}", name))
    year, quarter = today.year, (today.month + 2) // 3
    for _ in range(QUARTERS):
        found.append(
            Choice(f"{year}-Q{quarter}", Said(f"Quý {quarter}/{year}", f"Q{quarter} {year}"))
        )
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    for year in range(today.year, today.year - YEARS, -1):
        found.append(Choice(str(year), Said(f"Năm {year}", f"Year {year}")))
    return found


def named(value: str) -> Days | None:
    """The days of a choice; None if it is none."""
    if match := re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", value):
        return _months(int(match[1]), int(match[2]), 1)
    if match := re.fullmatch(r"(20\d\d)-Q([1-4])", value):
        return _months(int(match[1]), 3 * int(match[2]) - 2, 3)
    if match := re.fullmatch(r"20\d\d", value):
        return _months(int(value), 1, 12)
    return None


def read(form: Mapping[str, str], sites: Sequence[str]) -> tuple[Asked | None, list[Said]]:
    """What is asked for, or all that is wrong with it."""
    problems: list[Said] = []
    period = _period(form, "period", "", PERIOD, problems)
    before = None
    match form.get("compare", ""):
        case "":
            pass
        case "before":
            before = period and earlier(period)
        case "year":
            before = period and year_before(period)
        case _:
            before = _own(form, "before-", EARLIER, problems)
    if period and before and before.last >= period.first:
        problems.append(
            Said(
                "Kỳ so sánh phải kết thúc trước khi kỳ báo cáo bắt đầu.",
                "The period to compare with has to end before the other begins.",
            )
        )
    if problems or period is None:
        return None, problems
    return Asked(period, before, tuple(sites)), []


PERIOD: Final = Said("Kỳ báo cáo", "Period")
EARLIER: Final = Said("Kỳ so sánh", "Compared with")


def earlier(period: Days) -> Days:
    """As much time just before: whole months before whole months, else days before days."""
    if n := _whole_months(period):
        return _months(period.first.year, period.first.month - n, n)
    days = period.last - period.first + timedelta(1)
    return Days(period.first - days, period.first - timedelta(1))


def year_before(period: Days) -> Days:
    """The same days a year before; whole months stay whole."""
    if n := _whole_months(period):
        return _months(period.first.year - 1, period.first.month, n)
    return Days(_year_before(period.first), _year_before(period.last))


def day_of(text: str) -> date | None:
    """`2026-03-31`, as browsers send it, or `31/03/2026`, as people write it."""
    text = text.strip()
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _VIETNAMESE.fullmatch(text):
        day, month, year = map(int, match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _period(
    form: Mapping[str, str], field: str, prefix: str, name: Said, problems: list[Said]
) -> Days | None:
    value = form.get(field, "")
    if value == OWN:
        return _own(form, prefix, name, problems)
    found = named(value)
    if found is None:
        problems.append(Said(f"{name.vi}: hãy chọn một kỳ.", f"{name.en}: choose one."))
    return found


def _own(form: Mapping[str, str], prefix: str, name: Said, problems: list[Said]) -> Days | None:
    days: list[date] = []
    for field, vi, en in (("from", "từ ngày", "first day"), ("to", "đến ngày", "last day")):
        typed = form.get(prefix + field, "")
        day = day_of(typed)
        if day is not None:
            days.append(day)
        elif typed.strip():
            shown = typed.strip()[:20]
            problems.append(
                Said(
                    f"{name.vi}, {vi}: “{shown}” không phải là ngày; viết như 31/03/2026.",
                    f"{name.en}, {en}: “{shown}” is not a day; write it like 31/03/2026.",
                )
            )
        else:
            problems.append(Said(f"{name.vi}: chưa điền {vi}.", f"{name.en}: the {en} is missing."))
    if len(days) < 2:
        return None
    first, last = days
    if last < first:
        problems.append(
            Said(
                f"{name.vi}: ngày cuối ({last:%d/%m/%Y}) trước ngày đầu ({first:%d/%m/%Y}).",
                f"{name.en}: it ends ({last}) before it begins ({first}).",
            )
        )
        return None
    return Days(first, last)


def _whole_months(period: Days) -> int:
    """How many months the period is; 0 if it is no whole ones."""
    first, last = period.first, period.last
    if first.day != 1 or last.day != monthrange(last.year, last.month)[1]:
        return 0
    return 12 * (last.year - first.year) + last.month - first.month + 1


def _months(year: int, month: int, n: int) -> Days:
    """`n` months from that one on; 0 is December of the year before."""
    first, end = divmod(12 * year + month - 1, 12), divmod(12 * year + month - 2 + n, 12)
    last = date(end[0], end[1] + 1, monthrange(end[0], end[1] + 1)[1])
    return Days(date(first[0], first[1] + 1, 1), last)


def _year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
