"""From what is live to what phones see: a signed release, active by one swap.

The store's transaction stays open until the release is active: an error on the way leaves both
as they were. Who is killed between the two leaves the new release active and the store one step
behind; doing it again brings them together, because no number is ever used twice.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from content_cache import budget, builder, catalogue
from content_cache.builder import BundleItem
from content_cache.manifest import BundleError, is_name
from content_cache.releases import Releases
from content_cache.signing import Signer, opened
from splash import content, markup
from splash.content import Article, Campaign, Content, ContentProblems, Privacy, Problem, Words
from splash.content_database import write_whole
from splash.content_records import Live, Release
from splash.content_store import ContentStore
from splash.workflow import Action, Actor

POSTER_BYTES: Final = 32_000
"""What is left for a picture on the splash page: all of it has 50 KB."""

PICTURE_BYTES: Final = 200_000
"""Any other picture: four seconds on a slow line."""

SOUND_BYTES: Final = 8_000_000
"""A text of fifteen minutes, read aloud at 64 kbit/s."""

KEPT_RELEASES: Final = 30
"""Besides the active one, on the disk. Older ones are made again when they are wanted."""

LEFT_OUT: Final = "left_out"
"""In the audit trail: articles that are live and did not fit into a release."""

_LOCAL: Final = timedelta(hours=7)
"""Days are the site's: Vietnam has one time, all year."""


class Organisation(Protocol):
    """Who answers for what is published: the section of the configuration."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def responsible(self) -> str: ...


class CannotPublish(ContentProblems):
    """Nothing was published: every problem, each with its setting or its item and field."""


@dataclass(frozen=True, slots=True)
class Press:
    """What publishing needs: the staff's store, the releases, the key, and who answers for it."""

    store: ContentStore
    releases: Releases
    signer: Signer
    organisation: Organisation
    most_bytes: int = 100_000_000
    """What a release may have; access points refuse more."""


def footer_problems(organisation: Organisation) -> tuple[Problem, ...]:
    """What the law wants at the foot of every page, and the configuration lacks."""
    reachable = organisation.phone or organisation.email
    return tuple(
        Problem(
            f"organisation.{setting}",
            f"{vi}: chưa có; nhờ kỹ thuật viên điền vào portal.toml, mục [organisation].",
            f"{en}: missing; write {setting} in section [organisation] of portal.toml.",
            may_wait=False,
        )
        for setting, vi, en, value in (
            ("name", "Tên cơ quan chủ quản", "the publisher's name", organisation.name),
            ("address", "Địa chỉ cơ quan", "the publisher's address", organisation.address),
            ("phone", "Điện thoại hoặc thư điện tử", "a phone number or an email", reachable),
            (
                "responsible",
                "Người chịu trách nhiệm nội dung",
                "the person responsible",
                organisation.responsible,
            ),
        )
        if not value.strip()
    )


def problems(press: Press) -> tuple[Problem, ...]:
    """Everything that stands in the way of publishing what is live."""
    found = list(footer_problems(press.organisation))
    all_live = press.store.live()
    if not all_live:  # The shipped pages are better than empty ones.
        found.append(
            Problem(
                "live",
                "Chưa có mục nào được duyệt và đăng.",
                "nothing has been approved and published on the staff site yet.",
                False,
            )
        )
    for live in all_live:
        item = live.revision.item
        title = content.title_of(live.revision.content).vi
        mapping = content.to_json(live.revision.content)
        own = [*content.read(item.kind, mapping)[1], *_media_problems(press.store, live)]
        found += [
            Problem(f"{item.id}.{one.field}", f"“{title}”, {one.vi}", f"{item.id}: {one.en}", False)
            for one in own
        ]
    return tuple(found)


def _media_problems(store: ContentStore, live: Live) -> Iterator[Problem]:
    words = live.revision.content
    poster = words.poster.name if isinstance(words, content.Splash) and words.poster else ""
    for name in sorted(content.media_of(words)):
        medium = store.find_media(name)
        most = SOUND_BYTES if name.endswith((".m4a", ".mp3")) else PICTURE_BYTES
        if name == poster:
            most = POSTER_BYTES
        if medium is None or not (store.media_folder / name).is_file():
            yield Problem(
                "media",
                f"tệp {name[:8]}… không còn; hãy tải ảnh lên lại.",
                f"the file {name} is not there; upload it again.",
                False,
            )
        elif medium.bytes > most:
            yield Problem(
                "media",
                f"ảnh hoặc bài đọc nặng {medium.bytes // 1000} KB, nhiều nhất {most // 1000} KB; "
                "hãy dùng tệp nhỏ hơn.",
                f"{name} has {medium.bytes} bytes, {most} at most; use a smaller one.",
                False,
            )


def left_out(press: Press, n: int) -> tuple[str, ...]:
    """The ids of the articles that did not fit into the release `n`."""
    for entry in press.store.audit():
        if (entry.action, entry.n) == (LEFT_OUT, n):
            return tuple(entry.note.split(", "))
    return ()


def publish(press: Press, now: float, by: str, note: str = "") -> Release:
    """Release what is live, and show it.

    Raises:
        CannotPublish: with every problem, or because nothing is live; what was shown stays.
        BundleError, BrokenContent, OSError: the release cannot be made; what was shown stays.
    """
    with _both_or_none(press):
        if found := problems(press):
            raise CannotPublish(found)
        return _release(press, now, by, note)


def carry_out(
    press: Press,
    action: Action,
    id: str,
    n: int,
    actor: Actor,
    now: float,
    *,
    note: str = "",
    begins: float | None = None,
    ends: float | None = None,
) -> Release:
    """Publish or withdraw a revision: the step of the workflow and the release, both or none.

    Withdrawing is never held up: what must go goes, whatever else is to be put in order.

    Raises:
        Refused, NoSuchItem: as `ContentStore.act` says.
        CannotPublish, BundleError, BrokenContent, OSError: as `publish` says.
    """
    with _both_or_none(press):
        press.store.act(action, id, n, actor, now, note=note, begins=begins, ends=ends)
        if action == "withdraw":
            return _release(press, now, actor.name, note)
        return publish(press, now, actor.name, note)


def roll_back(press: Press, n: int, actor: Actor, now: float, note: str = "") -> Release:
    """Show the release `n` again, byte for byte, and make live what was live in it.

    One that is no longer on the disk is made again, and has the same bytes while the program that
    made it and `most_bytes` are the same.

    Raises:
        Refused, NoSuchItem: as `ContentStore.roll_back` says.
        BundleError, OSError: the release is damaged, or cannot be made; what was shown stays.
    """
    with _both_or_none(press):
        release = press.store.roll_back(n, actor, now, note)
        if n not in press.releases.numbers():
            _build(press, press.store.live(), n, release.made)
        press.releases.activate(n, press.signer.public_key)
        return release


def publish_to(press: Press, folder: Path, now: float, by: str) -> int:
    """Put the active release into `folder`, to be copied to any web space; returns its number.

    Files first, `bundle.json` last: at every moment the folder is one whole release. Gateways
    never go back to a lower number by themselves, so what was rolled back to gets a new one.

    Raises:
        BundleError: nothing is active, or somebody else's release is in the folder.
        OSError: the folder cannot be written; the release in it stays.
    """
    active = press.releases.active()
    if active is None:
        raise BundleError(["nothing has been published yet; run portal content publish"])
    signed = press.releases.signed(active.number)
    there_now = _bundle_in(folder)
    before = opened(there_now, press.signer.public_key) if there_now else None
    if before and before.release >= active.number and there_now != signed:
        number = max(before.release, _newest(press)) + 1
        with _both_or_none(press):
            note = f"release {active.number} again"
            active = builder.again(press.releases, active.number, number, now, press.signer)
            press.store.add_release(number, now, by, note)
            press.releases.activate(number, press.signer.public_key)
        signed = press.releases.signed(number)
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    there = Releases(folder)
    for name, size in sorted(active.manifest.files.items()):
        if there.wrong(name, size):
            write_whole(files / name, press.releases.file(name).read_bytes())
    if there_now != signed:
        write_whole(folder / "bundle.json", signed)
    # A gateway may be fetching the release before: its files stay for once.
    needed = active.manifest.files.keys() | (before.files.keys() if before else set())
    for path in files.iterdir():
        unfinished = path.name.startswith(".") and path.suffix == ".part"
        if unfinished or (is_name(path.name) and path.name not in needed):
            path.unlink()
    return active.number


def folder_problems(folder: Path, public_key: str) -> list[str]:
    """Every check that fails of a release in `folder`, as `publish_to` leaves it."""
    try:
        manifest = opened((folder / "bundle.json").read_bytes(), public_key)
    except OSError as error:
        return [f"{folder / 'bundle.json'}: cannot be read: {error.strerror}"]
    except BundleError as error:
        return list(error.problems)
    there = Releases(folder)
    wrong = [
        f"files/{name}: {why}"
        for name, size in sorted(manifest.files.items())
        if (why := there.wrong(name, size))
    ]
    return wrong or catalogue.problems(there.file(manifest.index), manifest.files)


@contextmanager
def _both_or_none(press: Press) -> Iterator[None]:
    """What an exception leaves, in the store and among the releases, is what was there before."""
    before = press.releases.active_number()
    try:
        with press.store.transaction():
            yield
    except BaseException:
        # The store may refuse at the very end: the disk is full.
        if before is not None and press.releases.active_number() != before:
            press.releases.activate(before, press.signer.public_key)
        raise


def _bundle_in(folder: Path) -> bytes | None:
    """The `bundle.json` of a folder that is to be published to; None if there is none yet."""
    try:
        return (folder / "bundle.json").read_bytes()
    except FileNotFoundError:
        return None


def _newest(press: Press) -> int:
    """The highest number ever used, here or in the store."""
    written = [release.n for release in press.store.releases()]
    return max([0, *written, *press.releases.numbers()])


def _release(press: Press, now: float, by: str, note: str) -> Release:
    """Build what is live, write it down, and show it."""
    number = _newest(press) + 1
    with suppress(BundleError):  # And what a power cut left half done.
        press.releases.collect(keep=1 + KEPT_RELEASES)
    away = _build(press, press.store.live(), number, now)
    release = press.store.add_release(number, now, by, note)
    if away:
        press.store.write_audit(by, LEFT_OUT, now, n=number, note=", ".join(away))
    press.releases.activate(number, press.signer.public_key)
    return release


def _build(press: Press, live: Iterable[Live], number: int, made: float) -> list[str]:
    """Build what fits; returns the ids of the articles that do not."""
    items = [_bundled(one) for one in live if one.ends is None or one.ends > made]
    media = {name: press.store.media_folder / name for item in items for name in item.media}
    sizes = {name: path.stat().st_size for name, path in media.items() if path.is_file()}
    needed = content.KINDS.keys() - {"article"}
    fit = budget.fitting(items, sizes, press.most_bytes, needed)
    builder.build(press.releases, fit.kept, media, number, made, press.signer)
    return [item.id for item in fit.left_out]


def _bundled(live: Live) -> BundleItem:
    revision = live.revision
    words = revision.content
    title, summary = content.title_of(words), _summary(words)
    since = live.begins or revision.approved_at or live.published_at
    day = (datetime.fromtimestamp(since, UTC) + _LOCAL).date()
    if isinstance(words, Article) and words.source.published:
        day = words.source.published
    return BundleItem(
        id=revision.item.id,
        kind=revision.item.kind,
        sites=revision.item.sites,
        begins=live.begins,
        ends=live.ends,
        pinned=revision.item.pinned,
        date=day.isoformat(),
        title_vi=title.vi,
        title_en=title.en,
        summary_vi=summary.vi,
        summary_en=summary.en,
        category=words.category if isinstance(words, Article) else "",
        source=words.source.name if isinstance(words, Article) else "",
        url=words.source.url if isinstance(words, Article) else "",
        revision=revision.n,
        text_vi=_text(words, "vi"),
        text_en=_text(words, "en"),
        content=json.dumps(
            content.to_json(words), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode(),
        media=tuple(sorted(content.media_of(words))),
    )


def _summary(words: Content) -> Words:
    match words:
        case Article(summary=summary):
            return summary
        case Campaign(line=line):
            return line
        case Privacy(short=short):
            return short
        case content.Splash(welcome=welcome):
            return welcome
        case _:
            return Words("")


def _text(value: object, language: str) -> str:
    """All words of some content in one language, a block a line, for the search."""
    return "\n".join(filter(None, _texts(value, language)))


def _texts(value: object, language: str) -> Iterator[str]:
    match value:
        case Words():
            yield getattr(value, language)
        case tuple():
            for one in value:
                yield from _texts(one, language)
        case _ if is_dataclass(value):
            for entry in fields(value):
                part = getattr(value, entry.name)
                if entry.name == "body":
                    yield markup.plain(getattr(part, language))
                elif entry.name not in ("title", "summary"):  # They are searched beside the text.
                    yield from _texts(part, language)
