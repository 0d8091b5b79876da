"""Puts what was copied from websites among the texts of the staff.

An article is a draft in review, and people decide. Only of a source with `publish = "auto"` the
configuration has decided already: its articles are approved and live, in its name, and the audit
trail says so. What people changed or withdrew here stays as they left it.
"""

from dataclasses import replace
from typing import Final

from content_cache.mirror.articles import Article
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.memory import Memory
from content_cache.mirror.report import Line, Note
from content_cache.mirror.run import Outcome, Result
from content_cache.mirror.sources import Source
from splash import content
from splash.content import ContentProblems, Picture, Words
from splash.content_records import Revision
from splash.content_store import ContentStore, NoSuchItem, Refused
from splash.workflow import Actor

OWN: Final = "Trang của chính cơ quan"


def writer_of(source: Source) -> Actor:
    """Who writes what comes from a source. No account can have a name with a colon."""
    return Actor(f"nguồn:{source.name}", frozenset({"author"}))


def decider_of(source: Source) -> Actor:
    """Who approves it without a person, as `publish = "auto"` says."""
    return Actor(f"tự động:{source.name}", frozenset({"approver"}))


def used_ids(store: ContentStore) -> dict[str, str]:
    """The id of every item, with the address that it was copied from or ""."""
    return {
        one.newest.item.id: words.source.url
        if isinstance(words := one.newest.content, content.Article)
        else ""
        for one in store.items()
    }


def article_of(copy: Article, source: Source) -> content.Article:
    """What the staff's store holds of a copied article."""
    pictures = {media.name: media for media in copy.media}
    lead = pictures.get(copy.picture)
    return content.Article(
        category=source.category,
        title=Words(copy.title),
        summary=Words(copy.summary),
        body=Words(copy.html),
        source=content.Source(
            source.title,
            copy.address,
            source.permission or (OWN if source.own else ""),
            copy.date.astimezone(VIETNAM).date() if copy.date else None,
        ),
        picture=Picture(lead.name, Words(copy.title), lead.width, lead.height) if lead else None,
    )


def keep(
    store: ContentStore, memory: Memory, source: Source, outcome: Outcome, now: float
) -> Outcome:
    """Save what is new or changed; the outcome again, with what became of it in the report."""
    lines: dict[str, Line] = {}
    for result in outcome.results:
        if result.state in ("new", "changed"):
            lines[result.article.address] = _kept(store, memory, source, result, now)
    report = outcome.report
    told = tuple(lines.get(line.address, line) for line in report.lines)
    return replace(outcome, report=replace(report, lines=told))


def _kept(store: ContentStore, memory: Memory, source: Source, result: Result, now: float) -> Line:
    copy, line = result.article, result.line()
    try:
        with store.transaction():
            note = _save(store, source, copy, now)
    except (ContentProblems, Refused) as error:
        why = Note("not-saved", _words(error))
        return replace(line, state="failed", notes=(*line.notes, why))
    memory.saved(copy.address, copy.digest(), now)
    return replace(line, notes=(*line.notes, *([note] if note else [])))


def _save(store: ContentStore, source: Source, copy: Article, now: float) -> Note | None:
    """One article through the store; what staff should know of it, if anything."""
    writer = writer_of(source)
    # What no text may hold is found here, whatever made it.
    article = content.draft("article", content.to_json(article_of(copy, source)))
    for media in copy.media:
        store.add_media(
            media.webp, "webp", "image/webp", writer, now, width=media.width, height=media.height
        )
    try:
        newest = store.revision(copy.id)
    except NoSuchItem:
        kept = store.create(article, writer, now, id=copy.id)
    else:
        if newest.author != writer.name:
            return Note("edited")
        if newest.content == article:
            return None
        if newest.state == "withdrawn":
            return Note("withdrawn")
        kept = store.save(
            copy.id, article, writer, now,
            base=newest.n, sites=newest.item.sites, pinned=newest.item.pinned,
        )  # fmt: skip
    return _sent(store, source, kept, now)


def _sent(store: ContentStore, source: Source, kept: Revision, now: float) -> Note | None:
    """Send a draft to review, and on if nobody is to be asked."""
    _, problems = content.read("article", content.to_json(kept.content))
    if problems:
        return Note("unfinished", problems[0].vi)
    id, n, url = kept.item.id, kept.n, source.url
    store.act("submit", id, n, writer_of(source), now, note=f"lấy từ {url}")
    if source.publish == "auto":
        why = f'nguồn {source.name}: publish = "auto" trong mirror.toml'
        store.act("approve", id, n, decider_of(source), now, note=why)
        store.act("publish", id, n, decider_of(source), now, note=why)
    return None


def _words(error: ContentProblems | Refused) -> str:
    if isinstance(error, Refused):
        return error.refusal.vi
    return "; ".join(problem.vi for problem in error.problems)
