"""Turns a run into what is kept: a JSON file, and the tables in README.md. No measuring here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import LIKE, NGINX, NONE, OPENNDS, OURS, RENDERED, Figure, Subject
from bench.targets import TARGETS, Target

README: Final = Path(__file__).parent / "README.md"
RESULTS: Final = Path(__file__).parent / "results"

_BEGIN, _END = "<!-- tables: written by a run -->", "<!-- end of tables -->"
_ORDER: Final[Sequence[Subject]] = (OURS, NGINX, OPENNDS, NONE, LIKE, RENDERED)
_TITLES: Final[Mapping[str, str]] = {
    "pages": "Captive check to whole splash page",
    "clicks": "Tap to first packet on the Internet",
    "forwarding": "CPU time per forwarded packet",
    "fairness": "CPU time per forwarded packet: what sharing the line adds",
    "memory": "Memory",
    "libraries": "What each library costs (RSS of a fresh Python after the import)",
    "start": "Cold start",
    "search": "A search in 5,000 articles",
    "reading": "An article to a phone, and what a release costs",
    "reports": "A report on a year, with the Word draft",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the benchmarks and the machine it ran on."""

    date_utc: str
    commit: str
    quick: bool
    kernel: str
    cpu: str
    cores: int
    load_before: float
    """Load average over a minute when the run began: other work on the machine."""
    seconds: float
    versions: Mapping[str, str]
    skipped: Mapping[str, str]
    """Section or subject -> why it was not measured."""
    figures: tuple[Figure, ...]


def write(run: Run) -> Path:
    """Keep the run in `results/` and put its tables into README.md (not for a quick one)."""
    RESULTS.mkdir(exist_ok=True)
    kind = "quick" if run.quick else "full"
    path = RESULTS / f"{run.date_utc[:10]}-{kind}.json"
    text = json.dumps(asdict(run), ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")
    if not run.quick:
        before, _, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
        after = rest.partition(_END)[2]
        README.write_text(f"{before}{_BEGIN}\n\n{tables(run)}\n{_END}{after}", encoding="utf-8")
    return path


def tables(run: Run) -> str:
    """Everything about the run, as Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    parts = [
        f"Run of {run.date_utc} UTC at `{run.commit}`{', quick' if run.quick else ''}: "
        f"{run.cpu}, {run.cores} cores, Linux {run.kernel}; {versions}. "
        f"It took {run.seconds / 60:.0f} minutes; load average before: {run.load_before:.1f}.",
        "Each cell: median over the repetitions (least – most). "
        "Ratios (×) are the median of the ratios in each repetition.",
    ]
    parts += [f"**Not measured**: {what}: {why}" for what, why in run.skipped.items()]
    parts.append(f"### Targets\n\n{_verdicts(run.figures)}")
    for section, title in _TITLES.items():
        if found := [figure for figure in run.figures if figure.section == section]:
            parts.append(f"### {title}\n\n{_table(found)}")
    return "\n\n".join(parts) + "\n"


def _verdicts(found: Sequence[Figure]) -> str:
    by_name = {(f.section, f.what, f.subject): f for f in found}
    lines = ["| | target | measured | |", "|---|---|---|---|"]
    for target in TARGETS:
        ours = by_name.get((target.section, target.what, OURS))
        if ours is None:
            continue
        base = by_name.get((target.section, target.base or target.what, target.against or OURS))
        seen = verdict(target, ours, base)
        if seen is None:
            continue
        value, unit, holds = seen
        judged = "holds" if holds else f"**missed by {_number(value - target.most)} {unit}**"
        over = target.against or (target.base and f"ours at {target.base.partition(':')[0]}")
        what = f"{target.section}: {target.what}" + (f", over {over}" if over else "")
        most = f"≤ {_number(target.most)} {unit}"
        lines.append(f"| {what} | {most} | {_number(value)} {unit} | {judged} |")
    return "\n".join(lines)


def verdict(target: Target, ours: Figure, other: Figure | None) -> tuple[float, str, bool] | None:
    """Value, unit and whether the target holds; None if there is nothing to compare with."""
    if target.against is None and target.base is None:
        value, unit = ours.median, ours.unit
    elif other is not None:
        value, unit = median(ratios(ours, other)), "×"
    else:
        return None
    return value, unit, value <= target.most


def ratios(figure: Figure, base: Figure) -> list[float]:
    """Of the same repetitions where both have as many, else of the medians."""
    if len(figure.values) == len(base.values) and all(base.values):
        return [a / b for a, b in zip(figure.values, base.values, strict=True)]
    return [figure.median / base.median] if base.median else []


def _table(found: Sequence[Figure]) -> str:
    subjects = [one for one in _ORDER if any(figure.subject == one for figure in found)]
    rows = dict.fromkeys((figure.what, figure.unit) for figure in found)
    cells = {(figure.what, figure.subject): figure for figure in found}
    others = [one for one in subjects if one != OURS]
    over = [f"{OURS} / {one}" if one == NONE else f"{one} / {OURS}" for one in others]
    heads = ["", *subjects, *over]
    lines = [_row(heads), "|---" + "|---:" * (len(heads) - 1) + "|"]
    for what, unit in rows:
        ours = cells.get((what, OURS))
        values = [_cell(cells.get((what, one))) for one in subjects]
        against = [
            _ratio(ours, base) if one == NONE else _ratio(base, ours)
            for one in others
            for base in [cells.get((what, one))]
        ]
        lines.append(_row([f"{what} ({unit})", *values, *against]))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    middle = _number(figure.median)
    if len(figure.values) == 1:
        return middle
    return f"{middle} ({_number(min(figure.values))} – {_number(max(figure.values))})"


def _ratio(figure: Figure | None, base: Figure | None) -> str:
    if figure is None or base is None:
        return ""
    found = ratios(figure, base)
    return f"{_number(median(found))} ×" if found else ""


def _number(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
