"""What `portal content mirror --try` shows of copied articles."""

import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from content_cache.mirror.articles import Article, Media
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.sources import Source
from portal import config
from portal.content_desk import ContentError
from portal.mirror_try import as_text, write_pages

WEBP = Media("a" * 64 + ".webp", b"a picture", 480, 300)
COPY = Article(
    "bai-mot",
    "https://a.vn/1",
    "Tên bài",
    "",
    '<h2>Phần một</h2><p>Chữ <strong>đậm</strong> và <a href="https://b.vn/">nơi khác</a>'
    ' hay <a href="/a/bai-hai">bài kia</a>; 1 &lt; 2.</p><ul><li>một</li><li>hai</li></ul>'
    f'<figure><img src="/m/{WEBP.name}" alt="Công nhân"><figcaption>Chú thích</figcaption></figure>'
    "<table><tr><td>a</td><td>b</td></tr></table>",
    datetime(2026, 5, 12, 14, 30, tzinfo=VIETNAM),
    "",
    (WEBP,),
)
SOURCE = Source(name="a", title="LĐLĐ", kind="page", url="https://a.vn/1", own=True)
CONFIG = config.parse(
    tomllib.loads(
        """
        site = { id = "hp-001", name = "Khu trọ" }
        organisation = { name = "LĐLĐ", unit = "Ban" }
        interfaces = { phones = "br-lan", uplink = "wan" }
        """
    )
)


def test_an_article_is_shown_as_text() -> None:
    assert as_text(COPY, SOURCE).splitlines()[1:] == [
        "Tên bài",
        "12/05/2026 14:30 · LĐLĐ · https://a.vn/1",
        "",
        "PHẦN MỘT",
        "Chữ đậm và nơi khác <https://b.vn/> hay bài kia </a/bai-hai>; 1 < 2.",
        "• một",
        "• hai",
        "[ảnh: Công nhân]",
        "Chú thích",
        "a | b |",
    ]


def test_pages_are_those_of_phones_and_need_nothing_else(tmp_path: Path) -> None:
    other = replace(COPY, id="bai-hai", html="<p>Chữ</p>", media=())

    files = write_pages(tmp_path / "thu", [COPY, other], SOURCE, CONFIG)

    assert [file.name for file in files] == ["bai-mot.html", "bai-hai.html"]
    page = files[0].read_text(encoding="utf-8")
    assert "<h1>Tên bài</h1>" in page
    assert '<img src="data:image/webp;base64,YSBwaWN0dXJl" alt="Công nhân">' in page
    assert '<a href="bai-hai.html">bài kia</a>' in page
    assert "<a>nơi khác</a> <small>(cần Internet)</small>" in page
    assert "Nguồn: LĐLĐ. Đăng ngày 12/05/2026" in page


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ContentError, match="file"):
        write_pages(tmp_path / "file", [COPY], SOURCE, CONFIG)
