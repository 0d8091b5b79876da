"""Dates as Vietnamese sites write them."""

from datetime import datetime

import pytest

from content_cache.mirror.dates import read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Thứ Hai, 12/05/2025 14:30 (GMT+7)", "2025-05-12T14:30:00+07:00"),
        ("Thứ Ba ngày 03-02-2026 | 08:05", "2026-02-03T08:05:00+07:00"),
        ("14:30 | 12-05-2025", "2025-05-12T14:30:00+07:00"),
        ("Cập nhật lúc 9h05, 1/2/2026", "2026-02-01T09:05:00+07:00"),
        ("Ngày 5 tháng 3 năm 2025", "2025-03-05T00:00:00+07:00"),
        ("Hải Phòng, ngày 30 tháng Tư năm 2025, 7 giờ 30", "2025-04-30T07:30:00+07:00"),
        ("31.12.2025", "2025-12-31T00:00:00+07:00"),
        ("12/05/2025 02:30 CH", "2025-05-12T14:30:00+07:00"),
        ("12/05/2025 12:10 AM", "2025-05-12T00:10:00+07:00"),
        ("2025-05-12T07:30:00Z", "2025-05-12T07:30:00+00:00"),
        ("2025-05-12T14:30:00.123+07:00", "2025-05-12T14:30:00+07:00"),
        ("2025-05-12T14:30:00+0700", "2025-05-12T14:30:00+07:00"),
        ("2025-05-12 14:30", "2025-05-12T14:30:00+07:00"),
        ("2025-05-12", "2025-05-12T00:00:00+07:00"),
        ("Mon, 12 May 2025 07:30:00 GMT", "2025-05-12T07:30:00+00:00"),
        ("Mon, 12 May 2025 14:30:00 +0700", "2025-05-12T14:30:00+07:00"),
        ("12/05/2025 14:30 (GMT+9)", "2025-05-12T14:30:00+09:00"),
    ],
)
def test_the_day_comes_first_and_the_zone_is_vietnams(written: str, meant: str) -> None:
    found = read(written)

    assert found is not None
    assert found.isoformat() == datetime.fromisoformat(meant).isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "Hôm qua", "32/01/2025", "12/13/2025", "0225 3 123 456", "Mon, 99 May 2025 07:30:00 GMT",
     "2025-02-30", "1/2/25"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert read(text) is None
