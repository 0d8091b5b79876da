"""A small report with everything in it."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta

from reports.facts import Day, Devices, Item, Month, Period, Place, Poll, SiteFacts, begins
from reports.record import Record, parse
from reports.report import Report, made
from splash.content import Words

QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30))
BEFORE = Period(date(2026, 1, 1), date(2026, 3, 31))
RECORD = """
[document]
parent = "Tổng Liên đoàn Lao động Việt Nam"
body = "Liên đoàn Lao động thành phố Hải Phòng"
symbol = "LĐLĐ"
place = "Hải Phòng"
addressees = ["Thường trực Liên đoàn Lao động thành phố"]
bases = ["Căn cứ Kế hoạch số 96/LĐLĐ-BTG ngày 03/10/2018"]
signing = ["TM. Ban Thường vụ", "Phó Chủ tịch"]
recipients = ["VNPT Hải Phòng"]
filed = "VT, BTG"

[[site]]
id = "hp-001"
name = "Khu trọ Đồng Xuân"
address = "phường Hồng Phong"
rooms = 16
residents = 32

[[site]]
id = "hp-002"
name = "Khu trọ Đình Ngọ 1"
rooms = 19
residents = 38
since = 2026-01-15

[[cost]]
site = "hp-001"
kind = "monthly"
amount = 300_000
first = 2026-01-01

[[cost]]
site = "hp-002"
kind = "monthly"
amount = 300_000
first = 2026-01-01

[[cost]]
site = "hp-002"
kind = "equipment"
amount = 1_900_000
first = 2026-05-02
note = "=thiết bị"

[[proposal]]
name = "Khu trọ bà Mẫu"
asked_by = "Công đoàn phường"
asked_on = 2026-06-12
rooms = 24
"""
ITEMS = {
    "luong": Item("article", "Lương tối thiểu vùng"),
    "gio": Item("poll", "Mở từ mấy giờ?", ("5 giờ", "6 giờ")),
    "thi": Item("quiz", "Thi tìm hiểu", questions=5),
}


def entered() -> Record:
    return parse(tomllib.loads(RECORD))


def a_house(id: str, name: str, more: int, missing: int = 0) -> SiteFacts:
    """Half a year of a house; `missing` days at the end have no records."""
    whole = Period(BEFORE.first, QUARTER.last)
    days = [
        Day(
            day=day,
            sessions=10 + more,
            seconds=36_000.0,
            up_bytes=10**8,
            down_bytes=10**9,
            minutes={60: 10 + more},
            peak=5,
            watched=86_400.0,
            outages=day.day == 3,
            outage_seconds=3600.0 * (day.day == 3),
            down_seconds=3600.0 * (day.day == 3),
            faults={"slow": 1} if day.day == 4 else {},
            questions=1,
            answered=1,
            views={"luong": 3, "an-toan": 1},
            scores={("thi", 4): 1} if day.day == 9 else {},
            reads={"luong": 2},
            clicks={"status": 1},
            votes={"gio": 1} if day.day == 9 else {},
        )
        for day in whole
        if day <= whole.last - timedelta(missing)
    ]
    return SiteFacts(
        place=Place(id=id, name=name),
        period=whole,
        made=begins(date(2026, 7, 2)),
        keep_days=90,
        source=name,
        days=tuple(days),
        devices=tuple(
            Devices(month=m, part=m.period, devices=40, at_most=40, sessions=300)
            for m in (Month(2026, n) for n in range(1, 7))
        ),
        polls={"gio": Poll((4, 6))},
        items=ITEMS,
        undated={"sessions": 2} if missing else {},
    )


def a_report(*, called: str = "Lương tối thiểu vùng") -> Report:
    items = {**ITEMS, "luong": Item("article", called)}
    sources = [
        replace(a_house("hp-001", "Khu trọ Đồng Xuân", 0), items=items),
        replace(a_house("hp-002", "Khu trọ Đình Ngọ 1", 5, missing=2), items=items),
    ]
    return made(
        sources,
        entered(),
        QUARTER,
        BEFORE,
        date(2026, 7, 3),
        "LĐLĐ thành phố Hải Phòng",
        "Ban Tuyên giáo",
    )


NOTES = (
    Words(
        "Khu trọ Đình Ngọ 1: 2 ngày trong kỳ không có ghi chép (29/06/2026–30/06/2026); không ước"
        " tính thêm.",
        "Khu trọ Đình Ngọ 1: 2 days of the period have no records (2026-06-29 to 2026-06-30);"
        " nothing is estimated.",
    ),
    Words(
        "Khu trọ Đình Ngọ 1: 2 lượt truy cập được ghi khi đồng hồ chưa đặt, không biết ngày nào;"
        " không tính vào kỳ.",
        "Khu trọ Đình Ngọ 1: 2 sessions were recorded while the clock was not set, and belong to no"
        " day; they are not counted.",
    ),
)
