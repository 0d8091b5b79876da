"""Makes a bundle: items and pictures in, a signed release in the store out.

The same items, release and time make the same bytes. Nothing is active before somebody says so
(`Releases.activate`).
"""

import gzip
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from content_cache import catalogue_writer
from content_cache.catalogue import Item
from content_cache.catalogue_writer import Entry
from content_cache.manifest import MOST_FILE_BYTES, MOST_RELEASE, BundleError, Manifest, is_name
from content_cache.releases import MOST_CONTENT_BYTES, Release, Releases
from content_cache.signing import Signer

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SITE: Final = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleItem(Item):
    """An item with everything that goes into the bundle. `file` is left empty."""

    text_vi: str = ""
    """Its words, without markup, to be searched and shown in snippets."""
    text_en: str = ""
    content: bytes
    """The whole of it, as whoever shows it wants it: JSON. Packed, it is the item's file."""
    media: tuple[str, ...] = ()
    """Names of the pictures and sounds it needs: the SHA-256 of their bytes and an ending."""


def build(
    releases: Releases,
    items: Iterable[BundleItem],
    media: Mapping[str, Path],
    release: int,
    made: float,
    signer: Signer,
) -> Release:
    """Put a new release into the store; it is not active yet.

    `media` says where every picture and sound is. `made` is in Unix seconds.

    Raises:
        BundleError: with every problem; there is no such release then.
        OSError: the store cannot be written.
    """
    items = list(items)
    if problems := _problems(items, media, release):
        raise BundleError(problems)
    with releases.locked():
        sizes: dict[str, int] = {}
        for name in sorted({name for item in items for name in item.media}):
            sizes[name] = _put_media(releases, name, media[name])
        entries = []
        for item in items:
            packed = gzip.compress(item.content, 9, mtime=0)
            file = releases.put(packed, ".gz")
            sizes[file] = len(packed)
            entries.append(entry(replace(item, file=file)))
        data = catalogue_writer.write(entries)
        index = releases.put(data, ".db")
        sizes[index] = len(data)
        manifest = Manifest(release, made, index, sizes)
        return releases.add(signer.sign(manifest), signer.public_key)


def again(releases: Releases, earlier: int, release: int, made: float, signer: Signer) -> Release:
    """A new release with the very files of an earlier one; it is not active yet.

    So gateways, which never go back by themselves, come back to what was shown before.

    Raises:
        BundleError: the earlier one is not there any more.
    """
    manifest = replace(releases.release(earlier).manifest, release=release, made=made)
    return releases.add(signer.sign(manifest), signer.public_key)


def _problems(items: list[BundleItem], media: Mapping[str, Path], release: int) -> list[str]:
    problems = []
    if not 1 <= release <= MOST_RELEASE:
        problems.append(f"release {release}: is not a number from 1")
    seen: set[str] = set()
    for item in items:
        about = f"item {item.id!r}"
        if not _ID.fullmatch(item.id):
            problems.append(f"{about}: id: write small letters without accents, digits and hyphens")
        if item.id in seen:
            problems.append(f"{about}: id: two items have it")
        seen.add(item.id)
        problems += [
            f"{about}: sites: {site!r} is no site's id"
            for site in item.sites
            if not _SITE.fullmatch(site)
        ]
        if item.begins is not None and item.ends is not None and item.begins >= item.ends:
            problems.append(f"{about}: ends: is not later than begins")
        if len(item.content) > MOST_CONTENT_BYTES:
            problems.append(f"{about}: content: more than {MOST_CONTENT_BYTES} bytes")
        for name in item.media:
            if not is_name(name):
                problems.append(f"{about}: media: {name!r} is no name of a file")
            elif name not in media:
                problems.append(f"{about}: media: {name} is not there")
    return problems


def _put_media(releases: Releases, name: str, path: Path) -> int:
    """Put a picture or sound into the pool; returns its size in bytes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError([f"media: {name} cannot be read: {error.strerror}"]) from None
    if len(data) > MOST_FILE_BYTES:
        raise BundleError([f"media: {name} has more than {MOST_FILE_BYTES} bytes"])
    _, dot, ending = name.partition(".")
    if releases.put(data, dot + ending) != name:
        raise BundleError([f"media: {name} has other bytes than its name says (SHA-256)"])
    return len(data)


def entry(item: BundleItem) -> Entry:
    """What the catalogue has of it: its texts in NFC."""
    values: dict[str, Any] = {entry.name: getattr(item, entry.name) for entry in fields(Item)}
    composed: dict[str, Any] = {
        name: unicodedata.normalize("NFC", value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    return Entry(
        Item(**composed),
        unicodedata.normalize("NFC", item.text_vi),
        unicodedata.normalize("NFC", item.text_en),
    )
