import io
import struct
import zlib

import pytest
from PIL import Image

from portal.staff import images
from portal.staff.images import PictureError, shrink
from splash import publishing

EXIF_ORIENTATION, EXIF_GPS = 0x0112, 0x8825


def photo(width: int, height: int, format: str = "JPEG", **options: object) -> bytes:
    """A picture with so much in it that it weighs something."""
    noise = Image.effect_noise((width // 4 or 1, height // 4 or 1), 80).resize((width, height))
    picture = Image.merge("RGB", (noise, noise.rotate(180), noise))
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.slow
def test_a_photo_becomes_a_small_webp() -> None:
    shrunk = shrink(photo(1000, 750), "body")

    assert (shrunk.width, shrunk.height) == (800, 600)
    assert opened(shrunk.data).format == "WEBP"
    assert opened(shrunk.data).size == (800, 600)
    assert len(shrunk.data) <= images.BYTES["body"]


@pytest.mark.slow
def test_a_poster_fits_what_a_splash_may_weigh_however_wild_it_is() -> None:
    shrunk = shrink(photo(600, 800, quality=95), "poster")

    assert len(shrunk.data) <= images.BYTES["poster"]
    assert shrunk.width >= 240


def test_a_small_picture_is_not_blown_up() -> None:
    assert shrink(photo(120, 90, "PNG"), "body").width == 120


def test_a_photo_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    exif.get_ifd(EXIF_GPS)[1] = "N"
    left_red = Image.new("RGB", (400, 200), "blue")
    left_red.paste("red", (0, 0, 200, 200))
    file = io.BytesIO()
    left_red.save(file, "JPEG", exif=exif)

    shrunk = shrink(file.getvalue(), "body")

    picture = opened(shrunk.data)
    assert picture.size == (200, 400)
    red, _, blue = picture.convert("RGB").getpixel((100, 20))
    assert red > 200 > blue
    assert dict(picture.getexif()) == {}
    assert b"EXIF" not in shrunk.data


def test_transparency_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(file, "PNG")

    assert opened(shrink(file.getvalue(), "body").data).convert("RGB").getpixel((5, 5)) == (
        255,
        255,
        255,
    )


def gif_of(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00" + frame + b";"


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size, and has not a pixel of it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("what", "data", "words"),
    [
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "không phải ảnh"),
        ("HTML", b"<!doctype html><script>alert(1)</script>", "không phải ảnh"),
        ("nothing", b"", "không phải ảnh"),
        ("BMP", photo(10, 10, "BMP"), "không phải ảnh"),
        ("TIFF", photo(10, 10, "TIFF"), "không phải ảnh"),
        ("PDF", b"%PDF-1.7\n", "không phải ảnh"),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "không phải ảnh"),
        ("half a photo", photo(400, 400)[:2000], "bị hỏng"),
        ("a huge GIF", gif_of(65535, 65535), "quá nhiều"),
        ("a huge PNG", png_of(30_000, 30_000), "quá nhiều"),
        ("a PNG beyond memory", png_of(7_000, 7_000), "quá nhiều"),
        ("a line", photo(4, 4000, "PNG"), "quá dài"),
        ("a PNG without pixels", png_of(2000, 2000), "bị hỏng"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_refused_in_words(what: str, data: bytes, words: str) -> None:
    with pytest.raises(PictureError) as refused:
        shrink(data, "body")

    assert words in refused.value.vi


def test_of_a_file_that_is_two_things_only_the_picture_is_left() -> None:
    script = b"<script>alert(1)</script>"
    polyglot = photo(200, 200, "GIF", comment=script) + script + photo(20, 20) + b"PK\x03\x04"

    data = shrink(polyglot, "body").data

    assert script not in data
    assert b"PK\x03\x04" not in data
    assert data.startswith(b"RIFF")
    assert len(data) == 8 + struct.unpack("<I", data[4:8])[0]


def test_of_an_animation_the_first_picture_is_kept() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])

    picture = opened(shrink(file.getvalue(), "body").data)

    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((10, 10))[0] > 200


def test_what_is_drawn_may_be_published() -> None:
    assert images.BYTES["poster"] <= publishing.POSTER_BYTES
    assert max(images.BYTES.values()) <= publishing.PICTURE_BYTES
