"""What does not fit into a bundle is left out, and said."""

import random
from pathlib import Path

import pytest

from content_cache.budget import fitting
from content_cache.builder import BundleItem, build
from content_cache.manifest import BundleError
from content_cache.releases import Releases
from tests.newssite import words
from tests.unit.content_cache.bundles import MADE, SIGNER, article

BIG = "a" * 64 + ".webp"
ROOM = 70_000
"""For a few small items."""


def ids(items: tuple[BundleItem, ...]) -> list[str]:
    return [item.id for item in items]


def test_pinned_ones_come_first_and_then_the_newest() -> None:
    items = [
        article("cu", date="2026-01-01", media=(BIG,)),
        article("moi", date="2026-03-01", media=()),
        article("ghim", date="2025-01-01", pinned=True, media=()),
        article("giua", date="2026-02-01", media=(BIG,)),
        article("rat-cu", date="2024-01-01", media=()),
    ]

    found = fitting(items, {BIG: 50_000}, ROOM)

    assert ids(found.kept) == ["ghim", "moi", "rat-cu"]
    assert ids(found.left_out) == ["giua", "cu"]


def test_a_picture_that_two_share_counts_once() -> None:
    items = [article("mot", media=(BIG,)), article("hai", media=(BIG,))]

    assert fitting(items, {BIG: 50_000}, ROOM + 50_000).left_out == ()


def test_what_has_to_be_there_is_there_or_there_is_no_bundle() -> None:
    items = [
        article("bai", date="2026-03-01", pinned=True, media=(BIG,)),
        article("noi-quy", kind="conditions", date="2020-01-01", media=()),
    ]

    assert ids(fitting(items, {BIG: 50_000}, ROOM, needed=["conditions"]).kept) == ["noi-quy"]
    with pytest.raises(BundleError, match=r"noi-quy.*max_mb"):
        fitting(items, {}, 1000, needed=["conditions"])


@pytest.mark.parametrize("most_bytes", [200_000, 500_000])
@pytest.mark.slow
def test_a_bundle_of_what_fits_keeps_within_the_budget(tmp_path: Path, most_bytes: int) -> None:
    chance = random.Random(4)
    items = []
    for number in range(400):
        text = "\n".join(words.paragraph(chance) for _ in range(chance.randint(1, 12)))
        title = words.title(chance, number)
        html = text.replace("\n", "</p><p>").encode()
        items.append(article(f"b{number}", title_vi=title, text_vi=text, content=html, media=()))

    found = fitting(items, {}, most_bytes)
    release = build(Releases(tmp_path), found.kept, {}, 1, MADE, SIGNER)

    assert found.left_out
    assert 0.5 * most_bytes < release.manifest.total_bytes <= most_bytes
