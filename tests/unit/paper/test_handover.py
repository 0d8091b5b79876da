"""What the handover sheet says of the house and of its self-test."""

from datetime import UTC, datetime

from paper.handover import handover
from paper.selftest import Finding, SelfTest
from tests.unit.paper.places import place

BAD = Finding(False, True, "Wi-Fi của modem", "còn bật", "tắt Wi-Fi của modem")
GOOD = Finding(True, True, "đồng hồ", "đúng", "")
UNSEEN = Finding(True, False, "nhiệt độ", "máy không có cảm biến", "")


def result(*findings: Finding, model: str = "GL.iNet GL-MT3000") -> SelfTest:
    return SelfTest(datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "hp-001", "0.1.0", model, findings)


def test_what_failed_comes_first_and_what_nobody_saw_last() -> None:
    sheet = handover(place(), result(UNSEEN, GOOD, BAD))

    assert sheet.failed == (BAD,)
    assert sheet.passed == (GOOD, UNSEEN)
    assert sheet.tested == (
        "Máy tự kiểm tra lúc 09:30 ngày 26/11/2026: 1/3 mục đạt, 1 mục máy không xem được."
    )


def test_without_a_self_test_there_is_room_to_write() -> None:
    sheet = handover(place(), None)

    assert sheet.untested
    assert sheet.tested == "Chưa có kết quả lưu trong máy; ghi tay kết quả của từng mục:"
    assert dict(sheet.rows)["Loại thiết bị"] == ""


def test_what_is_not_known_is_left_to_write() -> None:
    rows = dict(handover(place(ssid=""), result(GOOD, model="")).rows)

    assert rows["Tên mạng Wi-Fi"] == rows["Loại thiết bị"] == rows["Số máy (S/N)"] == ""
    assert rows["Địa điểm"] == "Khu trọ Hồng Phong (mã HP-001-U)"
    assert rows["Quy mô"] == "16 phòng, 32 người ở"


def test_a_result_of_many_lines_is_one_line_that_ends() -> None:
    [told] = handover(place(), result(Finding(False, True, "cấu hình", "a\nb" * 200, ""))).failed

    assert "\n" not in told.found
    assert 100 < len(told.found) <= 120
    assert told.found.endswith("…")


def test_nobody_is_told_to_call_a_number_that_is_not_there() -> None:
    assert "gọi" not in " ".join(handover(place(phone=""), None).closing)
    assert "gọi 0225\xa0000\xa00000." in " ".join(handover(place(), None).closing)
