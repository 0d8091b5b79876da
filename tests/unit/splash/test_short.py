"""Short addresses: the same everywhere, found again as typed, and drawn as they must be."""

import re

import pytest
import segno

from splash import short

IDS = [f"bai-so-{number}" for number in range(3000)]


def test_every_article_of_a_large_release_has_letters_of_its_own() -> None:
    codes = [short.code_of(id) for id in IDS]

    assert len(set(codes)) == len(IDS)
    assert all(len(code) == short.LENGTH and set(code) <= set(short.LETTERS) for code in codes)
    # They are on posters: they never change.
    assert short.code_of("02-lam-them-gio") == "6pxn6z"


@pytest.mark.parametrize("id", [IDS[0], IDS[1999]])
def test_letters_lead_back_in_capitals_too(id: str) -> None:
    assert short.find(short.code_of(id), IDS) == id
    assert short.find(short.code_of(id).upper(), IDS) == id


@pytest.mark.parametrize("typed", ["", "222222", "k3mp7", "k3mp7ww", "k3mp7!", "ｋ3mp7w", "0" * 6])
def test_other_letters_lead_nowhere(typed: str) -> None:
    assert short.find(typed, IDS) is None


# Its padding of some lengths is another one, which readers do not look at.
@pytest.mark.parametrize(
    "address",
    ["http://wifi.congdoan.home.arpa/d/k3mp7", "http://wifi.khu-tro.home.arpa/d/k3mp7wxyz"],
)
def test_the_picture_is_what_another_maker_of_such_pictures_draws(address: str) -> None:
    path, width = short.picture(address)

    drawn = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", path)
        for step in range(int(length))
    }
    code = segno.make_qr(address.upper(), error="l", mask=0, boost_error=False)
    rows = enumerate(code.matrix_iter(border=4))
    assert drawn == {(x, y) for y, row in rows for x, dark in enumerate(row) if dark}
    assert width == 25 + 8
