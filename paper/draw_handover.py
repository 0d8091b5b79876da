"""Draws the handover sheet: heading and sizes near those of NĐ 30/2020 (profile `nd30`), in smaller
letters where many checks have failed, so that it stays one page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from paper import drawings
from paper.fit import fitted
from paper.flow import Flow, Margins, on_one_page
from paper.handover import Handover
from paper.selftest import Finding
from paper.sheet import MM_PER_PT, FontFiles, Sheet
from reports.layout import Layout, layout

_SIZES: Final = (12.5, 12, 11.5, 11, 10.5, 10, 9.5, 9, 8.5, 8, 7.5, 7)
_COUNTRY, _MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
_LEFT_SHARE: Final = 0.42
_SIGNING_MM: Final = 22.0
_LINES_BY_HAND: Final = 6


def drawn(handover: Handover, fonts: FontFiles) -> Sheet:
    return on_one_page(partial(_at, handover, fonts, layout("nd30")), _SIZES)


def _at(handover: Handover, fonts: FontFiles, look: Layout, pt: float) -> Sheet:
    sheet = Sheet(fonts, f"Biên bản bàn giao – {handover.rows[0][1]}")
    margins = Margins(look.top_mm, look.right_mm, look.bottom_mm, look.left_mm)
    flow = Flow(sheet, margins, pt)
    _head(flow, handover, look)
    flow.text("BIÊN BẢN", share=look.styles["Tên loại"].size_pt / pt, bold=True, align="centre")
    flow.text(handover.subject, share=13 / pt, bold=True, align="centre", after=0.5)
    for party in handover.parties:
        _to_write(flow, party, (0.5, 0.25, 0.25))
    _part(flow, "I. THIẾT BỊ VÀ ĐỊA ĐIỂM")
    _rows(flow, handover.rows)
    _part(flow, "II. KẾT QUẢ TỰ KIỂM TRA")
    flow.text(handover.tested, after=0.15)
    _results(flow, handover)
    _part(flow, "III. KIỂM TRA BẰNG TAY")
    for text in handover.by_hand:
        _ticked(flow, text)
    _part(flow, "IV. CAM KẾT")
    for text in handover.closing:
        flow.text(text, after=0.15)
    _signatures(flow, handover.signatures)
    return sheet


def _head(flow: Flow, handover: Handover, look: Layout) -> None:
    sheet, top = flow.sheet, flow.y
    split = flow.left + flow.width * _LEFT_SHARE
    middle_left, middle_right = (flow.left + split) / 2, (split + flow.right) / 2
    room = split - flow.left - 2
    y = top
    for text, bold in ((handover.parent, False), (handover.body, True)):
        measure = partial(sheet.width, pt=1.0, bold=bold)
        found = fitted(text, room, 11.5, 7, 3, measure)
        for line in found.lines:
            y += found.size_pt * MM_PER_PT * 1.15
            sheet.text(middle_left, y, line, found.size_pt, bold=bold, align="centre")
    sheet.line((middle_left - room / 6, y + 1.5), (middle_left + room / 6, y + 1.5), 0.3)
    number_y = max(y + 7.5, top + 17)
    sheet.text(middle_left, number_y, "Số: ........ /BB-........", 12, align="centre")
    y = top
    room = flow.right - split
    for text, name in ((_COUNTRY, "Quốc hiệu"), (_MOTTO, "Tiêu ngữ")):
        size = min(look.styles[name].size_pt, room / sheet.width(text, 1.0, bold=True))
        y += size * MM_PER_PT * 1.2
        sheet.text(middle_right, y, text, size, bold=True, align="centre")
    half = sheet.width(_MOTTO, size, bold=True) / 2
    sheet.line((middle_right - half, y + 1.5), (middle_right + half, y + 1.5), 0.3)
    day = "............, ngày ...... tháng ...... năm 20......"
    sheet.text(middle_right, number_y, day, 12, italic=True, align="centre")
    flow.y = number_y + 4


def _part(flow: Flow, title: str) -> None:
    flow.y += flow.line_mm(0.35)
    flow.text(title, bold=True, after=0.1)


def _to_write(flow: Flow, labels: Sequence[str], shares: Sequence[float]) -> None:
    """Labels in a row, each with a dotted line to write on."""
    baseline = flow.room(flow.line_mm(1.3)) + flow.line_mm(1.0)
    x = flow.left
    for label, share in zip(labels, shares, strict=True):
        end = x + flow.width * share
        flow.sheet.text(x, baseline, label, flow.pt)
        x += flow.sheet.width(label, flow.pt) + 1.5
        flow.sheet.line((x, baseline + 0.4), (end - 2, baseline + 0.4), 0.25, dots=True)
        x = end


def _rows(flow: Flow, rows: Sequence[tuple[str, str]]) -> None:
    """Two to a line."""
    half = flow.width / 2
    for n in range(0, len(rows), 2):
        columns = [
            partial(_row, flow, label, value, flow.left + half * place)
            for place, (label, value) in enumerate(rows[n : n + 2])
        ]
        _side_by_side(flow, columns)


def _row(flow: Flow, label: str, value: str, x: float, y: float) -> float:
    sheet, pt = flow.sheet, flow.pt
    width = flow.width / 2 - 4
    baseline = y + pt * MM_PER_PT
    sheet.text(x, baseline, f"{label}:", pt)
    indent = sheet.width(f"{label}: ", pt)
    if not value:
        line = (x + indent, baseline + 0.4), (x + width, baseline + 0.4)
        sheet.line(*line, 0.25, dots=True)
        return baseline + 1.2
    found = fitted(value, width - indent, pt, pt * 0.7, 3, partial(sheet.width, pt=1.0, bold=True))
    for line_ in found.lines:
        sheet.text(x + indent, baseline, line_, found.size_pt, bold=True)
        baseline += flow.line_mm()
    return baseline - flow.line_mm() + 1.2


def _side_by_side(flow: Flow, columns: Sequence[Callable[[float], float]]) -> None:
    """Each draws from an upper edge on, and says how far down it came."""
    y = flow.room(flow.line_mm(1.1))
    flow.y = max(flow.y, *(column(y) for column in columns))


def _results(flow: Flow, handover: Handover) -> None:
    if handover.untested:
        for _ in range(_LINES_BY_HAND):
            _to_write(flow, ("Mục:", "Kết quả:"), (0.55, 0.45))
        return
    for finding in handover.failed:
        _failed(flow, finding)
    half = flow.width / 2
    passed = handover.passed
    for n in range(0, len(passed), 2):
        columns = [
            partial(_passed, flow, finding, flow.left + half * place)
            for place, finding in enumerate(passed[n : n + 2])
        ]
        _side_by_side(flow, columns)


def _failed(flow: Flow, finding: Finding) -> None:
    advice = f" → {finding.advice}" if finding.advice else ""
    y, indent = flow.y, flow.pt * 0.45
    flow.text(
        f"CHƯA ĐẠT – {finding.subject}: {finding.found}{advice}",
        share=0.95,
        bold=True,
        indent=indent,
        after=0.1,
    )
    drawings.cross(
        flow.sheet, (flow.left + 0.3, y + flow.pt * MM_PER_PT * 0.9), flow.pt * MM_PER_PT * 0.6
    )


def _passed(flow: Flow, finding: Finding, x: float, y: float) -> float:
    sheet, pt = flow.sheet, flow.pt * 0.9
    indent = flow.pt * 0.45
    baseline = y + pt * MM_PER_PT
    size = pt * MM_PER_PT * 0.7
    if finding.looked:
        drawings.tick(sheet, (x + 0.3, baseline), size)
    else:
        sheet.line((x + 0.3, baseline - size / 2), (x + 0.3 + size, baseline - size / 2), 0.3)
    text = f"{finding.subject}: {finding.found}"
    measure = partial(sheet.width, pt=1.0)
    found = fitted(text, flow.width / 2 - indent - 4, pt, pt * 0.85, 2, measure)
    for line in found.lines:
        sheet.text(x + indent, baseline, line, found.size_pt)
        baseline += flow.line_mm(0.9)
    return baseline - flow.line_mm(0.9) + 1.0


def _ticked(flow: Flow, text: str) -> None:
    y, indent = flow.y, flow.pt * 0.5
    flow.text(text, indent=indent, after=0.1)
    size = flow.pt * MM_PER_PT * 0.75
    flow.sheet.box((flow.left, y + flow.pt * MM_PER_PT * 0.2), size, size, 0.3)


def _signatures(flow: Flow, titles: Sequence[str]) -> None:
    y = flow.room(flow.line_mm(2.4) + _SIGNING_MM) + flow.line_mm(1.2)
    for n, title in enumerate(titles):
        x = flow.left + flow.width * (n + 0.5) / len(titles)
        flow.sheet.text(x, y, title, 11.5, bold=True, align="centre")
        flow.sheet.text(x, y + 5, "(Ký, ghi rõ họ tên)", 11, italic=True, align="centre")
