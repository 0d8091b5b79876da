"""The annexes of the draft: the report's tables on paper."""

from dataclasses import replace
from typing import Final

from reports.docx_parts import Sheet
from reports.report import Report
from reports.tables import Kind, Table, shown, tables

_WIDE_MM: Final = 297.0
_WIDE: Final = frozenset[Kind](("summary", "months", "sites", "houses"))
_WIDTHS: Final[dict[Kind, tuple[float, ...]]] = {
    "summary": (46, 16, 26, 38, 61, 60),
    "months": (20, *(23,) * 10),
    "sites": (45, *(20,) * 10),
    "read": (80, 40, 20, 20),
    "asked": (26, 60, 50, 24),
    "costs": (38, 24, 24, 24, 24, 26),
    "houses": (42, 42, 30, 24, 16, 16, 30, 26, 21),
}
"""Shares of the width of the page."""
_COMPARED_WIDTHS: Final = (40, 14, 23, 23, 21, 30, 50, 45)
_SHOWN: Final[dict[Kind, tuple[str, ...]]] = {
    "months": ("sessions", "devices", "median_minutes", "peak", "gb", "uptime", "outage_hours",
               "faults", "views", "spent_running"),
    "sites": ("rooms", "residents", "sessions", "devices", "median_minutes", "gb", "uptime",
              "faults", "views", "cost_month"),
}  # fmt: skip
"""What fits on paper; the workbook has the rest."""


def annexes(sheet: Sheet, report: Report) -> None:
    """One annex for each table, upright or across, with the columns that paper has room for."""
    listed = [table for table in tables(report) if table.kind != "notes"]
    for number, table in enumerate(listed):
        sheet.annex(wide=table.kind in _WIDE)
        sheet.line(f"Phụ lục {_ROMAN[number]}", "Phụ lục")
        sheet.line(table.title.vi.upper(), "Trích yếu")
        kept = f"(Kèm theo Báo cáo số        /BC-{report.record.document.symbol or '……'} ngày      "
        sheet.line(
            f"{kept}tháng      năm {report.made.year} của {report.organisation})",
            "Địa danh, thời gian",
            after_pt=8,
        )
        _annex_table(sheet, _on_paper(table))


_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")


def _on_paper(table: Table) -> Table:
    """The table with the columns that there is room for."""
    if table.kind not in _SHOWN:
        return table
    kept = [
        n
        for n, column in enumerate(table.columns)
        if not column.key or column.key in _SHOWN[table.kind]
    ]
    return replace(
        table,
        columns=tuple(table.columns[n] for n in kept),
        rows=tuple(tuple(row[n] for n in kept) for row in table.rows),
    )


def _annex_table(sheet: Sheet, table: Table) -> None:
    page = _WIDE_MM if table.kind in _WIDE else 210.0
    room = page - sheet.layout.left_mm - sheet.layout.right_mm
    shares = _WIDTHS[table.kind]
    if len(table.columns) > len(shares):
        shares = _COMPARED_WIDTHS
    sheet.table(
        [column.head.vi for column in table.columns],
        [
            [shown(cell, column) for cell, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        [share * room / sum(shares) for share in shares],
        numbers=[
            n
            for n, column in enumerate(table.columns)
            if column.decimals is not None or column.head.vi == "Tăng, giảm"
        ],
    )
