"""Runs the router's own programs, never for long."""

import os
import shutil
import subprocess
from typing import Final

SECONDS: Final = 10.0
_MOST_CHARACTERS: Final = 1 << 20


def run(program: str, *arguments: str, seconds: float = SECONDS) -> str:
    """What a program prints on stdout.

    Raises:
        FileNotFoundError: there is no such program.
        subprocess.SubprocessError: it failed, or took longer than `seconds`.
        OSError: it cannot be started.
    """
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    found = shutil.which(program, path=path)
    if found is None:
        raise FileNotFoundError(program)
    done = subprocess.run(
        [found, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=True,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout[:_MOST_CHARACTERS]
