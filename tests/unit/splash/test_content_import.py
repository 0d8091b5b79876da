"""Content from files: read whole, or every problem of every file named."""

import json
from pathlib import Path
from typing import Any

import pytest

from splash.content import Article, Quiz, Words
from splash.content_import import SAMPLES, ImportProblems, read

QUIZ: dict[str, Any] = {
    "_meta": {"lang": "vi", "sample": True},
    "id": "thi-1",
    "title": "Thi",
    "questions": [
        {
            "id": "q1",
            "text": "Bao nhiêu?",
            "options": ["1", "2"],
            "answer": 1,
            "explain": "Hai.",
            "legal_basis": "Điều 1",
        }
    ],
}
ARTICLE = '---\ntitle: "Tin"\nlang: vi\ncategory: tin\nauthor: "Ban"\n---\nChữ.\n'


def written(path: Path, document: object) -> Path:
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return path


def problems(*paths: Path) -> tuple[str, ...]:
    with pytest.raises(ImportProblems) as error:
        read(paths)
    return error.value.problems


def test_what_is_shipped_is_eight_articles_and_a_quiz_ready_for_review() -> None:
    found = read(SAMPLES)

    assert len([one for one in found if isinstance(one.content, Article)]) == 8
    [quiz] = [one.content for one in found if isinstance(one.content, Quiz)]
    assert (len(quiz.questions), quiz.sample) == (5, True)
    assert all(one.unfinished == () for one in found)


def test_the_questions_of_the_shipped_quiz_lead_to_shipped_articles() -> None:
    found = {one.id: one.content for one in read(SAMPLES)}
    quiz = found["quiz-mau-01"]
    assert isinstance(quiz, Quiz)

    assert {question.article for question in quiz.questions} <= found.keys()


def test_a_quiz_is_read_as_it_was_written(tmp_path: Path) -> None:
    [one] = read([written(tmp_path / "x.json", QUIZ)])

    assert one.id == "thi-1"
    assert isinstance(one.content, Quiz)
    assert one.content.title == Words("Thi")
    assert one.content.questions[0].options == (Words("1"), Words("2"))


def test_a_quiz_without_an_id_is_called_as_its_file(tmp_path: Path) -> None:
    quiz = {name: part for name, part in QUIZ.items() if name != "id"}

    assert read([written(tmp_path / "thi-2.vi.json", quiz)])[0].id == "thi-2"


def test_an_english_quiz_lacks_its_vietnamese(tmp_path: Path) -> None:
    [one] = read([written(tmp_path / "x.json", QUIZ | {"_meta": {"lang": "en"}})])

    assert "title.vi" in [problem.field for problem in one.unfinished]
    assert isinstance(one.content, Quiz)
    assert one.content.title == Words("", "Thi")


def test_what_is_still_missing_is_told_and_kept(tmp_path: Path) -> None:
    [one] = read([written(tmp_path / "x.md", ARTICLE.replace("tin\n", "quyen-loi\n"))])

    assert "legal.checked_by" in [problem.field for problem in one.unfinished]


def test_every_problem_of_every_file_is_named(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / "a.md", "no front matter"),
        written(tmp_path / "b.md", ARTICLE.replace("tin\n", "the-thao\n")),
        written(tmp_path / "c.md", ARTICLE.replace("Chữ.", "```\ncode\n```")),
        written(tmp_path / "d.json", "{"),
        written(tmp_path / "e.json", []),
        written(tmp_path / "f.json", QUIZ | {"id": "../x"}),
        written(tmp_path / "g.json", QUIZ | {"questions": ["one"], "title": 5}),
        written(tmp_path / "h.json", "[" * 100_000),
        tmp_path / "missing.md",
        tmp_path / "x.docx",
    ]
    (tmp_path / "i.md").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").mkdir()

    found = problems(*paths, tmp_path / "i.md", tmp_path / "empty")

    starts = [
        "a.md: front matter",
        "b.md: category: Category: not chosen",
        "c.md: body.vi: Text: formatting that cannot be used (<pre>)",
        "d.json: not JSON",
        "e.json: _meta.lang: missing",
        "f.json: id = '../x'",
        "g.json: title: Title: not",
        "g.json: questions.0: Questions, Question 1: not an object",
        "h.json: not JSON",
        "missing.md: cannot be read: No such file",
        "x.docx: articles end with .md",
        "i.md: byte 0 is not UTF-8",
        "empty: no *.md and no *.json in it",
    ]
    assert len(found) == len(starts)
    for problem, start in zip(found, starts, strict=True):
        assert problem.startswith(f"{tmp_path}/{start}"), problem


def test_two_files_with_one_id_are_named(tmp_path: Path) -> None:
    paths = [written(tmp_path / name, QUIZ) for name in ("a.json", "b.json")]

    assert problems(*paths) == (f"{paths[1]}: id = thi-1: {paths[0]} has the same",)
