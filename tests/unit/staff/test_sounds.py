"""Of a sound that staff send, the sound is kept and nothing else."""

import io
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.mp4 import MP4

from portal.staff import sounds
from portal.staff.sounds import SoundError, alone
from splash import publishing
from tests.unit.staff.sounds import AAC_FRAME, PERSONAL, box, id3, m4a, mp3, old_id3

PAGE = b"<html><script>alert(1)</script></html>"
ATOMS = box(b"udta", box(b"meta", bytes(4), box(b"ilst", box(b"\xa9ART", PERSONAL))))
PLACE = box(b"udta", box(b"\xa9xyz", b"+20.8561+106.6822/", PERSONAL))


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("a.txt", "a")
    return file.getvalue()


def test_an_mp3_is_kept_frame_by_frame_with_its_length() -> None:
    sound = alone(mp3(200))

    assert sound == sounds.Sound(mp3(200), "mp3", 5)


def test_the_tags_of_an_mp3_are_gone() -> None:
    sound = alone(id3() + bytes(64) + mp3() + old_id3())

    assert sound.data == mp3()


def test_an_mp3_that_ends_in_the_middle_of_a_frame_loses_that_frame() -> None:
    assert alone(mp3(101)[:-5]).data == mp3(100)


@pytest.mark.parametrize("brand", [b"M4A ", b"mp42", b"isom"])
def test_an_m4a_is_kept_with_its_length(brand: bytes) -> None:
    sound = alone(m4a(431, brand=brand))
    read: Any = MP4

    info = read(io.BytesIO(sound.data)).info
    assert (sound.suffix, sound.seconds) == ("m4a", 10)
    assert (info.codec, round(info.length, 2)) == ("mp4a.40.2", 10.01)
    assert sound.data.endswith(AAC_FRAME * 431)
    assert sound.data.index(b"moov") < sound.data.index(b"mdat")


def test_an_m4a_loses_names_places_times_and_whatever_lies_beside_its_sound() -> None:
    plain = alone(m4a())
    full = m4a(
        in_track=PLACE,
        in_movie=ATOMS,
        before=box(b"free", PERSONAL) + box(b"uuid", bytes(16), PERSONAL),
    )

    assert full.count(PERSONAL) == 6
    assert alone(full) == plain
    assert PERSONAL not in plain.data
    assert struct.pack(">I", 3_800_000_000) not in plain.data


def test_what_was_kept_is_kept_as_it_is_the_next_time() -> None:
    for data in (m4a(), mp3()):
        once = alone(data)
        assert alone(once.data) == once


@pytest.mark.parametrize("sound", [mp3(), m4a()], ids=["mp3", "m4a"])
@pytest.mark.parametrize(
    "more", [PAGE, archive(), b"x", b"%PDF-1.7"], ids=["page", "archive", "letter", "pdf"]
)
def test_a_sound_that_is_something_else_as_well_is_refused(sound: bytes, more: bytes) -> None:
    for data in (sound + more, more + sound):
        with pytest.raises(SoundError):
            alone(data)


@pytest.mark.parametrize("hidden", [PAGE, archive()], ids=["page", "archive"])
def test_a_page_or_an_archive_within_the_frames_is_refused(hidden: bytes) -> None:
    start = mp3()
    data = start[: -len(hidden)] + hidden

    with pytest.raises(SoundError, match="mixed in"):
        alone(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        PAGE,
        archive(),
        b"RIFF\0\0\0\0WAVEfmt ",
        b"OggS" + bytes(100),
        mp3(3),
        bytes((0xFF, 0xF1, 0x50, 0x80)) + bytes(5000),
        m4a(brand=b"qt  "),
        m4a(codec=0x6B),
        m4a(tracks=2),
        m4a(tracks=0),
        m4a(offsets=(1, 10**9)),
        m4a(offsets=(1, 2, 3)),
        m4a(before=box(b"moof", b"")),
        m4a()[:-9],
        box(b"ftyp", b"M4A ", bytes(4)),
    ],
    ids=range(17),
)
def test_what_is_no_sound_that_phones_play_is_refused(data: bytes) -> None:
    with pytest.raises(SoundError):
        alone(data)


def test_a_sound_is_refused_that_is_too_long_or_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SoundError, match="15 minutes"):
        alone(m4a(39_000))
    with pytest.raises(SoundError, match="8 MB"):
        alone(mp3(19_200))


def test_what_is_taken_can_be_published() -> None:
    assert sounds.BYTES <= publishing.SOUND_BYTES


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_made_one_that_is_whole(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([m4a(20, in_movie=ATOMS), id3() + mp3(9)])))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = alone(bytes(whole))
    except SoundError:
        return
    assert alone(kept.data) == kept
