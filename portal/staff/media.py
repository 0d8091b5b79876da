"""Pictures and sounds: taken in, made anew, kept under the hash of their bytes, and shown.

A file is called by what it is, never by what its sender called it.
"""

from typing import Any, Final

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from portal.staff.converter import ConversionError, Converter
from portal.staff.site import NO_FORM, Route, StaffSite, Visit
from portal.staff.words import Said
from splash.content import media_of
from splash.markup import MEDIA_NAME
from splash.workflow import Role

MOST_BYTES: Final = 25 << 20
"""A photo of 64 million pixels, from a telephone's memory, without the browser's help."""

_MOST_PARTS: Final = 16
"""Our forms send three."""

SOUND: Final = "sound"

USES: Final = ("poster", "picture", "body")

WRITERS: Final[frozenset[Role]] = frozenset(("author", "approver", "administrator", "house_owner"))

_TYPES: Final = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
}

NO_FILE: Final = Said("Chưa có tệp nào được gửi lên.", "No file was sent.")


async def parts_of(request: web.Request, most: int) -> dict[str, bytes]:
    """The parts of a form with a file, by their names; file names are not looked at.

    Raises:
        web.HTTPRequestEntityTooLarge: they have more than `most` bytes.
        web.HTTPBadRequest: they are none, or more than any form has.
    """
    try:
        return await _parts_of(request, most)
    except NO_FORM:
        raise web.HTTPBadRequest from None


async def _parts_of(request: web.Request, most: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size = 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if len(found) >= _MOST_PARTS or not isinstance(part, BodyPartReader) or part.name is None:
            raise web.HTTPBadRequest
        data = bytearray()
        while chunk := await part.read_chunk(1 << 16):
            size += len(chunk)
            if size > most:
                raise web.HTTPRequestEntityTooLarge(most, size)
            data += chunk
        found[part.name] = bytes(data)
    return found


async def keep(visit: Visit, converter: Converter, data: bytes, use: str) -> dict[str, Any]:
    """Draw a picture anew and keep it: its name, size and weight.

    Raises:
        ConversionError: it is no picture that is taken.
    """
    if not data:
        raise ConversionError(NO_FILE)
    drawn, width, height = await converter.shrink(data, use if use in USES else "body")
    site = visit.site
    medium = await site.do(
        site.content.add_media,
        *(drawn, "webp", "image/webp", visit.actor, site.wall()),
        width=width,
        height=height,
    )
    return {"name": medium.name, "width": width, "height": height, "bytes": medium.bytes}


async def keep_sound(visit: Visit, converter: Converter, data: bytes) -> dict[str, Any]:
    """Keep a sound without what its file had besides: its name, length and weight.

    Raises:
        ConversionError: it is no sound that is taken.
    """
    if not data:
        raise ConversionError(NO_FILE)
    sound, suffix, seconds = await converter.sound(data)
    site = visit.site
    medium = await site.do(
        site.content.add_media,
        *(sound, suffix, _TYPES[suffix], visit.actor, site.wall()),
        seconds=seconds,
    )
    return {"name": medium.name, "seconds": seconds, "bytes": medium.bytes}


def routes(site: StaffSite, converter: Converter) -> list[Route]:
    async def take(visit: Visit) -> web.StreamResponse:
        if visit.request.content_type != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType
        parts = await parts_of(visit.request, MOST_BYTES)
        use = parts.get("use", b"").decode("ascii", "replace")
        try:
            file = parts.get("file", b"")
            if use == SOUND:
                kept = await keep_sound(visit, converter, file)
            else:
                kept = await keep(visit, converter, file, use)
        except ConversionError as error:
            return web.json_response(
                {"problem": visit.say(error.said.vi, error.said.en)}, status=422
            )
        return web.json_response(kept)

    async def show(visit: Visit) -> web.StreamResponse:
        name = visit.request.match_info["name"]
        path = site.content.media_folder / name
        if not MEDIA_NAME.fullmatch(name) or not path.is_file():
            raise web.HTTPNotFound
        response = web.FileResponse(path)
        response.headers["Content-Type"] = _TYPES[name.rpartition(".")[2]]
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response

    async def listed(visit: Visit) -> web.StreamResponse:
        media = await site.do(site.content.media)
        used: dict[str, list[tuple[str, str]]] = {}
        for summary in await site.do(site.content.items):
            for name in media_of(summary.newest.content):
                title = summary.title.vi or summary.newest.item.id
                used.setdefault(name, []).append((summary.newest.item.id, title))
        return visit.page("media.html", media=media, used=used)

    return [
        # It names what uses each, and that is not for owners of single houses.
        Route("GET", "/media", listed, WRITERS - {"house_owner"}),
        Route("POST", "/media", take, WRITERS, most_bytes=MOST_BYTES),
        Route("GET", "/m/{name}", show),
    ]
