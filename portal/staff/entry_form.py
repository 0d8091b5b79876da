"""The forms by which sites, costs and proposed houses are entered: fields, and what they mean.

Pure. A field is a key of `reports.toml` (`reports.record`), which says what may stand there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Literal, TypeAlias

from portal.staff.report_form import day_of
from portal.staff.words import Said
from reports.record import MOST_DONG, TABLES, Kind

Type: TypeAlias = Literal["text", "names", "number", "dong", "day", "choice", "site"]

MOST_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form."""

    name: str
    label: Said
    type: Type = "text"
    needed: bool = False
    hint: Said | None = None
    choices: Mapping[str, Said] | None = None


FIELDS: Final[Mapping[Kind, tuple[Field, ...]]] = {
    "cost": (
        Field("site", Said("Địa điểm", "Site"), "site", needed=True),
        Field(
            "kind",
            Said("Khoản", "Kind"),
            "choice",
            needed=True,
            choices={
                "monthly": Said("Cước tháng", "Monthly fee"),
                "repair": Said("Sửa chữa", "Repair"),
                "installation": Said("Lắp đặt", "Installation"),
                "equipment": Said("Thiết bị", "Equipment"),
            },
        ),
        Field(
            "amount",
            Said("Số tiền (đồng)", "Amount (đồng)"),
            "dong",
            needed=True,
            hint=Said("Cước tháng: tiền của một tháng.", "A monthly fee: of one month."),
        ),
        Field(
            "first",
            Said("Ngày chi", "Paid on"),
            "day",
            needed=True,
            hint=Said("Cước tháng: ngày đầu được tính cước.", "A monthly fee: its first day."),
        ),
        Field(
            "last",
            Said("Ngày cuối", "Last day"),
            "day",
            hint=Said(
                "Chỉ với cước tháng; bỏ trống nếu còn dùng.",
                "Of a monthly fee only; empty while it goes on.",
            ),
        ),
        Field("note", Said("Ghi chú, như số hóa đơn", "Note, like the number of the bill")),
    ),
    "site": (
        Field(
            "id",
            Said("Mã địa điểm", "Id"),
            needed=True,
            hint=Said("Như hp-001: chữ thường, số, dấu nối.", "Like hp-001."),
        ),
        Field("name", Said("Tên khu trọ hiện nay", "Name now"), needed=True),
        Field(
            "former_names",
            Said("Tên cũ", "Former names"),
            "names",
            hint=Said("Nhiều tên thì cách nhau bằng dấu chấm phẩy.", "With semicolons between."),
        ),
        Field("address", Said("Địa chỉ", "Address")),
        Field("rooms", Said("Số phòng", "Rooms"), "number"),
        Field("residents", Said("Số người ở", "Residents"), "number"),
        Field("since", Said("Có Wi-Fi từ ngày", "Wi-Fi since"), "day"),
        Field(
            "key",
            Said("Khóa của địa điểm", "Key of the site"),
            hint=Said(
                "64 ký tự; hỏi qua điện thoại người giữ máy ở đó (portal export --key).",
                "64 characters; ask by telephone (portal export --key).",
            ),
        ),
    ),
    "proposal": (
        Field("name", Said("Khu trọ", "House"), needed=True),
        Field("address", Said("Địa chỉ", "Address")),
        Field("asked_by", Said("Ai đề nghị", "Asked by"), needed=True),
        Field("asked_on", Said("Ngày đề nghị", "Asked on"), "day"),
        Field("rooms", Said("Số phòng", "Rooms"), "number"),
        Field("residents", Said("Số người ở", "Residents"), "number"),
        Field(
            "line",
            Said("Đường truyền", "Line"),
            hint=Said("Kéo được không, ai khảo sát.", "Can there be one, and who looked."),
        ),
        Field(
            "decision",
            Said("Quyết định", "Decision"),
            "choice",
            choices={
                "waiting": Said("Chưa quyết định", "Waiting"),
                "agreed": Said("Đồng ý", "Agreed"),
                "refused": Said("Không đồng ý", "Refused"),
            },
        ),
        Field("note", Said("Lý do, ghi chú", "Reason, note")),
    ),
}

_WRONG: Final[Mapping[Type, Said]] = {
    "text": Said("không dùng được", "cannot be used"),
    "names": Said("không dùng được", "cannot be used"),
    "number": Said("phải là số nguyên từ 1 đến 100.000", "has to be a number from 1 to 100,000"),
    "dong": Said(
        f"phải là số tiền đồng, không quá {MOST_DONG:,}, như 330000".replace(",", "."),
        f"has to be an amount in đồng, {MOST_DONG:,} at most, like 330000",
    ),
    "day": Said("không phải là ngày; viết như 31/03/2026", "is no day; write it like 31/03/2026"),
    "choice": Said("hãy chọn một mục", "choose one"),
    "site": Said("hãy chọn một địa điểm", "choose a site"),
}
_BY_NAME: Final[Mapping[str, Said]] = {
    "id": Said(
        "chỉ gồm chữ thường không dấu, số và dấu nối, như hp-001", "like hp-001: a-z, 0-9 and -"
    ),
    "key": Said("phải có đúng 64 chữ số thập lục phân", "has to be 64 hexadecimal digits"),
}


def read(kind: Kind, form: Mapping[str, str]) -> tuple[dict[str, Any], list[Said]]:
    """The table that a form means, without what was left empty; and all that is wrong."""
    parsers = {entry.name: entry.metadata["parse"] for entry in fields(TABLES[kind])}
    table: dict[str, Any] = {}
    problems: list[Said] = []
    for field in FIELDS[kind]:
        typed = " ".join(form.get(field.name, "").split())
        if not typed:
            if field.needed:
                problems.append(_said(field, Said("chưa điền", "is missing")))
            continue
        if len(typed) > MOST_CHARACTERS:
            longest = Said(
                f"dài quá {MOST_CHARACTERS} ký tự", f"is longer than {MOST_CHARACTERS} characters"
            )
            problems.append(_said(field, longest))
            continue
        try:
            table[field.name] = parsers[field.name](_VALUES[field.type](typed))
        except ValueError:
            problems.append(_said(field, _BY_NAME.get(field.name, _WRONG[field.type])))
    return table, problems


def typed(kind: Kind, table: Mapping[str, Any]) -> dict[str, str]:
    """What a form shows of a table, to be corrected."""
    return {field.name: _typed(table[field.name]) for field in FIELDS[kind] if field.name in table}


def shown(field: Field, value: object) -> Said:
    """As people read it in a list."""
    if value is None or value == "":
        return Said("–", "–")
    if field.choices is not None:
        return field.choices.get(str(value), Said(str(value), str(value)))
    if isinstance(value, date):
        return Said(f"{value:%d/%m/%Y}", str(value))
    if isinstance(value, int):
        return Said(f"{value:,}".replace(",", "."), f"{value:,}")
    text = _typed(value)
    return Said(text, text)


def _typed(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _whole(text: str) -> int:
    digits = text.replace(".", "").replace(",", "").replace("_", "").replace(" ", "")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15:
        raise ValueError
    return int(digits)


def _day(text: str) -> date:
    day = day_of(text)
    if day is None:
        raise ValueError
    return day


_VALUES: Final[Mapping[Type, Callable[[str], Any]]] = {
    "text": str,
    "site": str,
    "choice": str,
    "names": lambda text: [part.strip() for part in text.split(";") if part.strip()],
    "number": _whole,
    "dong": _whole,
    "day": _day,
}


def _said(field: Field, wrong: Said) -> Said:
    return Said(f"{field.label.vi}: {wrong.vi}.", f"{field.label.en}: {wrong.en}.")
