"""Word files for tests, written by hand: no more of the format than the tests need."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="png" ContentType="image/png"/>
</Types>"""
_RELS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="word/document.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""
_IMAGE_RELS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId9" Target="{target}" {mode}
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"/>
</Relationships>"""
_DRAWING = """<w:drawing><wp:inline
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">
<wp:docPr id="1" name="Ảnh" descr="{alt}"/>
<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>
<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>
<a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"
 r:{how}="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"""


def run(text: str, *, font: str = "", bold: bool = False) -> str:
    properties = (f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>' if font else "") + (
        "<w:b/>" if bold else ""
    )
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", level: int | None = None) -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if level is not None:
        properties += f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = "".join(
        f"<w:tr>{''.join(f'<w:tc>{paragraph(run(cell))}</w:tc>' for cell in row)}</w:tr>"
        for row in rows
    )
    return f"<w:tbl>{cells}</w:tbl>"


def picture(alt: str, how: str = "embed") -> str:
    return f"<w:p><w:r>{_DRAWING.format(alt=alt, how=how)}</w:r></w:p>"


def docx(*blocks: str, head: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    """A file with these blocks. `head` stands before the root element of the document."""
    body = "".join(blocks)
    parts: dict[str, bytes] = {
        "[Content_Types].xml": _TYPES.encode(),
        "_rels/.rels": _RELS.encode(),
        "word/document.xml": (
            f'<?xml version="1.0" encoding="UTF-8"?>{head}'
            f"<w:document {_W}><w:body>{body}</w:body></w:document>"
        ).encode(),
        "word/styles.xml": (
            f'<w:styles {_W}><w:style w:type="paragraph" w:styleId="Heading1">'
            '<w:name w:val="heading 1"/></w:style></w:styles>'
        ).encode(),
        "word/numbering.xml": (
            f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0">'
            '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
            '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
            '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
        ).encode(),
        "word/_rels/document.xml.rels": _document_rels(),
    } | dict(more or {})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def _document_rels() -> bytes:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Target="styles.xml" Type="{base}/styles"/>'
        f'<Relationship Id="rId2" Target="numbering.xml" Type="{base}/numbering"/>'
        f'<Relationship Id="rId9" Target="media/image1.png" Type="{base}/image"/>'
        "</Relationships>"
    ).encode()


def external_picture_rels(target: str) -> dict[str, bytes]:
    """Says that the picture is somewhere else."""
    text = _IMAGE_RELS.format(target=escape(target), mode='TargetMode="External"')
    return {"word/_rels/document.xml.rels": text.encode()}
