"""A small bundle, and a store to put it in."""

import hashlib
from dataclasses import replace
from pathlib import Path

from content_cache.builder import BundleItem, build
from content_cache.releases import Release, Releases
from content_cache.signing import Signer

SIGNER = Signer(b"a key for tests, of thirty-two b")
STRANGER = Signer(b"another key that nobody trusts, ")
KEY = SIGNER.public_key
POSTER = b"the bytes of a poster"
POSTER_NAME = hashlib.sha256(POSTER).hexdigest() + ".webp"
SITE, MADE = "hp-001", 1_790_000_000.0

ARTICLE = BundleItem(
    id="luong-toi-thieu",
    kind="article",
    date="2026-11-01",
    title_vi="Lương tối thiểu vùng",
    summary_vi="Mức thấp nhất mà người lao động được trả",
    category="quyen-loi",
    revision=3,
    text_vi="Từ ngày 01/7, mức lương tối thiểu tăng. Hỏi Công đoàn nếu chưa rõ.",
    content=b'{"body": "..."}',
    media=(POSTER_NAME,),
)
NOTICE = BundleItem(
    id="cat-dien",
    kind="notice",
    sites=(SITE,),
    begins=MADE + 100,
    ends=MADE + 200,
    date="2026-11-02",
    title_vi="Cắt điện ngày thứ bảy",
    revision=1,
    text_vi="Điện, nước tạm ngừng từ 8 giờ.",
    content=b"{}",
)


def article(id: str, **changes: object) -> BundleItem:
    return replace(ARTICLE, id=id, **changes)  # type: ignore[arg-type]


def released(store: Releases, number: int, *items: BundleItem, signer: Signer = SIGNER) -> Release:
    """Build a release of `items`, or of the article and the notice; it is not active."""
    store.folder.mkdir(parents=True, exist_ok=True)
    poster: Path = store.folder.parent / "poster"
    poster.write_bytes(POSTER)
    return build(store, items or (ARTICLE, NOTICE), {POSTER_NAME: poster}, number, MADE, signer)


def published(store: Releases, number: int, folder: Path) -> None:
    """Put release `number` into a folder as it is in a web space."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    for name in store.release(number).manifest.files:
        (folder / "files" / name).write_bytes(store.file(name).read_bytes())
    (folder / "bundle.json").write_bytes(store.signed(number))
