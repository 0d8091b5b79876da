"""Words for people, in both languages of the site: Vietnamese first, English second.

They stand where they are used, in templates as `{{ say("Lưu", "Save") }}`, so that who reads a
page's source reads the page. A test sees that each has both.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeAlias

from portal.schedule import SITE_TIME

Language: TypeAlias = Literal["vi", "en"]


class Message(Protocol):
    """Words in both languages, wherever they come from (`splash.workflow.Refusal`)."""

    @property
    def vi(self) -> str: ...
    @property
    def en(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Said:
    """One message in both languages."""

    vi: str
    en: str


def when(wall: float) -> str:
    """`14:05 23/11/2026`, in the site's time, as Vietnamese write it."""
    return datetime.fromtimestamp(wall, UTC).astimezone(SITE_TIME).strftime("%H:%M %d/%m/%Y")


def day(wall: float) -> str:
    """`23/11/2026`, in the site's time."""
    return datetime.fromtimestamp(wall, UTC).astimezone(SITE_TIME).strftime("%d/%m/%Y")


def written_day(iso: str) -> str:
    """`23/11/2026` of `2026-11-23`."""
    return "/".join(reversed(iso.split("-")))


def number(value: float, language: Language, places: int = 0) -> str:
    """`1.234,5` in Vietnamese, `1,234.5` in English."""
    text = f"{value:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def amount(size: float, language: Language) -> str:
    """Bytes as people read them: `12,3 MB`."""
    for unit in ("byte", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{number(size, language, 0 if unit == 'byte' or size >= 100 else 1)} {unit}"


def lasting(seconds: float, language: Language) -> str:
    """`2 giờ 05 phút`, `2 h 05 min`; below an hour without the hours, below a minute seconds."""
    if seconds < 60:
        return f"{seconds:.0f} {'giây' if language == 'vi' else 's'}"
    hours, minutes = divmod(round(seconds / 60), 60)
    hour, minute = ("giờ", "phút") if language == "vi" else ("h", "min")
    return f"{hours} {hour} {minutes:02} {minute}" if hours else f"{minutes} {minute}"
