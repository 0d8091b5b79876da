"""Makes a report of what this machine recorded, what staff entered and what other sites sent.

`portal report` and the staff's page both do it by this; what becomes of the report is theirs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from portal.config import Config
from reports import export as exports
from reports import record, report
from reports.facts import Period, Place, ReportError, SiteFacts, day_at
from reports.gather import gather, whole_days
from reports.items import items_of
from splash.content import Words

HERE: Final = "máy này"

Step: TypeAlias = Literal["records", "files", "figures"]


@dataclass(frozen=True, slots=True)
class Own:
    """Where a gateway has its own records."""

    data_dir: Path
    place: Place
    keep_days: int
    content_store: Path

    def gather(self, period: Period, now: float) -> SiteFacts:
        """Raises ReportError."""
        return gather(
            self.data_dir,
            self.place,
            period,
            now,
            self.keep_days,
            items_of(self.content_store),
            HERE,
        )


def own_of(config: Config) -> Own:
    """Of the machine that is configured so."""
    site = config.site
    place = Place(
        id=site.id,
        name=site.name,
        former_names=site.former_names,
        rooms=site.rooms,
        residents=site.residents,
    )
    storage = config.storage
    return Own(storage.data_dir, place, config.privacy.keep_days, config.content_store)


@dataclass(frozen=True, slots=True)
class Sent:
    """An export that came as a file; `name` is what people call it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is to be about."""

    period: Period
    before: Period | None
    sites: frozenset[str]
    """Only these; all that are known if there is none."""
    organisation: str
    unit: str


def make(
    wanted: Wanted,
    own: Own | None,
    entered: record.Record,
    files: Sequence[Sent],
    now: float,
    told: Callable[[Step], None] = lambda _: None,
) -> report.Report:
    """The report; days that are not over yet are cut off.

    `own` is None where nothing is recorded. `told` is called as each step begins.

    Raises:
        ReportError: with every problem of the period, the records, the files and the sites.
    """
    problems: list[str | Words] = []
    sources: list[SiteFacts] = []
    period = wanted.period
    try:
        period = over(wanted.period, now)
        if own is not None:
            told("records")
            sources.append(own.gather(over(_both(wanted), now), now))
    except ReportError as error:
        problems += error.said
    told("files")
    for file in files:
        try:
            sources.append(_believed(file, entered))
        except ReportError as error:
            problems += error.said
    if not problems and wanted.sites:
        known = {one.place.id for one in sources}
        problems += [_unknown(id) for id in sorted(wanted.sites - known)]
    if problems:
        raise ReportError(problems)
    if wanted.sites:
        sources = [one for one in sources if one.place.id in wanted.sites]
        kept = tuple(site for site in entered.sites if site.id in wanted.sites)
        entered = replace(entered, sites=kept)
    told("figures")
    return report.made(
        sources, entered, period, wanted.before, day_at(now), wanted.organisation, wanted.unit
    )


def over(period: Period, now: float) -> Period:
    """The days of `period` that are over. Raises ReportError if there is none."""
    found = whole_days(period, now)
    if found is None:
        first, today = period.first, day_at(now)
        raise ReportError(
            [
                Words(
                    f"từ {first:%d/%m/%Y} chưa có ngày nào kết thúc (hôm nay là {today:%d/%m/%Y})",
                    f"no day from {first} on is over yet (today is {today})",
                )
            ]
        )
    return found


def in_folders(paths: Sequence[Path]) -> Iterator[Sent]:
    """The files, and those that are in the folders among `paths`."""
    for path in paths:
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            yield Sent(file, file.name)


def _both(wanted: Wanted) -> Period:
    """From the beginning of the earlier period to the end of the later one."""
    period, before = wanted.period, wanted.before
    if before is None:
        return period
    return Period(min(period.first, before.first), max(period.last, before.last))


def _believed(file: Sent, entered: record.Record) -> SiteFacts:
    """What an export tells, if it is of a site that staff know."""
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise ReportError(
            [
                Words(
                    f"{file.name}: không đọc được ({error.strerror})",
                    f"{file.path}: cannot be read: {error.strerror}",
                )
            ]
        ) from None
    export = exports.opened(data, file.name)
    place = export.facts.place
    site = entered.site(place.id)
    if site is None or site.key is None:
        raise ReportError([_without_key(file.name, place, export.key)])
    if site.key != export.key:
        raise ReportError([_other_key(file.name, place, export.key)])
    return export.facts


def _without_key(name: str, place: Place, key: str) -> Words:
    return Words(
        f"{name}: là của {place.id} ({place.name}), mà khóa của nơi đó chưa được nhập. Hãy hỏi qua"
        " điện thoại xem ở đó lệnh `portal export --key` in ra gì. Nếu đúng là dãy này thì nhập vào"
        f" phần địa điểm {place.id}: {key}",
        f"{name}: is of {place.id} ({place.name}), whose key is not in reports.toml; ask by"
        " telephone what `portal export --key` prints there. If it is this one, write key ="
        f' "{key}" into [[site]] {place.id}',
    )


def _other_key(name: str, place: Place, key: str) -> Words:
    return Words(
        f"{name}: được ký bằng khóa khác với khóa đã nhập của {place.id}: {key}",
        f"{name}: is signed by another key than {place.id} has in reports.toml: {key}",
    )


def _unknown(id: str) -> Words:
    return Words(
        f"không có số liệu nào của địa điểm {id}", f"--site {id}: there are no records of it"
    )
