"""The tables as one CSV file that Excel opens right by a double click in Vietnam.

UTF-8 with the mark that Excel looks for, a semicolon between cells and a comma in numbers: what
Windows expects where Vietnamese is set. Tables stand below each other, an empty line between.
"""

import csv
import io
from datetime import date
from typing import Final

from reports import words
from reports.report import Report
from reports.tables import Cell, Column, tables

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def written(report: Report) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for n, table in enumerate(tables(report)):
        if n:
            rows.writerow([])
        rows.writerow([table.title.vi])
        rows.writerow([_safe(column.head.vi) for column in table.columns])
        for row in table.rows:
            rows.writerow(
                [_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]
            )
    return text.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return words.day(cell)
    if isinstance(cell, str):
        return cell if column.head.vi == "Tăng, giảm" else _safe(cell)
    return str(cell).replace(".", ",")


def _safe(text: str) -> str:
    """A text that Excel would take for a formula gets a quote before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
