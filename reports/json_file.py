"""The report for other programs: every figure with its meaning, in both languages."""

import json
from typing import Any

from reports.definitions import BY_KEY, UNITS
from reports.figures import Figure, Figures
from reports.report import Report
from reports.tables import faults, items, polls, quizzes
from splash.content import Words


def written(report: Report) -> bytes:
    document = {
        "from": report.period.first.isoformat(),
        "to": report.period.last.isoformat(),
        "made": report.made.isoformat(),
        "organisation": report.organisation,
        "figures": _figures(report.total),
        "before": None if report.before is None else _values(report.before),
        "sites": [
            {"id": site.place.id, "name": site.place.name, "figures": _values(site.figures)}
            for site in report.sites
        ],
        "months": [
            {"month": f"{month.year:04}-{month.number:02}", "figures": _values(figures)}
            for month, figures in report.months
        ],
        "articles": [
            {"id": id, "title": title, "views": n, "completed_reads": read}
            for title, id, n, read in items(report)
        ],
        "quizzes": [
            {"title": title, "questions": questions, "scores": scores}
            for title, questions, scores in quizzes(report)
        ],
        "polls": [
            {"question": title, "votes": [{"option": name, "n": n} for name, n in options]}
            for title, options in polls(report)
        ],
        "faults": [{"kind": _words(kind), "n": n} for kind, n in faults(report)],
        "notes": [_words(note) for note in report.notes],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _figures(figures: Figures) -> list[dict[str, Any]]:
    return [
        {
            "key": one.key,
            **_value(one),
            "unit": _words(UNITS[BY_KEY[one.key].unit]),
            "name": _words(BY_KEY[one.key].name),
            "what": _words(BY_KEY[one.key].what),
            "limits": _words(BY_KEY[one.key].limits),
        }
        for one in figures.values()
    ]


def _values(figures: Figures) -> dict[str, dict[str, Any]]:
    return {key: _value(one) for key, one in figures.items()}


def _value(one: Figure) -> dict[str, Any]:
    return {
        "value": one.value,
        "at_most": one.at_most,
        "why": None if one.why is None else _words(one.why),
    }


def _words(words: Words) -> dict[str, str]:
    return {"vi": words.vi, "en": words.en}
