"""The papers as they come out of a printer: one page, white margins, letters that can be found and
copied, and codes that a reader reads."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paper import draw_handover, draw_poster, draw_rules, fonts
from paper.fonts import VIETNAMESE, Family
from paper.handover import handover
from paper.poster import poster
from paper.rules import rules
from paper.selftest import Finding, SelfTest
from paper.sheet import FontProblem, Sheet
from paper.wifi import code_of
from portal.schedule import Day, Schedule, parse_hours
from splash.content import Conditions, Words
from splash.edition import PLAIN, Edition, Shown
from tests.unit.paper.places import TEXTS, Printed, place

pytestmark = pytest.mark.slow

LONG = "Liên đoàn Lao động thành phố Hải Phòng và Công đoàn các Khu công nghiệp, Khu kinh tế " * 4
HARD = 'Nhà "số 1"; \\trọ:, 📶'
DIFFERENT = Schedule(
    (
        *[Day(14400, parse_hours("05:00-23:30"), 36000)] * 5,
        Day(21600, parse_hours("05:00-02:00"), 36000),
        Day(14400, None, 36000),
    )
)
CHECKS = tuple(
    Finding(
        n % 3 > 0,
        n != 5,
        f"mục kiểm tra số {n}",
        "không có dịch vụ DNS nào trả lời điện thoại trong hai giây",
        "vào trang quản lý của modem, tắt Wi-Fi 2,4 GHz và 5 GHz, rồi tự kiểm tra lại"
        * (n % 3 == 0),
    )
    for n in range(12)
)
TEST = SelfTest(datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "hp-001", "0.1.0", "GL-MT3000", CHECKS)
LONG_RULES = Conditions(
    short=tuple(Words(f"Điều {n}: " + "giữ mạng cho mọi người cùng dùng " * 5) for n in range(7)),
    body=Words("<p>Nội quy đầy đủ của khu trọ, ai ở đây cũng phải theo.</p>" * 40),
)


def printed(sheet: Sheet) -> Printed:
    return Printed(sheet.pdf())


def the_poster(**changed: Any) -> Sheet:
    return draw_poster.drawn(poster(place(**changed), TEXTS), fonts.find("sans"))


def the_rules(edition: Edition = PLAIN, **changed: Any) -> Sheet:
    said = rules(place(**changed), TEXTS, edition, "0.2-mau")
    return draw_rules.drawn(said, fonts.find("sans"))


def the_handover(test: SelfTest | None = None, **changed: Any) -> Sheet:
    return draw_handover.drawn(handover(place(**changed), test), fonts.find("serif"))


EVERY_WAY: dict[str, Callable[[], Sheet]] = {
    "poster": the_poster,
    "poster, long": lambda: the_poster(name=LONG, org=LONG, unit=LONG, address=LONG),
    "poster, hard": lambda: the_poster(ssid=HARD, week=DIFFERENT, phone="", host="w" * 60 + ".vn"),
    "rules": the_rules,
    "rules, long": lambda: the_rules(
        name=LONG, org=LONG, unit=LONG, address=LONG, responsible=LONG
    ),
    "handover": the_handover,
    "handover, tested": lambda: the_handover(TEST),
    "handover, long": lambda: the_handover(TEST, name=LONG, org=LONG, unit=LONG, ssid=HARD),
}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_sheet_is_one_page_with_white_margins(way: str) -> None:
    sheet = printed(EVERY_WAY[way]())

    assert sheet.pages == 1
    assert min(sheet.margins_mm) > 7, "office printers leave some 5 mm white"


@pytest.mark.parametrize("way", EVERY_WAY)
def test_its_text_is_vietnamese_in_one_form(way: str) -> None:
    text = printed(EVERY_WAY[way]()).text

    assert text == unicodedata.normalize("NFC", text)
    assert {"ộ", "ễ"} & set(text.lower())


def test_the_poster_says_all_that_a_worker_needs() -> None:
    text = printed(the_poster(week=DIFFERENT)).text

    for told in (
        "LĐLĐ thành phố Hải Phòng đài thọ",
        "Khu trọ Hồng Phong",
        "WI-FI MIỄN PHÍ CHO NGƯỜI Ở TRỌ",
        "FREE WI-FI FOR RESIDENTS",
        "Wi-Fi Công đoàn",
        "Chờ trang chào hiện ra",
        "Mỗi lần dùng từ 4 giờ đến 6 giờ.",
        "thứ Bảy 5:00–2:00 hôm sau; Chủ nhật nghỉ.",
        "tối đa 10 giờ một ngày",
        "Ai hỏi tiền là lừa đảo.",
        "Mạng hỏng, gọi: 0225 000 0000",
        "gõ wifi.congdoan.home.arpa",
    ):
        assert told in text, told


def test_what_a_worker_has_to_do_can_be_read_from_two_metres() -> None:
    """5 minutes of arc are 3 mm there: capitals of 19 pt have 4.8 mm."""
    sizes = printed(the_poster()).word_pt
    line = 1.36  # Of Noto Sans, for each point of size.

    assert sizes["Bấm"] >= 19 * line
    assert sizes["trang"] >= 19 * line
    assert sizes["Công"] >= 30 * line
    assert sizes["gọi:"] >= 24 * line
    assert min(sizes.values()) > 8 * line


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_sheet_is_cheap_to_print(way: str) -> None:
    assert printed(EVERY_WAY[way]()).ink < 0.14


def test_without_a_telephone_the_poster_names_the_button() -> None:
    text = printed(the_poster(phone="")).text

    assert "gọi" not in text
    assert "Mạng hỏng? Bấm “Báo mạng hỏng” ở cuối trang chào." in text


@pytest.mark.parametrize("name", ["Wi-Fi Công đoàn", HARD, "W" * 32, "ộ" * 10, "a\\;:b", "😀"])
def test_the_code_is_read_from_the_printed_poster(name: str) -> None:
    assert printed(the_poster(ssid=name)).codes == [code_of(name)]


def test_a_name_is_never_cut() -> None:
    for name in ("W" * 32, "ộ" * 10 + "WW", "Nhà trọ Hồng Phong 2"):
        text = printed(the_poster(ssid=name)).text.replace(" ", "")
        assert name.replace(" ", "") in text, name


def test_a_character_that_no_font_has_is_told() -> None:
    family = fonts.find("sans")
    plain = Family(family.regular, family.bold, family.italic)
    sheet = draw_poster.drawn(poster(place(ssid="Nhà 📶"), TEXTS), plain)

    assert sheet.missing == {"📶"}


def test_the_rules_have_their_version_and_a_mark_to_compare() -> None:
    text = printed(the_rules()).text

    assert "BÀI MẪU – chưa phê duyệt" in text
    assert f"Bản {TEXTS['vi'].version}, ngày" in text
    assert "Phiên bản khi bấm đồng ý: 0.2-mau." in text
    assert f"Mã kiểm tra: {rules(place(), TEXTS, PLAIN, '').fingerprint}." in text
    for point in TEXTS["vi"].entries["terms.short"]:
        assert point in text


def test_rules_that_are_too_long_for_a_page_go_on_and_nothing_is_left_out() -> None:
    edition = Edition(conditions=Shown("noi-quy", LONG_RULES, "2026-11-22", 1))
    sheet = printed(the_rules(edition))

    assert sheet.pages == 2
    assert sheet.text.count("Nội quy đầy đủ của khu trọ, ai ở đây cũng phải theo.") == 40
    assert sheet.text.count("Mã kiểm tra: ") == 2
    assert "Trang 2." in sheet.text


def test_the_handover_sheet_has_every_check_and_who_signs() -> None:
    text = printed(the_handover(TEST)).text

    for told in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "BIÊN BẢN",
        "Số: ........ /BB-........",
        "Loại thiết bị: GL-MT3000",
        "Máy tự kiểm tra lúc 09:30 ngày 26/11/2026: 7/12 mục đạt, 1 mục máy không xem được.",
        "Đã tắt Wi-Fi của modem (ONT)",
        "lập thành 02 bản",
        *("KỸ THUẬT VIÊN", "CHỦ NHÀ TRỌ", "ĐẠI DIỆN CÔNG ĐOÀN"),
    ):
        assert told in text, told
    assert text.count("CHƯA ĐẠT – ") == 4
    for finding in CHECKS:
        assert finding.subject in text


def test_the_margins_of_the_official_paper_are_those_of_the_rule() -> None:
    left, top, right, bottom = printed(the_handover(TEST)).margins_mm

    assert 29.5 < left < 35.5
    assert 19.5 < top < 25
    assert right > 14.5
    assert bottom > 19.5


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_same_house_gives_the_same_bytes(way: str) -> None:
    assert EVERY_WAY[way]().pdf() == EVERY_WAY[way]().pdf()


@pytest.mark.parametrize("way", ["poster, hard", "handover, tested"])
def test_every_font_is_embedded_in_part(way: str) -> None:
    rows = printed(EVERY_WAY[way]()).fonts

    assert rows
    for row in rows:
        assert row[0][6] == "+", row
        # ... emb sub uni object ID
        assert row[-5:-2] == ["yes", "yes", "yes"], row


# Fonts


def test_a_font_of_the_system_has_every_vietnamese_letter() -> None:
    for kind in ("sans", "serif"):
        family = fonts.find(kind)
        for path in (family.regular, family.bold, family.italic):
            assert fonts._missing(path) == ()
    assert {"ệ", "Ữ", "đ", "…"} <= VIETNAMESE


def test_a_font_that_lacks_letters_is_refused() -> None:
    [path] = Path("/usr/share/fonts").rglob("NotoSansMath-Regular.ttf")

    with pytest.raises(FontProblem) as problem:
        fonts.find("sans", [path])

    assert str(problem.value).startswith(f"{path}: lacks Vietnamese letters, like ")


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ttf"
    path.write_text("no font")

    with pytest.raises(FontProblem) as problem:
        fonts.find("sans", [path])

    assert str(problem.value).startswith(f"{path}: cannot be used as a TrueType font: ")


def test_a_machine_without_such_a_font_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "_files", dict)

    with pytest.raises(FontProblem) as problem:
        fonts.find("serif")

    assert "apt-get install fonts-noto-core" in str(problem.value)
    assert "--font" in str(problem.value)
