import hashlib
import io
import zipfile

import pytest
from PIL import Image

from portal.staff import word
from portal.staff.word import WordError, read
from splash import markup
from tests.unit.staff.docx import docx, external_picture_rels, paragraph, picture, run, table


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


def test_a_word_file_gives_its_title_lists_and_table() -> None:
    text = read(
        docx(
            paragraph(run("Lương làm thêm giờ"), style="Heading1"),
            paragraph(run("Người lao động", bold=True), run(" cần biết:")),
            paragraph(run("Ngày thường: 150%"), level=0),
            paragraph(run("nghỉ hằng tuần"), level=1),
            paragraph(run("Ban đêm"), level=0),
            table(("Vùng", "Lương"), ("I", "4.960.000")),
        )
    )

    assert text.title == "Lương làm thêm giờ"
    assert text.html == (
        "<p><strong>Người lao động</strong> cần biết:</p>"
        "<ol><li><p>Ngày thường: 150%</p><ul><li>nghỉ hằng tuần</li></ul></li><li>Ban đêm</li></ol>"
        "<table><tbody><tr><td><p>Vùng</p></td><td><p>Lương</p></td></tr>"
        "<tr><td><p>I</p></td><td><p>4.960.000</p></td></tr></tbody></table>"
    )
    assert markup.problems(text.html) == ()
    assert not text.old_font


def test_a_first_line_in_bold_is_the_title() -> None:
    text = read(docx(paragraph(run("Thông báo", bold=True)), paragraph(run("Mai mất nước."))))

    assert (text.title, text.html) == ("Thông báo", "<p>Mai mất nước.</p>")


def test_runs_of_an_old_font_are_turned_and_others_are_not() -> None:
    text = read(
        docx(
            paragraph(run("QuyÒn lîi", font=".VnTime"), run(" của công nhân: "), run("café")),
            paragraph(run("c«ng ®oµn", font=".VnTimeH")),
        )
    )

    assert text.html == "<p>Quyền lợi của công nhân: café</p><p>CÔNG ĐOÀN</p>"
    assert text.old_font


def test_an_old_font_that_only_a_style_named_is_known_by_the_text() -> None:
    text = read(docx(paragraph(run("QuyÒn lîi cña c«ng nh©n lao ®éng"))))

    assert text.html == "<p>Quyền lợi của công nhân lao động</p>"


def test_pictures_are_drawn_anew_and_named_by_what_they_are() -> None:
    text = read(docx(picture("Tờ rơi"), more={"word/media/image1.png": png()}))

    (drawn,) = text.pictures
    assert drawn.name == hashlib.sha256(drawn.data).hexdigest() + ".webp"
    assert (drawn.width, drawn.height) == (40, 30)
    assert text.html == f'<p><img alt="Tờ rơi" src="/m/{drawn.name}"></p>'
    assert text.pictures_lost == 0


def test_a_picture_that_is_none_is_left_out_and_counted() -> None:
    text = read(
        docx(paragraph(run("a")), picture("x"), more={"word/media/image1.png": b"<svg onload=x>"})
    )

    assert (text.html, text.pictures, text.pictures_lost) == ("<p>a</p>", (), 1)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "/etc/passwd", "http://evil.example/x"])
def test_a_picture_somewhere_else_is_never_fetched(target: str) -> None:
    text = read(
        docx(paragraph(run("a")), picture("x", how="link"), more=external_picture_rels(target))
    )

    assert (text.html, text.pictures) == ("<p>a</p>", ())


def bomb(name: str, size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<x/>")
        archive.writestr(name, bytes(size))
    return file.getvalue()


MANY = {f"word/{n}.xml": b"" for n in range(word.MOST_MEMBERS)}
LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>"
    for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "không phải tệp Word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "không phải tệp Word"),
        (b"PK\x03\x04" + bytes(100), "không phải tệp Word"),
        (docx()[:-40], "không phải tệp Word"),
        (docx(more={"word/document.xml": b"<w:document"}), "không phải tệp Word"),
        (docx(more=MANY), "quá lớn"),
        (bomb("word/media/x.png", word.MOST_UNPACKED), "quá lớn"),
        (bomb("word/styles.xml", word.MOST_OF_A_PART), "quá lớn"),
        (docx("<w:p><w:r><w:t>&k;</w:t></w:r></w:p>", head=LAUGHS + "]>"), "không phải tệp Word"),
        (docx(more={"../../etc/x": b"x", "/word/y": b"x", "word/document.xml": b""}), "không"),
    ],
    ids=["nothing", "doc", "zip", "half", "xml", "many", "big", "part", "laughs", "paths"],
)
def test_what_is_no_word_file_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(WordError) as refused:
        read(data)

    assert words in refused.value.vi


def test_script_in_a_word_file_stays_text() -> None:
    text = read(docx(paragraph(run("<script>alert(1)</script>"))))

    assert text.html == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
