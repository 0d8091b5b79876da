"""`mirror.toml` is read once, and every problem is told at once."""

from pathlib import Path

import pytest

from content_cache.mirror.sources import Rule, Source, SourcesError, load, parse

GOOD = """
[[source]]
name = "ldld-hp"
title = "LĐLĐ thành phố Hải Phòng"
kind = "list"
url = "https://congdoan.example/tin-tuc"
own = true
publish = "auto"
hosts = ["anh.congdoan.example"]
rule = { link = "h3 a", body = ".noi-dung", drop = [".lien-quan"] }
"""


def test_a_source_has_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "mirror.toml"
    file.write_text(GOOD, encoding="utf-8")

    [source] = load(file)

    assert source == Source(
        name="ldld-hp",
        title="LĐLĐ thành phố Hải Phòng",
        kind="list",
        url="https://congdoan.example/tin-tuc",
        own=True,
        publish="auto",
        hosts=("anh.congdoan.example",),
        rule=Rule(link="h3 a", body=".noi-dung", drop=(".lien-quan",)),
    )
    assert source.all_hosts == {"congdoan.example", "anh.congdoan.example"}
    assert source.whole


def test_somebody_elses_articles_are_whole_only_with_a_permission() -> None:
    [foreign, allowed] = parse(
        {
            "source": [
                {"name": "bao", "title": "Báo", "kind": "feed", "url": "https://bao.example/rss"},
                {"name": "b", "title": "B", "kind": "page", "url": "https://b.example/1",
                 "permission": "Thư số 12 ngày 3/2/2026"},
            ]
        }
    )  # fmt: skip

    assert not foreign.whole
    assert allowed.whole


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SourcesError) as caught:
        parse(
            {
                "sources": [],
                "source": [
                    {"name": "A B", "titel": "x", "kind": "rss", "url": "congdoan.example",
                     "own": "yes", "hosts": ["x/y"], "max_articles": 0,
                     "rule": {"body": "..", "Body": ".a"}},
                    {"name": "b", "title": "B", "kind": "list", "url": "https://b.example/",
                     "publish": "auto"},
                    {"name": "c", "title": "C", "kind": "page", "url": "https://b.example/1"},
                    {"name": "c", "title": "C", "kind": "page", "url": "https://b.example/2"},
                ],
            },
            "x.toml",
        )  # fmt: skip

    assert caught.value.problems == [
        "A B.hosts = ['x/y']   holds 'x/y', no host name; write [\"anh.example.vn\"]",
        'A B.kind = "rss"   unknown; write "feed", "sitemap", "list", "page"',
        "A B.max_articles = 0   not a whole number from 1 to 5000",
        'A B.name = "A B"   not an identifier; write small letters, digits and "-", like "ldld-hp"',
        'A B.own = "yes"   neither true nor false; write one of them, without quotes',
        "A B.rule = {'body': '..', 'Body': '.a'}"
        '   Body   unknown; did you mean "body"?; body = ".."   not a CSS selector;'
        ' write one like "h3.title a"',
        'A B.titel   unknown; did you mean "title"?',
        "A B.title is missing   Whose articles they are, as readers are told.",
        'A B.url = "congdoan.example"   not a web address; write one like'
        ' "https://example.vn/tin-tuc"',
        'b.publish = "auto"   only for pages of our own; write own = true, or "review"',
        'b.rule.link is missing   a list page needs it; write link = "h3 a"',
        "c.name   stands twice; every source has a name of its own",
        "sources   unknown; write [[source]] above each source",
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff", "is not UTF-8 text; save it as UTF-8"),
        (b"[[source]", "is not TOML"),
        (b"", "holds no source; write [[source]]"),
        (b"source = 3", "not a list of tables"),
    ],
)
def test_a_file_that_is_none_is_told_apart(tmp_path: Path, body: bytes, problem: str) -> None:
    file = tmp_path / "mirror.toml"
    file.write_bytes(body)

    with pytest.raises(SourcesError, match=problem.replace("[", r"\[")):
        load(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"mirror\.toml: 1 problem\n  cannot be read: No such"):
        load(tmp_path / "mirror.toml")
