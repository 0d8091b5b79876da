"""The draft of the report as a Word document, in the layout of a profile (`reports.layout`).

Number, day and signature are left blank, and so is every judgement: the facts that people need
for it stand beside dots. Nothing here decides whether the network is kept.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from docx.shared import Mm, Pt

from reports import charts, words
from reports.definitions import BY_KEY, DEFINITIONS
from reports.document_annexes import annexes
from reports.docx_parts import CENTRE, JUSTIFIED, LEFT, Sheet
from reports.layout import layout
from reports.report import Report
from reports.tables import DECISION_NAMES, faults, items

DOTS: Final = "…" * 32
_BLANK_SIGNATURE_PT: Final = 72
_LETTERS: Final = "abcdđeghiklmnopqrstuvxy"
_LEFT_MM, _RIGHT_MM = 68.0, 92.0
_NAMED_SITES: Final = 8
_NAMED_ITEMS: Final = 5
_COUNTRY, _MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"


def written(report: Report) -> bytes:
    """The bytes of a .docx file."""
    sheet = Sheet(layout(report.record.document.profile))
    sheet.docx.core_properties.title = "Báo cáo (dự thảo)"
    sheet.docx.core_properties.author = ""
    _head(sheet, report)
    _bases(sheet, report)
    _installed(sheet, report)
    _results(sheet, report)
    _limits(sheet, report)
    _proposals(sheet, report)
    _foot(sheet, report)
    annexes(sheet, report)
    file = io.BytesIO()
    sheet.docx.save(file)
    return file.getvalue()


def _head(sheet: Sheet, report: Report) -> None:
    wanted = report.record.document
    body = (wanted.body or report.organisation).upper()
    left, right = sheet.columns(_LEFT_MM, _RIGHT_MM)
    sheet.line((wanted.parent or "…" * 10).upper(), "Cơ quan chủ quản", where=left)
    sheet.line(body, "Cơ quan ban hành", where=left)
    sheet.rule(left, body[:30], "Cơ quan ban hành", 0.42, _LEFT_MM)
    sheet.line(_COUNTRY, "Quốc hiệu", where=right)
    sheet.line(_MOTTO, "Tiêu ngữ", where=right)
    sheet.rule(right, _MOTTO, "Tiêu ngữ", 1.0, _RIGHT_MM)
    left, right = sheet.columns(_LEFT_MM, _RIGHT_MM)
    sheet.line(f"Số:        /BC-{wanted.symbol or '……'}", "Số, ký hiệu", where=left)
    sheet.line("(Dự thảo)", "Số, ký hiệu", where=left, after_pt=12)
    blank = f"{wanted.place or '………'}, ngày      tháng      năm {report.made.year}"
    sheet.line(blank, "Địa danh, thời gian", where=right)
    sheet.line("BÁO CÁO", "Tên loại", keep=True)
    subject = wanted.subject or "Kết quả sử dụng mạng Wi-Fi miễn phí tại khu nhà trọ công nhân"
    sheet.line(subject, "Trích yếu", keep=True)
    sheet.line(f"({words.period(report.period).vi})", "Trích yếu", keep=True)
    sheet.rule(None, subject, "Trích yếu", 0.4, sheet.layout.text_width_mm)
    to = wanted.addressees
    if len(to) == 1:
        sheet.line(f"Kính gửi: {to[0]}.", "Kính gửi", after_pt=6)
    elif to:
        sheet.line("Kính gửi:", "Kính gửi")
        for n, name in enumerate(to, 1):
            sheet.line(f"- {name}{'.' if n == len(to) else ';'}", "Kính gửi")


def _bases(sheet: Sheet, report: Report) -> None:
    bases = report.record.document.bases
    for n, base in enumerate(bases, 1):
        sheet.body(f"{base}{'.' if n == len(bases) else ';'}", "Căn cứ")
    sheet.body(
        f"{report.organisation} báo cáo kết quả sử dụng mạng Wi-Fi miễn phí tại khu nhà trọ công"
        f" nhân {words.period(report.period).vi} như sau:"
    )


def _part(sheet: Sheet, title: str) -> None:
    paragraph = sheet.body(title, "Mục I.")
    paragraph.paragraph_format.keep_with_next = True


def _section(sheet: Sheet, title: str) -> None:
    paragraph = sheet.body(title, "Khoản 1.")
    paragraph.paragraph_format.keep_with_next = True
    paragraph.runs[0].bold = True


def _points(sheet: Sheet, lines: Sequence[str]) -> None:
    for letter, line in zip(_LETTERS, lines, strict=False):
        sheet.body(f"{letter}) {line}", "Điểm a)")


def _for_people(sheet: Sheet, what: str) -> None:
    """Where a person writes."""
    sheet.body(f"[{what}]", italic=True)
    for _ in range(3):
        sheet.line(DOTS, "Nội dung", align=JUSTIFIED, after_pt=6)


def _value(report: Report) -> Callable[[str], str]:
    return lambda key: words.figure(report.total[key]).vi


def _installed(sheet: Sheet, report: Report) -> None:
    of = _value(report)
    _part(sheet, "I. TRIỂN KHAI")
    _section(sheet, "1. Địa điểm")
    sheet.body(
        f"Báo cáo gồm {of('sites')} địa điểm; số phòng: {of('rooms')}; số người ở:"
        f" {of('residents')} (số phòng, số người ở do cán bộ nhập)."
    )
    lines = []
    for site in report.sites[:_NAMED_SITES]:
        former = f" (tên cũ: {', '.join(site.place.former_names)})" * bool(site.place.former_names)
        entered = report.record.site(site.place.id)
        address = f", {entered.address}" if entered and entered.address else ""
        rooms, people = site.measured.rooms, site.measured.residents
        size = f": {rooms or '……'} phòng, {people or '……'} người ở"
        lines.append(f"{site.place.name}{former}{address}{size}.")
    if len(report.sites) > _NAMED_SITES:
        lines.append("Các địa điểm còn lại: xem phụ lục theo địa điểm.")
    _points(sheet, lines)
    _section(sheet, "2. Kinh phí")
    sheet.body(
        f"Chi thường xuyên (cước tháng, sửa chữa) trong kỳ: {of('spent_running')}; chi một lần (lắp"
        f" đặt, thiết bị): {of('spent_once')}. Số liệu chỉ gồm các khoản đã nhập."
    )


def _results(sheet: Sheet, report: Report) -> None:
    of = _value(report)
    _part(sheet, "II. KẾT QUẢ")
    _section(sheet, "1. Mức độ sử dụng")
    sheet.body(
        f"Trong {of('known_days')} có ghi chép, mạng có {of('sessions')} lượt truy cập (trung bình"
        f" {of('sessions_a_day')} lượt mỗi ngày), thời lượng giữa của một lượt là"
        f" {of('median_minutes')}, lúc đông nhất có {of('peak')} lượt cùng lúc, tổng dung lượng"
        f" {of('gb')}. Lượt truy cập không phải là số người."
    )
    sheet.body(
        f"Số máy ước tính mỗi tháng: {of('devices')}; tháng nhiều nhất: {of('devices_most')}. Số"
        " này cao hơn thực tế, vì điện thoại có thể tự đổi địa chỉ và được đếm là máy mới."
    )
    _chart(sheet, report, "sessions", "Hình 1. Số lượt truy cập theo tháng")
    _section(sheet, "2. Chất lượng mạng")
    sheet.body(
        f"Mạng hoạt động ít nhất {of('uptime')} thời gian được theo dõi; đường truyền mất"
        f" {of('outages')} lần, tổng cộng {of('outage_hours')}; thiết bị ngừng (mất điện, khởi động"
        f" lại) {of('stops')} lần, nhiều nhất {of('stopped_hours')}. Công nhân báo mạng hỏng"
        f" {of('faults')} lần."
    )
    _chart(sheet, report, "uptime", "Hình 2. Thời gian mạng hoạt động theo tháng, %", ceiling=100)
    _section(sheet, "3. Thông tin, tuyên truyền")
    sheet.body(
        f"Các bài được mở {of('views')} lượt, ít nhất {of('completed_reads')} lượt đọc hết (người"
        f" đọc tự bấm ở cuối bài); {of('website_clicks')} lượt bấm sang trang của Công đoàn;"
        f" {of('quiz_entries')} lượt thi tìm hiểu, điểm trung bình {of('quiz_score')};"
        f" {of('poll_votes')} phiếu thăm dò; {of('questions')} câu hỏi gửi Công đoàn,"
        f" {of('answered')} câu đã trả lời trong kỳ."
    )
    read = items(report)
    if read:
        sheet.body("Các bài được mở nhiều nhất:")
        _points(
            sheet,
            [f"{title}: {words.number(n)} lượt." for title, _, n, _ in read[:_NAMED_ITEMS]],
        )
    _chart(sheet, report, "views", "Hình 3. Số lượt mở bài theo tháng")
    _section(sheet, "4. Chi phí so với kết quả")
    sheet.body(
        f"Chi thường xuyên mỗi tháng: {of('cost_month')}; cho một lượt truy cập:"
        f" {of('cost_session')}; cho một người ở mỗi tháng: {of('cost_resident')}; cho một lượt mở"
        f" bài: {of('cost_read')}; cho một lượt đọc hết: {of('cost_full_read')}."
    )
    _compared(sheet, report)


def _chart(
    sheet: Sheet, report: Report, key: str, title: str, ceiling: float | None = None
) -> None:
    if len(report.months) < 2:
        return
    labels = [f"{month.number:02}/{month.year % 100:02}" for month, _ in report.months]
    values = [figures[key].value for _, figures in report.months]
    picture = charts.bars(labels, values, BY_KEY[key].decimals, ceiling)
    paragraph = sheet.docx.add_paragraph()
    paragraph.alignment = CENTRE
    paragraph.paragraph_format.keep_with_next = True
    picture_in_line = paragraph.add_run().add_picture(
        io.BytesIO(picture), width=Mm(sheet.layout.text_width_mm)
    )
    picture_in_line._inline.docPr.set("descr", _as_text(title, labels, values))
    sheet.line(title, "Nội dung", italic=True, after_pt=sheet.layout.space_after_pt)


def _as_text(title: str, labels: Sequence[str], values: Sequence[float | None]) -> str:
    """What the picture shows, for who cannot see it."""
    told = (
        (a, "không rõ" if v is None else words.number(v, 1))
        for a, v in zip(labels, values, strict=True)
    )
    return f"{title}: " + "; ".join(f"{label}: {value}" for label, value in told)


def _compared(sheet: Sheet, report: Report) -> None:
    if report.before is None or report.before_period is None:
        return
    _section(sheet, "5. So sánh với kỳ trước")
    sheet.body(f"Kỳ so sánh: {words.period(report.before_period).vi}.")
    rows = []
    for what in DEFINITIONS:
        now, before = report.total[what.key], report.before[what.key]
        if now.value is None and before.value is None:
            continue
        grown = words.change(now, before)
        rows.append(
            (
                what.name.vi,
                words.figure(now).vi,
                words.figure(before).vi,
                grown.vi if grown else "–",
            )
        )
    heads = ("Chỉ số", "Kỳ này", "Kỳ so sánh", "Tăng, giảm")
    sheet.table(heads, rows, (64, 38, 38, 20), numbers=(1, 2, 3))


def _limits(sheet: Sheet, report: Report) -> None:
    of = _value(report)
    _part(sheet, "III. HẠN CHẾ VÀ NGUYÊN NHÂN")
    _section(sheet, "1. Hạn chế ghi nhận từ số liệu")
    lines = [
        f"Đường truyền mất {of('outages')} lần, {of('outage_hours')}; thiết bị ngừng"
        f" {of('stops')} lần.",
        *(f"Báo mạng hỏng, loại “{kind.vi}”: {words.number(n)} lần." for kind, n in faults(report)),
        *_uneven(report),
    ]
    _points(sheet, lines)
    _section(sheet, "2. Hạn chế của chính số liệu")
    sheet.body(
        "Lượt truy cập không phải là người; số máy là ước tính và cao hơn thực tế; mở bài không có"
        " nghĩa là đọc hết; chi phí chỉ gồm khoản đã nhập. Cách tính từng chỉ số: xem Phụ lục I."
    )
    for note in report.notes[:12]:
        sheet.body(f"- {note.vi}")
    _section(sheet, "3. Nguyên nhân")
    _for_people(sheet, "Người viết báo cáo nhận định nguyên nhân.")


def _uneven(report: Report) -> Iterator[str]:
    """The sites with most and least use, where there are several."""
    if len(report.sites) < 2:
        return
    ranked = sorted(report.sites, key=lambda site: site.figures["sessions"].value or 0)
    least, most = ranked[0], ranked[-1]
    yield (
        f"Mức sử dụng không đều: nhiều nhất là {most.place.name}"
        f" ({words.figure(most.figures['sessions']).vi} lượt), ít nhất là {least.place.name}"
        f" ({words.figure(least.figures['sessions']).vi} lượt)."
    )


def _proposals(sheet: Sheet, report: Report) -> None:
    of = _value(report)
    _part(sheet, "IV. ĐỀ XUẤT")
    _section(sheet, "1. Duy trì")
    sheet.body(
        f"Số liệu để cân nhắc: {of('sessions')} lượt truy cập; mạng hoạt động ít nhất"
        f" {of('uptime')}; {of('views')} lượt mở bài; chi thường xuyên {of('cost_month')} mỗi"
        f" tháng, {of('cost_session')} một lượt."
    )
    _for_people(sheet, "Người viết báo cáo đề xuất có duy trì hay không, và lý do.")
    _section(sheet, "2. Mở rộng")
    proposals = report.record.proposals
    if proposals:
        sheet.body(f"Có {len(proposals)} khu trọ được đề nghị lắp đặt:")
        _points(
            sheet,
            [
                f"{one.name}{f', {one.address}' if one.address else ''}: {one.rooms or '……'} phòng,"
                f" {one.residents or '……'} người ở; người đề nghị: {one.asked_by};"
                f" {f'đường truyền: {one.line}; ' if one.line else ''}"
                f"{DECISION_NAMES[one.decision].lower()}."
                for one in proposals
            ],
        )
    else:
        sheet.body("Chưa có khu trọ nào được nhập vào danh sách đề nghị.")
    _for_people(sheet, "Người viết báo cáo đề xuất mở rộng hay không, ở đâu, kinh phí.")
    sheet.body(
        "Trên đây là báo cáo kết quả sử dụng mạng Wi-Fi miễn phí tại khu nhà trọ công nhân./."
    )


def _foot(sheet: Sheet, report: Report) -> None:
    wanted = report.record.document
    left, right = sheet.columns(_LEFT_MM, _RIGHT_MM)
    sheet.line("Nơi nhận:", "Nơi nhận:", where=left, align=LEFT, before_pt=6)
    same = ["Như trên"] if wanted.addressees else []
    for name in (*same, *wanted.recipients):
        sheet.line(f"- {name};", "Danh sách nơi nhận", where=left, align=LEFT)
    sheet.line(f"- Lưu: {wanted.filed}.", "Danh sách nơi nhận", where=left, align=LEFT)
    for n, line in enumerate(wanted.signing or ("………………",)):
        sheet.line(
            line.upper(), "Quyền hạn, chức vụ", where=right, before_pt=0 if n else 6, keep=True
        )
    gap = sheet.line("", "Họ tên người ký", where=right)
    gap.paragraph_format.space_before = Pt(_BLANK_SIGNATURE_PT)
