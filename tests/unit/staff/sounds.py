"""Silence as MP3 and as M4A, byte by byte."""

import struct
from collections.abc import Sequence

MP3_FRAME = bytes((0xFF, 0xFB, 0x90, 0xC4)) + bytes(413)
"""1152 samples of silence: MPEG 1 layer III, 128 kbit/s, 44.1 kHz, one channel."""

AAC_FRAME = bytes((0x00, 0xC8, 0x00, 0x80, 0x23, 0x80))
"""1024 samples of silence: AAC LC, one channel."""

PERSONAL = b"Nguyen Thi Lan, 0912345678"


def mp3(frames: int = 100) -> bytes:
    return MP3_FRAME * frames


def id3(text: bytes = PERSONAL) -> bytes:
    """A tag as it lies before an MP3."""
    frame = b"TPE1" + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text
    size = len(frame)
    return b"ID3\3\0\0" + bytes((0, 0, size >> 7, size & 0x7F)) + frame


def old_id3(text: bytes = PERSONAL) -> bytes:
    """A tag as it lies behind an MP3."""
    return (b"TAG" + text).ljust(128, b"\0")


def box(kind: bytes, *inside: bytes) -> bytes:
    whole = b"".join(inside)
    return struct.pack(">I4s", 8 + len(whole), kind) + whole


def m4a(
    frames: int = 100,
    *,
    brand: bytes = b"M4A ",
    codec: int = 0x40,
    in_track: bytes = b"",
    in_movie: bytes = b"",
    before: bytes = b"",
    tracks: int = 1,
    offsets: Sequence[int] | None = None,
    made: int = 3_800_000_000,
) -> bytes:
    """Frames in two chunks with a gap between them; the data before what describes it."""
    half = frames // 2
    ftyp = box(b"ftyp", brand, bytes(4), brand)
    gap = b"between the chunks: " + PERSONAL
    mdat = box(b"mdat", AAC_FRAME * half, gap, AAC_FRAME * (frames - half))
    first = len(ftyp) + len(before) + 8
    places = offsets or (first, first + len(AAC_FRAME) * half + len(gap))
    long = 1024 * frames
    config = bytes((5, 2, 0x12, 0x08))
    decoder = bytes((4, 17, codec, 0x15)) + bytes(11) + config
    esds = box(b"esds", bytes(4), bytes((3, 25, 0, 0, 0)), decoder, bytes((6, 1, 2)))
    entry = bytes(6) + struct.pack(">HIIHHHHI", 1, 0, 0, 1, 16, 0, 0, 44100 << 16)
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), box(b"mp4a", entry, esds)),
        box(b"stts", struct.pack(">IIII", 0, 1, frames, 1024)),
        box(b"stsc", struct.pack(">IIIIIIII", 0, 2, 1, half, 1, 2, frames - half, 1)),
        box(b"stsz", struct.pack(">III", 0, 0, frames), struct.pack(">I", 6) * frames),
        box(b"stco", struct.pack(">II", 0, len(places)), struct.pack(f">{len(places)}I", *places)),
    )
    dref = box(b"dref", struct.pack(">II", 0, 1), box(b"url ", struct.pack(">I", 1)))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIIHH", 0, made, made, 44100, long, 0x55C4, 0)),
        box(b"hdlr", bytes(8), b"soun", bytes(12), PERSONAL + b"\0"),
        box(b"minf", box(b"smhd", bytes(8)), box(b"dinf", dref), table),
    )
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = box(
        b"trak",
        box(
            b"tkhd",
            struct.pack(">IIIIII", 7, made, made, 1, 0, long),
            bytes(8) + struct.pack(">HHHH", 0, 0, 256, 0) + matrix + bytes(8),
        ),
        media,
        in_track,
    )
    movie = box(
        b"moov",
        box(
            b"mvhd",
            struct.pack(">IIIIIIHH", 0, made, made, 44100, long, 1 << 16, 256, 0),
            bytes(8) + matrix + bytes(24) + struct.pack(">I", 2),
        ),
        track * tracks,
        in_movie,
    )
    return ftyp + before + mdat + movie
