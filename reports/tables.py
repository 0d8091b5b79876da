"""The tables of a report, which every kind of file shows alike. Pure.

A cell is a text, a number, a day, or None for what is not known. The heads are in both
languages; what staff wrote stays as they wrote it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from reports import words
from reports.definitions import BY_KEY, DEFINITIONS, FAULT_KINDS, SHORT, UNITS
from reports.figures import Figures
from reports.record import CostKind, Decision
from reports.report import Report
from splash.content import Words

Cell: TypeAlias = str | float | date | None
Kind: TypeAlias = Literal["summary", "months", "sites", "read", "asked", "costs", "houses", "notes"]

COST_NAMES: Final[dict[CostKind, str]] = {
    "monthly": "Cước tháng",
    "repair": "Sửa chữa",
    "installation": "Lắp đặt",
    "equipment": "Thiết bị",
}
DECISION_NAMES: Final[dict[Decision, str]] = {
    "waiting": "Chưa quyết định",
    "agreed": "Đồng ý",
    "refused": "Không đồng ý",
}
BY_MONTH: Final = (
    *("known_days", "sessions", "devices", "median_minutes", "peak", "gb", "uptime"),
    *("outages", "outage_hours", "faults", "questions", "views", "completed_reads"),
    *("website_clicks", "quiz_entries", "spent_running"),
)
BY_SITE: Final = ("rooms", "residents", *BY_MONTH, "cost_month", "cost_session", "cost_read")


AS_IT_IS: Final = -1


@dataclass(frozen=True, slots=True)
class Column:
    head: Words
    decimals: int | None = None
    """Of a number; None: text; `AS_IT_IS`: as many as each has."""
    key: str = ""
    """Of the figure, if the column is one."""


@dataclass(frozen=True, slots=True)
class Table:
    kind: Kind
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def places(cell: float, column: Column) -> int:
    """How many decimals of a number are shown."""
    if column.decimals is None or column.decimals == AS_IT_IS:
        return 0 if float(cell).is_integer() else len(str(cell).partition(".")[2])
    return column.decimals


def shown(cell: Cell, column: Column) -> str:
    """As it is written on paper."""
    if cell is None:
        return "–"
    if isinstance(cell, date):
        return words.day(cell)
    return cell if isinstance(cell, str) else words.number(cell, places(cell, column))


def tables(report: Report) -> list[Table]:
    """Those that have a row."""
    found = [
        _summary(report),
        _months(report),
        _sites(report),
        _read(report),
        _asked(report),
        _costs(report),
        _houses(report),
        _notes(report),
    ]
    return [table for table in found if table.rows]


def items(report: Report) -> list[tuple[str, str, int, int]]:
    """(title, id, views, completed reads) of every article that was opened, the most read first."""
    views, reads = Counter[str](), Counter[str]()
    for site in report.sites:
        for day in site.measured.facts.days:
            views.update(day.views)
            reads.update(day.reads)
    names = report.items
    return [
        (names[id].title if id in names else id, id, views[id], reads[id])
        for id in sorted({*views, *reads}, key=lambda id: (-views[id], id))
    ]


def faults(report: Report) -> list[tuple[Words, int]]:
    """How often each kind was reported, the most frequent first."""
    counted = Counter[str]()
    for site in report.sites:
        for day in site.measured.facts.days:
            counted.update(day.faults)
    return [(FAULT_KINDS.get(kind, Words(kind)), n) for kind, n in counted.most_common()]


def polls(report: Report) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Each poll's question, and the votes for each option."""
    votes: dict[str, Counter[int]] = {}
    for site in report.sites:
        for id, poll in site.measured.facts.polls.items():
            votes.setdefault(id, Counter()).update(dict(enumerate(poll.votes)))
    for id, counted in sorted(votes.items()):
        item = report.items.get(id)
        names = item.options if item else ()
        yield (
            item.title if item else id,
            [
                (names[n] if n < len(names) else f"Lựa chọn {n + 1}", counted[n])
                for n in sorted(counted)
            ],
        )


def quizzes(report: Report) -> Iterator[tuple[str, int, dict[int, int]]]:
    """Each quiz's title, its number of questions (0: not known), and how often each score."""
    scores: dict[str, Counter[int]] = {}
    for site in report.sites:
        for day in site.measured.facts.days:
            for (quiz, score), n in day.scores.items():
                scores.setdefault(quiz, Counter())[score] += n
    for id, counted in sorted(scores.items()):
        item = report.items.get(id)
        yield (
            item.title if item else id,
            item.questions if item else 0,
            dict(sorted(counted.items())),
        )


def _summary(report: Report) -> Table:
    before = report.before
    columns = [
        Column(Words("Chỉ số", "Figure")),
        Column(Words("Đơn vị", "Unit")),
        Column(Words("Kỳ này", "This period"), AS_IT_IS),
    ]
    if before is not None:
        columns += [
            Column(Words("Kỳ so sánh", "Compared with"), AS_IT_IS),
            Column(Words("Tăng, giảm", "Change")),
        ]
    columns += [
        Column(Words("Ghi chú", "Remark")),
        Column(Words("Cách tính", "How it is counted")),
        Column(Words("Giới hạn", "Limits")),
    ]
    rows = []
    for what in DEFINITIONS:
        now = report.total[what.key]
        row: list[Cell] = [what.name.vi, UNITS[what.unit].vi, _rounded(report.total, what.key)]
        if before is not None:
            grown = words.change(now, before[what.key])
            row += [_rounded(before, what.key), grown.vi if grown else None]
        rows.append((*row, _remark(report.total, what.key), what.what.vi, what.limits.vi))
    title = words.period(report.period)
    return Table(
        "summary",
        Words(f"Số liệu chung {title.vi}", f"Figures {title.en}"),
        tuple(columns),
        tuple(rows),
    )


def _remark(figures: Figures, key: str) -> str:
    one = figures[key]
    parts = [one.why.vi] if one.why else []
    if one.at_most is not None:
        parts.append(f"nhiều nhất {words.number(one.at_most, BY_KEY[key].decimals)}")
    return "; ".join(parts)


def _rounded(figures: Figures, key: str) -> float | None:
    value, decimals = figures[key].value, BY_KEY[key].decimals
    if value is None:
        return None
    return round(value, decimals or None)


def _of_figures(head: Column, keys: Sequence[str]) -> tuple[Column, ...]:
    return (head, *(Column(SHORT[key], BY_KEY[key].decimals, key) for key in keys))


def _months(report: Report) -> Table:
    return Table(
        "months",
        Words("Số liệu theo tháng", "Figures by month"),
        _of_figures(Column(Words("Tháng", "Month")), BY_MONTH),
        tuple(
            (str(month), *(_rounded(figures, key) for key in BY_MONTH))
            for month, figures in report.months
        ),
    )


def _sites(report: Report) -> Table:
    return Table(
        "sites",
        Words("Số liệu theo địa điểm", "Figures by site"),
        _of_figures(Column(Words("Địa điểm", "Site")), BY_SITE),
        tuple(
            (site.place.name, *(_rounded(site.figures, key) for key in BY_SITE))
            for site in report.sites
        ),
    )


def _read(report: Report) -> Table:
    return Table(
        "read",
        Words("Bài được mở nhiều nhất", "Most opened articles"),
        (
            Column(Words("Bài", "Article")),
            Column(Words("Mã", "Id")),
            Column(Words("Số lượt mở", "Views"), 0),
            Column(Words("Số lượt đọc hết", "Completed reads"), 0),
        ),
        tuple(items(report)),
    )


def _asked(report: Report) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for title, questions, scores in quizzes(report):
        of = f"/{questions}" if questions else ""
        rows += [("Thi", title, f"{score}{of} câu đúng", n) for score, n in scores.items()]
    for title, options in polls(report):
        rows += [("Thăm dò", title, option, n) for option, n in options]
    rows += [("Báo mạng hỏng", "", kind.vi, n) for kind, n in faults(report)]
    return Table(
        "asked",
        Words("Thi tìm hiểu, thăm dò, báo mạng hỏng", "Quizzes, polls, faults"),
        (
            Column(Words("Loại", "Kind")),
            Column(Words("Tên", "Title")),
            Column(Words("Kết quả", "Result")),
            Column(Words("Số lượt", "Number"), 0),
        ),
        tuple(rows),
    )


def _costs(report: Report) -> Table:
    names = {site.place.id: site.place.name for site in report.sites}
    return Table(
        "costs",
        Words("Các khoản chi đã nhập (đồng)", "Costs entered (đồng)"),
        (
            Column(Words("Địa điểm", "Site")),
            Column(Words("Khoản", "Kind")),
            Column(Words("Số tiền", "Amount"), 0),
            Column(Words("Từ ngày", "From")),
            Column(Words("Đến ngày", "Until")),
            Column(Words("Ghi chú", "Remark")),
        ),
        tuple(
            (
                names[cost.site],
                COST_NAMES[cost.kind],
                cost.amount,
                cost.first,
                cost.last,
                cost.note,
            )
            for cost in report.costs
        ),
    )


def _houses(report: Report) -> Table:
    return Table(
        "houses",
        Words("Khu trọ đề nghị lắp đặt", "Proposed houses"),
        (
            Column(Words("Khu trọ", "House")),
            Column(Words("Địa chỉ", "Address")),
            Column(Words("Người đề nghị", "Asked by")),
            Column(Words("Ngày", "Day")),
            Column(Words("Số phòng", "Rooms"), 0),
            Column(Words("Số người", "Residents"), 0),
            Column(Words("Đường truyền", "Line")),
            Column(Words("Quyết định", "Decision")),
            Column(Words("Ghi chú", "Remark")),
        ),
        tuple(
            (
                one.name,
                one.address,
                one.asked_by,
                one.asked_on,
                one.rooms,
                one.residents,
                one.line,
                DECISION_NAMES[one.decision],
                one.note,
            )
            for one in report.record.proposals
        ),
    )


def _notes(report: Report) -> Table:
    return Table(
        "notes",
        Words("Điều cần biết về số liệu", "What to know about the figures"),
        (Column(Words("Tiếng Việt", "Vietnamese")), Column(Words("Tiếng Anh", "English"))),
        tuple((note.vi, note.en) for note in report.notes),
    )
