"""The parts of content and how they are read: words, pictures, dates, lists. Pure.

A reader takes what JSON holds and a `Place`. It returns the value, and tells the place what is
wrong with it in an editor's words; so every problem is found, not only the first. What is merely
missing or too long `may_wait`: a draft is kept with it, and cannot be sent to review.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, Final, TypeVar

from splash import markup

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field, in words for the person who filled it in."""

    field: str
    """Where, as `questions.1.options.0.vi`; numbers count from 0."""
    vi: str
    en: str
    may_wait: bool
    """A draft can be kept with it."""


class ContentProblems(Exception):
    """Content cannot be used. The text names every problem, in English, one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{problem.field}: {problem.en}" for problem in problems))


class Place:
    """Where a value stands: its field, and what editors call it."""

    def __init__(
        self,
        problems: list[Problem],
        name: str = "",
        vi: tuple[str, ...] = (),
        en: tuple[str, ...] = (),
    ) -> None:
        self._problems = problems
        self._name = name
        self._vi = vi
        self._en = en

    def at(self, name: str | int, vi: str = "", en: str = "") -> "Place":
        """The place of a part; without words it goes by the words of the whole."""
        return Place(
            self._problems,
            f"{self._name}.{name}" if self._name else str(name),
            self._vi + ((vi,) if vi else ()),
            self._en + ((en,) if en else ()),
        )

    def wrong(self, vi: str, en: str, *, may_wait: bool = False) -> None:
        said = Problem(
            self._name,
            f"{', '.join(self._vi)}: {vi}" if self._vi else vi,
            f"{', '.join(self._en)}: {en}" if self._en else en,
            may_wait,
        )
        self._problems.append(said)


Reader = Callable[[object, Place], T]


def asked(vi: str, en: str, read: Reader[Any], default: Any = MISSING) -> Any:
    """A field of content: what editors call it, and its reader (which gets None if it is absent).

    A field whose `default` is given need not be in the JSON.
    """
    return field(default=default, metadata={"vi": vi, "en": en, "read": read})


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages; English may be empty, and the Vietnamese is shown then."""

    vi: str
    en: str = ""


def record(kind: type[T]) -> Reader[T]:
    """Reads a dataclass whose fields are `asked`."""

    def read(value: object, place: Place) -> T:
        if value is not None and not isinstance(value, Mapping):
            place.wrong("không đúng dạng; hãy nhập lại.", "not an object of fields.")
        given: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
        known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
        for name in given:
            if name not in known:
                place.at(str(name)[:40]).wrong(
                    f"không có mục “{str(name)[:40]}”.",
                    f"there is no field “{str(name)[:40]}”; known are {', '.join(known)}.",
                )
        values = {}
        for name, entry in known.items():
            if name in given or entry.default is MISSING:
                part = place.at(name, entry.metadata["vi"], entry.metadata["en"])
                values[name] = entry.metadata["read"](given.get(name), part)
        return kind(**values)

    return read


def line(most: int, *, needed: bool = True) -> Reader[str]:
    """One line of at most `most` characters."""

    def read(value: object, place: Place) -> str:
        text = " ".join(_text(value, place).split())
        return _measured(text, len(text), most, needed, place)

    return read


def html(most: int, *, needed: bool = True) -> Reader[str]:
    """HTML that may be shown (`splash.markup`), of at most `most` characters without markup."""

    def read(value: object, place: Place) -> str:
        text = _text(value, place).strip()
        if len(text) > 8 * most:  # No text: a picture inside it, or an attack.
            place.wrong(
                "có quá nhiều định dạng; hãy dán lại dạng chữ thường.",
                "too much markup; paste it as plain text.",
            )
            return ""
        if wrong := markup.problems(text):
            for one in wrong:
                place.wrong(one.vi, one.en)
            return ""
        seen = len(markup.plain(text))
        if not seen and not markup.pictures(text):
            text = ""  # What an editor's empty page looks like: <p></p>.
        return _measured(text, seen, most, needed, place)

    return read


def words(vietnamese: Reader[str], english: Reader[str]) -> Reader[Words]:
    """Text in both languages."""

    def read(value: object, place: Place) -> Words:
        if value is not None and not isinstance(value, Mapping):
            place.wrong(
                "không đúng dạng; hãy nhập lại.", 'not words; write {"vi": "…", "en": "…"}.'
            )
        given: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
        if unknown := sorted(map(str, given.keys() - {"vi", "en"})):
            place.wrong("có ngôn ngữ lạ.", f"{unknown[0][:40]} is no language; write vi and en.")
        return Words(
            vietnamese(given.get("vi"), place.at("vi")),
            english(given.get("en"), place.at("en", "tiếng Anh", "in English")),
        )

    return read


def lines(most: int, *, needed: bool = True) -> Reader[Words]:
    """One line in both languages; English may be left out."""
    return words(line(most, needed=needed), line(most, needed=False))


def bodies(most: int) -> Reader[Words]:
    """HTML in both languages; English may be left out."""
    return words(html(most), html(most, needed=False))


def several(read_one: Reader[T], least: int, most: int, vi: str, en: str) -> Reader[tuple[T, ...]]:
    """From `least` to `most` values; `vi` and `en` are what editors call one of them."""

    def read(value: object, place: Place) -> tuple[T, ...]:
        if value is not None and not isinstance(value, list | tuple):
            place.wrong("không đúng dạng; hãy nhập lại.", "not a list.")
        given = value if isinstance(value, list | tuple) else ()
        if len(given) > most:
            place.wrong(
                f"có {len(given)} {vi.lower()}; nhiều nhất {most}.",
                f"{len(given)} of them; {most} at most.",
                may_wait=len(given) <= 10 * most,
            )
        elif len(given) < least:
            place.wrong(
                f"mới có {len(given)} {vi.lower()}; cần ít nhất {least}.",
                f"only {len(given)}; at least {least} are needed.",
                may_wait=True,
            )
        return tuple(
            read_one(one, place.at(n, f"{vi} {n + 1}", f"{en} {n + 1}"))
            for n, one in enumerate(given[: 10 * most])
        )

    return read


def optional(read_one: Reader[T]) -> Reader[T | None]:
    """None, or a value."""
    return lambda value, place: None if value is None else read_one(value, place)


def flag(value: object, place: Place) -> bool:
    if not isinstance(value, bool):
        place.wrong("hãy chọn có hoặc không.", "write true or false.")
    return value is True


def number(least: int, most: int) -> Reader[int]:
    """A whole number from `least` to `most`; -1 stands for none in a draft."""

    def read(value: object, place: Place) -> int:
        if value in (None, "", -1):
            place.wrong("chưa chọn; hãy chọn.", "not chosen; choose one.", may_wait=True)
        elif isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            place.wrong(
                f"phải là số từ {least} đến {most}.", f"not a whole number from {least} to {most}."
            )
        else:
            return value
        return -1

    return read


def day(value: object, place: Place) -> date | None:
    """A date as 2026-11-22; empty is None."""
    if value is None or value == "":
        return None
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2100:
        place.wrong(
            "ngày không đúng; hãy chọn trong lịch.", "not a date like 2026-11-22 of this century."
        )
        return None
    return found


def address(value: object, place: Place) -> str:
    """An http or https address, or nothing."""
    text = line(500, needed=False)(value, place)
    if text and not (text.startswith(("http://", "https://")) and markup.is_link(text)):
        place.wrong(
            "không phải địa chỉ trang web; hãy chép cả https://…",
            "not the address of a page; copy all of it, with https://…",
        )
        return ""
    return text


def name_of_media(value: object, place: Place) -> str:
    if not isinstance(value, str) or not markup.MEDIA_NAME.fullmatch(value):
        none = value in (None, "")
        place.wrong(
            "tệp chưa tải lên; hãy chọn lại tệp.", "no file that was uploaded.", may_wait=none
        )
        return ""
    return value


def clean(text: str) -> str:
    """NFC, without characters that cannot be seen: they come along when texts are pasted."""
    seen = "".join(
        " " if character in "\t\u00a0" else character
        for character in text.replace("\r\n", "\n")
        if character in _KEPT or unicodedata.category(character) not in _UNSEEN
    )
    return unicodedata.normalize("NFC", seen)


_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co"))
_KEPT: Final = "\n\t\u200d"  # The joiner holds emoji together.


def _text(value: object, place: Place) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        place.wrong("không phải chữ; hãy nhập lại.", "not a text.")
        return ""
    return clean(value)


def _measured(text: str, length: int, most: int, needed: bool, place: Place) -> str:
    if needed and not text:
        place.wrong("đang để trống; hãy điền vào.", "empty; fill it in.", may_wait=True)
    if length > most:
        place.wrong(
            f"dài {length} ký tự; nhiều nhất {most}, hãy rút gọn.",
            f"{length} characters long; {most} at most, shorten it.",
            may_wait=length <= 10 * most,
        )
    return text if length <= 10 * most else ""
