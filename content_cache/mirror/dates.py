"""Dates as Vietnamese sites write them. Pure.

The day comes before the month, and a time without a zone is Vietnam's. `read` finds the first
date in a text: "Thứ Hai, 12/05/2025 14:30 (GMT+7)", "Ngày 5 tháng 3 năm 2025",
"14:30 | 12-05-2025", "2025-05-12T07:30:00Z", "Mon, 12 May 2025 07:30:00 GMT".
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

VIETNAM: Final = timezone(timedelta(hours=7))

_ISO: Final = re.compile(
    r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,2})\s?([/.-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_WORDS: Final = re.compile(
    r"(?:ngày\s+)?(\d{1,2})\s+tháng\s+(\d{1,2}|tư)\s*(?:năm\s+|,\s*)?(\d{4})", re.IGNORECASE
)
_CLOCK: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?::|\s?h\s?|\s?giờ\s?)(\d{2})(?!\d)(?::\d{2})?", re.IGNORECASE
)
_HALF: Final = re.compile(r"\s*(AM|PM|SA|CH)\b", re.IGNORECASE)
_ZONE: Final = re.compile(r"(?:GMT|UTC)\s?([+-])\s?(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_MAIL: Final = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}")


def read(text: str) -> datetime | None:
    """The first date in `text`, with its time zone; midnight if there is no time of day."""
    text = " ".join(text.split())
    if found := _ISO.search(text):
        part = {
            name: int(found[name] or 0)
            for name in ("year", "month", "day", "hour", "minute", "second")
        }
        return _moment(zone=_iso_zone(found["zone"]), **part)
    if _MAIL.search(text):
        try:
            mailed = parsedate_to_datetime(text)
        except ValueError:
            return None
        return mailed if mailed.tzinfo else mailed.replace(tzinfo=VIETNAM)
    if found := _NUMBERS.search(text):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
    elif found := _WORDS.search(text):
        day, year = int(found[1]), int(found[3])
        month = 4 if found[2].lower() == "tư" else int(found[2])
    else:
        return None
    # The time may stand before or after the day, and nothing else may be taken for it.
    rest = text[: found.start()][-30:] + " " + text[found.end() :][:30]
    hour = minute = 0
    if clock := _CLOCK.search(rest):
        hour, minute = int(clock[1]), int(clock[2])
        half = _HALF.match(rest, clock.end())
        if half and half[1].upper() in ("PM", "CH") and hour < 12:
            hour += 12
        elif half and half[1].upper() in ("AM", "SA") and hour == 12:
            hour = 0
    zone = VIETNAM
    if told := _ZONE.search(rest):
        ahead = timedelta(hours=int(told[2]), minutes=int(told[3] or 0))
        zone = (
            timezone(ahead if told[1] == "+" else -ahead)
            if ahead < timedelta(hours=15)
            else VIETNAM
        )
    return _moment(year=year, month=month, day=day, hour=hour, minute=minute, second=0, zone=zone)


def _iso_zone(written: str | None) -> timezone:
    if written is None:
        return VIETNAM
    if written in "Zz":
        return UTC
    ahead = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return (
        timezone(ahead if written[0] == "+" else -ahead) if ahead < timedelta(hours=15) else VIETNAM
    )


def _moment(
    *, year: int, month: int, day: int, hour: int, minute: int, second: int, zone: timezone
) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
