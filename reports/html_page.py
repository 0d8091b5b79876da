"""The report as one HTML page that needs nothing else: to look at, to print, to mail."""

import base64
from pathlib import Path
from typing import Any, Final

import jinja2

from reports import charts, words
from reports.definitions import BY_KEY, DEFINITIONS
from reports.report import Report
from reports.tables import Table, shown, tables

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_DRAWN: Final = (
    ("sessions", "Số lượt truy cập theo tháng", None),
    ("uptime", "Thời gian mạng hoạt động theo tháng, %", 100.0),
    ("views", "Số lượt mở bài theo tháng", None),
)


def written(report: Report) -> bytes:
    page = _TEMPLATES.get_template("report.html").render(
        report=report,
        period=words.period(report.period),
        made=words.day(report.made),
        figures=[row(report, what.key) for what in DEFINITIONS],
        pictures=_pictures(report),
        tables=[
            {"title": table.title, "columns": table.columns, "rows": cells(table)}
            for table in tables(report)
            if table.kind not in ("summary", "notes")
        ],
    )
    return page.encode()


def row(report: Report, key: str) -> dict[str, Any]:
    """A figure with what it means, what it was before, and by how much it grew."""
    what, now = BY_KEY[key], report.total[key]
    before = None if report.before is None else report.before[key]
    return {
        "name": what.name,
        "what": what.what,
        "limits": what.limits,
        "now": words.figure(now),
        "before": before and words.figure(before),
        "change": before and words.change(now, before),
    }


def _pictures(report: Report) -> list[tuple[str, str]]:
    if len(report.months) < 2:
        return []
    labels = [f"{month.number:02}/{month.year % 100:02}" for month, _ in report.months]
    return [
        (
            title,
            base64.b64encode(
                charts.bars(
                    labels,
                    [figures[key].value for _, figures in report.months],
                    BY_KEY[key].decimals,
                    ceiling,
                )
            ).decode(),
        )
        for key, title, ceiling in _DRAWN
    ]


def cells(table: Table) -> list[list[tuple[str, bool]]]:
    """Every cell as it is written, and whether it is a number."""
    return [
        [
            (shown(cell, column), column.decimals is not None)
            for cell, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows
    ]
