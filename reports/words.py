"""How numbers, days and money are written in Vietnamese and in English. Pure."""

from datetime import date

from reports.definitions import BY_KEY, UNITS
from reports.facts import Period
from reports.figures import Figure
from splash.content import Words


def number(value: float, decimals: int = 0, *, language: str = "vi") -> str:
    """`12.345,6` in Vietnamese, `12,345.6` in English."""
    written = f"{value:,.{decimals}f}"
    if language == "vi":
        written = written.translate(str.maketrans(",.", ".,"))
    return written


def figure(one: Figure) -> Words:
    """With its unit: `12.345 lượt` is left to the sentence around it, `12,3 GB` is not."""
    return Words(*(_figure(one, language) for language in ("vi", "en")))


def _figure(one: Figure, language: str) -> str:
    what = BY_KEY[one.key]
    if one.value is None:
        assert one.why is not None
        return one.why.vi if language == "vi" else one.why.en
    written = number(one.value, what.decimals, language=language)
    if one.at_most is not None:
        until = number(one.at_most, what.decimals, language=language)
        written += f" đến {until}" if language == "vi" else f" to {until}"
    unit = UNITS[what.unit]
    name = unit.vi if language == "vi" else unit.en
    if what.unit in ("percent", "points"):
        return written + name
    return f"{written} {name}" if name else written


def day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def period(value: Period) -> Words:
    return Words(
        f"từ ngày {day(value.first)} đến ngày {day(value.last)}",
        f"from {value.first} to {value.last}",
    )


def change(now: Figure, before: Figure) -> Words | None:
    """By how many percent it grew; None where that cannot be said."""
    if now.value is None or not before.value:
        return None
    percent = 100 * (now.value - before.value) / before.value
    sign = "+" if percent > 0 else ""
    return Words(*(f"{sign}{number(percent, 1, language=each)}%" for each in ("vi", "en")))
