"""The boxes of an MP4 file (ISO/IEC 14496-12), as far as a single sound needs them. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BRANDS: Final = frozenset((b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"3gp4", b"3gp5"))

_TOP: Final = frozenset(
    (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"pdin")
)
"""What may lie in a file; all but three are left out."""

_MOST_BOXES: Final = 200
_MOST_SAMPLES: Final = 200_000
"""Fifteen minutes have 84,000 at 96 kHz."""
_MOST_DESCRIPTION: Final = 1024
"""Bytes of `stsd`, which is kept as it is."""

_LONGEST_HEADER: Final = 112
"""Bytes of `mvhd`, which is the longest."""

_FTYP: Final = b"M4A \0\0\0\0M4A mp42isom"


class BoxError(ValueError):
    """The file is no whole MP4 with one sound."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """How the samples of a sound lie in its file."""

    chunks: list[int]
    """Where each chunk begins."""
    runs: list[tuple[int, int]]
    """From which chunk (1 is the first) how many samples are in each."""
    sizes: list[int]
    """Of each sample, in bytes."""

    def spans(self) -> Iterator[tuple[int, int]]:
        """Where each chunk begins and how many bytes it has."""
        sample, run = 0, -1
        for number, begins in enumerate(self.chunks, 1):
            while run + 1 < len(self.runs) and self.runs[run + 1][0] <= number:
                run += 1
            count = self.runs[run][1] if run >= 0 else 0
            if not 0 < count <= len(self.sizes) - sample:
                raise BoxError("the chunks and the samples do not agree")
            yield begins, sum(self.sizes[sample : sample + count])
            sample += count
        if sample != len(self.sizes):
            raise BoxError("there are samples in no chunk")


def sound_alone(data: bytes) -> tuple[bytes, float]:
    """An MP4 with the one sound of `data`, ready to be played from its beginning; its seconds.

    Raises:
        BoxError: `data` is no whole MP4, or holds something that is no box, or not one sound.
    """
    top = dict(_boxes(data, _TOP))
    if not {b"ftyp", b"moov", b"mdat"} <= set(top):
        raise BoxError("a part is missing")
    kinds = top[b"ftyp"]
    if not BRANDS & {kinds[n : n + 4] for n in range(0, len(kinds), 4) if n != 4}:
        raise BoxError("of no kind that is taken")
    try:
        return _put_together(data, top[b"moov"])
    except (KeyError, struct.error, IndexError):
        raise BoxError("a box is missing or too short") from None


def _put_together(data: bytes, moov: bytes) -> tuple[bytes, float]:
    tracks = [dict(_boxes(inside)) for kind, inside in _boxes(moov) if kind == b"trak"]
    sounds = [each for each in tracks if _inside(each[b"mdia"], b"hdlr")[8:12] == b"soun"]
    if len(sounds) != 1:
        raise BoxError("not one sound")
    track = sounds[0]
    media = dict(_boxes(track[b"mdia"]))
    information = dict(_boxes(media[b"minf"]))
    tables = dict(_boxes(information[b"stbl"]))
    if len(tables[b"stsd"]) > _MOST_DESCRIPTION or len(track.get(b"edts", b"")) > _LONGEST_HEADER:
        raise BoxError("its description is too long")
    spans = list(_tables(tables).spans())
    if any(begins + size > len(data) for begins, size in spans):
        raise BoxError("it ends early")
    if sum(size for _, size in spans) > len(data):
        raise BoxError("its chunks lie on each other")
    sound = b"".join(data[begins : begins + size] for begins, size in spans)

    def movie(first: int) -> bytes:
        """With the samples from byte `first` of the file on."""
        offsets, at = [], first
        for _, size in spans:
            offsets.append(at)
            at += size
        places = struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets)
        edits = _box(b"edts", track[b"edts"]) if b"edts" in track else b""
        return _box(
            b"moov",
            _box(b"mvhd", _timeless(dict(_boxes(moov))[b"mvhd"])),
            _box(
                b"trak",
                _box(b"tkhd", _timeless(track[b"tkhd"])),
                edits,
                _box(
                    b"mdia",
                    _box(b"mdhd", _timeless(media[b"mdhd"])),
                    _box(b"hdlr", bytes(8) + b"soun" + bytes(13)),
                    _box(
                        b"minf",
                        _box(b"smhd", bytes(8)),
                        # The samples are in this file.
                        _box(b"dinf", _box(b"dref", _words(0, 1), _box(b"url ", _words(1)))),
                        _box(
                            b"stbl",
                            *(_box(kind, tables[kind]) for kind in (b"stsd", b"stts", b"stsc")),
                            _box(b"stsz", tables[b"stsz"]),
                            _box(b"stco", places),
                        ),
                    ),
                ),
            ),
        )

    head = _box(b"ftyp", _FTYP)
    before = len(head) + len(movie(0)) + 8
    return head + movie(before) + _box(b"mdat", sound), _seconds(media[b"mdhd"], tables[b"stts"])


def _boxes(data: bytes, known: frozenset[bytes] | None = None) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the inside of each box; they fill `data` wholly, and are of `known` kinds."""
    at = count = 0
    while at < len(data):
        if len(data) - at < 8:
            raise BoxError("something that is no box")
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            if len(data) - at < 16:
                raise BoxError("something that is no box")
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = len(data) - at
        count += 1
        if not head <= size <= len(data) - at or count > _MOST_BOXES:
            raise BoxError("a box that does not fit")
        if known is not None and kind not in known:
            raise BoxError("a box of another kind")
        yield kind, data[at + head : at + size]
        at += size


def _inside(data: bytes, wanted: bytes) -> bytes:
    return dict(_boxes(data))[wanted]


def _box(kind: bytes, *inside: bytes) -> bytes:
    whole = b"".join(inside)
    return struct.pack(">I4s", len(whole) + 8, kind) + whole


def _words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _timeless(header: bytes) -> bytes:
    """A header without when the file was made and changed."""
    if len(header) > _LONGEST_HEADER:
        raise BoxError("a header that is too long")
    size = 16 if header[0] == 1 else 8
    return header[:4] + bytes(size) + header[4 + size :]


def _tables(tables: dict[bytes, bytes]) -> _Tables:
    short = b"stco" in tables
    chunks = _numbers(tables[b"stco" if short else b"co64"], "I" if short else "Q")
    runs = _numbers(tables[b"stsc"], "I", each=3)
    same, count = struct.unpack_from(">II", tables[b"stsz"], 4)
    if count > _MOST_SAMPLES:
        raise BoxError("too many samples")
    if same and len(tables[b"stsz"]) != 12:
        raise BoxError("a table that does not fit")
    sizes = [same] * count if same else _numbers(tables[b"stsz"][4:], "I")
    return _Tables(chunks, list(zip(runs[::3], runs[1::3], strict=True)), sizes)


def _numbers(table: bytes, form: str, each: int = 1) -> list[int]:
    """A table of numbers, `each` to an entry, that fills its box."""
    (count,) = struct.unpack_from(">I", table, 4)
    numbers = struct.Struct(f">{count * each}{form}") if count <= _MOST_SAMPLES else None
    if numbers is None or len(table) != 8 + numbers.size:
        raise BoxError("a table that does not fit")
    return list(numbers.unpack_from(table, 8))


def _seconds(header: bytes, times: bytes) -> float:
    (scale,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    if not scale:
        raise BoxError("without a clock")
    lasting = _numbers(times, "I", each=2)
    return sum(n * long for n, long in zip(lasting[::2], lasting[1::2], strict=True)) / float(scale)
