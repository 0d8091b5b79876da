"""Makes pictures small enough for phones: WebP, at most 480 pixels wide, without EXIF and places.

`shrink` works in a process of its own with little memory and little time, because a picture may
be made to exhaust both. That process is this module: `python3 -m content_cache.mirror.pictures`.
"""

import asyncio
import io
import resource
import sys
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 480
"""Pixels; a phone's page is not wider."""
HEIGHT: Final = 1440

_MOST_BYTES: Final = 40_000_000
_MOST_PIXELS: Final = 25_000_000
_MOST_PIXELS_BY_DRAFT: Final = 120_000_000
"""A baseline JPEG is read at an eighth of its size; nothing else can be."""
_LEAST_SIDE: Final = 48
_MEMORY_BYTES: Final = 1_000_000_000
_SECONDS: Final = 30.0
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")


class PictureError(Exception):
    """The picture is left out. `reason` is `picture-large`, `picture-small`, `picture-bad`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Picture:
    webp: bytes
    width: int
    height: int


async def shrink(body: bytes) -> Picture:
    """A picture for phones of the file `body`.

    Raises:
        PictureError: it is no picture, or too large, or too small to be worth showing.
    """
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            made, _ = await worker.communicate(body)
    except TimeoutError:
        raise PictureError("picture-large") from None
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    head, _, rest = made.partition(b"\n")
    words = head.decode("ascii", "replace").split()
    if worker.returncode != 0:
        raise PictureError(words[0] if words else "picture-large")
    return Picture(rest, int(words[0]), int(words[1]))


def made_small(body: bytes) -> Picture:
    """What `shrink` does, in this process.

    Raises:
        PictureError: as `shrink`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(body) > _MOST_BYTES:
        raise PictureError("picture-large")
    Image.MAX_IMAGE_PIXELS = None  # The limits here are stricter, and no warnings.
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as picture:
            width, height = picture.size
            drafted = picture.format == "JPEG" and not picture.info.get("progressive")
            if width * height > (_MOST_PIXELS_BY_DRAFT if drafted else _MOST_PIXELS):
                raise PictureError("picture-large")
            if min(width, height) < _LEAST_SIDE:
                raise PictureError("picture-small")
            if drafted:  # Twice the size that is wanted, so that the last step can be smooth.
                picture.draft("RGB", (2 * WIDTH, 2 * WIDTH))
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "PA", "P"):
                clear = upright.convert("RGBA")
                upright = Image.new("RGB", clear.size, "white")
                upright.paste(clear, mask=clear.getchannel("A"))
            small = upright.convert("RGB")
            small.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            small.save(out, "WEBP", quality=60, method=4)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise PictureError("picture-bad") from None
    except MemoryError:
        raise PictureError("picture-large") from None
    return Picture(out.getvalue(), *small.size)


def main() -> int:
    """Read a picture from standard input; write its size, a line break, and the WebP."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(_SECONDS), int(_SECONDS)))
    try:
        picture = made_small(sys.stdin.buffer.read())
    except PictureError as error:
        print(error.reason)
        return 1
    sys.stdout.buffer.write(b"%d %d\n" % (picture.width, picture.height) + picture.webp)
    return 0


if __name__ == "__main__":
    sys.exit(main())
