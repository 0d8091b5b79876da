"""The report as an Excel workbook: a sheet for each table, with Excel's own charts."""

import io
from datetime import date
from typing import Any, Final

import xlsxwriter

from reports.report import Report
from reports.tables import BY_MONTH, BY_SITE, Cell, Column, Kind, Table, places, tables

_SHEETS: Final[dict[Kind, str]] = {
    "summary": "Tổng hợp",
    "months": "Theo tháng",
    "sites": "Theo địa điểm",
    "read": "Bài đọc",
    "asked": "Thi, thăm dò, báo hỏng",
    "costs": "Chi phí",
    "houses": "Khu trọ đề nghị",
    "notes": "Lưu ý",
}
_LONG: Final = 40
_FIRST_ROW: Final = 3
_MOST_READ: Final = 15


def written(report: Report) -> bytes:
    """The bytes of an .xlsx file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False,
                                      "strings_to_urls": False})  # fmt: skip
    book.set_properties({"title": f"Báo cáo {report.period.first} – {report.period.last}",
                         "company": report.organisation})  # fmt: skip
    look = _Look(book)
    for table in tables(report):
        sheet = book.add_worksheet(_SHEETS[table.kind])
        _write(sheet, table, look)
        if table.kind == "months":
            _column_chart(book, sheet, table, "sessions", BY_MONTH, place=0)
            _column_chart(book, sheet, table, "gb", BY_MONTH, place=1)
            _column_chart(book, sheet, table, "uptime", BY_MONTH, place=2)
            _column_chart(book, sheet, table, "views", BY_MONTH, place=3)
        if table.kind == "sites":
            _column_chart(book, sheet, table, "sessions", BY_SITE, place=0)
            _column_chart(book, sheet, table, "uptime", BY_SITE, place=1)
        if table.kind == "read":
            _reading_chart(book, sheet, table)
    book.close()
    return file.getvalue()


class _Look:
    """How cells look."""

    def __init__(self, book: Any) -> None:
        self._book = book
        common = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        self._common = common
        self.title = book.add_format({**common, "bold": True, "font_size": 14})
        self.head = book.add_format({**common, "bold": True, "text_wrap": True, "border": 1,
                                     "bg_color": "#E7E6E6"})  # fmt: skip
        self.text = book.add_format({**common, "text_wrap": True, "border": 1})
        self.day = book.add_format({**common, "num_format": "dd/mm/yyyy", "border": 1})
        self._numbers: dict[int, Any] = {}

    def number(self, decimals: int) -> Any:
        if decimals not in self._numbers:
            form = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._numbers[decimals] = self._book.add_format(
                {**self._common, "num_format": form, "border": 1}
            )
        return self._numbers[decimals]


def _write(sheet: Any, table: Table, look: _Look) -> None:
    sheet.write_string(0, 0, table.title.vi, look.title)
    sheet.write_string(1, 0, table.title.en, look.text)
    for n, column in enumerate(table.columns):
        head = f"{column.head.vi}\n{column.head.en}"
        sheet.write_string(_FIRST_ROW - 1, n, head, look.head)
        sheet.set_column(n, n, _width(table, n))
    for r, row in enumerate(table.rows, _FIRST_ROW):
        for n, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            _write_cell(sheet, r, n, cell, column, look)
    sheet.freeze_panes(_FIRST_ROW, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_FIRST_ROW - 1)


def _write_cell(sheet: Any, row: int, n: int, cell: Cell, column: Column, look: _Look) -> None:
    if cell is None:
        sheet.write_blank(row, n, None, look.text)
    elif isinstance(cell, date):
        sheet.write_datetime(row, n, cell, look.day)
    elif isinstance(cell, str):
        sheet.write_string(row, n, cell, look.text)
    else:
        sheet.write_number(row, n, cell, look.number(places(cell, column)))


def _width(table: Table, n: int) -> int:
    longest = max((len(str(row[n])) for row in table.rows if row[n] is not None), default=0)
    return max(12, min(longest + 2, _LONG))


def _column_chart(
    book: Any, sheet: Any, table: Table, key: str, keys: tuple[str, ...], place: int
) -> None:
    """Below the table; `place` counts from the left, two in a row."""
    n = keys.index(key) + 1
    last = _FIRST_ROW + len(table.rows) - 1
    name = sheet.get_name()
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": table.columns[n].head.vi,
            "categories": [name, _FIRST_ROW, 0, last, 0],
            "values": [name, _FIRST_ROW, n, last, n],
            "fill": {"color": "#7F7F7F"},
        }
    )
    chart.set_title({"name": table.columns[n].head.vi, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    if key == "uptime":
        chart.set_y_axis({"max": 100})
    chart.set_size({"width": 620, "height": 300})
    sheet.insert_chart(last + 2 + 16 * (place // 2), 7 * (place % 2), chart)


def _reading_chart(book: Any, sheet: Any, table: Table) -> None:
    last = _FIRST_ROW + min(len(table.rows), _MOST_READ) - 1
    name = sheet.get_name()
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": table.columns[2].head.vi,
            "categories": [name, _FIRST_ROW, 0, last, 0],
            "values": [name, _FIRST_ROW, 2, last, 2],
            "fill": {"color": "#7F7F7F"},
        }
    )
    chart.set_title({"name": table.title.vi, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 720, "height": 420})
    sheet.insert_chart(_FIRST_ROW, 4, chart)
