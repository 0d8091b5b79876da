"""Gives up every privilege of this process, for good.

The daemon may change the firewall; the staff site reads files that people upload. So the site
begins by giving away what it was born with (capabilities(7), no_new_privs).
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_CAPBSET_DROP: Final = 24
_SET_NO_NEW_PRIVS: Final = 38
_CAP_AMBIENT: Final = 47
_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION: Final = 0x20080522  # linux/capability.h, version 3
_MOST_CAPABILITIES: Final = 64
_AGAIN: Final = "PORTAL_STAFF_AGAIN"

_libc = ctypes.CDLL(None, use_errno=True)


class PrivilegesRemain(Exception):
    """The kernel did not take them all."""


def give_up() -> None:
    """Keep no capability, and never get one again; be the first that goes when memory is short.

    Where the service manager forbids capset(2), what was inherited goes by starting this program
    anew: it does so once.

    Raises:
        PrivilegesRemain: some are left.
    """
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    for capability in range(_MOST_CAPABILITIES):
        _prctl(_CAPBSET_DROP, capability)  # Refused where there is nothing to drop.
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())
    if held():
        if _AGAIN in os.environ:
            raise PrivilegesRemain(f"capabilities {held():x} are left")
        os.environ[_AGAIN] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    with suppress(OSError):  # A container may have none.
        Path("/proc/self/oom_score_adj").write_text("500")


def held() -> int:
    """The capabilities of this process, as bits.

    Inheritable ones are none: nothing this process can run would turn them into any.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":\t", 1) for line in lines if line.startswith("Cap"))
    return int(found["CapPrm"], 16) | int(found["CapEff"], 16)


def end_with(parent: int) -> None:
    """Be killed when the process `parent` ends, however it does."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It had ended before the kernel was asked.
        sys.exit(1)


def _prctl(what: int, value: int) -> None:
    # Every argument in full: variadic functions would take half of a register otherwise.
    numbers = (what, value, 0, 0, 0)
    _libc.prctl(*(ctypes.c_ulong(number) for number in numbers))
