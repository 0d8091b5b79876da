"""What staff write for the phones, as typed values. No clock, no network, no file.

Each kind of content is a dataclass: its fields, what editors call them and how long they may be.
`parse` takes what JSON holds (from a form, a file, a bundle) and finds every problem at once;
`to_json` gives it back. Text is NFC; HTML in it may be shown as it is (`splash.markup`).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Final, TypeAlias, get_args

from splash import markup
from splash.content_values import (
    ContentProblems,
    Place,
    Problem,
    Words,
    address,
    asked,
    bodies,
    day,
    flag,
    line,
    lines,
    name_of_media,
    number,
    optional,
    record,
    several,
)
from splash.site import SITE_ID

__all__ = ["ContentProblems", "Problem", "Words"]

CATEGORIES: Final = (
    "quyen-loi", "bao-hiem", "hop-dong", "lao-dong-nu", "cong-doan", "tin", "van-ban",
)  # fmt: skip
"""Where an article belongs; readers' words for them are in splash/texts, under `category`."""

LEGAL: Final = frozenset(("quyen-loi", "bao-hiem", "hop-dong", "lao-dong-nu", "van-ban"))
"""The categories whose articles say what the law is."""

WITHOUT_PERMISSION: Final = 300
"""Characters of somebody else's article that may be shown, with a link, if nobody allowed more."""

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PHONE: Final = re.compile(r"\+?[0-9](?:[0-9 .()-]{0,18}[0-9])?")


def _slug(value: object, place: Place) -> str:
    """The id of an item, or nothing."""
    text = line(80, needed=False)(value, place)
    if text and not _SLUG.fullmatch(text):
        place.wrong("mục được chọn không có.", "not the id of an item.")
        return ""
    return text


def _category(value: object, place: Place) -> str:
    if value not in CATEGORIES:
        place.wrong(
            "chưa chọn; hãy chọn một chuyên mục.",
            f"not chosen; write one of {', '.join(CATEGORIES)}.",
            may_wait=value in (None, ""),
        )
        return ""
    return str(value)


def _phone(value: object, place: Place) -> str:
    text = line(20)(value, place)
    if text and not _PHONE.fullmatch(text):
        place.wrong(
            "không phải số điện thoại; chỉ viết chữ số.", "not a telephone number.", may_wait=True
        )
    return text


@dataclass(frozen=True, slots=True)
class Picture:
    name: str = asked("tệp ảnh", "file", name_of_media)
    """Behind `/m/`: the SHA-256 of its bytes, and a suffix."""
    alt: Words = asked("lời tả ảnh", "description", lines(200))
    width: int = asked("chiều rộng", "width", number(1, 4000))
    height: int = asked("chiều cao", "height", number(1, 4000))


@dataclass(frozen=True, slots=True)
class Audio:
    name: str = asked("tệp âm thanh", "file", name_of_media)
    seconds: int = asked("thời lượng", "seconds", number(1, 3600))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text is from, and who allowed us to show it."""

    name: str = asked("tên nguồn", "name", line(160))
    url: str = asked("địa chỉ trang gốc", "address", address, "")
    """Somebody else's page that it was taken from; empty for what is our own."""
    permission: str = asked("ai cho phép đăng lại", "permission", line(300, needed=False), "")
    published: date | None = asked("ngày đăng ở trang gốc", "published there on", day, None)


@dataclass(frozen=True, slots=True)
class Legal:
    """What law a text rests on, who compared the two, and until when that can be relied on."""

    basis: str = asked("căn cứ pháp luật", "basis", line(500, needed=False), "")
    checked_by: str = asked("người kiểm tra", "checked by", line(120, needed=False), "")
    checked_on: date | None = asked("ngày kiểm tra", "checked on", day, None)
    review_by: date | None = asked("xem lại trước ngày", "review by", day, None)


@dataclass(frozen=True, slots=True)
class Splash:
    """The words of greeting on the first page, and its poster."""

    title: Words = asked("Tiêu đề", "Title", lines(60))
    welcome: Words = asked("Lời chào", "Welcome", lines(200))
    poster: Picture | None = asked("Áp phích", "Poster", optional(record(Picture)), None)


@dataclass(frozen=True, slots=True)
class Article:
    category: str = asked("Chuyên mục", "Category", _category)
    title: Words = asked("Tiêu đề", "Title", lines(120))
    summary: Words = asked("Tóm tắt", "Summary", lines(300, needed=False))
    body: Words = asked("Nội dung", "Text", bodies(20_000))
    source: Source = asked("Nguồn", "Source", record(Source))
    legal: Legal = asked("Pháp lý", "Law", record(Legal), Legal())
    picture: Picture | None = asked("Ảnh", "Picture", optional(record(Picture)), None)
    audio: Audio | None = asked("Bài đọc", "Audio", optional(record(Audio)), None)
    sample: bool = asked("Bài mẫu", "Sample", flag, False)
    """Nobody answers for it yet: pages must say so."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one house is told: the water is off tomorrow."""

    title: Words = asked("Tiêu đề", "Title", lines(120))
    body: Words = asked("Nội dung", "Text", bodies(3_000))


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something with a beginning and an end, like Ngày Pháp luật Việt Nam (9/11)."""

    title: Words = asked("Tên chiến dịch", "Title", lines(120))
    line: Words = asked("Câu kêu gọi", "Call", lines(160))
    body: Words = asked("Nội dung", "Text", bodies(10_000))
    picture: Picture | None = asked("Ảnh", "Picture", optional(record(Picture)), None)
    leads_to: str = asked("Dẫn tới mục", "Leads to", _slug, "")
    """The id of another item; empty if it stands alone."""


@dataclass(frozen=True, slots=True)
class Poll:
    question: Words = asked("Câu hỏi", "Question", lines(200))
    options: tuple[Words, ...] = asked(
        "Các lựa chọn", "Options", several(lines(120), 2, 6, "Lựa chọn", "Option")
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz."""

    text: Words = asked("câu hỏi", "question", lines(300))
    options: tuple[Words, ...] = asked(
        "các đáp án", "options", several(lines(160), 2, 5, "Đáp án", "Option")
    )
    answer: int = asked("đáp án đúng", "right option", number(0, 4))
    """The right option, counted from 0; -1 in a draft where none has been chosen yet."""
    explain: Words = asked("giải thích", "explanation", lines(500))
    legal_basis: str = asked("căn cứ pháp luật", "legal basis", line(300))
    article: str = asked("bài nên đọc", "article", _slug, "")
    """The id of an article that says more."""


@dataclass(frozen=True, slots=True)
class Quiz:
    title: Words = asked("Tên cuộc thi", "Title", lines(120))
    questions: tuple[Question, ...] = asked(
        "Các câu hỏi", "Questions", several(record(Question), 1, 10, "Câu", "Question")
    )
    draw: bool = asked("Quay thưởng", "Prize draw", flag, False)
    """Who finishes may enter a prize draw, with a consent of its own."""
    sample: bool = asked("Bài mẫu", "Sample", flag, False)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    name: Words = asked("tên nơi nhận", "name", lines(80))
    number: str = asked("số điện thoại", "number", _phone)


@dataclass(frozen=True, slots=True)
class Phones:
    """Numbers worth knowing: 111, 113, the union's lawyer."""

    numbers: tuple[PhoneNumber, ...] = asked(
        "Các số điện thoại", "Numbers", several(record(PhoneNumber), 1, 20, "Số", "Number")
    )


@dataclass(frozen=True, slots=True)
class Conditions:
    """The rules of the Wi-Fi. Every revision is a version of its own, agreed to anew."""

    short: tuple[Words, ...] = asked(
        "Các điều ngắn gọn", "Short rules", several(lines(200), 1, 7, "Điều", "Rule")
    )
    body: Words = asked("Nội quy đầy đủ", "All rules", bodies(15_000))


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is recorded about people, and why."""

    short: Words = asked("Tóm tắt", "Summary", lines(300))
    body: Words = asked("Nội dung đầy đủ", "All of it", bodies(15_000))


Content: TypeAlias = (
    Splash | Article | Notice | Campaign | Poll | Quiz | Phones | Conditions | Privacy
)

KINDS: Final[Mapping[str, type[Any]]] = {kind.__name__.lower(): kind for kind in get_args(Content)}
"""`article` -> `Article`, and so on: the names in JSON, addresses and tables."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is true of an item whatever its words are."""

    id: str
    """For ever: it is in addresses, `/a/<id>`."""
    kind: str
    """A name in `KINDS`."""
    sites: tuple[str, ...] = ()
    """The houses that see it; empty: all of them."""
    pinned: bool = False
    """Shown before newer ones, and kept longest."""


def kind_of(content: Content) -> str:
    """`article` for an `Article`."""
    return type(content).__name__.lower()


def parse(kind: str, mapping: object) -> Content:
    """The content that `mapping` holds.

    Raises:
        ContentProblems: every problem of it.
        KeyError: there is no such kind.
    """
    content, problems = read(kind, mapping)
    if problems:
        raise ContentProblems(problems)
    return content


def draft(kind: str, mapping: object) -> Content:
    """The content that `mapping` holds so far: fields may be empty, or still too long.

    Raises:
        ContentProblems: the problems that even a draft cannot have.
        KeyError: there is no such kind.
    """
    content, problems = read(kind, mapping)
    if wrong := tuple(problem for problem in problems if not problem.may_wait):
        raise ContentProblems(wrong)
    return content


def read(kind: str, mapping: object) -> tuple[Content, tuple[Problem, ...]]:
    """The content that `mapping` holds, empty where it cannot be used, and all its problems.

    Raises:
        KeyError: there is no such kind.
    """
    problems: list[Problem] = []
    place = Place(problems)
    content: Content = record(KINDS[kind])(mapping, place)
    match content:
        case Article():
            _agree_article(content, place)
        case Quiz(questions=questions):
            for n, question in enumerate(questions):
                if question.answer >= len(question.options) > 1:
                    here = place.at("questions", "Các câu hỏi", "Questions").at(
                        n, f"Câu {n + 1}", f"Question {n + 1}"
                    )
                    here.at("answer", "đáp án đúng", "right option").wrong(
                        "không có trong các đáp án; hãy chọn lại.",
                        f"{question.answer} is none of the options; they count from 0.",
                        may_wait=True,
                    )
    return content, tuple(problems)


def _agree_article(article: Article, place: Place) -> None:
    """Fields that are right alone and wrong together."""
    legal = article.legal
    law = place.at("legal", "Pháp lý", "Law")
    if (article.category in LEGAL or legal.basis) and not article.sample:
        for name, vi, en, value in (
            ("basis", "căn cứ pháp luật", "basis", legal.basis),
            ("checked_by", "người kiểm tra", "checked by", legal.checked_by),
            ("checked_on", "ngày kiểm tra", "checked on", legal.checked_on),
            ("review_by", "xem lại trước ngày", "review by", legal.review_by),
        ):
            if not value:
                law.at(name, vi, en).wrong(
                    "đang để trống; bài nói về pháp luật phải có.",
                    "empty; an article about the law needs it.",
                    may_wait=True,
                )
    if legal.checked_on and legal.review_by and legal.review_by <= legal.checked_on:
        place.at("legal", "Pháp lý", "Law").at(
            "review_by", "xem lại trước ngày", "review by"
        ).wrong("phải sau ngày kiểm tra.", "not after the day it was checked.", may_wait=True)
    if article.source.url and not article.source.permission:
        for language, text in (("vi", article.body.vi), ("en", article.body.en)):
            if len(markup.plain(text)) > WITHOUT_PERMISSION:
                place.at("body", "Nội dung", "Text").at(language).wrong(
                    f"lấy từ nơi khác mà chưa được phép: chỉ đăng {WITHOUT_PERMISSION} ký tự đầu "
                    "kèm đường dẫn, hoặc ghi ai cho phép.",
                    f"from somewhere else without permission: only {WITHOUT_PERMISSION} characters "
                    "and the link may be shown; or write down who permitted it.",
                    may_wait=True,
                )


def item_problems(item: Item) -> tuple[Problem, ...]:
    """What is wrong with the envelope."""
    problems: list[Problem] = []
    place = Place(problems)
    if not _SLUG.fullmatch(item.id) or len(item.id) > 80:
        place.at("id").wrong("mã của mục không đúng.", "small letters, digits and hyphens.")
    if item.kind not in KINDS:
        place.at("kind").wrong("loại nội dung không có.", f"write one of {', '.join(KINDS)}.")
    for site in item.sites:
        if not SITE_ID.fullmatch(site):
            place.at("sites", "Khu trọ", "Houses").wrong(
                f"mã “{site[:40]}” không đúng.", f"“{site[:40]}” is not the id of a house."
            )
    return tuple(problems)


def to_json(content: Content) -> dict[str, Any]:
    """What `parse` reads: only objects, lists, texts, numbers, true, false and null."""
    found = _json(content)
    assert isinstance(found, dict)
    return found


def _json(value: object) -> object:
    if is_dataclass(value):
        return {entry.name: _json(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def title_of(content: Content) -> Words:
    """What lists call it."""
    match content:
        case Poll(question=question):
            return question
        case Phones():
            return Words("Số điện thoại cần biết", "Useful numbers")
        case Conditions():
            return Words("Nội quy dùng Wi-Fi", "Rules of the Wi-Fi")
        case Privacy():
            return Words("Chúng tôi ghi gì về bạn?", "What we record about you")
        case _:
            return content.title


def media_of(content: Content) -> frozenset[str]:
    """The names of the pictures and sounds it shows."""
    return frozenset(filter(None, _media(content)))


def _media(value: object) -> Iterator[str]:
    match value:
        case Picture(name=name) | Audio(name=name):
            yield name
        case Words(vi=vi, en=en):
            yield from markup.pictures(vi)
            yield from markup.pictures(en)
        case tuple():
            for one in value:
                yield from _media(one)
        case _ if is_dataclass(value):
            for entry in fields(value):
                yield from _media(getattr(value, entry.name))


def overdue(content: Content, today: date) -> bool:
    """Whether its law had to be looked at again by now."""
    return (
        isinstance(content, Article)
        and content.legal.review_by is not None
        and content.legal.review_by < today
    )


def slug_of(title: str) -> str:
    """An id from a title: `Làm thêm giờ` gives `lam-them-gio`; `muc` if nothing is left."""
    plain = unicodedata.normalize("NFD", title.lower().replace("đ", "d"))
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return "-".join(re.findall(r"[a-z0-9]+", bare))[:60].strip("-") or "muc"
