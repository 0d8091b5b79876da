"""The report as a value, and as CSV, JSON, HTML and a workbook."""

import csv
import io
import json
import re
import zipfile

import pytest

from reports import csv_file, html_page, json_file, words, workbook
from reports.definitions import DEFINITIONS
from reports.figures import Figure
from tests.unit.reports.made import NOTES, a_report


def test_costs_are_divided_by_what_they_were_for() -> None:
    total = a_report().total

    # Two fees of 300,000 for three months; 91 days of 10 and 89 of 15 sessions; 4 views a day.
    assert total["sessions"].value == 91 * 10 + 89 * 15
    assert total["spent_running"].value == 1_800_000
    assert total["spent_once"].value == 1_900_000
    assert total["cost_month"].value == 600_000
    assert total["cost_session"].value == pytest.approx(1_800_000 / 2245)
    assert total["cost_resident"].value == pytest.approx(600_000 / 70)
    assert total["cost_read"].value == pytest.approx(1_800_000 / 720)


def test_what_is_missing_is_said_and_not_estimated() -> None:
    report = a_report()

    assert report.notes == NOTES
    assert report.total["known_days"].value == 180


def test_days_before_a_house_had_wi_fi_are_not_missing() -> None:
    report = a_report()
    assert report.before is not None

    [first, second] = [site.measured for site in report.sites]

    assert (first.since, str(second.since)) == (None, "2026-01-15")


def test_every_figure_has_a_definition_in_both_languages_and_every_definition_a_figure() -> None:
    assert [one.key for one in DEFINITIONS] == list(a_report().total)
    assert all(one.name.en and one.what.vi and one.what.en for one in DEFINITIONS)
    assert all(bool(one.limits.vi) == bool(one.limits.en) for one in DEFINITIONS)


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert words.figure(Figure("gb", 12345.67)) == words.Words("12.345,7 GB", "12,345.7 GB")
    assert words.figure(Figure("devices", 40, 65)) == words.Words("40 đến 65", "40 to 65")
    assert words.figure(Figure("uptime", 99.5)) == words.Words("99,50%", "99.50%")
    grown = words.change(Figure("views", 15), Figure("views", 10))
    assert grown == words.Words("+50,0%", "+50.0%")
    assert words.change(Figure("views", 15), Figure("views", 0)) is None


def test_the_csv_file_opens_right_in_excel_where_vietnamese_is_set() -> None:
    data = csv_file.written(a_report())

    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Số liệu chung từ ngày 01/04/2026 đến ngày 30/06/2026"]
    named = {row[0]: row for row in rows if row}
    assert named["Số lượt mỗi ngày"][2] == "12,5"
    assert named["Số lượt truy cập"][2:5] == ["2245", "2250", "-0,2%"]
    assert ["Khu trọ Đình Ngọ 1", "Thiết bị", "1900000", "02/05/2026", "", "'=thiết bị"] in rows


def test_the_json_says_what_every_figure_means() -> None:
    told = json.loads(json_file.written(a_report()))

    by_key = {figure["key"]: figure for figure in told["figures"]}
    assert by_key["sessions"]["value"] == 2245
    assert by_key["completed_reads"]["value"] == 2 * 91 + 2 * 89
    assert "bấm" in by_key["completed_reads"]["what"]["vi"]
    assert "không phải là người" in by_key["sessions"]["limits"]["vi"]
    assert [site["id"] for site in told["sites"]] == ["hp-001", "hp-002"]
    assert [month["month"] for month in told["months"]] == ["2026-04", "2026-05", "2026-06"]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = html_page.written(a_report()).decode()

    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert "2.245" in page
    assert page.count("Cách tính, giới hạn") == len(DEFINITIONS)
    assert "=thiết bị" in page


def test_what_a_site_calls_its_articles_cannot_become_part_of_the_page() -> None:
    page = html_page.written(a_report(called="<script>alert(1)</script>")).decode()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_workbook_has_a_sheet_for_each_table_and_native_charts() -> None:
    book = zipfile.ZipFile(io.BytesIO(workbook.written(a_report())))

    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names == [
        "Tổng hợp",
        "Theo tháng",
        "Theo địa điểm",
        "Bài đọc",
        "Thi, thăm dò, báo hỏng",
        "Chi phí",
        "Khu trọ đề nghị",
        "Lưu ý",
    ]
    charts = [name for name in book.namelist() if re.match(r"xl/charts/chart\d", name)]
    assert len(charts) == 7
    assert b"Theo th\xc3\xa1ng'!$A$4:$A$6" in b"".join(book.read(name) for name in charts)
    assert b"<f>" not in book.read("xl/worksheets/sheet6.xml")
