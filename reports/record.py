"""What staff enter themselves: `reports.toml`, as frozen values, parsed once.

Sites with their rooms and residents, what was paid, houses that were surveyed, and how the
document is headed. Every key is a field below; its `doc` is its line in docs/bao-cao.md (a test
compares them). Parsing finds all problems at once; `reports.record_file` reads the file.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias, get_args

from content_cache.toml_file import REQUIRED, did_you_mean, values
from content_cache.toml_file import key as entered
from reports.facts import ReportError

CostKind: TypeAlias = Literal["monthly", "repair", "installation", "equipment"]
COST_KINDS: Final[tuple[CostKind, ...]] = get_args(CostKind)
Decision: TypeAlias = Literal["waiting", "agreed", "refused"]
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)

MOST_DONG: Final = 10**12


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.strip().isprintable():
        raise ValueError('not a line of text; write it in quotes, like "…"')
    return unicodedata.normalize("NFC", value.strip())


def texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('not a list; write ["…", "…"]')
    return tuple(text(item) for item in value)


def identifier(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", value):
        raise ValueError('not the id of a site; write small letters, digits and "-", like "hp-001"')
    return value


def day(value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("not a date; write it without quotes, like 2026-03-31")
    return value


def dong(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DONG:
        raise ValueError("not an amount in đồng; write a whole number, like 250000 or 250_000")
    return value


def number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise ValueError("not a whole number from 1 to 100000")
    return value


def signing_key(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("not 64 hexadecimal digits; copy what `portal export --key` printed")
    return value


def one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("unknown; write " + ", ".join(f'"{choice}"' for choice in choices))
        return value

    return parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    id: str = entered(identifier, REQUIRED, "Mã địa điểm, như `[site] id` trong portal.toml ở đó.")
    name: str = entered(text, REQUIRED, "Tên khu trọ hiện nay.")
    former_names: tuple[str, ...] = entered(texts, (), "Các tên cũ.")
    address: str = entered(text, "", "Địa chỉ hiện nay.")
    rooms: int | None = entered(number, None, "Số phòng.")
    residents: int | None = entered(number, None, "Số người ở, do cán bộ đếm.")
    since: date | None = entered(day, None, "Ngày bắt đầu có Wi-Fi; trước đó không tính là thiếu.")
    key: str | None = entered(
        signing_key, None, "Khóa của địa điểm, do `portal export --key` in ra."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    site: str = entered(identifier, REQUIRED, "Mã địa điểm.")
    kind: CostKind = entered(
        one_of(*COST_KINDS),
        REQUIRED,
        "`monthly` cước tháng, `repair` sửa chữa, `installation` lắp đặt, `equipment` thiết bị.",
    )
    amount: int = entered(dong, REQUIRED, "Số tiền, đồng; với `monthly` là của một tháng.")
    first: date = entered(day, REQUIRED, "Ngày chi; với `monthly` là ngày đầu được tính cước.")
    last: date | None = entered(day, None, "Chỉ với `monthly`: ngày cuối; bỏ trống nếu còn dùng.")
    note: str = entered(text, "", "Ghi chú, như số hóa đơn.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    name: str = entered(text, REQUIRED, "Khu trọ được đề nghị.")
    address: str = entered(text, "", "Địa chỉ.")
    asked_by: str = entered(text, REQUIRED, "Ai đề nghị.")
    asked_on: date | None = entered(day, None, "Ngày đề nghị.")
    rooms: int | None = entered(number, None, "Số phòng.")
    residents: int | None = entered(number, None, "Số người ở.")
    line: str = entered(text, "", "Đường truyền có kéo được không, ai khảo sát.")
    decision: Decision = entered(
        one_of(*DECISIONS),
        "waiting",
        "`waiting` đang chờ, `agreed` đồng ý, `refused` không.",
    )
    note: str = entered(text, "", "Lý do, ghi chú.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    profile: Literal["nd30"] = entered(one_of("nd30"), "nd30", "Thể thức văn bản; hiện có `nd30`.")
    parent: str = entered(text, "", "Cơ quan chủ quản, dòng trên cùng bên trái.")
    body: str = entered(text, "", "Cơ quan ban hành; bỏ trống thì lấy `[organisation] name`.")
    symbol: str = entered(text, "", "Ký hiệu sau `BC-`, như `LĐLĐ`.")
    place: str = entered(text, "", "Địa danh trước ngày tháng.")
    subject: str = entered(text, "", "Trích yếu; bỏ trống thì viết theo kỳ báo cáo.")
    addressees: tuple[str, ...] = entered(texts, (), "Kính gửi.")
    bases: tuple[str, ...] = entered(texts, (), "Căn cứ, mỗi văn bản một dòng.")
    signing: tuple[str, ...] = entered(texts, (), "Các dòng quyền hạn, chức vụ người ký.")
    recipients: tuple[str, ...] = entered(texts, (), "Nơi nhận, ngoài `Như trên` và `Lưu`.")
    filed: str = entered(text, "VT", "Sau chữ `Lưu:`.")


@dataclass(frozen=True, slots=True)
class Record:
    sites: tuple[Site, ...] = ()
    costs: tuple[Cost, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    document: Document = Document()

    def site(self, id: str) -> Site | None:
        return next((site for site in self.sites if site.id == id), None)


_TABLES: Final = {"site": Site, "cost": Cost, "proposal": Proposal}


def parse(document: dict[str, Any], source: str = "reports.toml") -> Record:
    """Raises ReportError with every problem of a TOML document."""
    problems: list[str] = []
    known = {**_TABLES, "document": Document}
    for name in document.keys() - known.keys():
        problems.append(f"[{name}]{did_you_mean(name, known)}")
    found: dict[str, list[tuple[int, Any]]] = {}
    for name, kind in _TABLES.items():
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            problems.append(f"{name}   not a list of tables; write [[{name}]] above each")
            tables = []
        made = [(n, _value(kind, one, f"{name} {n}", problems)) for n, one in enumerate(tables, 1)]
        found[name] = [(n, one) for n, one in made if one is not None]
    heading = document.get("document", {})
    if not isinstance(heading, dict):
        problems.append("document   not a table; write [document]")
        heading = {}
    written = _value(Document, heading, "document", problems)
    problems += _contradictions([site.id for _, site in found["site"]], found["cost"])
    if problems:
        raise ReportError([f"{source}: {line}" for line in problems])
    sites, costs, proposals = (tuple(one for _, one in found[name]) for name in _TABLES)
    return Record(sites, costs, proposals, written)


def _value(kind: type[Any], table: dict[str, Any], where: str, problems: list[str]) -> Any:
    before = len(problems)
    found = values(kind, table, f"{where}.", problems)
    return kind(**found) if len(problems) == before else None


def _contradictions(ids: list[str], costs: list[tuple[int, Cost]]) -> Iterator[str]:
    """What is right alone and wrong together. Costs come with their number in the file."""
    for id in sorted({id for id in ids if ids.count(id) > 1}):
        yield f'site.id = "{id}"   written twice; one site has one table'
    fees: list[Cost] = []
    for n, cost in costs:
        if cost.site not in ids:
            hint = (
                did_you_mean(cost.site, dict.fromkeys(ids)) if ids else "   no [[site]] is entered"
            )
            yield f'cost {n}.site = "{cost.site}"{hint}'
        if cost.kind != "monthly" and cost.last is not None:
            yield f"cost {n}.last = {cost.last}   only monthly fees have a last day; leave it out"
        if cost.last is not None and cost.last < cost.first:
            yield f"cost {n}.last = {cost.last}   before first = {cost.first}"
        if cost.kind == "monthly":
            if any(_overlap(cost, other) for other in fees):
                yield f"cost {n}   a monthly fee of {cost.site} for these days is entered already"
            fees.append(cost)


def _overlap(one: Cost, other: Cost) -> bool:
    begun_before_end = other.last is None or one.first <= other.last
    return (
        one.site == other.site
        and begun_before_end
        and (one.last is None or other.first <= one.last)
    )


def written(cost: Cost) -> str:
    """The cost as a table to put at the end of the file."""
    lines = ["", "[[cost]]"]
    for entry in fields(Cost):
        value = getattr(cost, entry.name)
        if value not in (None, ""):
            lines.append(f"{entry.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | int | date) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
