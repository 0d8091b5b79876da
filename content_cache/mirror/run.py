"""One run over one source: find the articles, fetch what may have changed, make them local.

Everything is asked of the site one after another. What was fetched stays in the memory, so a run
that was interrupted goes on where it was; what an article became is remembered only when its
user says that it is saved (`Memory.saved`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from content_cache.mirror import charsets, discovery, fetching, pictures
from content_cache.mirror.addresses import host_of, normal
from content_cache.mirror.articles import Article, Draft, Media, drafted, finished, pdf_article
from content_cache.mirror.discovery import Found
from content_cache.mirror.extraction import Unreadable, extract
from content_cache.mirror.fetching import SECONDS, Answer, Fetcher, FetchError, Pace
from content_cache.mirror.memory import Memory, Page, Shrunk, media_name
from content_cache.mirror.pictures import PictureError
from content_cache.mirror.report import SILENT, Line, Note, Report, State
from content_cache.mirror.sources import Source

_MOST_PAGE: Final = 5_000_000
_MOST_LIST: Final = 20_000_000
_MOST_PICTURE: Final = 40_000_000
_MOST_SITEMAPS: Final = 50
_WEB: Final = ("text/html", "application/xhtml+xml", "text/plain", "")

Progress = Callable[[int, int, str], None]
"""Told how many articles of how many are done, and the address that is next."""


@dataclass(frozen=True, slots=True)
class Result:
    """An article of the source as it is now, and what is to be said of it."""

    article: Article
    state: State
    notes: tuple[Note, ...]

    def line(self) -> Line:
        article = self.article
        return Line(self.state, article.address, article.title, article.id, self.notes)


@dataclass(frozen=True, slots=True)
class Outcome:
    results: tuple[Result, ...]
    report: Report


async def mirror(
    source: Source,
    memory: Memory,
    now: float,
    *,
    agent: str,
    pace: Pace | None = None,
    seconds: float = SECONDS,
    most: int | None = None,
    used: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total, address: None,
) -> Outcome:
    """Mirror the source, or only the newest `most` articles that can be had.

    `now` is in Unix seconds. `used` are the ids that articles have already, each with the address
    it is from or ""; no other article gets one of them. `agent` is what the site is told of who
    asks. What fails is in the report, and nothing is raised.
    """
    began = time.monotonic()
    async with fetching.fetcher(
        source.all_hosts,
        agent=agent,
        pace=pace,
        seconds=seconds,
        allow_private=source.allow_private,
    ) as fetcher:
        run = _Run(source, fetcher, memory, now, used or {}, progress)
        results = await run.go(most)
        lines = (*(result.line() for result in results), *run.lines)
        report = Report(
            source.name,
            source.title,
            now,
            time.monotonic() - began,
            fetcher.asked,
            fetcher.fetched,
            lines,
        )
    return Outcome(results, report)


class _Run:
    """The state of one run."""

    def __init__(
        self,
        source: Source,
        fetcher: Fetcher,
        memory: Memory,
        now: float,
        used: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self.lines: list[Line] = []
        """What became no article, and why."""
        self._source = source
        self._fetcher = fetcher
        self._memory = memory
        self._now = now
        self._used = used
        self._progress = progress
        self._drafts: dict[str, Draft] = {}  # by canonical address
        self._leads_to: dict[str, str] = {}  # every address of an article -> its canonical one
        self._as_before: set[str] = set()  # canonical addresses of pages that have not changed

    async def go(self, most: int | None) -> tuple[Result, ...]:
        try:
            found = await self._discover()
        except FetchError as error:
            self._fails(self._source.url, "", error.reason, error.detail)
            return ()
        if not found:
            self._fails(self._source.url, "", "no-articles")
        for number, one in enumerate(found):
            if most is not None and len(self._drafts) >= most:
                break
            self._progress(number, len(found), one.address)
            if one.address not in self._leads_to:
                await self._read(one)
        self._progress(len(found), len(found), "")
        ids = {address: self._id(self._drafts[to]) for address, to in self._leads_to.items()}
        results = [await self._result(draft, ids) for draft in self._drafts.values()]
        self._memory.forget_old(self._now)
        return tuple(results)

    def _fails(self, address: str, title: str, reason: str, detail: str = "") -> None:
        self.lines.append(Line("failed", address, title, "", (Note(reason, detail),)))

    # Which articles there are

    async def _discover(self) -> tuple[Found, ...]:
        source = self._source
        match source.kind:
            case "page":
                found = [Found(normal(source.url) or source.url)]
            case "feed":
                text, base = await self._text(source.url)
                found = list(discovery.feed(text, base))
            case "sitemap":
                found = await self._sitemaps()
            case "list":
                found = await self._lists()
        chosen = [
            one
            for one in found
            if host_of(one.address) in source.all_hosts
            and (not source.only or any(part in one.address for part in source.only))
        ]
        return discovery.newest(chosen, source.max_articles)

    async def _sitemaps(self) -> list[Found]:
        found: list[Found] = []
        waiting, seen = [self._source.url], set[str]()
        while waiting and len(seen) < _MOST_SITEMAPS:
            address = waiting.pop(0)
            if address in seen:
                continue
            seen.add(address)
            try:
                text, base = await self._text(address)
            except FetchError as error:
                if len(seen) == 1:
                    raise
                self._fails(address, "", error.reason, error.detail)
                continue
            sitemap = discovery.sitemap(text, base)
            found += sitemap.pages
            waiting += sitemap.more
        return found

    async def _lists(self) -> list[Found]:
        rule = self._source.rule
        found: dict[str, Found] = {}
        address: str | None = self._source.url
        seen: set[str] = set()
        while address and address not in seen and len(seen) < rule.pages:
            seen.add(address)
            try:
                text, base = await self._text(address)
            except FetchError as error:
                if len(seen) == 1:
                    raise
                self._fails(address, "", error.reason, error.detail)
                break
            listed, address = discovery.listed(text, base, rule.link, rule.next)
            for one in listed:
                found.setdefault(one.address, one)
            if len(found) >= self._source.max_articles:
                break
        return list(found.values())

    async def _text(self, address: str) -> tuple[str, str]:
        """A feed, sitemap or list as text, and its address."""
        known = self._memory.page(address)
        answer = await self._fetcher.get(
            address, _MOST_LIST, known.answer.validators if known else None
        )
        answer = self._remembered(address, answer, known, "")
        body = discovery.unpacked(answer.body or b"")
        return charsets.decode(body, answer.charset).text, answer.address

    # The articles

    async def _read(self, one: Found) -> None:
        """Add the article at an address to the drafts, or a line that says why there is none."""
        try:
            answer = await self._page(one)
            draft = self._draft(one, answer)
        except FetchError as error:
            self._fails(one.address, one.title, error.reason, error.detail)
            return
        except Unreadable as error:
            self._fails(one.address, one.title, error.reason)
            return
        same = draft.address if draft.address in self._drafts else self._like(draft)
        if same is None:
            self._drafts[draft.address] = draft
            if not answer.changed:
                self._as_before.add(draft.address)
        else:
            note = Note("duplicate", self._drafts[same].address)
            self.lines.append(Line("duplicate", one.address, draft.title, "", (note,)))
        addresses = (one.address, answer.address, draft.address)
        self._leads_to |= dict.fromkeys(addresses, same or draft.address)

    def _like(self, draft: Draft) -> str | None:
        """The address of an article with the same words under another address."""
        for address, other in self._drafts.items():
            if other.title == draft.title and other.html == draft.html:
                return address
        return None

    def _draft(self, one: Found, answer: Answer) -> Draft:
        if answer.kind == "application/pdf":
            return pdf_article(answer.address, one.title, answer.length, one.date, self._source)
        if answer.kind not in _WEB:
            raise FetchError("kind", answer.kind)
        decoded = charsets.decode(answer.body or b"", answer.charset)
        found = extract(decoded.text, answer.address, self._source.rule, one.date)
        notes = (Note("charset"),) if decoded.mended else ()
        now = datetime.fromtimestamp(self._now, UTC)
        return drafted(found, answer.address, self._source, now, notes)

    async def _page(self, one: Found) -> Answer:
        """The page with its body, fetched only if it may have changed."""
        known = self._memory.page(one.address)
        if known and one.changed and known.changed == one.changed:
            self._memory.still_there("page", one.address, self._now)
            return known.answer
        answer = await self._fetcher.get(
            one.address,
            _MOST_PAGE,
            known.answer.validators if known else None,
            only_head_of="application/pdf",
        )
        return self._remembered(one.address, answer, known, one.changed)

    def _remembered(self, address: str, answer: Answer, known: Page | None, changed: str) -> Answer:
        if known and not answer.changed:
            self._memory.still_there("page", address, self._now, changed)
            return replace(known.answer, changed=False)
        self._memory.keep_page(address, answer, changed, self._now)
        return answer

    async def _result(self, draft: Draft, ids: dict[str, str]) -> Result:
        notes = list(draft.notes)
        shown: dict[str, Media] = {}
        as_before = draft.address in self._as_before
        for address in draft.pictures():
            try:
                shown[address] = await self._picture(address, as_before)
            except PictureError as error:
                if error.reason not in SILENT:
                    notes.append(Note(error.reason, address))
            except FetchError as error:
                why = str(Note(error.reason, error.detail))
                notes.append(Note("picture-missing", f"{address}: {why}"))
        sizes = {address: await self._pdf_bytes(address, as_before) for address in draft.pdfs()}
        article = finished(draft, ids[draft.address], ids, shown, sizes)
        before = self._memory.digest(article.address)
        state: State = "changed" if before else "new"
        if before == article.digest():
            state = "unchanged"
        return Result(article, state, tuple(dict.fromkeys(notes)))

    def _id(self, draft: Draft) -> str:
        return self._memory.id_of(draft.address, draft.title, self._source.name, self._used)

    async def _picture(self, address: str, as_before: bool) -> Media:
        """The picture made small; what is known is enough if the page is as it was."""
        known = self._memory.picture(address)
        if not (known and as_before):
            validators = known.validators if known else None
            answer = await self._fetcher.get(address, _MOST_PICTURE, validators)
            if not known or answer.changed:
                known = await _shrunk(answer)
                self._memory.keep_picture(address, known, self._now)
        self._memory.still_there("picture", address, self._now)
        if known.picture is None:
            raise PictureError(known.trouble)
        return Media(known.name, known.picture.webp, known.picture.width, known.picture.height)

    async def _pdf_bytes(self, address: str, as_before: bool) -> int | None:
        """How large a PDF is, as its server says; it is not fetched."""
        known = self._memory.page(address)
        if host_of(address) not in self._source.all_hosts:
            return None
        if not (known and as_before):
            validators = known.answer.validators if known else None
            try:
                answer = await self._fetcher.get(address, _MOST_PAGE, validators, "application/pdf")
            except FetchError:
                return known.answer.length if known else None
            return self._remembered(address, answer, known, "").length
        self._memory.still_there("page", address, self._now)
        return known.answer.length


async def _shrunk(answer: Answer) -> Shrunk:
    try:
        picture = await pictures.shrink(answer.body or b"")
    except PictureError as error:
        return Shrunk("", None, error.reason, answer.validators)
    return Shrunk(media_name(picture.webp), picture, "", answer.validators)
