"""Pictures for phones: small, without EXIF, and nothing that harms."""

import io

import pytest
from PIL import Image

from content_cache.mirror.pictures import PictureError, made_small, shrink


def file(kind: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 0).save(out, kind, **options)
    return out.getvalue()


def opened(webp: bytes) -> Image.Image:
    return Image.open(io.BytesIO(webp))


async def test_a_large_photograph_becomes_a_small_webp() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Lay on its side.
    exif[0x010F] = "Hãng máy ảnh"

    picture = await shrink(file("JPEG", (3000, 2000), exif=exif))

    assert (picture.width, picture.height) == (480, 720)
    made = opened(picture.webp)
    assert (made.format, made.size, dict(made.getexif())) == ("WEBP", (480, 720), {})


def test_a_small_picture_is_not_made_larger() -> None:
    assert made_small(file("GIF", (200, 100), "P")).width == 200


def test_what_can_be_seen_through_is_white() -> None:
    clear = opened(made_small(file("PNG", (100, 100), "RGBA")).webp)

    assert clear.convert("RGB").getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (file("PNG", (6000, 5000), "1"), "picture-large"),
        (file("PNG", (30, 400)), "picture-small"),
        (b"", "picture-bad"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture-bad"),
        (file("JPEG", (400, 300))[:300], "picture-bad"),
        (file("TIFF", (400, 300)), "picture-bad"),
    ],
)
def test_other_pictures_are_left_out_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        made_small(body)


async def test_the_reason_comes_out_of_the_other_process() -> None:
    with pytest.raises(PictureError, match="picture-bad"):
        await shrink(b"no picture")
