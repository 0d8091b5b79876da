"""What a figure says where little is known."""

from dataclasses import replace
from datetime import date

import pytest

from reports.facts import Day, Devices, Month, Period, ReportError, SiteFacts
from reports.figures import Measured, figures, median_of
from reports.merge import merge
from reports.report import made
from reports.tables import tables
from tests.unit.reports.made import QUARTER, a_house, entered

MARCH = Month(2026, 3).period
HOUSE = replace(a_house("hp-001", "Khu trọ A", 0), days=(), devices=(), polls={}, items={})


def measured(*days: Day) -> Measured:
    return Measured(
        facts=replace(HOUSE, days=days, period=MARCH), rooms=None, residents=None, spent=None
    )


def half(first: int, last: int, devices: int) -> SiteFacts:
    part = Period(date(2026, 3, first), date(2026, 3, last))
    counted = Devices(month=Month(2026, 3), part=part, devices=devices, at_most=devices, sessions=9)
    return replace(HOUSE, period=part, devices=(counted,))


def test_what_is_not_known_is_no_zero() -> None:
    found = figures([measured()], MARCH)

    unknown = {key: one.why.vi for key, one in found.items() if one.value is None and one.why}
    assert unknown == {
        "rooms": "chưa nhập",
        "residents": "chưa nhập",
        "sessions_a_day": "không có ghi chép",
        "devices": "chi tiết từng lượt đã bị xóa theo thời hạn lưu",
        "devices_most": "chi tiết từng lượt đã bị xóa theo thời hạn lưu",
        "median_minutes": "không có lượt nào",
        "peak": "chi tiết từng lượt đã bị xóa theo thời hạn lưu",
        "uptime": "không có ghi chép",
        "outages": "không có ghi chép",
        "outage_hours": "không có ghi chép",
        "stops": "không có ghi chép",
        "stopped_hours": "không có ghi chép",
        "quiz_score": "chưa có lượt thi",
        "spent_running": "chưa nhập chi phí của Khu trọ A",
        "spent_once": "chưa nhập chi phí của Khu trọ A",
        "cost_month": "chưa nhập chi phí của Khu trọ A",
        "cost_session": "chưa nhập chi phí của Khu trọ A",
        "cost_resident": "chưa nhập chi phí của Khu trọ A",
        "cost_read": "chưa nhập chi phí của Khu trọ A",
        "cost_full_read": "chưa nhập chi phí của Khu trọ A",
    }


def test_a_median_of_some_of_the_sessions_says_of_how_many() -> None:
    day = Day(day=date(2026, 3, 5), sessions=4, minutes={30: 1})

    median = figures([measured(day)], MARCH)["median_minutes"]

    assert median.value == 30
    assert median.why is not None
    assert median.why.vi == "chỉ của 25% số lượt còn chi tiết"


def test_two_parts_of_a_month_give_a_range_of_devices() -> None:
    together = merge([half(1, 15, 40), half(16, 31, 25)], MARCH)
    whole = merge([half(1, 15, 40), half(1, 31, 50)], MARCH)

    [range_of] = together.devices
    assert (range_of.devices, range_of.at_most) == (40, 65)
    assert range_of.part == MARCH
    assert [(one.devices, one.at_most) for one in whole.devices] == [(50, 50)]


def test_a_range_is_said_in_the_table() -> None:
    parts = [half(1, 15, 40), half(16, 31, 25)]
    report = made(parts, entered(), MARCH, None, date(2026, 4, 2), "LĐLĐ", "Ban")

    [row] = [row for row in tables(report)[0].rows if str(row[0]).startswith("Số máy mỗi tháng")]

    assert row[2:4] == (40, "nhiều nhất 65")


def test_notes_of_sources_days_and_silent_sites_are_in_the_report() -> None:
    day = Day(day=date(2026, 3, 5), sessions=4)
    days = tuple(replace(day, day=one) for one in MARCH if one != date(2026, 3, 9))
    fewer = tuple(replace(one, sessions=3) for one in days)
    sources = [
        replace(HOUSE, period=MARCH, days=days, source="a", mended=2),
        replace(HOUSE, period=MARCH, days=fewer, source="b"),
    ]

    report = made(sources, entered(), MARCH, None, date(2026, 4, 2), "LĐLĐ", "Ban")

    notes = [note.vi for note in report.notes]
    assert notes[0] == (
        "Khu trọ A: Ngày 01/03/2026 các nguồn ghi khác nhau (a: 4 lượt; b: 3 lượt); báo cáo lấy số"
        " lớn nhất."
    )
    assert notes[5:] == [
        "Khu trọ A: Còn 25 ngày nữa các nguồn ghi khác nhau.",
        "Khu trọ A: 1 ngày trong kỳ không có ghi chép (09/03/2026); không ước tính thêm.",
        "Khu trọ A: 2 lượt ghi khi đồng hồ sai đã được tính lại ngày theo thời gian từ lúc bật"
        " máy.",
        "Khu trọ Đình Ngọ 1: có trong danh sách địa điểm nhưng không có tệp số liệu; không tính vào"
        " báo cáo.",
    ]


def test_there_is_no_report_without_a_source_and_none_longer_than_ten_years() -> None:
    with pytest.raises(ReportError, match="nothing to report on"):
        made([], entered(), QUARTER, None, date(2026, 7, 3), "LĐLĐ", "Ban")
    with pytest.raises(ReportError, match="the period has 5479 days; at most 3660"):
        Period(date(2010, 1, 1), date(2024, 12, 31))
    with pytest.raises(ValueError, match="nothing was counted"):
        median_of({})
