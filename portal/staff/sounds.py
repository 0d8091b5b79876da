"""Takes an MP3 or an M4A with AAC somebody gave us, and keeps the sound alone.

The bytes say what a file is, not its name. What is kept is put together anew: of an MP3 its frames
one behind the other, of an M4A the boxes that a player needs and the samples they name. Names,
pictures, places and times in tags, and whatever lies beside the sound, do not come through. A file
that is something else as well (a page, an archive) is refused.

Runs in the process of `portal.staff.converter`: a file may be made to hurt.
"""

import io
import re
import struct
from dataclasses import dataclass
from typing import Any, Final

import mutagen.apev2
import mutagen.id3
from mutagen import MutagenError
from mutagen.mp4 import MP4

from portal.staff.boxes import BoxError, sound_alone

MOST_SECONDS: Final = 15 * 60

BYTES: Final = 8_000_000
"""What one may weigh: as long at 64 kbit/s. `splash.publishing` asks for no less."""

_FEWEST_FRAMES: Final = 8
"""A fifth of a second; what begins like a frame by chance does not go on like that."""

_KILOBITS: Final = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By the index in a frame less 1, of layer III in MPEG 1 and in MPEG 2 and 2.5."""

_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Samples a second, by the version in a frame."""

_AAC: Final = re.compile(r"mp4a\.40\.(2|5|29)")
"""AAC LC, HE-AAC and its second version: what every phone plays."""

_A_PAGE: Final = re.compile(rb"<(?:script|iframe|!doctype|html[\s>])", re.IGNORECASE)
_END_OF_ZIP: Final = b"PK\x05\x06"
_ZIP_COMMENT: Final = 65_557
"""Bytes from the end in which an archive's last record is looked for."""


@dataclass(frozen=True, slots=True)
class Sound:
    """`suffix` is mp3 or m4a."""

    data: bytes
    suffix: str
    seconds: int


class SoundError(Exception):
    """Why it is not taken, in words for who chose it."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


NOT_A_SOUND: Final = (
    "Tệp này không phải MP3 hoặc M4A (AAC). Hãy lưu bài đọc thành MP3 rồi gửi lại.",
    "This file is no MP3 and no M4A with AAC. Save the recording as MP3 and send that.",
)
BROKEN: Final = (
    "Tệp âm thanh bị hỏng hoặc lẫn thứ khác. Hãy lưu lại thành MP3 rồi gửi lại.",
    "The sound is damaged or something else is mixed in. Save it as MP3 again and send that.",
)
TOO_LONG: Final = (
    f"Bài đọc dài quá {MOST_SECONDS // 60} phút. Hãy cắt bớt hoặc chia thành hai bài.",
    f"It is longer than {MOST_SECONDS // 60} minutes. Cut it, or make two of it.",
)
TOO_HEAVY: Final = (
    f"Bài đọc nặng quá {BYTES // 10**6} MB. Hãy lưu lại ở mức 64 kbit/giây, một kênh (mono).",
    f"It has more than {BYTES // 10**6} MB. Save it with 64 kbit/s, mono.",
)


def alone(data: bytes) -> Sound:
    """The sound in `data`, and nothing else of it.

    Raises:
        SoundError: it is none that is taken.
    """
    try:
        if data[4:8] == b"ftyp":
            suffix = "m4a"
            kept, seconds = _m4a(data)
        else:
            suffix = "mp3"
            kept, seconds = _mp3(data)
    except (BoxError, MutagenError, ValueError, IndexError, EOFError, OverflowError, struct.error):
        # What readers raise over files that end early or lie about themselves.
        raise SoundError(*BROKEN) from None
    if _A_PAGE.search(kept) or _END_OF_ZIP in kept[-_ZIP_COMMENT:]:
        raise SoundError(*BROKEN)
    if seconds > MOST_SECONDS:
        raise SoundError(*TOO_LONG)
    if len(kept) > BYTES:
        raise SoundError(*TOO_HEAVY)
    return Sound(kept, suffix, max(1, round(seconds)))


def _m4a(data: bytes) -> tuple[bytes, float]:
    kept, seconds = sound_alone(data)
    read: Any = MP4
    if not _AAC.fullmatch(read(io.BytesIO(kept)).info.codec):
        raise SoundError(*NOT_A_SOUND)
    return kept, seconds


def _mp3(data: bytes) -> tuple[bytes, float]:
    file = io.BytesIO(data)
    mutagen.id3.delete(file)
    mutagen.apev2.delete(file)
    bare = file.getvalue().lstrip(b"\0")
    at = frames = samples = 0
    first, cut = None, False
    while (frame := _frame(bare[at : at + 4])) is not None:
        first = first or frame
        if (frame.version, frame.rate) != (first.version, first.rate):
            raise SoundError(*BROKEN)
        if cut := at + frame.bytes > len(bare):
            break  # Of a recording that was ended by force; the half frame is left out.
        at += frame.bytes
        frames += 1
        samples += frame.samples
    if first is None or frames < _FEWEST_FRAMES:
        raise SoundError(*NOT_A_SOUND)
    if not cut and bare[at:].strip(b"\0"):
        raise SoundError(*BROKEN)
    return bare[:at], samples / first.rate


@dataclass(frozen=True, slots=True)
class _Frame:
    version: int
    rate: int
    """Samples a second."""
    samples: int
    bytes: int


def _frame(header: bytes) -> _Frame | None:
    """What a frame's first four bytes say; None if they begin no frame of layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version = header[1] >> 3 & 3
    step, pitch, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version not in _RATES or not 0 < step < 15 or pitch == 3:
        return None
    rate = _RATES[version][pitch]
    samples = 1152 if version == 3 else 576
    kilobits = _KILOBITS[version == 3][step - 1]
    return _Frame(version, rate, samples, samples // 8 * kilobits * 1000 // rate + padding)
