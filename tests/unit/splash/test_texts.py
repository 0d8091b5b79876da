"""Texts: placeholders are filled or their sentence goes, and a bad file says all that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from splash.texts import TextsError, fill, load

META = {"version": "1", "date": "2026-11-22", "sample": False}


def folder(path: Path, vi: Any, en: Any) -> Path:
    for name, document in (("vi.json", vi), ("en.json", en)):
        (path / name).write_text(json.dumps(document), encoding="utf-8")
    return path


def test_both_languages_ship_with_the_same_names_and_as_samples() -> None:
    shipped = load()

    assert shipped["vi"].entries.keys() == shipped["en"].entries.keys()
    assert shipped["vi"].sample
    assert shipped["en"].sample


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("Gọi {phone}.", {"phone": "113"}, "Gọi 113."),
        ("Hỏi? Gọi {phone}. Cảm ơn!", {"phone": ""}, "Hỏi? Cảm ơn!"),
        ("Địa chỉ: {address}", {}, ""),
        ("Còn {minutes} phút", {"minutes": 0}, "Còn 0 phút"),
        ("A & {org}", {"org": "<b>"}, "A &amp; &lt;b&gt;"),
        ("{org} nói {phone}", {"org": "{phone}", "phone": "1"}, "{phone} nói 1"),
        ("Gọi {phone}", {"phone": Markup("<a>1</a>")}, "Gọi <a>1</a>"),
        ("Thư {org}. Xong.", {"org": "TP. Hải Phòng"}, "Thư TP. Hải Phòng. Xong."),
    ],
)
def test_a_placeholder_without_a_value_takes_its_sentence_with_it(
    text: str, values: dict[str, object], filled: str
) -> None:
    assert fill(text, values) == Markup(filled)


def test_every_problem_of_both_files_is_told_at_once(tmp_path: Path) -> None:
    vi = {
        "_meta": {"version": 1, "date": "2026-11-22", "sample": True},
        "a": {"one": "x {nguoi}", "two": "ok", "list": ["x"], "empty": " "},
        "b": "text",
    }
    en = {"a": {"one": "x {", "list": "x", "empty": "y", "three": ["y", 3]}}

    with pytest.raises(TextsError) as refused:
        load(folder(tmp_path, vi, en), needed=["c.title"])

    problems = str(refused.value)
    for problem in (
        "vi.json: _meta.version = 1: write a version",
        "vi.json: a.one: {nguoi} is not known",
        "vi.json: a.empty = ' ': write a text",
        "vi.json: b: write an object",
        "vi.json: c.title: missing",
        "en.json: _meta: missing",
        "en.json: a.one: a brace",
        "en.json: a.three = ['y', 3]",
        "en.json: a.two: missing",
        "en.json: c.title: missing",
        "a.list: a text in one language, a list in the other",
    ):
        assert problem in problems
    # a.empty was refused in Vietnamese, so it is missing there too.
    assert problems.startswith("texts: 12 problems\n")


def test_a_file_that_is_missing_or_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text("{,}", encoding="utf-8")

    with pytest.raises(TextsError) as refused:
        load(tmp_path)

    assert "vi.json: cannot be read: No such file" in str(refused.value)
    assert "en.json: not JSON" in str(refused.value)


@pytest.mark.parametrize("document", [[], "text", None, 3])
def test_json_that_is_no_object_is_refused(tmp_path: Path, document: Any) -> None:
    with pytest.raises(TextsError, match="_meta: missing"):
        load(folder(tmp_path, document, {"_meta": META}))
