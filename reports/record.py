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
from splash.content import Words
from splash.site import SITE_ID

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
    if not isinstance(value, str) or not SITE_ID.fullmatch(value):
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


Kind: TypeAlias = Literal["site", "cost", "proposal"]
TABLES: Final[dict[Kind, type[Any]]] = {"site": Site, "cost": Cost, "proposal": Proposal}
Tables: TypeAlias = dict[Kind, list[dict[str, Any]]]


def parse(
    document: dict[str, Any], source: str = "reports.toml", entered: Tables | None = None
) -> Record:
    """The record of a TOML document, with what was entered on the page (`reports.entries`).

    A site that is in both is one: what was entered on the page counts, key by key.

    Raises:
        ReportError: with every problem.
    """
    entered = entered or {}
    problems: list[str] = []
    known: dict[str, type[Any]] = {str(name): kind for name, kind in TABLES.items()}
    known["document"] = Document
    for name in document.keys() - known.keys():
        problems.append(f"[{name}]{did_you_mean(name, known)}")
    found: dict[str, list[tuple[int, Any]]] = {}
    for name, kind in TABLES.items():
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            problems.append(f"{name}   not a list of tables; write [[{name}]] above each")
            tables = []
        tables = _joined(name, tables, entered.get(name, []))
        made = [(n, _value(kind, one, f"{name} {n}", problems)) for n, one in enumerate(tables, 1)]
        found[name] = [(n, one) for n, one in made if one is not None]
    heading = document.get("document", {})
    if not isinstance(heading, dict):
        problems.append("document   not a table; write [document]")
        heading = {}
    written = _value(Document, heading, "document", problems)
    said = [Words(line, line) for line in problems]
    said += contradictions([site.id for _, site in found["site"]], found["cost"])
    if said:
        raise ReportError([Words(f"{source}: {line.vi}", f"{source}: {line.en}") for line in said])
    sites, costs, proposals = (tuple(one for _, one in found[name]) for name in TABLES)
    return Record(sites, costs, proposals, written)


def _joined(
    name: Kind, file: list[dict[str, Any]], page: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The tables of the file, then those of the page; of sites one for each id."""
    if name != "site":
        return [*file, *page]
    on_page = {str(one.get("id")): one for one in page}
    in_file = {str(one.get("id")) for one in file}
    return [
        *(one | on_page.get(str(one.get("id")), {}) for one in file),
        *(one for id, one in on_page.items() if id not in in_file),
    ]


def _value(kind: type[Any], table: dict[str, Any], where: str, problems: list[str]) -> Any:
    before = len(problems)
    found = values(kind, table, f"{where}.", problems)
    return kind(**found) if len(problems) == before else None


def contradictions(ids: list[str], costs: list[tuple[int, Cost]]) -> Iterator[Words]:
    """What is right alone and wrong together. Costs come with their number."""
    for id in sorted({id for id in ids if ids.count(id) > 1}):
        yield Words(
            f"địa điểm {id} được ghi hai lần; mỗi nơi chỉ ghi một lần",
            f'site.id = "{id}"   written twice; one site has one table',
        )
    fees: list[Cost] = []
    for n, cost in costs:
        if cost.site not in ids:
            known = dict.fromkeys(ids)
            hint = did_you_mean(cost.site, known) if known else "   no [[site]] is entered"
            yield Words(
                f"khoản chi {n}: chưa nhập địa điểm {cost.site}; nhập địa điểm trước",
                f'cost {n}.site = "{cost.site}"{hint}',
            )
        if cost.kind != "monthly" and cost.last is not None:
            yield Words(
                f"khoản chi {n}: chỉ cước tháng mới có ngày cuối",
                f"cost {n}.last = {cost.last}   only monthly fees have a last day; leave it out",
            )
        if cost.last is not None and cost.last < cost.first:
            yield Words(
                f"khoản chi {n}: ngày cuối ({cost.last:%d/%m/%Y}) trước ngày đầu"
                f" ({cost.first:%d/%m/%Y})",
                f"cost {n}.last = {cost.last}   before first = {cost.first}",
            )
        if cost.kind == "monthly":
            if any(_overlap(cost, other) for other in fees):
                yield Words(
                    f"khoản chi {n}: cước tháng của {cost.site} cho những ngày này đã nhập rồi;"
                    " ghi ngày cuối cho khoản cũ trước",
                    f"cost {n}   a monthly fee of {cost.site} for these days is entered already",
                )
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
