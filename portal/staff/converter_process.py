"""One job of `portal.staff.converter`, in a process of its own: bytes in, JSON out.

    python3 -m portal.staff.converter_process JOB <FILE

Takes its limits before it reads a byte of the job.
"""

import base64
import json
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

MEMORY: Final = 700 << 20
"""Bytes of address space: a PNG of 30 million pixels, read, turned and drawn on white."""

PROCESSOR_SECONDS: Final = 20


NO_LIBRARY: Final = (
    "Máy này chưa cài phần in ấn. Nhờ kỹ thuật viên cài union-portal[paper].",
    "This machine cannot print yet. Ask the technician to install union-portal[paper].",
)
NO_FONT: Final = (
    "Máy này không có phông chữ đủ chữ tiếng Việt. Nhờ kỹ thuật viên cài phông Noto.",
    "No font here has every Vietnamese letter. Ask the technician to install the Noto fonts.",
)


def limit() -> None:
    """Bound this process, for good."""
    with suppress(OSError):  # If memory runs out, the kernel is to take this process.
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(job: str, data: bytes) -> dict[str, Any]:
    """What the job comes to; `refused` holds the words for whoever sent it, in two languages."""
    # The libraries are imported under the limits, and only those of the job.
    match job.split("-"):
        case ["sanitise"]:
            from portal.staff.sanitise import sanitise

            return {"texts": [sanitise(text).html for text in json.loads(data)]}
        case ["shrink", ("poster" | "picture" | "body") as use]:
            from portal.staff.images import PictureError, shrink

            try:
                shrunk = shrink(data, use)
            except PictureError as error:
                return {"refused": [error.vi, error.en]}
            return {
                "data": base64.b64encode(shrunk.data).decode(),
                "width": shrunk.width,
                "height": shrunk.height,
            }
        case ["sound"]:
            from portal.staff.sounds import SoundError, alone

            try:
                sound = alone(data)
            except SoundError as error:
                return {"refused": [error.vi, error.en]}
            return {
                "data": base64.b64encode(sound.data).decode(),
                "suffix": sound.suffix,
                "seconds": sound.seconds,
            }
        case ["word"]:
            from portal.staff.word import WordError, read

            try:
                text = asdict(read(data))
            except WordError as error:
                return {"refused": [error.vi, error.en]}
            for picture in text["pictures"]:
                picture["data"] = base64.b64encode(picture["data"]).decode()
            return text
        case ["paper", ("poster" | "rules") as kind]:
            return _paper(kind, json.loads(data))
        case _:
            raise ValueError(job)


def _paper(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    try:
        from paper import draw_poster, draw_rules, fonts
        from paper.poster import Poster
        from paper.rules import Block, Rules
        from paper.sheet import FontProblem
    except ModuleNotFoundError:
        return {"refused": NO_LIBRARY}
    try:
        family = fonts.find("sans")
        if kind == "poster":
            sheet = draw_poster.drawn(Poster(**content), family)
        else:
            content["blocks"] = [Block(**block) for block in content["blocks"]]
            sheet = draw_rules.drawn(Rules(**content), family)
    except FontProblem:
        return {"refused": NO_FONT}
    return {"data": base64.b64encode(sheet.pdf()).decode()}


def main() -> None:
    limit()
    result = answer(sys.argv[1], sys.stdin.buffer.read())
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
