"""Pages that say the wrong charset still come out right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.mirror.charsets import Decoded, decode, for_old_fonts
from tests.newssite.articles import in_1258

TEXT = (
    "Công đoàn thành phố Hải Phòng tổ chức đối thoại: lương tối thiểu, đình công, ưu đãi,"
    " “Nghị quyết” số 1 – 2026; bữa ăn ca ở quận Ngô Quyền, Đồ Sơn."
)


def test_utf_8_is_utf_8_whatever_the_page_says() -> None:
    assert decode(TEXT.encode(), "iso-8859-1") == Decoded(TEXT, mended=True)
    assert decode(TEXT.encode(), "utf-8") == Decoded(TEXT, mended=False)
    assert decode(TEXT.encode(), "") == Decoded(TEXT, mended=False)
    assert decode(b"\xef\xbb\xbf" + TEXT.encode(), "") == Decoded(TEXT, mended=False)


def test_windows_1258_has_its_tones_joined() -> None:
    assert decode(in_1258(TEXT), "windows-1258") == Decoded(TEXT, mended=False)


@pytest.mark.parametrize("said", ["", "utf-8", "iso-8859-1", "windows-1252", "no-such-charset"])
def test_windows_1258_is_found_where_it_is_not_said(said: str) -> None:
    assert decode(in_1258(TEXT), said) == Decoded(TEXT, mended=True)


def test_the_meta_element_speaks_where_the_header_is_silent() -> None:
    page = b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1258">'

    assert decode(page + in_1258(TEXT)) == Decoded(page.decode() + TEXT, mended=False)


def test_text_that_was_encoded_twice_is_turned_back() -> None:
    by_latin = TEXT.encode().decode("latin-1")
    by_windows = TEXT.encode().decode("cp1252", "surrogateescape")
    by_windows = "".join(
        chr(ord(one) - 0xDC00) if 0xDC80 <= ord(one) <= 0xDCFF else one for one in by_windows
    )

    assert decode(by_latin.encode(), "utf-8") == Decoded(TEXT, mended=True)
    assert decode(by_windows.encode(), "utf-8") == Decoded(TEXT, mended=True)


def test_decomposed_letters_are_composed() -> None:
    assert decode("Lương".encode()) == Decoded("Lương", mended=False)


def test_a_few_broken_bytes_do_not_make_it_another_charset() -> None:
    assert decode(TEXT.encode() + b" \xff\xfe", "utf-8").text.startswith(TEXT)


def test_text_for_old_fonts_is_recognised() -> None:
    assert for_old_fonts("C«ng ®oµn thµnh phè H¶i Phßng tæ chøc héi nghÞ ng­êi lao ®éng n¨m míi")
    assert not for_old_fonts(TEXT)
    assert not for_old_fonts("The café's naïve résumé © 2026 ® ™")


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_are_some_text(body: bytes, said: str) -> None:
    assert isinstance(decode(body, said).text, str)
