"""The few things that a document in a profile's layout is made of, by python-docx.

Sizes come from `reports.layout`; nothing here knows what the document says.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeAlias

from docx import Document
from docx.document import Document as Docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Cm, Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from reports.layout import Layout, width_mm

Place: TypeAlias = Docx | _Cell

LEFT, CENTRE, RIGHT, JUSTIFIED = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
_TABLE_PT: Final = 12
_RULE_EIGHTHS: Final = 6


class Sheet:
    """A document that is being written."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.docx = Document()
        normal = self.docx.styles["Normal"]
        body = layout.styles["Nội dung"]
        self._letters(normal, body.size_pt)
        normal.paragraph_format.space_before = Pt(0)
        normal.paragraph_format.space_after = Pt(0)
        normal.paragraph_format.line_spacing = 1.0
        self._page(self.docx.sections[0])
        self.docx.sections[0].different_first_page_header_footer = True

    def _letters(self, of: Any, size_pt: float) -> None:
        of.font.name = self.layout.font
        of.font.size = Pt(size_pt)
        of.font.color.rgb = RGBColor(0, 0, 0)
        fonts = of.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(kind), self.layout.font)

    def _page(self, section: Section, *, wide: bool = False) -> None:
        size = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
        section.page_width, section.page_height = size
        section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
        section.top_margin = Mm(self.layout.top_mm)
        section.bottom_margin = Mm(self.layout.bottom_mm)
        section.left_margin = Mm(self.layout.left_mm)
        section.right_margin = Mm(self.layout.right_mm)
        section.header_distance = Mm(self.layout.top_mm / 2)
        section.footer_distance = Mm(self.layout.bottom_mm / 2)
        header = section.header
        header.is_linked_to_previous = False
        numbered = header.paragraphs[0]
        numbered.alignment = CENTRE
        run = numbered.add_run()
        self._letters_of(run, self.layout.page_number_pt)
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            if kind:
                part = OxmlElement("w:fldChar")
                part.set(qn("w:fldCharType"), kind)
            else:
                part = OxmlElement("w:instrText")
                part.set(qn("xml:space"), "preserve")
                part.text = text
            run._r.append(part)

    def annex(self, *, wide: bool) -> None:
        """Begin a new section whose pages are counted from 1."""
        section = self.docx.add_section(WD_SECTION.NEW_PAGE)
        section.different_first_page_header_footer = False
        self._page(section, wide=wide)
        count = OxmlElement("w:pgNumType")
        count.set(qn("w:start"), "1")
        section._sectPr.insert_element_before(
            count, "w:cols", "w:titlePg", "w:textDirection", "w:docGrid"
        )

    def _letters_of(
        self, run: Run, size_pt: float, bold: bool = False, italic: bool = False
    ) -> None:
        run.font.name = self.layout.font
        run.font.size = Pt(size_pt)
        run.bold, run.italic = bold or None, italic or None

    def line(
        self,
        text: str,
        style: str,
        *,
        where: Place | None = None,
        align: WD_ALIGN_PARAGRAPH = CENTRE,
        after_pt: float = 0,
        before_pt: float = 0,
        keep: bool = False,
        italic: bool = False,
    ) -> Paragraph:
        """A paragraph in the style of one element of the profile."""
        look = self.layout.styles[style]
        paragraph = (where or self.docx).add_paragraph()
        paragraph.alignment = align
        paragraph.paragraph_format.space_after = Pt(after_pt)
        paragraph.paragraph_format.space_before = Pt(before_pt)
        paragraph.paragraph_format.keep_with_next = keep or None
        run = paragraph.add_run(text)
        self._letters_of(run, look.size_pt, look.bold, look.italic or italic)
        return paragraph

    def body(self, text: str, style: str = "Nội dung", *, italic: bool = False) -> Paragraph:
        """A justified paragraph of the text, its first line indented."""
        paragraph = self.line(text, style, align=JUSTIFIED, italic=italic)
        paragraph.paragraph_format.first_line_indent = Cm(self.layout.first_line_indent_cm)
        paragraph.paragraph_format.space_after = Pt(self.layout.space_after_pt)
        return paragraph

    def rule(
        self, place: Place | None, text: str, style: str, share: float, room_mm: float
    ) -> None:
        """A line below, `share` as long as `text`, in the middle of `room_mm`."""
        long = min(share * width_mm(text, self.layout.styles[style].size_pt), room_mm)
        paragraph = (place or self.docx).add_paragraph()
        paragraph.alignment = CENTRE
        form = paragraph.paragraph_format
        form.left_indent = form.right_indent = Mm((room_mm - long) / 2)
        form.line_spacing = Pt(3)
        form.space_before, form.space_after = Pt(3), Pt(6)
        edge = OxmlElement("w:pBdr")
        top = OxmlElement("w:top")
        for name, value in (
            ("val", "single"),
            ("sz", str(_RULE_EIGHTHS)),
            ("space", "1"),
            ("color", "000000"),
        ):
            top.set(qn(f"w:{name}"), value)
        edge.append(top)
        properties = paragraph._p.get_or_add_pPr()
        properties.insert_element_before(
            edge, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
        )

    def columns(self, *widths_mm: float) -> Sequence[_Cell]:
        """Cells beside each other without borders, each with its empty paragraph removed."""
        table = self.docx.add_table(1, len(widths_mm))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        _cell_margins(table)
        _widths(table, widths_mm)
        for cell, width in zip(table.rows[0].cells, widths_mm, strict=True):
            cell.width = Mm(width)
            _remove(cell.paragraphs[0])
        cells: Sequence[_Cell] = table.rows[0].cells
        return cells

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths_mm: Sequence[float],
        numbers: Collection[int],
    ) -> None:
        """A table with borders whose head comes again on every page.

        The columns of `numbers`, from 0, stand to the right.
        """
        table = self.docx.add_table(1, len(heads), style="Table Grid")
        table.autofit = False
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        _widths(table, widths_mm)
        repeat = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        self._row(table, 0, heads, widths_mm, [CENTRE] * len(heads), bold=True)
        sides = [RIGHT if n in numbers else LEFT for n in range(len(heads))]
        for n, row in enumerate(rows, 1):
            table.add_row()
            self._row(table, n, row, widths_mm, sides, bold=False)

    def _row(
        self,
        table: Table,
        n: int,
        row: Sequence[str],
        widths_mm: Sequence[float],
        sides: Sequence[WD_ALIGN_PARAGRAPH],
        *,
        bold: bool,
    ) -> None:
        together = OxmlElement("w:cantSplit")
        table.rows[n]._tr.get_or_add_trPr().append(together)
        cells = table.rows[n].cells
        for cell, text, width, side in zip(cells, row, widths_mm, sides, strict=True):
            cell.width = Mm(width)
            paragraph = cell.paragraphs[0]
            paragraph.alignment = side
            self._letters_of(paragraph.add_run(text), _TABLE_PT, bold)


def _widths(table: Table, widths_mm: Sequence[float]) -> None:
    """In the table's grid, too: LibreOffice looks there, Word at the cells."""
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)


def _cell_margins(table: Table) -> None:
    """None at the sides: what is centred is centred in the whole width."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "0")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")


def _remove(paragraph: Paragraph) -> None:
    paragraph._p.getparent().remove(paragraph._p)
