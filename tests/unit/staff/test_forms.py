import pytest

from portal.staff import forms
from portal.staff.forms import Times, WrongTimes, from_plain, mapping_of, times_of
from splash import content

NOON = 1795392000.0 + 5 * 3600


def test_names_with_dots_become_objects_and_lists() -> None:
    fields = [
        ("_base", "3"),
        ("title.vi", "Thi"),
        ("questions.0.text.vi", "Hỏi?"),
        ("questions.0.options.0.vi", "A"),
        ("questions.0.options.1.vi", "B"),
        ("questions.0.options.2.vi", ""),
        ("questions.0.answer", "1"),
        ("questions.1.text.vi", ""),
        ("questions.1.options.0.vi", ""),
        ("draw", "no"),
        ("draw", "yes"),
    ]

    assert mapping_of("quiz", fields) == {
        "title": {"vi": "Thi"},
        "questions": [{"text": {"vi": "Hỏi?"}, "options": [{"vi": "A"}, {"vi": "B"}], "answer": 1}],
        "draw": True,
    }


def test_an_empty_place_between_others_stays_so_that_the_right_option_stays_right() -> None:
    fields = [("options.0.vi", "A"), ("options.1.vi", ""), ("options.2.vi", "C")]

    assert mapping_of("poll", fields) == {"options": [{"vi": "A"}, {"vi": ""}, {"vi": "C"}]}


def test_a_picture_without_a_file_is_none() -> None:
    fields = [("poster.name", ""), ("poster.width", ""), ("poster.alt.vi", "Ảnh")]

    assert mapping_of("splash", fields) == {"poster": None}


@pytest.mark.parametrize("name", ["__proto__.x", "title.vi.x", "a" * 30, "title..vi", "0.vi", "T"])
def test_names_that_no_form_has_do_no_harm(name: str) -> None:
    found = mapping_of("notice", [("title.vi", "A"), (name, "x"), ("body.vi", "b")])

    content.read("notice", found)
    assert found["body"] == {"vi": "b"}


@pytest.mark.parametrize("kind", content.KINDS)
def test_what_is_written_comes_back_from_its_own_form(kind: str) -> None:
    """An empty form is nothing but a draft, whatever its kind."""
    made, _ = content.read(kind, mapping_of(kind, []))

    assert content.read(kind, content.to_json(made))[0] == made
    assert forms.KIND_WORDS[kind]


def test_every_category_has_words() -> None:
    assert tuple(forms.CATEGORY_WORDS) == content.CATEGORIES


def test_plain_text_becomes_paragraphs() -> None:
    assert from_plain("Một & hai\r\nba\r\n\r\n2 < 3") == "<p>Một &amp; hai<br>ba</p><p>2 &lt; 3</p>"
    assert from_plain("<p>đã là HTML</p>") == "<p>đã là HTML</p>"


def test_times_are_those_of_the_site() -> None:
    found = times_of("2026-11-09T08:00", "2027-01-01T00:00", NOON)

    assert found == Times(1794186000.0, 1798736400.0)
    assert forms.field_time(found.begins) == "2026-11-09T08:00"
    assert times_of("", "", NOON) == Times(None, None)


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("hôm nay", "", forms.WRONG_TIME),
        ("2026-13-01T00:00", "", forms.WRONG_TIME),
        ("2026-11-09T08:00+00:00", "", forms.WRONG_TIME),
        ("9999-01-01T00:00", "", forms.WRONG_TIME),
        ("2027-01-02T08:00", "2027-01-01T08:00", forms.BACKWARDS),
        ("", "2020-01-01T00:00", forms.OVER),
    ],
)
def test_times_that_cannot_be_meant_are_refused(begins: str, ends: str, said: object) -> None:
    with pytest.raises(WrongTimes) as refused:
        times_of(begins, ends, NOON)

    assert refused.value.said == said


def test_titles_are_found_without_marks() -> None:
    assert forms.found_in("dong phuc", "Áo ĐỒNG PHỤC mới")
    assert not forms.found_in("đồng hồ", "Áo đồng phục mới")
