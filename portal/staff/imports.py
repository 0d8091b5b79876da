"""A Word file becomes a draft of an article, with its pictures."""

import re
from typing import Any, Final

from aiohttp import web

from portal.staff.converter import ConversionError, Converter
from portal.staff.media import parts_of
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash import content
from splash.content import ContentProblems
from splash.content_store import Refused
from splash.workflow import Role

MOST_BYTES: Final = 25 << 20

WRITERS: Final[frozenset[Role]] = frozenset(("author", "approver", "administrator"))

NO_FILE: Final = Said("Hãy chọn một tệp Word trước.", "Choose a Word file first.")
READ: Final = Said(
    "Đã lấy chữ từ tệp Word. Hãy đọc lại, chọn chuyên mục rồi gửi duyệt.",
    "The words of the file are here. Read them, choose a category, and send it to review.",
)
PICTURES_LOST: Final = Said(
    " {n} ảnh không lấy được; hãy thêm lại bằng nút “Ảnh”.",
    " {n} pictures could not be taken; add them by the button “Picture”.",
)
OLD_FONT: Final = Said(
    " Phông chữ cũ đã được đổi sang Unicode.", " Old fonts were turned into Unicode."
)


async def _taken(visit: Visit, converter: Converter, data: bytes) -> web.StreamResponse:
    site, actor = visit.site, visit.actor
    text = await converter.word(data)
    for picture in text["pictures"]:
        await site.do(
            site.content.add_media,
            *(picture["data"], "webp", "image/webp", actor, site.wall()),
            width=picture["width"],
            height=picture["height"],
        )
    mapping: dict[str, Any] = {
        "category": "",
        "title": {"vi": text["title"]},
        "summary": {"vi": ""},
        "body": {"vi": _described(text["html"], visit)},
        "source": {"name": site.config.organisation.name},
    }
    made = content.draft("article", mapping)
    revision = await site.do(site.content.create, made, actor, site.wall())
    return visit.leads_to(f"/items/{revision.item.id}/edit", _told(text))


def _described(html: str, visit: Visit) -> str:
    """A picture without a description cannot be kept: it says so itself, to be rewritten."""
    missing = visit.say("Ảnh trong bài (hãy viết lời tả)", "Picture (describe it)")
    return re.sub(r'<img(?: alt="")?(?= src="[^"]*">)', f'<img alt="{missing}"', html)


def _told(text: dict[str, Any]) -> Said:
    vi, en = READ.vi, READ.en
    if text["pictures_lost"]:
        vi += PICTURES_LOST.vi.format(n=text["pictures_lost"])
        en += PICTURES_LOST.en.format(n=text["pictures_lost"])
    if text["old_font"]:
        vi += OLD_FONT.vi
        en += OLD_FONT.en
    return Said(vi, en)


def routes(site: StaffSite, converter: Converter) -> list[Route]:
    async def ask(visit: Visit) -> web.StreamResponse:
        return visit.page("import.html", wrong=None)

    async def take(visit: Visit) -> web.StreamResponse:
        if visit.request.content_type != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType
        data = (await parts_of(visit.request, MOST_BYTES)).get("file", b"")
        try:
            if not data:
                raise ConversionError(NO_FILE)
            return await _taken(visit, converter, data)
        except ConversionError as error:
            return visit.page("import.html", 422, wrong=error.said)
        except ContentProblems as error:
            return visit.page("import.html", 422, wrong=error.problems[0])
        except Refused as error:
            return visit.page("refused.html", 403, why=error.refusal)

    return [
        Route("GET", "/import", ask, WRITERS),
        Route("POST", "/import", take, WRITERS, most_bytes=MOST_BYTES),
    ]
