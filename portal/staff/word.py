"""Turns a Word file (.docx) into a text of ours: its words, lists, tables and pictures.

Mammoth reads the meaning and leaves the looks; `sanitise` has the last word on the HTML. Pictures
are drawn anew by `images`; one that cannot be is left out and counted.

Runs in the process of `portal.staff.converter`: a file may be made to hurt. A zip says how much is
in it, and Python reads no more than it says.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import mammoth
from mammoth import documents

from portal.staff import old_fonts
from portal.staff.images import PictureError, shrink
from portal.staff.sanitise import sanitise
from splash import markup

MOST_UNPACKED: Final = 80_000_000
MOST_MEMBERS: Final = 2_000
MOST_PICTURES: Final = 40
MOST_OF_A_PART: Final = 20_000_000
"""Bytes of XML in one part; a tree of it takes twenty times as much memory."""

_STYLES: Final = """
u => u
strike =>
p[style-name='Title'] => h2:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
"""

NOT_WORD: Final = (
    "Tệp này không phải tệp Word .docx. Tệp .doc cũ: hãy mở bằng Word, chọn Lưu thành, kiểu .docx.",
    "This is no Word file of the kind .docx. Open a .doc in Word and save it as .docx.",
)
TOO_MUCH: Final = (
    "Tệp Word quá lớn khi mở ra. Hãy bỏ bớt ảnh hoặc chia làm nhiều bài.",
    "There is too much in this Word file. Take out pictures, or make several texts of it.",
)


class WordError(Exception):
    """Why the file is not taken, in words for who chose it."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture of the file as it is to be stored, under the name the text has for it."""

    name: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class WordText:
    title: str
    """The heading it began with; empty if it began with none."""
    html: str
    pictures: tuple[DrawnPicture, ...]
    pictures_lost: int
    old_font: bool
    """Some of it was in a font from before Unicode, and was turned."""


def read(data: bytes) -> WordText:
    """The text in the .docx file `data`.

    Raises:
        WordError: it is none, or has more in it than anybody writes.
    """
    _look_inside(data)
    fonts = _Fonts()
    pictures = _Pictures()
    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(pictures.drawn),
            transform_document=fonts.turned,
        )
    except Exception:
        # Mammoth believes what a file says: of a broken one come errors of every class.
        raise WordError(*NOT_WORD) from None
    clean = sanitise(result.value)
    title, body = _title_apart(clean.html)
    used = set(markup.pictures(body))
    return WordText(
        title,
        body,
        tuple(each for each in pictures.found.values() if each.name in used),
        clean.pictures_lost,
        fonts.any_turned,
    )


def _look_inside(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = file.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise WordError(*NOT_WORD) from None
    if "word/document.xml" not in {each.filename for each in members}:
        raise WordError(*NOT_WORD)
    parts = [each.file_size for each in members if each.filename.endswith((".xml", ".rels"))]
    if (
        len(members) > MOST_MEMBERS
        or sum(each.file_size for each in members) > MOST_UNPACKED
        or sum(parts) > MOST_OF_A_PART
    ):
        raise WordError(*TOO_MUCH)


class _Pictures:
    """Draws each picture anew, and gives it its name."""

    def __init__(self) -> None:
        self.found: dict[str, DrawnPicture] = {}

    def drawn(self, image: Any) -> dict[str, str]:
        """The attributes of the `img`; with no `src` it is left out, and counted, later."""
        if len(self.found) >= MOST_PICTURES:
            return {"src": ""}
        try:
            with image.open() as file:
                shrunk = shrink(file.read(MOST_UNPACKED), "body")
        except (PictureError, KeyError, OSError, ValueError, zipfile.BadZipFile):
            return {"src": ""}
        name = hashlib.sha256(shrunk.data).hexdigest() + ".webp"
        self.found[name] = DrawnPicture(name, shrunk.data, shrunk.width, shrunk.height)
        return {"src": f"/m/{name}"}


class _Fonts:
    """Turns what was typed in an old font, where a run names one or only that makes sense."""

    def __init__(self) -> None:
        self.any_turned = False

    def turned(self, document: Any) -> Any:
        unnamed = " ".join(
            text.value
            for run in _descendants(document)
            if isinstance(run, documents.Run) and old_fonts.coding_of_font(run.font or "") is None
            for text in _descendants(run)
            if isinstance(text, documents.Text)
        )
        guessed = old_fonts.coding_of(unnamed)

        def turn(run: Any) -> Any:
            coding = old_fonts.coding_of_font(run.font or "") or guessed
            if coding is None:
                return run
            self.any_turned = True
            capitals = old_fonts.is_of_capitals(run.font or "")
            return run.copy(children=[_turned(each, coding, capitals) for each in run.children])

        return mammoth.transforms.run(turn)(document)


def _turned(element: Any, coding: old_fonts.Coding, capitals: bool) -> Any:
    if not isinstance(element, documents.Text):
        return element
    text = old_fonts.to_unicode(element.value, coding)
    return documents.text(text.upper() if capitals else text)


def _descendants(element: Any) -> Iterator[Any]:
    for child in getattr(element, "children", ()):
        yield child
        yield from _descendants(child)


def _title_apart(html: str) -> tuple[str, str]:
    """The heading, or the line all in bold, that a text begins with; and what follows."""
    first = re.match(r"<(?:h2>(.*?)</h2|p><strong>([^<]*)</strong></p)>", html)
    if first is None:
        return "", html
    title = markup.plain(first[1] or first[2] or "")
    if not title or len(title) > 120 or "<img" in first[0]:
        return "", html
    return title, html[first.end() :]
