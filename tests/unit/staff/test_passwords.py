"""Which passwords are taken."""

import pytest

from portal.staff import passwords


@pytest.mark.parametrize(
    "password",
    [
        "",
        "ngan",
        "123456789",
        "1234567890",
        "9876543210",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "matkhau123456",
        "Mật khẩu 2026!",
        "congdoan123",
        "CongDoanHaiPhong",
        "Admin@123456",
        "NguyenThiHoa1",
        "hoahoahoahoa",
        "qwerty12345",
        "x" * 201,
    ],
)
def test_what_is_short_or_easy_to_guess_is_not(password: str) -> None:
    assert passwords.refusal(password, "Nguyễn Thị Hoa") is not None


@pytest.mark.parametrize(
    "password", ["trâu vàng uống nước 7", "meo-bun-tim-83", "k3Fq9-xTz1", "con cá chép hóa rồng"]
)
def test_others_are(password: str) -> None:
    assert passwords.refusal(password, "Nguyễn Thị Hoa") is None


def test_a_keyboard_that_composes_marks_differently_types_the_same_password() -> None:
    kept = passwords.kept("m\u1eadt m\u00e3 c\u1ee7a t\u00f4i")

    assert passwords.matches("ma\u0323\u0302t ma\u0303 cu\u0309a to\u0302i", kept)
    assert not passwords.matches("mat ma cua toi", kept)
