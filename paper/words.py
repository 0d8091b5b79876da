"""Times, hours and lines as they are printed. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from markupsafe import Markup

from paper.place import Place
from portal.schedule import ALWAYS, DAY_SECONDS, Day, Hours
from splash import texts
from splash.texts import Texts
from splash.views import Language

_DAYS: Final = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_UNITS: Final = {"vi": ("giờ", "phút", "giây"), "en": ("h", "min", "s")}


def one_line(text: str, most: int = 300) -> str:
    """The text in one line, composed (NFC), without what cannot be printed; cut after `most`."""
    composed = unicodedata.normalize("NFC", re.sub(r"[^\S\u00a0]+", " ", text).strip())
    kept = "".join(c for c in composed if not _unseen(c))
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def unbroken(number: str) -> str:
    """A telephone number that stays in one line."""
    return number.replace(" ", "\u00a0")


def _unseen(character: str) -> bool:
    """What only tells how others are drawn: controls, joiners, variation selectors."""
    return unicodedata.category(character)[0] == "C" or "\ufe00" <= character <= "\ufe0f"


def filled(words: Texts, name: str, **values: object) -> str:
    """The text called `name`, without the sentences that have no value."""
    entry = words.entries[name]
    lines = (entry,) if isinstance(entry, str) else entry
    printed = (texts.fill(line, values) for line in lines)
    return one_line(" ".join(Markup(line).unescape() for line in printed if line), 2000)


def lasting(seconds: float, language: Language) -> str:
    """`4 giờ`, `1 giờ 30 phút`."""
    whole = int(seconds)
    parts = (whole // 3600, whole % 3600 // 60, whole % 60)
    named = zip(parts, _UNITS[language], strict=True)
    return " ".join(f"{number} {unit}" for number, unit in named if number)


def turn(place: Place, language: Language) -> str:
    """How long a turn lasts; from the shortest to the longest where days differ."""
    if place.week is None:
        return lasting(place.site.session_minutes * 60, language)
    return _between([day.turn_seconds for day in place.week.days if day.hours], language)


def limit(place: Place, language: Language) -> str:
    """How long a device may be online in a day; empty if every day is without a limit."""
    days: Sequence[Day] = place.week.days if place.week else ()
    limits = [day.limit_seconds for day in days if day.hours]
    known = [each for each in limits if each is not None]
    if not known or len(known) == len(limits):
        return _between(known, language)
    more = "có ngày không giới hạn" if language == "vi" else "some days without limit"
    return f"{_between(known, language)} ({more})"


def _between(seconds: Iterable[float], language: Language) -> str:
    lengths = sorted(set(seconds))
    if len(lengths) < 2:
        return "".join(lasting(each, language) for each in lengths)
    least, most = lasting(lengths[0], language), lasting(lengths[-1], language)
    return f"từ {least} đến {most}" if language == "vi" else f"{least} to {most}"


def opening_hours(place: Place, language: Language) -> str:
    """When the network is open in the week, in words; empty if it always is."""
    hours = [day.hours for day in place.week.days] if place.week else [ALWAYS]
    if set(hours) == {ALWAYS}:
        return ""
    every = "hằng ngày" if language == "vi" else "every day"
    if len(set(hours)) == 1:
        return f"{_hours(hours[0], language)} {every}"
    told = []
    for same, run in groupby(range(7), key=hours.__getitem__):
        numbers = list(run)
        first, last = _DAYS[language][numbers[0]], _DAYS[language][numbers[-1]]
        to = " đến " if language == "vi" else " to "
        name = first if first == last else f"{first}{to}{last}"
        told.append(f"{name} {_hours(same, language)}")
    return "; ".join(told)


def _hours(hours: Hours | None, language: Language) -> str:
    if hours is None:
        return "nghỉ" if language == "vi" else "closed"
    if hours == ALWAYS:
        return "cả ngày" if language == "vi" else "all day"
    closes, later = hours.closes, ""
    if closes > DAY_SECONDS:
        closes -= DAY_SECONDS
        later = " hôm sau" if language == "vi" else " the next day"
    return f"{_clock(hours.opens)}–{_clock(closes)}{later}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}"
