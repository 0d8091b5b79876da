"""A release for a laboratory's access point, as staff would publish one."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from content_cache.builder import BundleItem, build
from content_cache.releases import Releases
from content_cache.signing import Signer
from portal.demo.lab import Lab
from splash import content, markup
from splash.content import Article, Audio, Content, Legal, Poll, Source, Words
from splash.example import QUIZ as EXAMPLE_QUIZ

SIGNER = Signer(b"staff of the laboratory's union---"[:32])
ARTICLE, POLL, QUIZ = "lam-them-gio", "mang-the-nao", "hieu-luat"
SOUND = bytes(range(256)) * 64
SOUND_NAME = f"{hashlib.sha256(SOUND).hexdigest()}.mp3"

ITEMS: Mapping[str, Content] = {
    ARTICLE: Article(
        "quyen-loi",
        Words("Làm thêm giờ được trả bao nhiêu?"),
        Words("Ngày thường 150%"),
        Words("<p>Tiền làm thêm mỗi giờ, ngày nghỉ hằng tuần: ít nhất <strong>200%</strong>.</p>"),
        Source("Công đoàn mẫu"),
        Legal("Bộ luật Lao động 2019, Điều 98"),
        audio=Audio(SOUND_NAME, 60),
        sample=True,
    ),
    POLL: Poll(Words("Bạn thấy mạng thế nào?"), (Words("Tốt"), Words("Chậm"))),
    QUIZ: EXAMPLE_QUIZ,
}


def item(id: str, what: Content, **changes: object) -> BundleItem:
    """An item as publishing would make it; `changes` are other columns."""
    body = what.body.vi if isinstance(what, Article) else ""
    values: dict[str, object] = {
        "id": id,
        "kind": content.kind_of(what),
        "date": "2026-11-22",
        "title_vi": content.title_of(what).vi,
        "category": what.category if isinstance(what, Article) else "",
        "revision": 1,
        "text_vi": markup.plain(body),
        "content": json.dumps(content.to_json(what)).encode(),
        "media": tuple(content.media_of(what)),
    }
    return BundleItem(**(values | changes))  # type: ignore[arg-type]


def publish(
    lab: Lab,
    more: Iterable[BundleItem] = (),
    *,
    without: str = "",
    pictures: Mapping[str, bytes] = MappingProxyType({}),
) -> int:
    """Release `ITEMS` and `more`, and have them shown; the number of the release.

    `pictures` are the bytes of what `more` shows, by name.
    """
    releases = Releases(lab.folder / "data/content")
    number = max([0, *releases.numbers()]) + 1
    media = {}
    for name, data in {SOUND_NAME: SOUND, **pictures}.items():
        media[name] = lab.folder / name
        media[name].write_bytes(data)
    items = [item(id, what) for id, what in ITEMS.items() if id != without]
    build(releases, [*items, *more], media, number, time.time(), SIGNER)
    activate(lab, number)
    return number


def activate(lab: Lab, number: int) -> None:
    """Have a release shown, and wait until the daemon says that it is."""
    before = lab.gateway.read_log("portal").count(f"release {number} is shown")
    Releases(lab.folder / "data/content").activate(number, SIGNER.public_key)
    if lab.portal is not None:
        lab.gateway.wait_until(
            lambda: lab.gateway.read_log("portal").count(f"release {number} is shown") > before,
            f"release {number} is shown",
            log="portal",
        )
