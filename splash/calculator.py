"""What overtime and night work are worth: a calculation, as the law has it. No clock, no I/O.

The law is in `LEGAL_BASIS`. Its percentages are the least that has to be paid; a company may pay
more. Numbers come as Vietnamese type them: `5.310.000`, `5,31 triệu`, `5tr3`, `7,5`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

LEGAL_BASIS: Final = (
    "Bộ luật Lao động 2019 (45/2019/QH14), Điều 90, 91, 97, 98, 107; Nghị định 145/2020/NĐ-CP,"
    " Điều 55, 56, 57; Nghị quyết 17/2022/UBTVQH15; Nghị định 293/2025/NĐ-CP"
)

Region: TypeAlias = Literal["I", "II", "III", "IV"]

MINIMUM_WAGES: Final[Mapping[Region, int]] = {
    "I": 5_310_000,
    "II": 4_730_000,
    "III": 4_140_000,
    "IV": 3_700_000,
}
"""Đồng a month, from 2026-01-01 (Nghị định 293/2025/NĐ-CP)."""

USUAL_MONTH_HOURS: Final = 40
"""Overtime in a month, as a rule (Điều 107)."""
MOST_MONTH_HOURS: Final = 60
"""Where the law allows more (Nghị quyết 17/2022/UBTVQH15)."""

Kind: TypeAlias = Literal["workday", "restday", "holiday"]
KINDS: Final[tuple[Kind, ...]] = ("workday", "restday", "holiday")

_BY_DAY: Final[Mapping[Kind, int]] = {"workday": 150, "restday": 200, "holiday": 300}
"""Percent of an hour's wage (Điều 98 khoản 1)."""
_NIGHT: Final = 30
"""Percent more for night work (Điều 98 khoản 2)."""
_OVERTIME_AT_NIGHT: Final = 20
"""Percent more of what an hour of that day is worth by day (Điều 98 khoản 3)."""

_MOST_TYPED = 40

Wrong: TypeAlias = Literal["missing", "not a number", "too small", "too large"]


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody earns and has worked in a month. Hours may be halves."""

    wage: int
    """Đồng a month for normal hours."""
    days: Fraction = Fraction(26)
    """Normal working days of the month."""
    hours: Fraction = Fraction(8)
    """Normal hours of a day."""
    region: Region | None = None
    night: Fraction = Fraction(0)
    """Normal hours between 22:00 and 6:00."""
    by_day: tuple[Fraction, Fraction, Fraction] = (Fraction(0),) * 3
    """Hours of overtime by day, for each of `KINDS`."""
    at_night: tuple[Fraction, Fraction, Fraction] = (Fraction(0),) * 3
    """Hours of overtime between 22:00 and 6:00, for each of `KINDS`."""
    after_day: bool = False
    """On workdays, overtime at night followed overtime by day."""


@dataclass(frozen=True, slots=True)
class Line:
    """Some hours of one kind, and what they are worth."""

    what: str
    """`night`, or a kind with `-day` or `-night`."""
    hours: Fraction
    percent: int
    """Of the wage of a normal hour."""
    amount: int
    """Đồng."""


@dataclass(frozen=True, slots=True)
class Result:
    """Đồng, rounded to whole ones."""

    hourly: int
    lines: tuple[Line, ...]
    extra: int
    """What has to be paid beside the month's wage, at least."""
    total: int
    overtime_hours: Fraction
    minimum: int | None
    """The region's minimum wage; None if no region was told."""
    below_minimum: bool


def calculate(work: Work) -> Result:
    """What these hours are worth, at least."""
    hourly = Fraction(work.wage) / (work.days * work.hours)
    told = [("night", work.night, _NIGHT)]
    for kind, by_day, at_night in zip(KINDS, work.by_day, work.at_night, strict=True):
        told.append((f"{kind}-day", by_day, _BY_DAY[kind]))
        told.append((f"{kind}-night", at_night, percent_at_night(kind, after_day=work.after_day)))
    lines = tuple(
        Line(what, hours, percent, _whole(hourly * percent / 100 * hours))
        for what, hours, percent in told
        if hours
    )
    extra = sum(line.amount for line in lines)
    minimum = None if work.region is None else MINIMUM_WAGES[work.region]
    return Result(
        _whole(hourly),
        lines,
        extra,
        work.wage + extra,
        sum((*work.by_day, *work.at_night), Fraction(0)),
        minimum,
        minimum is not None and work.wage < minimum,
    )


def percent_at_night(kind: Kind, *, after_day: bool = False) -> int:
    """Percent of a normal hour's wage for an hour of overtime at night (Nghị định 145, Điều 57).

    The last 20% are of what an hour by day is worth: on a workday 100%, or 150% if the overtime
    began by day.
    """
    by_day = 100 if kind == "workday" and not after_day else _BY_DAY[kind]
    return _BY_DAY[kind] + _NIGHT + by_day * _OVERTIME_AT_NIGHT // 100


def _whole(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


# What people type


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was filled in: what could be read of it, and what is wrong."""

    numbers: tuple[tuple[str, Fraction], ...]
    """By the field's name; nothing for fields that are empty or wrong."""
    region: Region | None
    after_day: bool
    wrong: tuple[tuple[str, Wrong], ...] = ()

    @property
    def work(self) -> Work | None:
        """What the form says; None while something in it is wrong."""
        return None if self.wrong else _work(dict(self.numbers), self.region, self.after_day)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The form's fields as they would have to be typed to say the same."""
        region = [("region", str(self.region))] if self.region else []
        after_day = [("after-day", "1")] if self.after_day else []
        return (*((name, written(value)) for name, value in self.numbers), *region, *after_day)


def read(typed: Mapping[str, str]) -> Typed:
    """Read the form's fields; all problems at once."""
    numbers: list[tuple[str, Fraction]] = []
    wrong: list[tuple[str, Wrong]] = []
    for name, (least, most) in _LIMITS.items():
        text = typed.get(name, "").strip()
        if not text:
            if name == "wage":
                wrong.append((name, "missing"))
            continue
        value = money(text) if name == "wage" else decimal(text)
        if value is None:
            wrong.append((name, "not a number"))
        elif value < least:
            wrong.append((name, "too small"))
        elif value > most:
            wrong.append((name, "too large"))
        else:
            numbers.append((name, value))
    region = next((name for name in MINIMUM_WAGES if name == typed.get("region")), None)
    return Typed(tuple(numbers), region, "after-day" in typed, tuple(wrong))


def written(value: Fraction | int) -> str:
    """`5.310.000` and `7,5`, as Vietnamese write them."""
    whole, _, rest = f"{float(value):,.2f}".partition(".")
    rest = rest.rstrip("0")
    return whole.replace(",", ".") + (f",{rest}" if rest else "")


def _work(numbers: Mapping[str, Fraction], region: Region | None, after_day: bool) -> Work:
    zero = Fraction(0)

    def hours(part: str) -> tuple[Fraction, Fraction, Fraction]:
        one, two, three = (numbers.get(f"{kind}-{part}", zero) for kind in KINDS)
        return one, two, three

    return Work(
        int(numbers["wage"]),
        numbers.get("days", Fraction(26)),
        numbers.get("hours", Fraction(8)),
        region,
        numbers.get("night", zero),
        hours("day"),
        hours("night"),
        after_day,
    )


_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "wage": (100_000, 1_000_000_000),
    "days": (1, 31),
    "hours": (1, 12),
    "night": (0, 400),
    **{f"{kind}-{part}": (0, 400) for kind in KINDS for part in ("day", "night")},
}
"""The form's numbers, with the least and the most that is believed."""

_MILLIONS: Final = re.compile(r"(\d{1,4})(?:[.,](\d{1,6}))?(?:tr|trieu|cu|m)(\d{0,3})")
_GROUPED: Final = re.compile(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+|\d{1,12}")


def money(text: str) -> Fraction | None:
    """Đồng, as Vietnamese type them; None if it is no amount."""
    plain = _plain(text)
    plain = re.sub(r"(?:d|dong|vnd|/thang)+$", "", plain)
    if millions := _MILLIONS.fullmatch(plain):
        whole, after_comma, after_word = millions.groups()
        if after_comma and after_word:
            return None
        return Fraction(f"{whole}.{after_comma or after_word or 0}") * 1_000_000
    if _GROUPED.fullmatch(plain):
        return Fraction(re.sub(r"[.,]", "", plain))
    return None


def decimal(text: str) -> Fraction | None:
    """A number of days or hours: `7,5` and `7.5` are the same; None if it is none."""
    plain = _plain(text)
    plain = re.sub(r"(?:gio|ngay|h)$", "", plain).replace(",", ".")
    return Fraction(plain) if re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", plain) else None


def _plain(text: str) -> str:
    """Small letters without marks or spaces; digits of other scripts stay foreign."""
    marks = unicodedata.normalize("NFD", text[:_MOST_TYPED].lower()).replace("đ", "d")
    kept = "".join(c for c in marks if not unicodedata.combining(c) and not c.isspace())
    return kept if kept.isascii() else ""
