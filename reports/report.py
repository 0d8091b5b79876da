"""A report as a value, before it becomes a file of any kind. Pure.

`made` brings together what sources told and what staff entered; the writers (`reports.csv_file`,
`html_page`, `workbook`, `document`) only show it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from reports.facts import Item, Month, Period, Place, ReportError, SiteFacts
from reports.figures import Figures, Measured, figures, gaps
from reports.merge import merge
from reports.money import spent
from reports.record import Cost, Record
from splash.content import Words

_MOST_GAPS: Final = 5
_UNDATED: Final = {
    "sessions": Words("lượt truy cập", "sessions"),
    "faults": Words("lần báo hỏng", "reports of faults"),
    "questions": Words("câu hỏi", "questions"),
    "views": Words("lượt mở bài", "views"),
    "scores": Words("lượt thi", "quizzes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    place: Place
    measured: Measured
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    period: Period
    made: date
    organisation: str
    unit: str
    record: Record
    costs: tuple[Cost, ...]
    """Those of the sites of this report."""
    sites: tuple[SiteReport, ...]
    total: Figures
    before: Figures | None
    """The same figures of the period that it is compared with."""
    before_period: Period | None
    months: tuple[tuple[Month, Figures], ...]
    notes: tuple[Words, ...]
    """What was missing, doubtful or counted from parts."""

    @property
    def items(self) -> Mapping[str, Item]:
        return {id: item for site in self.sites for id, item in site.measured.facts.items.items()}


def made(
    sources: Sequence[SiteFacts],
    record: Record,
    period: Period,
    before: Period | None,
    today: date,
    organisation: str,
    unit: str,
) -> Report:
    """The report on every site that `sources` tell of.

    Raises:
        ReportError: there is no source.
    """
    if not sources:
        raise ReportError(
            [
                Words(
                    "không có gì để báo cáo: máy này không có ghi chép, cũng không có tệp nào được"
                    " gửi lên",
                    "there is nothing to report on: no records and no export",
                )
            ]
        )
    by_site = [
        list(group)
        for _, group in groupby(
            sorted(sources, key=lambda one: one.place.id), key=lambda one: one.place.id
        )
    ]
    measured = [_measured(group, record, period) for group in by_site]
    sites = [
        SiteReport(place=one.facts.place, measured=one, figures=figures([one], period))
        for one in measured
    ]
    ids = {site.place.id for site in sites}
    earlier = None if before is None else [_measured(group, record, before) for group in by_site]
    return Report(
        period=period,
        made=today,
        organisation=organisation,
        unit=unit,
        record=record,
        costs=tuple(cost for cost in record.costs if cost.site in ids),
        sites=tuple(sites),
        total=figures(measured, period),
        before=None if earlier is None or before is None else figures(earlier, before),
        before_period=before,
        months=tuple(_by_month(by_site, record, period)),
        notes=(
            *(note for one in measured for note in _notes(one)),
            *(_silent(site.name) for site in record.sites if site.id not in ids),
        ),
    )


def _measured(sources: Sequence[SiteFacts], record: Record, period: Period) -> Measured:
    facts = merge(sources, period)
    entered = record.site(facts.place.id)
    costs = [cost for cost in record.costs if cost.site == facts.place.id]
    return Measured(
        facts=facts,
        rooms=(entered.rooms if entered else None) or facts.place.rooms,
        residents=(entered.residents if entered else None) or facts.place.residents,
        spent=spent(costs, period),
        since=entered.since if entered else None,
    )


def _by_month(
    by_site: Sequence[Sequence[SiteFacts]], record: Record, period: Period
) -> Iterable[tuple[Month, Figures]]:
    for month in period.months:
        part = period.overlap(month.period)
        assert part is not None
        yield month, figures([_measured(group, record, part) for group in by_site], part)


def _notes(site: Measured) -> Iterable[Words]:
    name, facts = site.facts.place.name, site.facts
    for note in facts.notes:
        yield Words(f"{name}: {note.vi}", f"{name}: {note.en or note.vi}")
    missing = gaps(site)
    if missing:
        days = sum(gap.days for gap in missing)
        shown = missing[:_MOST_GAPS]
        vi = ", ".join(map(_stretch_vi, shown)) + (", …" if len(missing) > len(shown) else "")
        en = ", ".join(map(_stretch_en, shown)) + (", …" if len(missing) > len(shown) else "")
        yield Words(
            f"{name}: {days} ngày trong kỳ không có ghi chép ({vi}); không ước tính thêm.",
            f"{name}: {days} days of the period have no records ({en}); nothing is estimated.",
        )
    for kind, n in facts.undated.items():
        what = _UNDATED.get(kind, Words(kind, kind))
        yield Words(
            f"{name}: {n} {what.vi} được ghi khi đồng hồ chưa đặt, không biết ngày nào; không tính"
            " vào kỳ.",
            f"{name}: {n} {what.en} were recorded while the clock was not set, and belong to no"
            " day; they are not counted.",
        )
    if facts.mended:
        yield Words(
            f"{name}: {facts.mended} lượt ghi khi đồng hồ sai đã được tính lại ngày theo thời gian"
            " từ lúc bật máy.",
            f"{name}: the days of {facts.mended} sessions were counted back from the boot, because"
            " the clock was wrong.",
        )


def _silent(name: str) -> Words:
    return Words(
        f"{name}: có trong danh sách địa điểm nhưng không có tệp số liệu; không tính vào báo cáo.",
        f"{name}: is in the list of sites but sent no records; it is not in this report.",
    )


def _stretch_vi(gap: Period) -> str:
    if gap.days == 1:
        return f"{gap.first:%d/%m/%Y}"
    return f"{gap.first:%d/%m/%Y}–{gap.last:%d/%m/%Y}"


def _stretch_en(gap: Period) -> str:
    return str(gap.first) if gap.days == 1 else f"{gap.first} to {gap.last}"
