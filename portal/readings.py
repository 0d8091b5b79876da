"""What this machine says of itself: heat, room, memory, clock, load. No judgement here.

A reading that this machine does not offer is None.
"""

import ctypes
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TIME_ERROR = 5
"""What adjtimex(2) returns while nobody keeps the clock right."""
_MOST_TIMEX_BYTES = 512

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Readings:
    celsius: float | None
    """Of the hottest sensor."""
    free_disk_mib: int
    free_memory_mib: int
    load_per_core: float
    """Over the last five minutes."""
    wall: float
    """Unix seconds, as the clock has it."""
    clock_kept: bool | None
    """Whether NTP or the like keeps the clock right."""


def read(data_dir: Path) -> Readings:
    """Look now. `data_dir` is on the disk that counts; it need not be there yet."""
    place = next(place for place in (data_dir, *data_dir.parents) if place.exists())
    return Readings(
        celsius=_celsius(),
        free_disk_mib=shutil.disk_usage(place).free >> 20,
        free_memory_mib=_meminfo("MemAvailable") >> 10,
        load_per_core=os.getloadavg()[1] / (os.cpu_count() or 1),
        wall=time.time(),
        clock_kept=_clock_kept(),
    )


def own_memory_bytes() -> int:
    """How much memory this process has (resident)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _celsius() -> float | None:
    found = []
    for sensor in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        with suppress(OSError, ValueError):  # Some sensors sleep.
            found.append(int(sensor.read_text()) / 1000)
    return max(found, default=None)


def _meminfo(name: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        key, _, rest = line.partition(":")
        if key == name:
            return int(rest.split()[0])
    return 0


def _clock_kept() -> bool | None:
    state = int(_libc.adjtimex(ctypes.create_string_buffer(_MOST_TIMEX_BYTES)))
    return None if state < 0 else state != _TIME_ERROR
