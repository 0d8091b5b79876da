"""What the page of rules says: the same as `/rules` on a phone, and which version it is. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final, Literal, TypeAlias

from paper import words
from paper.place import Place
from splash.content import Conditions, Words
from splash.edition import Edition, spoken
from splash.speech import day
from splash.texts import Texts
from splash.views import Language

Kind: TypeAlias = Literal["heading", "text", "item"]


@dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    text: str
    mark: str = ""
    """What stands before an item: `1.` or `–`."""


@dataclass(frozen=True, slots=True)
class Rules:
    payer: str
    house: str
    title: str
    title_en: str
    badge: str
    """That nobody has approved these; empty if somebody has."""
    intro: str
    points: tuple[str, ...]
    blocks: tuple[Block, ...]
    """The full rules that staff wrote; none where the shipped ones are shown."""
    more: tuple[str, ...]
    facts: tuple[str, ...]
    """How long a turn is, when the network is open."""
    note: str
    version: str
    conditions: str
    """The version as it is kept with every agreement."""
    fingerprint: str
    """Of the words above that people agree to: two sheets with the same one say the same."""
    foot: tuple[str, ...]


def rules(place: Place, said: Mapping[Language, Texts], edition: Edition, conditions: str) -> Rules:
    """The rules in force in a house; `conditions` is their name (`portal.conditions`)."""
    site, shown = place.site, edition.conditions
    facts = {
        "org": words.one_line(site.org),
        "unit": words.one_line(site.unit),
        "responsible": site.responsible,
        "phone": words.unbroken(site.phone),
        "email": site.email,
        "address": site.address,
        "version": shown.version if shown else said["vi"].version,
        "date": day(shown.date if shown else said["vi"].date),
    }

    def vi(name: str, **values: object) -> str:
        return words.filled(said["vi"], name, **facts, **values)

    short = _points(shown.content if shown else None, said["vi"])
    body = tuple(blocks(spoken(shown.content.body, "vi")[0])) if shown else ()
    agreed = (
        vi("terms.short_intro", n=len(short)),
        *short,
        *(f"{block.mark} {block.text}".strip() for block in body),
        *(vi(f"terms.{name}") for name in ("violation", "rights", "children")),
    )
    return Rules(
        payer=vi("poster.payer"),
        house=words.one_line(site.name),
        title=vi("terms.title").upper(),
        title_en=words.filled(said["en"], "terms.title"),
        badge="" if shown or not said["vi"].sample else vi("footer.sample_badge"),
        intro=agreed[0],
        points=short,
        blocks=body,
        more=tuple(filter(None, agreed[-3:])),
        facts=tuple(
            filter(
                None,
                (
                    vi("poster.turn", time=words.turn(place, "vi")),
                    vi("poster.hours", time=words.opening_hours(place, "vi")),
                    vi("poster.limit", time=words.limit(place, "vi")),
                ),
            )
        ),
        note=vi("terms.legal_note"),
        version=vi("terms.version"),
        conditions=conditions,
        fingerprint=_fingerprint(agreed),
        foot=tuple(
            filter(
                None,
                (
                    vi("footer.responsible") or vi("footer.unit"),
                    " · ".join(
                        filter(None, (vi(f"footer.{n}") for n in ("address", "phone", "email")))
                    ),
                ),
            )
        ),
    )


def _points(written: Conditions | None, said: Texts) -> tuple[str, ...]:
    if written is None:
        return tuple(map(words.one_line, said.entries["terms.short"]))
    return tuple(words.one_line(_plain(point)) for point in written.short)


def _plain(said: Words) -> str:
    return spoken(said, "vi")[0]


def _fingerprint(agreed: tuple[str, ...]) -> str:
    """SHA-256 of what is agreed to; 64 bits of it, in groups that can be read out."""
    whole = hashlib.sha256(json.dumps(agreed, ensure_ascii=False).encode()).hexdigest()[:16]
    return "-".join(whole[n : n + 4] for n in range(0, 16, 4))


def blocks(html: str) -> Iterator[Block]:
    """HTML of staff (`splash.markup`) as paragraphs. Pictures are left out, but for their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end()
    yield from reader.found


_BLOCKS: Final = frozenset(("p", "h2", "h3", "li", "tr", "figcaption", "blockquote"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block] = []
        self._text = ""
        self._kind: Kind = "text"
        self._mark = ""
        self._in_row = False
        self._lists: list[int | None] = []
        """The number of the next item, for each list that is open; None: no numbers."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if self._in_row and tag != "img":
            self._text += " | " if tag in ("td", "th") and self._text.strip() else " "
            return
        self._in_row = tag == "tr"
        if tag in _BLOCKS and not (tag == "p" and self._mark and not self._text):
            self.end()
        if tag in ("h2", "h3"):
            self._kind = "heading"
        elif tag in ("ul", "ol"):
            self.end()
            self._lists.append(int(given.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "br":
            self._text += " "
        elif tag == "img" and given.get("alt"):
            self._text += f"[{given['alt']}]"

    def _begin_item(self) -> None:
        self._kind, self._mark = "item", "–"
        if self._lists and (number := self._lists[-1]) is not None:
            self._mark = f"{number}."
            self._lists[-1] = number + 1

    def handle_endtag(self, tag: str) -> None:
        if self._in_row and tag != "tr":
            return
        self._in_row = False
        if tag in _BLOCKS:
            self.end()
        elif tag in ("ul", "ol"):
            self.end()
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        self._text += data

    def end(self) -> None:
        """What was read so far is a paragraph, if there is anything in it."""
        if text := words.one_line(self._text, 20_000):
            self.found.append(Block(self._kind, text, self._mark))
            self._kind, self._mark = "text", ""
        self._text = ""
