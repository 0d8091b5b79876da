"""A network namespace for the thread that asks, and for the threads it starts from then on."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def new_network() -> Iterator[None]:
    """Enter an empty network namespace, and leave it to be thrown away."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _must(_libc.unshare(CLONE_NEWNET))
        try:
            run("ip link set lo up")
            yield
        finally:
            _must(_libc.setns(before, CLONE_NEWNET))
    finally:
        os.close(before)


def run(command: str) -> str:
    """Run a command of the test's own making.

    Raises:
        AssertionError: it failed, and what it said.
    """
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
