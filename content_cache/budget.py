"""What of the content fits into a bundle of so many bytes. Pure.

What has to be there comes first, then what is pinned, then the newest. What does not fit any more
is left out; smaller and older items after it may still fit.
"""

import gzip
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from content_cache import builder, catalogue_writer
from content_cache.builder import BundleItem
from content_cache.manifest import BundleError

_ROUNDS: Final = 4
_MOST_PER_LETTER: Final = 6
_EMPTY: Final = 200_000
"""More bytes than the catalogue ever has for a letter, and without any."""
_ANY_FILE: Final = f"{'f' * 64}.gz"


@dataclass(frozen=True, slots=True)
class Fitting:
    kept: tuple[BundleItem, ...]
    left_out: tuple[BundleItem, ...]
    """Pinned ones first, then the newest."""


def fitting(
    items: Collection[BundleItem],
    media_bytes: Mapping[str, int],
    most_bytes: int,
    needed: Collection[str] = (),
) -> Fitting:
    """The items that fit into `most_bytes`; those of a kind in `needed` have to.

    Raises:
        BundleError: what has to be there does not fit.
    """
    order = sorted(items, key=lambda item: item.id)
    order.sort(key=lambda item: (item.kind in needed, item.pinned, item.date), reverse=True)
    packed = {item.id: len(gzip.compress(item.content, 9, mtime=0)) for item in order}
    media = {name for item in order for name in item.media}
    files = sum(packed.values()) + sum(media_bytes.get(name, 0) for name in media)
    if files + _MOST_PER_LETTER * sum(map(_letters, order)) + _EMPTY <= most_bytes:
        return Fitting(tuple(order), ())  # As nearly always; the rest takes seconds for thousands.
    # What the catalogue costs is known only when it is made: as much for a letter in each round
    # as it was in the round before.
    empty = len(catalogue_writer.write([]))
    per_letter = 2.0
    best: list[BundleItem] | None = None
    for _ in range(_ROUNDS):
        kept: list[BundleItem] = []
        there: set[str] = set()
        left = float(most_bytes - empty)
        for item in order:
            new = set(item.media) - there
            new_bytes = sum(media_bytes.get(name, 0) for name in new)
            cost = packed[item.id] + new_bytes + per_letter * _letters(item)
            if cost <= left:
                left -= cost
                there |= new
                kept.append(item)
        entries = [builder.entry(replace(item, file=_ANY_FILE)) for item in kept]
        index = len(catalogue_writer.write(entries))
        files = sum(packed[item.id] for item in kept) + sum(media_bytes.get(n, 0) for n in there)
        if files + index <= most_bytes and len(kept) >= len(best or ()):
            best = kept
        if len(kept) == len(order) and best is kept:
            break
        per_letter = 1.02 * (index - empty) / max(1, sum(map(_letters, kept)))
    ids = {item.id for item in best or ()}
    missing = [item.id for item in order if item.kind in needed and item.id not in ids]
    if missing or best is None:
        words = f"does not fit into {most_bytes} bytes ([content] max_mb)"
        raise BundleError([f"item {id!r}: {words}" for id in missing] or [f"content: {words}"])
    return Fitting(tuple(best), tuple(item for item in order if item.id not in ids))


def _letters(item: BundleItem) -> int:
    """What the catalogue's size follows; every item has its row as well."""
    titles = (item.title_vi, item.title_en, item.summary_vi, item.summary_en)
    return 300 + len(item.text_vi) + len(item.text_en) + sum(map(len, titles))
