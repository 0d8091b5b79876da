"""What is known of a site, day by day, as values. No clock, no database.

A day is one of the site's (Asia/Ho_Chi_Minh). Every number of a day can only grow with what is
known of it, so that the same day told twice is merged by taking the larger (`reports.merge`).
There is no device here: how many there were in a month, and nothing else of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from portal.schedule import DAY_SECONDS, SITE_OFFSET_SECONDS
from splash.content import Words

_EPOCH: Final = date(1970, 1, 1)
LONGEST_DAYS: Final = 3660
"""A report is about ten years at most."""


class ReportError(Exception):
    """No report or export was made. `said` has one line for each thing to mend.

    What only whoever looks after the machine can mend is a str, in English.
    """

    def __init__(self, problems: Sequence[str | Words]) -> None:
        self.said = tuple(Words(one, one) if isinstance(one, str) else one for one in problems)
        lines = self.problems
        super().__init__(
            lines[0]
            if len(lines) == 1
            else "\n".join([f"{len(lines)} problems", *(f"  {line}" for line in lines)])
        )

    @property
    def problems(self) -> list[str]:
        """The same for commands, which speak English."""
        return [one.en for one in self.said]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days; both ends belong to it."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ReportError(
                [
                    Words(
                        f"kỳ báo cáo kết thúc ({self.last:%d/%m/%Y}) trước khi bắt đầu"
                        f" ({self.first:%d/%m/%Y})",
                        f"the period ends ({self.last}) before it begins ({self.first})",
                    )
                ]
            )
        if self.days > LONGEST_DAYS:
            raise ReportError(
                [
                    Words(
                        f"kỳ báo cáo dài {self.days} ngày; nhiều nhất {LONGEST_DAYS} ngày",
                        f"the period has {self.days} days; at most {LONGEST_DAYS}",
                    )
                ]
            )

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def begins(self) -> float:
        """Unix seconds."""
        return begins(self.first)

    @property
    def ends(self) -> float:
        """Unix seconds of the midnight after the last day."""
        return begins(self.last + timedelta(1))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(n) for n in range(self.days))

    def overlap(self, other: "Period") -> "Period | None":
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Period(first, last) if first <= last else None

    @property
    def months(self) -> "list[Month]":
        """Every month that has a day in it, in order."""
        found = [Month(self.first.year, self.first.month)]
        while (following := found[-1].following).first <= self.last:
            found.append(following)
        return found

    @property
    def in_months(self) -> float:
        """How many months long: whole months count 1, others by their days."""
        return sum(
            shared.days / month.period.days
            for month in self.months
            if (shared := self.overlap(month.period))
        )


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def following(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def period(self) -> Period:
        return Period(self.first, self.following.first - timedelta(1))

    def __str__(self) -> str:
        return f"{self.number:02}/{self.year}"


def begins(day: date) -> float:
    """The Unix seconds of its midnight at the site."""
    return (day - _EPOCH).days * DAY_SECONDS - SITE_OFFSET_SECONDS


def day_at(wall: float) -> date:
    """The day at the site."""
    return (datetime.fromtimestamp(wall, UTC) + timedelta(seconds=SITE_OFFSET_SECONDS)).date()


def day_number(day: date) -> int:
    """Days since 1 January 1970, as `reports.tally.DAY` counts them."""
    return (day - _EPOCH).days


def day_of_number(number: int) -> date:
    return _EPOCH + timedelta(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was recorded of one day. Sessions belong to the day they began on."""

    day: date
    sessions: int = 0
    seconds: float = 0.0
    """How long they lasted, all together."""
    up_bytes: int = 0
    down_bytes: int = 0
    minutes: Mapping[int, int] = field(default_factory=dict)
    """How many lasted so many whole minutes; of those whose rows are still kept, and are over."""
    peak: int | None = None
    """Most sessions at once; None where no row is kept."""
    watched: float = 0.0
    """Seconds of the day that the event log covers."""
    outages: int = 0
    """Outages of the line that began."""
    outage_seconds: float = 0.0
    stops: int = 0
    """Times the gateway stopped, lost its power or died."""
    stopped_seconds: float = 0.0
    """At most so long: without power nothing is written down."""
    down_seconds: float = 0.0
    """Outage or stop; what was both counts once."""
    faults: Mapping[str, int] = field(default_factory=dict)
    faults_done: int = 0
    questions: int = 0
    answered: int = 0
    views: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """How often a quiz was finished with so many right answers."""

    reads: Mapping[str, int] = field(default_factory=dict)
    """How often somebody said that an article was read to its end."""
    clicks: Mapping[str, int] = field(default_factory=dict)
    """How often the federation's website was opened, by the page that led there."""
    votes: Mapping[str, int] = field(default_factory=dict)
    """How many devices answered a poll; what they answered is not known by days."""

    @property
    def detailed(self) -> int:
        """Sessions whose length is known one by one."""
        return sum(self.minutes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """How many different devices were seen in a month, or in a part of it.

    The names of devices change with every month, so nothing longer than one can be counted.
    """

    month: Month
    part: Period
    """The days that were looked at."""
    devices: int
    at_most: int
    """More than `devices` where two counts of parts of the month cannot be told apart."""
    sessions: int
    """Among so many sessions."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Votes for each option, from its beginning: what they say is not kept by days."""

    votes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an article, quiz or poll by its id."""

    kind: str
    title: str
    options: tuple[str, ...] = ()
    """Of a poll."""
    questions: int = 0
    """Of a quiz: the best score there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site as its configuration names it."""

    id: str
    name: str
    former_names: tuple[str, ...] = ()
    rooms: int | None = None
    residents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """All that one source, or several together, know of one site in a period."""

    place: Place
    period: Period
    made: float
    """Unix seconds, as the clock of that machine had it."""
    keep_days: int
    source: str
    """A file's name, or what people call this machine's own records."""
    days: tuple[Day, ...] = ()
    """Sorted; a day of which nothing was recorded is not among them."""
    devices: tuple[Devices, ...] = ()
    polls: Mapping[str, Poll] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    undated: Mapping[str, int] = field(default_factory=dict)
    """What was recorded while nobody had set the clock, and belongs to no day: kind -> how many."""
    mended: int = 0
    """Sessions whose day was found by the time since the boot, as the clock was wrong."""
    notes: tuple[Words, ...] = ()
    """What a reader must know before believing the numbers."""
