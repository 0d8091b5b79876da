"""Makes articles of what was found on pages. Pure.

First `drafted`: the text is clean, its addresses are whole. When every page of a source is known,
`finished`: links to articles that are mirrored as well lead to the copies, pictures to `/m/`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Final
from urllib.parse import unquote

from content_cache.mirror.addresses import host_of, normal
from content_cache.mirror.charsets import for_old_fonts
from content_cache.mirror.cleaning import clean
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.extraction import Extracted, Unreadable
from content_cache.mirror.report import Note
from content_cache.mirror.sources import Source

LONGEST_TITLE: Final = 120
LONGEST_SUMMARY: Final = 300
LONGEST_FOREIGN: Final = 200
"""Two lines on a phone."""
LONGEST_BODY: Final = 19_000
"""Characters without markup."""

_PARAGRAPH: Final = re.compile(r"<p>.*?</p>", re.DOTALL)
_PICTURE: Final = re.compile(r'<img src="([^"]*)"[^>]*>')
_LINK: Final = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_IS_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|svg)$", re.IGNORECASE)
_IS_PDF: Final = re.compile(r"\.pdf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """An article before what it links to is known."""

    address: str
    """Canonical: the same for every way to reach the page."""
    title: str
    summary: str
    html: str
    date: datetime | None
    picture: str
    """The address of a picture that stands for it and is not in the text; or ""."""
    notes: tuple[Note, ...]

    def pictures(self) -> tuple[str, ...]:
        """The addresses of all its pictures."""
        inside = [unescape(found) for found in _PICTURE.findall(self.html)]
        return tuple(dict.fromkeys([*([self.picture] if self.picture else []), *inside]))

    def pdfs(self) -> tuple[str, ...]:
        """The addresses of the PDF files it links to."""
        links = (unescape(address) for address, _ in _LINK.findall(self.html))
        return tuple(dict.fromkeys(link for link in links if _is_pdf(link)))


@dataclass(frozen=True, slots=True)
class Media:
    """A picture as bundles have it."""

    name: str
    webp: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Article:
    """An article that can be saved: everything is safe and local."""

    id: str
    address: str
    title: str
    summary: str
    html: str
    date: datetime | None
    picture: str
    """The name of the picture that stands for it; "" if it has none of its own."""
    media: tuple[Media, ...]

    def digest(self) -> str:
        """Changes when anything of it changes."""
        values = asdict(self) | {"media": [one.name for one in self.media], "date": str(self.date)}
        text = json.dumps(values, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def drafted(
    found: Extracted, address: str, source: Source, now: datetime, notes: tuple[Note, ...]
) -> Draft:
    """The article that was found on the page at `address`.

    Raises:
        Unreadable: nobody could read it.
    """
    said = list(notes)
    hosts = source.all_hosts

    def link(href: str) -> str | None:
        if href.startswith("tel:"):
            number = re.sub(r"[^0-9+]", "", href)
            return f"tel:{number}" if re.fullmatch(r"\+?[0-9]{2,15}", number) else None
        whole = None if href.startswith("#") else normal(href, address)
        return None if whole is None or _IS_PICTURE.search(whole) else whole

    def picture(src: str) -> str | None:
        whole = normal(src, address) if src and not src.startswith("data:") else None
        if whole is not None and host_of(whole) not in hosts:
            said.append(Note("picture-foreign", host_of(whole)))
            return None
        return whole

    title = " ".join(found.title.split())
    html = clean(found.body, link, picture, title)
    if for_old_fonts(f"{title} {html}"):
        raise Unreadable("old-font")
    if not source.whole:
        return _foreign(found, title, html, said)
    if len(title) > LONGEST_TITLE:
        title = shortened(title, LONGEST_TITLE)
        said.append(Note("title-cut"))
    html = _without_title(_figures_with_pictures(html), title)
    summary = shortened(found.summary, LONGEST_SUMMARY)
    html, summary = _said_once(html, summary)
    shorter = _cut(html, found.canonical)
    if shorter != html:
        said.append(Note("cut"))
    lead = found.picture if host_of(found.picture) in hosts else ""
    if lead and (_name_of(lead) in map(_name_of, map(unescape, _PICTURE.findall(shorter)))):
        lead = ""
    said += _notes_of_date(found.date, now)
    return Draft(
        found.canonical, title, summary, shorter, found.date, lead, tuple(dict.fromkeys(said))
    )


def _foreign(found: Extracted, title: str, html: str, said: list[Note]) -> Draft:
    """Of somebody else's article: its title, two lines, and where the whole is."""
    lines = shortened(found.summary or plain(_first_paragraph(html)), LONGEST_FOREIGN)
    text = (
        f"<p>{escape(lines, quote=False)}</p>"
        f'<p><a href="{escape(found.canonical)}">Đọc toàn bài ở trang gốc</a></p>'
    )
    about_pictures = [note for note in said if not note.reason.startswith("picture")]
    title = shortened(title, LONGEST_TITLE)
    return Draft(found.canonical, title, lines, text, found.date, "", tuple(about_pictures))


def _notes_of_date(date: datetime | None, now: datetime) -> list[Note]:
    if date is None:
        return [Note("no-date")]
    if date > now + timedelta(days=1):
        return [Note("future", date.astimezone(VIETNAM).strftime("%d/%m/%Y"))]
    return []


def finished(
    draft: Draft,
    id: str,
    local: Mapping[str, str],
    pictures: Mapping[str, Media],
    pdf_bytes: Mapping[str, int | None],
) -> Article:
    """The article with its links and pictures as phones reach them.

    `local` is the id of every article by its address, `pictures` what is there of the pictures,
    `pdf_bytes` how large the PDF files are, as far as is known.
    """

    def picture(found: re.Match[str]) -> str:
        media = pictures.get(unescape(found[1]))
        return found[0].replace(found[1], f"/m/{media.name}", 1) if media else ""

    def link(found: re.Match[str]) -> str:
        address = unescape(found[1])
        if local.get(address, id) != id:
            return f'<a href="/a/{local[address]}">{found[2]}</a>'
        if _is_pdf(address) and "(PDF" not in found[2]:
            words = found[2] if plain(found[2]).strip() != address else _file_name(address)
            return f'<a href="{found[1]}">{words} ({_pdf_size(pdf_bytes.get(address))})</a>'
        return found[0]

    html = _figures_with_pictures(_PICTURE.sub(picture, draft.html))
    html = re.sub(r"<(p|li|figure)>\s*</\1>", "", _LINK.sub(link, html))
    used = [pictures[address] for address in draft.pictures() if address in pictures]
    lead = pictures.get(draft.picture)
    return Article(
        id,
        draft.address,
        draft.title,
        draft.summary,
        html,
        draft.date,
        lead.name if lead else "",
        tuple({media.name: media for media in used}.values()),
    )


def pdf_article(
    address: str, title: str, length: int | None, date: datetime | None, source: Source
) -> Draft:
    """An article that is only a link to a PDF file."""
    name = " ".join(title.split()) or _file_name(address)
    title = shortened(name, LONGEST_TITLE)
    html = (
        f'<p><a href="{escape(address)}">{escape(name, quote=False)} ({_pdf_size(length)})</a></p>'
    )
    notes = (Note("no-date"),) if date is None else ()
    return Draft(
        address, title, f"{source.title}: {title}"[:LONGEST_SUMMARY], html, date, "", notes
    )


def _is_pdf(address: str) -> bool:
    return bool(_IS_PDF.search(address.partition("?")[0]))


def _pdf_size(length: int | None) -> str:
    if not length:
        return "PDF"
    if length < 1_000_000:
        return f"PDF, {max(1, round(length / 1000))} KB"
    return f"PDF, {length / 1_000_000:.1f} MB".replace(".", ",")


def _file_name(address: str) -> str:
    return unquote(address.partition("?")[0].rpartition("/")[2]) or address


def _name_of(address: str) -> str:
    """A picture's file, whatever its size in the address: /thumb/400x300/anh.jpg, /anh.jpg."""
    return address.partition("?")[0].rpartition("/")[2]


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def shortened(text: str, most: int) -> str:
    """`text`, or as many of its words as fit, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[:most].rpartition(" ")[0].rstrip(" ,.;:–-") + "…"


def _first_paragraph(html: str) -> str:
    return next((found[0] for found in _PARAGRAPH.finditer(html) if plain(found[0])), "")


def _figures_with_pictures(html: str) -> str:
    """Without figures whose picture is not there: their captions speak of nothing."""
    return re.sub(r"<figure>(?:(?!<img ).)*?</figure>", "", html, flags=re.DOTALL)


def _without_title(html: str, title: str) -> str:
    """Without a heading that repeats the title, which pages show themselves."""
    head = re.match(r"<h2>(.*?)</h2>", html, re.DOTALL)
    return html[head.end() :] if head and plain(head[1]).casefold() == title.casefold() else html


def _said_once(html: str, summary: str) -> tuple[str, str]:
    """Text and summary, without saying twice what pages show one below the other."""
    first = re.match(r"<p>.*?</p>", html, re.DOTALL)
    words = plain(first[0]) if first else ""
    if first and words == summary:
        return html[first.end() :], summary
    repeats = summary and words.startswith(summary.rstrip("….").rstrip())
    return html, "" if repeats else summary


def _cut(html: str, address: str) -> str:
    """As many blocks as fit, and a link to the whole."""
    if len(plain(html)) <= LONGEST_BODY:
        return html
    kept: list[str] = []
    length = 0
    for block in _top_blocks(html):
        length += len(plain(block))
        if length > LONGEST_BODY:
            break
        kept.append(block)
    kept.append(f'<p><a href="{escape(address)}">Đọc tiếp ở trang gốc</a></p>')
    return "".join(kept)


def _top_blocks(html: str) -> Iterator[str]:
    depth = began = 0
    for tag in re.finditer(r"<(/?)([a-z0-9]+)[^>]*>", html):
        if tag[2] in ("br", "img"):
            continue
        depth += -1 if tag[1] else 1
        if depth == 0:
            yield html[began : tag.end()]
            began = tag.end()
