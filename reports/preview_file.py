"""The report as JSON for a page that shows it: every text is ready, in both languages."""

import json
from typing import Any

from reports import words
from reports.definitions import DEFINITIONS
from reports.html_page import cells, row
from reports.report import Report
from reports.tables import tables
from splash.content import Words


def written(report: Report) -> bytes:
    document: dict[str, Any] = {
        "period": words.period(report.period),
        "before": report.before_period and words.period(report.before_period),
        "sites": [site.place.name for site in report.sites],
        "notes": report.notes,
        "figures": [row(report, what.key) for what in DEFINITIONS],
        "tables": [
            {
                "kind": table.kind,
                "title": table.title,
                "columns": [
                    {"head": column.head, "number": column.decimals is not None}
                    for column in table.columns
                ],
                "rows": [[text for text, _ in line] for line in cells(table)],
            }
            for table in tables(report)
            if table.kind not in ("summary", "notes")
        ],
    }
    return json.dumps(document, ensure_ascii=False, default=_both).encode()


def _both(value: object) -> dict[str, str]:
    assert isinstance(value, Words)
    return {"vi": value.vi, "en": value.en or value.vi}
