"""Draws the page of rules. Long rules go on on further pages: nothing of them is left out."""

from functools import partial
from typing import Final

from paper import drawings
from paper.flow import Flow, Margins, on_one_page
from paper.rules import Rules
from paper.sheet import HEIGHT_MM, WIDTH_MM, FontFiles, Sheet

_MARGINS: Final = Margins(top=16, right=18, bottom=36, left=20)
_SIZES: Final = (18, 17, 16, 15, 14, 13, 12, 11, 10, 9.5)
_SMALL: Final = 9.0


def drawn(rules: Rules, fonts: FontFiles) -> Sheet:
    return on_one_page(partial(_at, rules, fonts), _SIZES)


def _at(rules: Rules, fonts: FontFiles, pt: float) -> Sheet:
    sheet = Sheet(fonts, f"{rules.title} – {rules.house} – {rules.conditions}")
    flow = Flow(sheet, _MARGINS, pt)
    flow.page_ends = partial(_stamp, flow, rules)
    drawings.corners(sheet)
    drawings.emblem(sheet, (flow.left + 8, flow.y + 8), 9.5)
    top, flow.left = flow.left, flow.left + 22
    flow.short(rules.payer, 13, 2, bold=True)
    flow.short(rules.house, 12, 2)
    flow.left, flow.y = top, max(flow.y + 2, _MARGINS.top + 17)
    flow.text(rules.title, share=1.7, bold=True, align="centre")
    flow.text(rules.title_en, share=0.8, italic=True, align="centre", after=0.5)
    if rules.badge:
        flow.text(rules.badge, bold=True, align="centre", after=0.5)
    flow.text(rules.intro, after=0.4)
    for n, point in enumerate(rules.points, 1):
        flow.text(point, indent=pt * 0.65, mark=f"{n}.", after=0.3)
    for block in rules.blocks:
        if block.kind == "heading":
            flow.y += flow.line_mm(0.3)
        flow.text(
            block.text,
            bold=block.kind == "heading",
            indent=pt * 0.65 if block.kind == "item" else 0,
            mark=block.mark,
            after=0.25,
        )
    flow.y += flow.line_mm(0.3)
    for text in (*rules.more, *rules.facts):
        flow.text(text, after=0.3)
    _stamp(flow, rules)
    return sheet


def _stamp(flow: Flow, rules: Rules) -> None:
    """At the foot of every page: which version this is, and who answers for it."""
    sheet, left = flow.sheet, flow.left
    foot = Flow(sheet, Margins(HEIGHT_MM - 34, WIDTH_MM - flow.right, 8, left), _SMALL)
    sheet.line((left, foot.y - 1), (flow.right, foot.y - 1), 0.3)
    for text in (rules.note, *rules.foot):
        foot.short(text, _SMALL, 2)
    page = f" Trang {sheet.pages}." if sheet.pages > 1 else ""
    stamp = (
        f"{rules.version} Phiên bản khi bấm đồng ý: {rules.conditions}."
        f" Mã kiểm tra: {rules.fingerprint}.{page}"
    )
    foot.short(stamp, _SMALL, 2, bold=True)
