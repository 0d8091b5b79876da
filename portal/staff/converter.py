"""Has files and texts of strangers looked at by a process that may die of them.

Pictures, sounds, Word files and pasted HTML are read by large libraries, in C and Rust for the most
part. Each job is a process of its own (`portal.staff.converter_process`) with limits of memory, of
processor time and of real time; it gets bytes, gives back JSON, and opens no file and no
connection. A file that is made to hurt costs its sender a refusal.

Sheets to print are drawn there too: what draws is large, and is wanted once a month.
"""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal

from paper.poster import Poster
from paper.rules import Rules
from portal.staff.words import Said

SECONDS: Final = 30
"""Real time of a job; its processor time is less (`converter_process`)."""

AT_ONCE: Final = 2
"""Jobs; each may take half a gigabyte."""

MOST_ANSWERED: Final = 32_000_000
"""Bytes of JSON: forty pictures of a Word file."""

_ROOT: Final = Path(__file__).parents[2]

DIED: Final = Said(
    "Không đọc được: tệp quá lớn, bị hỏng hoặc có cấu trúc lạ. Hãy lưu lại rồi thử lần nữa.",
    "It could not be read: too large, damaged or strangely made. Save it again and try once more.",
)


class ConversionError(Exception):
    """Why nothing came of it, in words for who sent it."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


class Converter:
    """Starts a process for each job, a few at a time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def sanitise(self, texts: Sequence[str]) -> list[str]:
        """Each text with nothing in it but what may be shown (`portal.staff.sanitise`).

        Raises:
            ConversionError: one of them cannot be read.
        """
        if not any(texts):
            return list(texts)
        answer = await self._job("sanitise", json.dumps(list(texts)).encode())
        return [str(text) for text in answer["texts"]]

    async def shrink(self, data: bytes, use: str) -> tuple[bytes, int, int]:
        """A WebP of the picture in `data`, its width and height (`portal.staff.images`).

        Raises:
            ConversionError: it is no picture that is taken.
        """
        answer = await self._job(f"shrink-{use}", data)
        return base64.b64decode(answer["data"]), int(answer["width"]), int(answer["height"])

    async def sound(self, data: bytes) -> tuple[bytes, str, int]:
        """The MP3 or M4A in `data` alone, its suffix and its seconds (`portal.staff.sounds`).

        Raises:
            ConversionError: it is no sound that is taken.
        """
        answer = await self._job("sound", data)
        return base64.b64decode(answer["data"]), str(answer["suffix"]), int(answer["seconds"])

    async def word(self, data: bytes) -> dict[str, Any]:
        """What `portal.staff.word.WordText` has, as a mapping; the pictures' data are bytes.

        Raises:
            ConversionError: it is no Word file that is taken.
        """
        answer = dict(await self._job("word", data))
        answer["pictures"] = [
            {**picture, "data": base64.b64decode(picture["data"])} for picture in answer["pictures"]
        ]
        return answer

    async def paper(self, kind: Literal["poster", "rules"], content: Poster | Rules) -> bytes:
        """The PDF of a sheet that says this.

        Raises:
            ConversionError: this machine cannot draw it.
        """
        answer = await self._job(f"paper-{kind}", json.dumps(asdict(content)).encode())
        return base64.b64decode(answer["data"])

    async def _job(self, job: str, data: bytes) -> Mapping[str, Any]:
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "portal.staff.converter_process", job),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                env={"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
                close_fds=True,
            )
            try:
                async with asyncio.timeout(self._seconds):
                    out, _ = await process.communicate(data)
            except TimeoutError:
                raise ConversionError(DIED) from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0 or len(out) > MOST_ANSWERED:
            raise ConversionError(DIED)
        answer = json.loads(out)
        if "refused" in answer:
            raise ConversionError(Said(*answer["refused"]))
        assert isinstance(answer, dict)
        return answer
