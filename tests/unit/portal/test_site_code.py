"""The code of a house: what people do to it, and what the check character finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.site_code import CHARACTERS, Mistyped, NotACode, alike, code_of, find, typed

ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]", fullmatch=True)
places = st.integers(0, 60)


def test_the_code_is_the_id_and_one_character() -> None:
    assert code_of("hp-001") == "HP-001-U"


@pytest.mark.parametrize(
    "text",
    ["HP-001-U", "hp001u", " hp 001 u ", "Hp–001–u", "hpoo1u", "hp-00i-u", "HP-00L-u", "hp.001_u"],
)
def test_spaces_dashes_large_letters_and_what_looks_alike_do_not_matter(text: str) -> None:
    assert find(typed(text), ["hp-002", "hp-001"]) == "hp-001"


@given(ids)
def test_every_id_is_found_by_its_code(id: str) -> None:
    assert find(typed(code_of(id)), [id]) == id


@given(ids, places, st.sampled_from(CHARACTERS))
def test_every_wrong_character_is_found(id: str, place: int, other: str) -> None:
    plain = typed(code_of(id))
    place %= len(plain)
    if plain[place] == other:
        return

    with pytest.raises(Mistyped):
        typed(plain[:place] + other + plain[place + 1 :])


@given(ids, places)
def test_every_swap_of_neighbours_is_found(id: str, place: int) -> None:
    plain = typed(code_of(id))
    place %= len(plain) - 1
    one, two = plain[place], plain[place + 1]
    if one == two:
        return

    with pytest.raises(Mistyped):
        typed(plain[:place] + two + one + plain[place + 2 :])


def test_no_wrong_character_and_no_swap_of_a_code_passes() -> None:
    plain = typed(code_of("hai-phong-0427"))
    wrong = {
        plain[:at] + other + plain[at + 1 :] for at in range(len(plain)) for other in CHARACTERS
    }
    swapped = {
        plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :] for at in range(len(plain) - 1)
    }
    passed = []
    for text in (wrong | swapped) - {plain}:
        try:
            passed.append(typed(text))
        except Mistyped:
            continue

    assert passed == []


@pytest.mark.parametrize("text", ["", "x", " - ", "hp-ơ1-8", "mã 1", "hp/001/8", "'; reboot"])
def test_what_no_code_looks_like_is_told_apart(text: str) -> None:
    with pytest.raises(NotACode):
        typed(text)


def test_a_mistake_in_one_id_keeps_nobody_else_from_being_found() -> None:
    ids = ["hp_001", "Hải Phòng", "", "hp-001"]

    assert find(typed(code_of("hp-001")), ids) == "hp-001"


def test_a_house_that_is_not_in_the_list_is_not_found() -> None:
    assert find(typed(code_of("hp-009")), ["hp-001", "hp-002"]) is None


@given(st.text())
def test_whatever_is_typed_is_a_code_or_is_refused(text: str) -> None:
    try:
        plain = typed(text)
    except (NotACode, Mistyped):
        return
    assert set(plain) <= set(CHARACTERS)


def test_ids_whose_codes_could_be_taken_for_each_other_are_alike() -> None:
    assert alike("hp-o1") == alike("hp0i") != alike("hp-02")
