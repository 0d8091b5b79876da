"""The process that looks at strangers' files: its limits hold, and its death is a refusal."""

import subprocess
import sys

import pytest

from portal.config import parse
from portal.paper_content import poster_of
from portal.staff import converter_process
from portal.staff.converter import DIED, ConversionError, Converter
from tests.unit.staff.docx import docx, paragraph, run
from tests.unit.staff.sounds import mp3
from tests.unit.staff.test_images import photo
from tests.unit.staff.world import CONFIG

LIMITED = "from portal.staff import converter_process as p; p.limit(); {}"


def limited(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED.format(code)], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
async def test_each_kind_of_job_is_done() -> None:
    converter = Converter()

    assert await converter.sanitise(["<b>a</b>", ""]) == ["<p><strong>a</strong></p>", ""]
    data, width, height = await converter.shrink(photo(40, 20, "PNG"), "body")
    assert (data[:4], width, height) == (b"RIFF", 40, 20)
    assert await converter.sound(mp3()) == (mp3(), "mp3", 3)
    poster = poster_of(parse(CONFIG))
    assert (await converter.paper("poster", poster)).startswith(b"%PDF-")
    assert (await converter.word(docx(paragraph(run("a")))))["html"] == "<p>a</p>"


async def test_a_refusal_comes_back_in_both_languages() -> None:
    with pytest.raises(ConversionError) as refused:
        await Converter().shrink(b"<svg/>", "poster")

    assert "không phải ảnh" in refused.value.said.vi
    assert "no JPEG" in refused.value.said.en


async def test_a_process_that_dies_is_a_refusal() -> None:
    with pytest.raises(ConversionError) as refused:
        await Converter().sanitise(["x" * 1_000_001])

    assert refused.value.said == DIED


async def test_a_process_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ConversionError) as refused:
        await Converter(seconds=0.001).shrink(photo(40, 20), "body")

    assert refused.value.said == DIED


def test_the_process_gets_no_more_memory_than_it_may() -> None:
    ended = limited(f"x = bytearray({converter_process.MEMORY})")

    assert "MemoryError" in ended.stderr


def test_the_process_writes_no_file(tmp_path: object) -> None:
    ended = limited(f"open('{tmp_path}/x', 'wb', 0).write(b'x')")

    assert ended.returncode != 0


def test_the_process_has_its_processor_time_bounded() -> None:
    ended = limited("import resource; print(resource.getrlimit(resource.RLIMIT_CPU))")

    assert ended.stdout.strip() == str((converter_process.PROCESSOR_SECONDS,) * 2)
