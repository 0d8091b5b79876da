"""`portal content mirror`: what it says before it asks any website, and what `--try` shows."""

from datetime import datetime
from pathlib import Path

import pytest

from content_cache.mirror.articles import Article
from content_cache.mirror.dates import VIETNAM
from content_cache.mirror.sources import Source
from portal.__main__ import main
from portal.mirror_work import shown

PORTAL = """
[site]
id = "hp-001"
name = "Khu trọ"
[organisation]
name = "LĐLĐ"
unit = "Ban"
[interfaces]
phones = "br-lan"
uplink = "wan"
[storage]
data_dir = "{folder}/data"
run_dir = "{folder}/run"
"""
SOURCE = """
[[source]]
name = "ldld"
title = "LĐLĐ"
kind = "feed"
url = "http://127.0.0.1:9/rss"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "portal.toml"
    file.write_text(PORTAL.format(folder=tmp_path), encoding="utf-8")
    return file


def mirror(config: Path, *options: str) -> int:
    return main(["content", "mirror", "--config", str(config), *options])


def test_without_mirror_toml_nothing_is_copied(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mirror(config) == 2

    assert "mirror.toml: 1 problem\n  cannot be read: No such file" in capsys.readouterr().err


def test_categories_and_names_are_checked_before_any_site_is_asked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SOURCE + 'category = "tin-tuc"\n' + SOURCE.replace('"ldld"', '"b"')
    config.with_name("mirror.toml").write_text(text + 'category = "bao-hiem"', encoding="utf-8")

    assert mirror(config, "--source", "c") == 2

    said = capsys.readouterr().err
    assert 'ldld.category = "tin-tuc"   unknown; write one of cong-doan, tin' in said
    assert 'b.category = "bao-hiem"   says what the law is, which a person has to check' in said
    assert "has no source called 'c'; known are ldld, b" in said


@pytest.mark.parametrize("options", [[], ["--try"], ["--json"]])
def test_a_private_network_is_not_asked_and_the_code_says_that_nothing_came(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    config.with_name("mirror.toml").write_text(SOURCE, encoding="utf-8")

    assert mirror(config, *options) == 1

    said = capsys.readouterr().out
    assert "máy chủ 127.0.0.1 nằm trong mạng nội bộ, không được phép tải" in said
    assert (config.parent / "data" / "mirror.db").exists() == ("--try" not in options)


def test_an_article_is_shown_as_text() -> None:
    article = Article(
        "a",
        "https://a.vn/1",
        "Tên bài",
        "",
        '<h2>Phần một</h2><p>Chữ <strong>đậm</strong> và <a href="https://b.vn/">nơi khác</a>'
        ' hay <a href="/a/bai">bài kia</a>; 1 &lt; 2.</p><ul><li>một</li><li>hai</li></ul>'
        '<figure><img src="/m/x.webp" alt="Công nhân"><figcaption>Chú thích</figcaption></figure>'
        "<table><tr><td>a</td><td>b</td></tr></table>",
        datetime(2026, 5, 12, 14, 30, tzinfo=VIETNAM),
        "",
        (),
    )
    source = Source(name="a", title="LĐLĐ", kind="page", url="https://a.vn/1")

    assert shown(article, source).splitlines()[1:] == [
        "Tên bài",
        "12/05/2026 14:30 · LĐLĐ · https://a.vn/1",
        "",
        "PHẦN MỘT",
        "Chữ đậm và nơi khác <https://b.vn/> hay bài kia </a/bai>; 1 < 2.",
        "• một",
        "• hai",
        "[ảnh: Công nhân]",
        "Chú thích",
        "a | b |",
    ]
