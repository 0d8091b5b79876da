"""Makes a small WebP of a picture somebody gave us, and nothing else of it.

The bytes say what a file is, not its name nor its browser; only what Pillow reads as JPEG, PNG,
WebP or GIF is taken, and what is kept is drawn anew: nothing that was hidden in the file, before
or behind the picture, or in its metadata (EXIF, with the place it was taken) comes through.

Runs in the process of `portal.staff.converter`: a picture may be made to hurt.
"""

import io
import warnings
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PIL import Image, ImageOps, UnidentifiedImageError

Use: TypeAlias = Literal["poster", "picture", "body"]

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")

MOST_PIXELS: Final = 64_000_000
"""The largest cameras of telephones. A JPEG of them is read at an eighth of that."""

MOST_PIXELS_UNPACKED: Final = 30_000_000
"""Of what cannot be read at a smaller size: 120 MB in memory."""

MOST_PIXELS_TO_ONE_SIDE: Final = 12
"""A picture that is longer than that to its width is a line, and on a phone nothing."""

WIDTHS: Final[dict[Use, int]] = {"poster": 480, "picture": 800, "body": 800}
"""Pixels across: the poster is in the page of a captive phone, which gets all at once."""

BYTES: Final[dict[Use, int]] = {"poster": 28_000, "picture": 120_000, "body": 120_000}
"""What one may weigh; `splash.publishing` asks for no less."""

_QUALITIES: Final = (70, 60, 50, 40, 30, 20)
_SMALLEST_WIDTH: Final = 240


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A WebP."""

    data: bytes
    width: int
    height: int


class PictureError(Exception):
    """Why it is not taken, in words for who chose it."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


NOT_A_PICTURE: Final = (
    "Tệp này không phải ảnh JPEG, PNG, WebP hoặc GIF. Ảnh iPhone dạng HEIC: hãy mở rồi lưu lại"
    " thành JPEG.",
    "This file is no JPEG, PNG, WebP or GIF. Save a HEIC of an iPhone as JPEG first.",
)
BROKEN: Final = (
    "Ảnh bị hỏng, không đọc hết được. Hãy lưu lại ảnh hoặc chụp màn hình rồi gửi lại.",
    "The picture is damaged. Save it again, or take a screenshot, and send that.",
)
TOO_LARGE: Final = (
    "Ảnh có quá nhiều điểm ảnh. Hãy thu nhỏ còn tối đa 6000 x 5000 điểm rồi gửi lại.",
    "The picture has too many pixels. Make it 6000 x 5000 at most and send it again.",
)
TOO_LONG: Final = (
    "Ảnh quá dài so với chiều ngang. Hãy cắt bớt rồi gửi lại.",
    "The picture is far too long for its width. Cut it and send it again.",
)


def shrink(data: bytes, use: Use) -> Shrunk:
    """The picture in `data`, upright, as small as its use asks for.

    Raises:
        PictureError: it is none that is taken.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of half of what it refuses, and of odd metadata, which nobody keeps.
            warnings.simplefilter("ignore")
            return _shrunk(data, use)
    except UnidentifiedImageError:
        raise PictureError(*NOT_A_PICTURE) from None
    except Image.DecompressionBombError:
        raise PictureError(*TOO_LARGE) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError):
        # What Pillow's readers raise over files that end early or lie about themselves.
        raise PictureError(*BROKEN) from None


def _shrunk(data: bytes, use: Use) -> Shrunk:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        _measure(width, height, MOST_PIXELS)
        most = WIDTHS[use]
        if image.format == "JPEG":
            # Twice the width, so that what is drawn smaller is not coarse; upright or not.
            image.draft("RGB", (2 * most, 2 * most))
        _measure(*image.size, MOST_PIXELS_UNPACKED)
        image.load()  # Of an animation the first picture alone.
        upright = _on_white(ImageOps.exif_transpose(image))
    upright.thumbnail((most, most * MOST_PIXELS_TO_ONE_SIDE), Image.Resampling.LANCZOS)
    return _within(upright, BYTES[use])


def _measure(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise PictureError(*TOO_LARGE)
    if height > MOST_PIXELS_TO_ONE_SIDE * width or width > MOST_PIXELS_TO_ONE_SIDE * height:
        raise PictureError(*TOO_LONG)


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency: what was drawn for a white page stays readable on any."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return white
    return image.convert("RGB")


def _within(image: Image.Image, most: int) -> Shrunk:
    """The best quality, and then the widest, that is not heavier than `most` bytes."""
    while True:
        for quality in _QUALITIES:
            data = _webp(image, quality)
            if len(data) <= most:
                return Shrunk(data, *image.size)
        if image.width <= _SMALLEST_WIDTH:
            return Shrunk(data, *image.size)
        image = image.resize((image.width * 3 // 4, max(1, image.height * 3 // 4)))


def _webp(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    # Nothing of the file it came from: Pillow would carry its colour profile and EXIF along.
    image.save(file, "WEBP", quality=quality, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return file.getvalue()
