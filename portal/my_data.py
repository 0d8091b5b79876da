"""What is recorded about a device, as its owner sees it: on a page, and as a copy to keep."""

import csv
import io
from datetime import UTC, datetime

from portal.device_record import DeviceRecord, Turn
from portal.schedule import SITE_TIME
from portal.session_store import CLOCK_SET_AFTER
from splash import views
from splash.views import Language

MOST_SHOWN = 40
"""Turns on the page; the copy has all."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def shown(record: DeviceRecord, language: Language) -> views.MyData:
    """The record in words for people."""
    return views.MyData(
        tuple(_shown(turn, language) for turn in record.turns[:MOST_SHOWN]),
        len(record.turns),
        record.events,
        None if record.blocked_since is None else _day_and_time(record.blocked_since) or "?",
    )


def _shown(turn: Turn, language: Language) -> views.Turn:
    return views.Turn(
        _day_and_time(turn.started),
        None if turn.ended is None else _day_and_time(turn.ended) or "?",
        turn.conditions,
        size(turn.up_bytes, language),
        size(turn.down_bytes, language),
    )


def _day_and_time(wall: float) -> str | None:
    """`22/11/2026 19:05` at the site; None if nobody had set the clock."""
    if wall < CLOCK_SET_AFTER:
        return None
    return datetime.fromtimestamp(wall, SITE_TIME).strftime("%d/%m/%Y %H:%M")


def size(count: int, language: Language) -> str:
    """`12,3 MB` as the language writes it."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    text = f"{value:.3g}"
    return f"{text.replace('.', ',') if language == 'vi' else text} {_UNITS[unit]}"


def as_csv(record: DeviceRecord) -> bytes:
    """The whole record, for a spreadsheet or another program; times in UTC."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["started_utc", "ended_utc", "conditions", "up_bytes", "down_bytes"])
    for turn in record.turns:
        rows.writerow(
            [
                _utc(turn.started),
                "" if turn.ended is None else _utc(turn.ended),
                turn.conditions or "",
                turn.up_bytes,
                turn.down_bytes,
            ]
        )
    return text.getvalue().encode()


def _utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
