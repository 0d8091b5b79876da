"""The Word draft, measured from the file against the rule it follows (`layouts/nd30.json`)."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.document import Document as Docx
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from reports import document
from reports.layout import layout, width_mm
from tests.unit.reports.made import a_report

RULE: dict[str, Any] = json.loads(
    (Path(document.__file__).parent / "layouts/nd30.json").read_text(encoding="utf-8")
)
ELEMENTS = {element["name"]: element for element in RULE["elements"]}


@pytest.fixture(scope="module")
def docx() -> Docx:
    return Document(io.BytesIO(document.written(a_report())))


def paragraphs(docx: Docx) -> list[Paragraph]:
    """Every one outside tables with borders, in the order of the page."""
    found: list[Paragraph] = []
    for block in docx.iter_inner_content():
        if isinstance(block, Paragraph):
            found.append(block)
        elif block.style is None or block.style.name != "Table Grid":
            for cell in block.rows[0].cells:
                found += cell.paragraphs
    return found


def one(docx: Docx, begins: str) -> Paragraph:
    return next(each for each in paragraphs(docx) if each.text.startswith(begins))


def test_the_page_is_a4_with_margins_as_the_rule_has_them(docx: Docx) -> None:
    margins = RULE["page"]["margins_mm"]
    for section in docx.sections:
        size = sorted((section.page_width.mm, section.page_height.mm))  # type: ignore[union-attr]
        assert [round(side) for side in size] == [210, 297]
        for side in ("top", "bottom", "left", "right"):
            least, most = margins[side]
            assert least <= round(getattr(section, f"{side}_margin").mm, 1) <= most, side


@pytest.mark.parametrize(
    ("begins", "name"),
    [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Quốc hiệu"),
        ("Độc lập - Tự do - Hạnh phúc", "Tiêu ngữ"),
        ("TỔNG LIÊN ĐOÀN", "Cơ quan chủ quản"),
        ("LIÊN ĐOÀN LAO ĐỘNG THÀNH PHỐ HẢI PHÒNG", "Cơ quan ban hành"),
        ("Số:", "Số, ký hiệu"),
        ("Hải Phòng, ngày", "Địa danh, thời gian"),
        ("BÁO CÁO", "Tên loại"),
        ("Kết quả sử dụng mạng", "Trích yếu"),
        ("Kính gửi:", "Kính gửi"),
        ("Căn cứ Kế hoạch", "Căn cứ"),
        ("Trong 180 ngày", "Nội dung"),
        ("I. TRIỂN KHAI", "Mục I."),
        ("IV. ĐỀ XUẤT", "Mục I."),
        ("1. Địa điểm", "Khoản 1."),
        ("a) Khu trọ", "Điểm a)"),
        ("TM. BAN THƯỜNG VỤ", "Quyền hạn, chức vụ"),
        ("Nơi nhận:", "Nơi nhận:"),
        ("- Như trên;", "Danh sách nơi nhận"),
        ("Phụ lục I", "Phụ lục"),
    ],
)
def test_letters_are_as_the_rule_has_them(docx: Docx, begins: str, name: str) -> None:
    element, paragraph = ELEMENTS[name], one(docx, begins)

    least, most = element["size_pt"]
    for run in paragraph.runs:
        assert run.font.name == RULE["font"]["name"]
        assert run.font.size is not None
        assert least <= run.font.size.pt <= most
        if isinstance(element.get("bold"), bool):
            assert bool(run.bold) == element["bold"]
        assert bool(run.italic) == bool(element.get("italic"))
    if element.get("case") == "upper":
        assert paragraph.text == paragraph.text.upper()


def test_no_letter_is_of_another_font_or_colour(docx: Docx) -> None:
    normal = docx.styles["Normal"]
    fonts = normal.element.rPr.rFonts

    assert {fonts.get(qn(f"w:{kind}")) for kind in ("ascii", "hAnsi", "cs", "eastAsia")} == {
        RULE["font"]["name"]
    }
    assert str(normal.font.color.rgb) == "000000"  # type: ignore[attr-defined]
    names = {run.font.name for each in paragraphs(docx) for run in each.runs if run.text}
    assert names == {RULE["font"]["name"]}


def test_the_text_is_justified_and_its_first_lines_are_indented(docx: Docx) -> None:
    body, element = one(docx, "Trong 180 ngày"), ELEMENTS["Nội dung"]

    form = body.paragraph_format
    assert body.alignment == 3
    assert form.first_line_indent is not None
    assert form.space_after is not None
    assert element["first_line_indent_cm"][0] <= round(form.first_line_indent.cm, 2)
    assert round(form.first_line_indent.cm, 2) <= element["first_line_indent_cm"][1]
    assert form.space_after.pt >= element["space_between_paragraphs_pt_min"]
    assert docx.styles["Normal"].paragraph_format.line_spacing == 1.0  # type: ignore[attr-defined]


def rules(docx: Docx, room_mm: tuple[float, ...]) -> list[float]:
    """How long the lines under headings are."""
    lines = [each for each in paragraphs(docx) if each._p.find(f".//{qn('w:pBdr')}") is not None]
    return [
        room - line.paragraph_format.left_indent.mm - line.paragraph_format.right_indent.mm  # type: ignore[union-attr]
        for line, room in zip(lines, room_mm, strict=True)
    ]


def test_lines_under_headings_are_as_long_as_the_rule_has_them(docx: Docx) -> None:
    body, motto, subject = rules(docx, (68, 92, 160))

    long = width_mm("Độc lập - Tự do - Hạnh phúc", 13)
    assert motto == pytest.approx(long, abs=0.1)
    text = one(docx, "Kết quả sử dụng mạng").text
    assert 1 / 3 <= subject / width_mm(text, 14) <= 1 / 2
    assert 1 / 3 <= body / width_mm("LIÊN ĐOÀN LAO ĐỘNG THÀNH PHỐ H", 12) <= 1 / 2


def test_pages_are_numbered_in_the_middle_above_but_for_the_first(docx: Docx) -> None:
    first, *annexes = docx.sections

    least, most = RULE["page_number"]["size_pt"]
    for section in docx.sections:
        [number] = section.header.paragraphs
        assert number.alignment == 1
        assert "PAGE" in number._p.xml
        assert least <= number.runs[0].font.size.pt <= most  # type: ignore[union-attr]
    assert first.different_first_page_header_footer
    assert not first.first_page_header.paragraphs[0].text
    for annex in annexes:
        assert annex._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_number_day_and_signature_are_left_to_people(docx: Docx) -> None:
    assert one(docx, "Số:").text == "Số:        /BC-LĐLĐ"
    assert one(docx, "Hải Phòng, ngày").text == "Hải Phòng, ngày      tháng      năm 2026"
    texts = [each.text for each in paragraphs(docx)]
    at = texts.index("PHÓ CHỦ TỊCH")
    assert texts[at + 1] == ""


def test_the_facts_stand_beside_what_people_have_to_write(docx: Docx) -> None:
    texts = [each.text for each in paragraphs(docx)]

    at = texts.index("[Người viết báo cáo đề xuất có duy trì hay không, và lý do.]")
    assert texts[at - 1].startswith("Số liệu để cân nhắc: 2.245 lượt truy cập")
    assert texts[at + 1] == document.DOTS
    assert [text for text in texts if text.startswith("a) Khu trọ bà Mẫu")]
    assert texts.index("III. HẠN CHẾ VÀ NGUYÊN NHÂN") < texts.index("IV. ĐỀ XUẤT")


def test_charts_are_pictures_that_say_their_numbers_in_words(docx: Docx) -> None:
    pictures = docx.element.body.findall(f".//{qn('wp:docPr')}")

    assert len(pictures) == 3
    assert pictures[0].get("descr") == (
        "Hình 1. Số lượt truy cập theo tháng: 04/26: 750,0; 05/26: 775,0; 06/26: 720,0"
    )


def test_every_size_of_the_profile_is_one_the_rule_allows() -> None:
    for name, style in layout("nd30").styles.items():
        least, most = ELEMENTS[name]["size_pt"]
        assert least <= style.size_pt <= most, name
