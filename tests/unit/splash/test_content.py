"""Content: read whole, given back the same, and every problem told in an editor's words."""

import unicodedata
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splash import content, texts
from splash.content import (
    CATEGORIES,
    KINDS,
    Article,
    Content,
    ContentProblems,
    Item,
    Notice,
    Phones,
    Poll,
    Source,
    Splash,
    Words,
    draft,
    item_problems,
    kind_of,
    media_of,
    overdue,
    parse,
    read,
    slug_of,
    title_of,
    to_json,
)
from tests.unit.splash.contents import ARTICLE, EVERY, NOTICE, PICTURE, QUIZ

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def problems(kind: str, mapping: object) -> dict[str, str]:
    """Field -> what an editor is told."""
    return {problem.field: problem.vi for problem in read(kind, mapping)[1]}


def changed(of: Content, **values: object) -> dict[str, Any]:
    return to_json(of) | values


@pytest.mark.parametrize("one", EVERY, ids=kind_of)
def test_what_is_given_back_is_read_the_same(one: Content) -> None:
    assert parse(kind_of(one), to_json(one)) == one


def test_there_is_an_example_of_every_kind() -> None:
    assert {kind_of(one) for one in EVERY} == set(KINDS)


@given(st.sampled_from(sorted(KINDS)), JSON)
def test_whatever_comes_gives_problems_and_never_an_exception(kind: str, found: object) -> None:
    read(kind, found)


@given(st.sampled_from(EVERY), st.integers(0, 8), st.none() | st.just("") | st.just({}) | JSON)
def test_what_can_be_kept_as_a_draft_is_read_the_same_again(
    good: Content, which: int, found: object
) -> None:
    """Whatever is put into one of its fields."""
    mapping = to_json(good)
    mapping[sorted(mapping)[which % len(mapping)]] = found
    kept, wrong = read(kind_of(good), mapping)

    if all(problem.may_wait for problem in wrong):
        assert draft(kind_of(good), to_json(kept)) == kept


def test_an_answer_not_chosen_yet_is_not_the_first_option() -> None:
    quiz = to_json(QUIZ)
    quiz["questions"][0]["answer"] = None

    assert list(problems("quiz", to_json(draft("quiz", quiz)))) == ["questions.0.answer"]


def test_every_problem_is_told_at_once_in_the_words_of_the_form() -> None:
    broken = {
        "category": "",
        "title": {"vi": "  ", "en": "x" * 121},
        "summary": {"vi": "Ngắn"},
        "body": {"vi": "<p>Chữ</p><script>alert(1)</script>"},
        "source": {"name": "Báo", "url": "javascript:alert(1)"},
        "legal": {"checked_on": "22/11/2026"},
        "picture": {"name": "../x.webp", "alt": {"vi": ""}, "width": 480, "height": True},
        "sample": "yes",
        "colour": "red",
    }

    assert problems("article", broken) == {
        "category": "Chuyên mục: chưa chọn; hãy chọn một chuyên mục.",
        "title.vi": "Tiêu đề: đang để trống; hãy điền vào.",
        "title.en": "Tiêu đề, tiếng Anh: dài 121 ký tự; nhiều nhất 120, hãy rút gọn.",
        "body.vi": "Nội dung: có định dạng không dùng được (<script>); "
        "hãy bôi đen đoạn đó và xóa định dạng.",
        "source.url": "Nguồn, địa chỉ trang gốc: không phải địa chỉ trang web; "
        "hãy chép cả https://…",
        "legal.checked_on": "Pháp lý, ngày kiểm tra: ngày không đúng; hãy chọn trong lịch.",
        "picture.name": "Ảnh, tệp ảnh: tệp chưa tải lên; hãy chọn lại tệp.",
        "picture.alt.vi": "Ảnh, lời tả ảnh: đang để trống; hãy điền vào.",
        "picture.height": "Ảnh, chiều cao: phải là số từ 1 đến 4000.",
        "sample": "Bài mẫu: hãy chọn có hoặc không.",
        "colour": "không có mục “colour”.",
    }


def test_a_list_numbers_its_parts_for_people_from_one() -> None:
    quiz = changed(QUIZ)
    quiz["questions"][0]["options"][1] = {"vi": ""}

    assert problems("quiz", quiz) == {
        "questions.0.options.1.vi": "Các câu hỏi, Câu 1, các đáp án, Đáp án 2: "
        "đang để trống; hãy điền vào."
    }


def test_the_error_names_every_field_in_english() -> None:
    with pytest.raises(ContentProblems) as error:
        parse("notice", {"title": {"vi": ""}, "body": {"vi": 5}})

    assert str(error.value) == (
        "title.vi: Title: empty; fill it in.\n"
        "body.vi: Text: not a text.\n"
        "body.vi: Text: empty; fill it in."
    )


def test_a_draft_may_be_empty_but_not_dangerous() -> None:
    assert draft("notice", {}) == Notice(Words(""), Words(""))
    with pytest.raises(ContentProblems, match="script"):
        draft("notice", {"body": {"vi": "<script>1</script>"}})


def test_a_draft_keeps_a_text_that_is_still_too_long() -> None:
    long = "<p>" + "chữ " * 2_000 + "</p>"

    kept = draft("notice", {"title": {"vi": "Tin"}, "body": {"vi": long}})

    assert isinstance(kept, Notice)
    assert kept.body.vi == long.replace(" </p>", " </p>")
    assert list(problems("notice", to_json(kept))) == ["body.vi"]


@pytest.mark.parametrize("body", ["x" * 30_001, "<br>" * 7_000])
def test_a_text_out_of_all_proportion_is_not_kept(body: str) -> None:
    with pytest.raises(ContentProblems):
        draft("notice", {"title": {"vi": "Tin"}, "body": {"vi": body}})


def test_an_empty_page_of_the_editor_is_empty() -> None:
    assert problems("notice", {"title": {"vi": "Tin"}, "body": {"vi": "<p></p>"}}) == {
        "body.vi": "Nội dung: đang để trống; hãy điền vào."
    }


def test_a_picture_alone_is_a_text() -> None:
    body = f'<p><img src="/m/{"a" * 64}.webp" alt="Lịch cúp nước"></p>'

    assert problems("notice", {"title": {"vi": "Tin"}, "body": {"vi": body}}) == {}


def test_text_is_nfc_and_without_what_cannot_be_seen() -> None:
    pasted = unicodedata.normalize("NFD", "\ufeffTiền\u00a0lương\u200b  tháng\u202e này\t\ud800")

    found = parse("notice", {"title": {"vi": pasted}, "body": {"vi": "<p>Đủ</p>"}})

    assert title_of(found) == Words("Tiền lương tháng này")


@pytest.mark.parametrize(
    ("kind", "mapping", "field"),
    [
        ("poll", {"question": {"vi": "?"}, "options": [{"vi": "một"}]}, "options"),
        ("poll", {"question": {"vi": "?"}, "options": [{"vi": "x"}] * 7}, "options"),
        ("poll", {"question": {"vi": "?"}, "options": [{"vi": "x"}] * 100}, "options"),
        ("poll", {"question": {"vi": "?"}, "options": "hai"}, "options"),
        ("phones", {"numbers": [{"name": {"vi": "X"}, "number": "gọi tôi"}]}, "numbers.0.number"),
        ("splash", {"title": "Wi-Fi", "welcome": {"vi": "Chào"}}, "title"),
        ("splash", {"title": {"vi": "W", "fr": "W"}, "welcome": {"vi": "Chào"}}, "title"),
        ("campaign", changed(EVERY[4], leads_to="../x"), "leads_to"),
        ("article", changed(ARTICLE, legal=[]), "legal"),
        ("article", changed(ARTICLE, legal={"review_by": "1999-01-01"}), "legal.review_by"),
        ("article", changed(ARTICLE, picture={"name": ""}), "picture.width"),
        ("article", changed(ARTICLE, category="the-thao"), "category"),
        ("article", changed(ARTICLE, audio={"name": "c" * 64 + ".m4a"}), "audio.seconds"),
    ],
)
def test_each_field_has_its_own_rule(kind: str, mapping: object, field: str) -> None:
    assert field in problems(kind, mapping)


def test_the_right_answer_is_one_of_the_options() -> None:
    quiz = changed(QUIZ)
    quiz["questions"][0]["answer"] = 2

    assert problems("quiz", quiz) == {
        "questions.0.answer": "Các câu hỏi, Câu 1, đáp án đúng: "
        "không có trong các đáp án; hãy chọn lại."
    }


def test_an_article_about_the_law_says_who_checked_it_and_until_when() -> None:
    bare = {
        "legal.basis": "Pháp lý, căn cứ pháp luật",
        "legal.checked_by": "Pháp lý, người kiểm tra",
        "legal.checked_on": "Pháp lý, ngày kiểm tra",
        "legal.review_by": "Pháp lý, xem lại trước ngày",
    }
    why = ": đang để trống; bài nói về pháp luật phải có."

    assert problems("article", changed(ARTICLE, legal={})) == {
        field: words + why for field, words in bare.items()
    }
    unset = {"checked_on": "", "review_by": None}
    assert problems("article", changed(ARTICLE, legal=unset, category="tin")) == {}
    assert problems("article", changed(ARTICLE, legal={}, sample=True)) == {}


def test_news_that_names_a_law_needs_the_check_too() -> None:
    legal = {"basis": "Điều 98"}

    assert "legal.checked_by" in problems("article", changed(ARTICLE, legal=legal, category="tin"))


def test_a_review_is_due_after_the_check() -> None:
    legal = to_json(ARTICLE)["legal"] | {"review_by": "2026-11-01"}

    assert list(problems("article", changed(ARTICLE, legal=legal))) == ["legal.review_by"]


def test_a_foreign_article_without_permission_is_a_short_note_with_a_link() -> None:
    url = "https://bao.example/tin"
    source = {"name": "Báo", "url": url}
    whole = changed(ARTICLE, body={"vi": f"<p>{'chữ ' * 100}</p>"}, source=source)
    short = whole | {"body": {"vi": "<p>Hai dòng.</p>"}}
    allowed = whole | {"source": source | {"permission": "Thư ngày 1/11"}}

    assert list(problems("article", whole)) == ["body.vi"]
    assert problems("article", short) == {}
    assert problems("article", allowed) == {}


def test_an_article_is_overdue_after_its_last_day() -> None:
    assert not overdue(ARTICLE, date(2027, 2, 28))
    assert overdue(ARTICLE, date(2027, 3, 1))
    assert not overdue(replace(ARTICLE, legal=content.Legal()), date(2027, 3, 1))
    assert not overdue(NOTICE, date(2027, 3, 1))


def test_every_picture_and_sound_of_an_item_is_known() -> None:
    assert media_of(ARTICLE) == {PICTURE.name, "b" * 64 + ".webp", "c" * 64 + ".m4a"}
    assert media_of(QUIZ) == frozenset()


@pytest.mark.parametrize("one", EVERY, ids=kind_of)
def test_everything_has_a_title(one: Content) -> None:
    assert title_of(one).vi


def test_readers_have_a_word_for_every_category() -> None:
    for words in texts.load().values():
        assert {f"category.{one}" for one in CATEGORIES} <= words.entries.keys()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Làm thêm giờ được trả bao nhiêu?", "lam-them-gio-duoc-tra-bao-nhieu"),
        ("ĐÌNH CÔNG – Điều 5", "dinh-cong-dieu-5"),
        ("工会", "muc"),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_an_id_is_made_of_the_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug
    assert item_problems(Item(slug, "article")) == ()


def test_an_envelope_tells_all_its_problems() -> None:
    wrong = item_problems(Item("../etc", "page", sites=("hp-001", "HP 2")))

    assert [problem.field for problem in wrong] == ["id", "kind", "sites"]


def test_some_kinds_are_named_as_the_tables_name_them() -> None:
    assert [kind_of(NOTICE), KINDS["article"], KINDS["poll"]] == ["notice", Article, Poll]
    assert {Splash, Phones} <= set(KINDS.values())
    assert Source("x").permission == ""
