"""Between a form in a browser and the values of `splash.content`. Pure.

A field of a form is named by its place in the content, `questions.0.options.2.vi`, which is also
what a problem names: so each problem is shown beside its field. What belongs to no content (houses,
buttons) begins with an underscore.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.schedule import SITE_TIME
from portal.staff.words import Said
from splash.content import Problem

KIND_WORDS: Final[Mapping[str, Said]] = {
    "article": Said("Bài viết", "Article"),
    "notice": Said("Thông báo của khu trọ", "Notice of a house"),
    "campaign": Said("Chiến dịch", "Campaign"),
    "poll": Said("Thăm dò ý kiến", "Poll"),
    "quiz": Said("Cuộc thi tìm hiểu", "Quiz"),
    "splash": Said("Trang đầu: lời chào và áp phích", "First page: greeting and poster"),
    "phones": Said("Số điện thoại cần biết", "Useful telephone numbers"),
    "conditions": Said("Nội quy dùng Wi-Fi", "Rules of the Wi-Fi"),
    "privacy": Said("Thông báo về dữ liệu", "Privacy notice"),
}
"""Every kind of content, in the order in which it is offered."""

CATEGORY_WORDS: Final[Mapping[str, Said]] = {
    "quyen-loi": Said("Quyền lợi", "Rights"),
    "bao-hiem": Said("Bảo hiểm", "Insurance"),
    "hop-dong": Said("Hợp đồng", "Contracts"),
    "lao-dong-nu": Said("Lao động nữ", "Women at work"),
    "cong-doan": Said("Công đoàn", "The union"),
    "tin": Said("Tin", "News"),
    "van-ban": Said("Văn bản", "Documents"),
}
"""What editors call the categories; a test sees that none is missing."""

STATE_WORDS: Final[Mapping[str, Said]] = {
    "draft": Said("Bản nháp", "Draft"),
    "in_review": Said("Chờ duyệt", "In review"),
    "returned": Said("Trả lại để sửa", "Returned"),
    "approved": Said("Đã duyệt", "Approved"),
    "live": Said("Đã đăng", "Live"),
    "superseded": Said("Đã có bản mới thay", "Replaced"),
    "withdrawn": Said("Đã gỡ", "Withdrawn"),
}

TRAIL_WORDS: Final[Mapping[str, Said]] = {
    "edit": Said("lưu", "saved"),
    "submit": Said("gửi duyệt", "sent to review"),
    "return": Said("trả lại", "returned"),
    "approve": Said("duyệt", "approved"),
    "publish": Said("đăng", "published"),
    "withdraw": Said("gỡ", "withdrew"),
}
"""What somebody did with an item."""

_FLAGS: Final = frozenset(("draw", "sample"))
_NUMBERS: Final = frozenset(("answer", "width", "height", "seconds"))
_FILES: Final = frozenset(("poster", "picture", "audio"))
"""Records that are there if their file is."""
_LISTS: Final = frozenset(("options", "questions", "numbers"))

_PLACE: Final = re.compile(r"[a-z_]{1,20}(?:\.(?:[a-z_]{1,20}|[0-9]{1,2})){0,5}")


def mapping_of(kind: str, fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What `splash.content.read` reads, from the fields of a form; what it never has is left out.

    Empty places at the end of a list are left out: the form offers more than anybody fills in.
    """
    tree: dict[str, Any] = {}
    for name, value in fields:
        if name.startswith("_") or not _PLACE.fullmatch(name):
            continue
        *above, last = name.split(".")
        at = tree
        for step in above:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                break
        else:
            at[last] = value
    for flag in _FLAGS & set(tree):
        tree[flag] = tree[flag] == "yes"
    return {name: _settled(name, value, kind) for name, value in tree.items()}


def _settled(name: str, value: Any, kind: str) -> Any:
    if isinstance(value, bool):
        return value
    if name in _NUMBERS:
        return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,4}", value) else -1
    if not isinstance(value, dict):
        return value
    if name in _FILES and not value.get("name"):
        return None
    inside = {key: _settled(key, part, kind) for key, part in value.items()}
    if name in _LISTS or (kind == "conditions" and name == "short"):
        places = [inside[key] for key in sorted(filter(str.isdigit, inside), key=int)]
        while places and _is_empty(places[-1]):
            del places[-1]
        return places
    return inside


def _is_empty(value: object) -> bool:
    """Nothing typed: no text; a mark at an option is no text."""
    if isinstance(value, dict):
        return all(_is_empty(part) for part in value.values())
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return value in ("", -1, None) or isinstance(value, int)


def html_fields(mapping: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the HTML of a form is, as (object, key): it is to be cleaned before it is read."""
    body = mapping.get("body")
    if isinstance(body, dict):
        for language in ("vi", "en"):
            if isinstance(body.get(language), str):
                yield body, language


def from_plain(text: str) -> str:
    """HTML as it is; of text typed without the editor, a paragraph for each part."""
    if re.search(r"</?[a-z][a-z0-9]*[ />]", text, re.IGNORECASE):
        return text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    parts = re.split(r"(?:\r?\n){2,}", escaped.strip())
    return "".join(f"<p>{'<br>'.join(part.splitlines())}</p>" for part in parts if part.strip())


def at(mapping: Mapping[str, Any], name: str) -> Any:
    """The value at a place like `questions.0.text.vi`; an empty text if there is none."""
    found: Any = mapping
    for step in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list | tuple) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    return "" if found is None else found


def beside(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """The problems by the field they are shown at."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(problem)
    return found


@dataclass(frozen=True, slots=True)
class Times:
    """From when until when; None: at once, and without an end."""

    begins: float | None
    ends: float | None


WRONG_TIME: Final = Said(
    "Ngày giờ không đúng; hãy chọn lại trong lịch.", "Not a date and time; choose it again."
)
BACKWARDS: Final = Said("Lúc kết thúc phải sau lúc bắt đầu.", "It has to end after it begins.")
OVER: Final = Said("Lúc kết thúc đã qua rồi.", "The end has passed already.")


class WrongTimes(Exception):
    """What was typed for the times cannot be meant."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


def times_of(begins: str, ends: str, now: float) -> Times:
    """What a browser's fields of date and time hold, in the site's time.

    Raises:
        WrongTimes: they cannot be meant.
    """
    times = Times(_time(begins), _time(ends))
    if times.ends is not None and times.ends <= now:
        raise WrongTimes(OVER)
    if times.begins is not None and times.ends is not None and times.ends <= times.begins:
        raise WrongTimes(BACKWARDS)
    return times


def _time(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongTimes(WRONG_TIME) from None
    if local.tzinfo is not None or not 2020 <= local.year <= 2100:
        raise WrongTimes(WRONG_TIME)
    return local.replace(tzinfo=SITE_TIME).timestamp()


def field_time(wall: float | None) -> str:
    """A time as a browser's field of date and time wants it."""
    if wall is None:
        return ""
    return datetime.fromtimestamp(wall, SITE_TIME).strftime("%Y-%m-%dT%H:%M")


def found_in(typed: str, text: str) -> bool:
    """Whether each word typed is in the text, marks and size apart."""
    return all(word in _bare(text) for word in _bare(typed).split())


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
