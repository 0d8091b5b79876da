"""What a site tells the federation of a period: one signed file of totals by day.

There is no device in it and no single session, so it may be kept after `privacy.keep_days` and
still says how long sessions lasted and how many ran at once. The file is `{"key": …, "export":
"<the totals, as a text>", "signature": …}`; the signature (Ed25519) is over the text's very bytes.
`opened` takes any bytes: the file came by mail or on a stick.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, TypeVar

from content_cache.signing import Signer, fits
from reports import export_values as values
from reports.export_values import Wrong
from reports.facts import Day, Devices, Item, Month, Period, Place, Poll, ReportError, SiteFacts
from splash.content import Words
from splash.site import SITE_ID

T = TypeVar("T")

FORMAT: Final = 1
MOST_BYTES: Final = 64 << 20
"""Ten years of a busy house are some 20 MB."""
_ABOUT: Final = b"union-portal site export\n"
_MOST_PROBLEMS: Final = 10
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_COUNTS: Final = (
    *("sessions", "up_bytes", "down_bytes", "outages", "stops"),
    *("faults_done", "questions", "answered"),
)
_SECONDS: Final = ("seconds", "watched", "outage_seconds", "stopped_seconds", "down_seconds")


@dataclass(frozen=True, slots=True)
class Export:
    """A file whose signature fits. Whether its key is to be believed, the reader decides."""

    key: str
    facts: SiteFacts


def signed(facts: SiteFacts, signer: Signer) -> bytes:
    """The bytes of the file."""
    text = json.dumps(_told(facts), ensure_ascii=False, separators=(",", ":"))
    document = {
        "key": signer.public_key,
        "export": text,
        "signature": signer.signature(_ABOUT, text.encode()),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def opened(data: bytes, name: str) -> Export:
    """What is in the file `name`, if it is as it was signed.

    Raises:
        ReportError: with every problem, each beginning with the file's name.
    """
    try:
        if len(data) > MOST_BYTES:
            raise Wrong(
                f"tệp có {len(data)} byte; chỉ đọc tệp nhiều nhất {MOST_BYTES} byte",
                f"has {len(data)} bytes; at most {MOST_BYTES} are read",
            )
        envelope = values.mapping_of(values.json_of(data), {"key", "export", "signature"}, "it")
        key, text, signature = (envelope[part] for part in ("key", "export", "signature"))
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise Wrong(
                "không có khóa của địa điểm (64 chữ số thập lục phân)",
                "has no key of 64 hexadecimal digits",
            )
        if not isinstance(text, str) or not isinstance(signature, str):
            raise Wrong("tệp không đầy đủ; hãy xin gửi lại", "is not whole")
        if not fits(_ABOUT, text.encode("utf-8", "surrogatepass"), key, signature):
            raise Wrong(
                "tệp đã bị sửa sau khi ký, hoặc bị hỏng; hãy xin gửi lại",
                "was changed after it was signed, or is damaged; ask for it again",
            )
        told = values.json_of(text.encode("utf-8", "surrogatepass"))
        return Export(key, _facts(told, name))
    except Wrong as wrong:
        told = wrong.problems[:_MOST_PROBLEMS]
        raise ReportError(
            [Words(f"{name}: {line.vi}", f"{name}: {line.en}") for line in told]
        ) from None


def _told(facts: SiteFacts) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "site": {
            "id": facts.place.id,
            "name": facts.place.name,
            "former_names": list(facts.place.former_names),
            "rooms": facts.place.rooms,
            "residents": facts.place.residents,
        },
        "from": facts.period.first.isoformat(),
        "to": facts.period.last.isoformat(),
        "made": facts.made,
        "keep_days": facts.keep_days,
        "days": [_told_day(day) for day in facts.days],
        "devices": [
            {
                "month": f"{one.month.year:04}-{one.month.number:02}",
                "from": one.part.first.isoformat(),
                "to": one.part.last.isoformat(),
                "devices": one.devices,
                "at_most": one.at_most,
                "sessions": one.sessions,
            }
            for one in facts.devices
        ],
        "polls": {id: list(poll.votes) for id, poll in facts.polls.items()},
        "items": {
            id: [item.kind, item.title, list(item.options), item.questions]
            for id, item in facts.items.items()
        },
        "undated": dict(facts.undated),
        "mended": facts.mended,
    }


def _told_day(day: Day) -> dict[str, Any]:
    """Only what is not nothing."""
    told: dict[str, Any] = {"day": day.day.isoformat()}
    for entry in fields(Day):
        value = getattr(day, entry.name)
        if entry.name == "scores":
            value = [[quiz, score, n] for (quiz, score), n in value.items()]
        elif entry.name == "minutes":
            value = [list(pair) for pair in sorted(value.items())]
        elif isinstance(value, float):
            value = round(value, 3)
        if entry.name != "day" and (value or (entry.name == "peak" and value == 0)):
            told[entry.name] = value
    return told


def _facts(told: object, name: str) -> SiteFacts:
    top = values.mapping_of(
        told,
        {
            *("format", "site", "from", "to", "made", "keep_days", "days", "devices", "polls"),
            *("items", "undated", "mended"),
        },
        "it",
    )
    if top["format"] != FORMAT:
        raise Wrong(
            f"tệp có định dạng {str(top['format'])[:20]!r}; ở đây đọc được định dạng {FORMAT}",
            f"has format {str(top['format'])[:20]!r}; this program reads {FORMAT}",
        )
    problems: list[Words] = []

    def tried(what: str, read: Callable[[object], T], value: object, otherwise: T) -> T:
        try:
            return read(value)
        except Wrong as wrong:
            problems.extend(
                Words(f"{what}: {line.vi}", f"{what}: {line.en}") for line in wrong.problems
            )
        except (ValueError, TypeError, KeyError, ReportError, OverflowError, AttributeError):
            problems.append(Words(f"{what}: không dùng được", f"{what} cannot be used"))
        return otherwise

    nowhere = Period(date(2026, 1, 1), date(2026, 1, 1))
    period = tried(
        "from, to", lambda _: Period(values.day(top["from"]), values.day(top["to"])), None, nowhere
    )
    facts = SiteFacts(
        place=tried("site", _place, top["site"], Place(id="?", name="?")),
        period=period,
        made=tried("made", lambda value: float(values.number(value)), top["made"], 0.0),
        keep_days=tried("keep_days", values.count, top["keep_days"], 0),
        source=name,
        days=tried("days", lambda value: _days(value, period), top["days"], ()),
        devices=tried("devices", _devices, top["devices"], ()),
        polls=tried("polls", _polls, top["polls"], {}),
        items=tried("items", _items, top["items"], {}),
        undated=tried("undated", values.counts, top["undated"], {}),
        mended=tried("mended", values.count, top["mended"], 0),
    )
    if not problems and facts.made < period.ends:
        problems.append(
            Words(
                f"tệp ghi là lập trước khi ngày cuối ({period.last:%d/%m/%Y}) kết thúc: đồng hồ của"
                " máy ở đó sai. Hãy đặt lại giờ rồi xuất lại",
                f"says it was made before its last day ({period.last}) was over;"
                " the clock of that site was wrong. Set it, and export again",
            )
        )
    if problems:
        raise Wrong.all(problems)
    return facts


def _place(value: object) -> Place:
    told = values.mapping_of(value, {"id", "name", "former_names", "rooms", "residents"}, "site")
    if not isinstance(told["id"], str) or not SITE_ID.fullmatch(told["id"]):
        raise Wrong(
            f"id = {str(told['id'])[:40]!r} không phải mã địa điểm",
            f"id = {str(told['id'])[:40]!r} is not the id of a site",
        )
    return Place(
        id=told["id"],
        name=values.text(told["name"]),
        former_names=tuple(values.text(name) for name in values.listed(told["former_names"])),
        rooms=None if told["rooms"] is None else values.count(told["rooms"]),
        residents=None if told["residents"] is None else values.count(told["residents"]),
    )


def _days(value: object, period: Period) -> tuple[Day, ...]:
    days = tuple(_day(one) for one in values.listed(value))
    for one in days:
        if one.day not in period:
            raise Wrong(
                f"ngày {one.day:%d/%m/%Y} nằm ngoài kỳ của tệp",
                f"{one.day} is not in the period of the file",
            )
    if len({one.day for one in days}) < len(days):
        raise Wrong("có ngày được ghi hai lần", "a day is told twice")
    return tuple(sorted(days, key=lambda one: one.day))


def _day(value: object) -> Day:
    if not isinstance(value, dict):
        raise Wrong("có mục không phải là ngày", "holds something that is no day")
    told = dict(value)
    day = values.day(told.pop("day"))
    made: dict[str, Any] = {name: values.count(told.pop(name)) for name in _COUNTS if name in told}
    made |= {name: float(values.number(told.pop(name))) for name in _SECONDS if name in told}
    if "peak" in told:
        made["peak"] = values.count(told.pop("peak"))
    if "minutes" in told:
        pairs = (values.listed(pair) for pair in values.listed(told.pop("minutes")))
        made["minutes"] = {values.count(minute): values.count(n) for minute, n in pairs}
    if "scores" in told:
        rows = (values.listed(row) for row in values.listed(told.pop("scores")))
        made["scores"] = {
            (values.text(quiz), values.count(score)): values.count(n) for quiz, score, n in rows
        }
    for name in ("faults", "views", "reads", "clicks", "votes"):
        if name in told:
            made[name] = values.counts(told.pop(name))
    if told:
        raise Wrong(
            f"ngày {day:%d/%m/%Y} có mục lạ: {', '.join(sorted(told))[:80]}",
            f"{day} has {', '.join(sorted(told))[:80]} in it, which no day has",
        )
    return Day(day=day, **made)


def _devices(value: object) -> tuple[Devices, ...]:
    found = []
    for one in values.listed(value):
        told = values.mapping_of(
            one, {"month", "from", "to", "devices", "at_most", "sessions"}, "it"
        )
        first = values.day(f"{values.text(told['month'])}-01")
        found.append(
            Devices(
                month=Month(first.year, first.month),
                part=Period(values.day(told["from"]), values.day(told["to"])),
                devices=values.count(told["devices"]),
                at_most=values.count(told["at_most"]),
                sessions=values.count(told["sessions"]),
            )
        )
    return tuple(found)


def _polls(value: object) -> dict[str, Poll]:
    return {
        values.text(id): Poll(tuple(values.count(n) for n in values.listed(votes)))
        for id, votes in values.mapping(value).items()
    }


def _items(value: object) -> dict[str, Item]:
    found = {}
    for id, told in values.mapping(value).items():
        kind, title, options, questions = values.listed(told)
        names = tuple(values.text(option) for option in values.listed(options))
        found[values.text(id)] = Item(
            values.text(kind), values.text(title), names, values.count(questions)
        )
    return found
