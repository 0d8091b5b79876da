"""Looks at this machine: where it keeps what it writes, heat, room, memory, clock, since when."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from portal import machine, readings
from portal.config import Config
from portal.doctor import mounts
from portal.doctor.finding import Finding
from portal.health import judge
from portal.session_store import CLOCK_SET_AFTER

_YOUNG_MINUTES: Final = 3


def parts(config: Config) -> Iterator[Finding]:
    """What the settings name."""
    missing = machine.problems(config)
    for line in missing:
        yield Finding("machine", False, "bad", {"said": line})
    if not missing:
        yield Finding("machine", True, "good")


def boot(config: Config) -> Iterator[Finding]:
    minutes = int(float(Path("/proc/uptime").read_text().split()[0]) // 60)
    values = {"hours": minutes // 60, "minutes": minutes % 60}
    yield Finding("boot", True, "lately" if minutes < _YOUNG_MINUTES else "since", values)


def kept(config: Config) -> Iterator[Finding]:
    """Whether what is written outlives a power cut."""
    table = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    folder = PurePosixPath(config.storage.data_dir.resolve())
    yield mounts.judge(folder, mounts.read(table))


def health(config: Config) -> Iterator[Finding]:
    found = readings.read(config.storage.data_dir)
    for each in judge(
        celsius=found.celsius,
        free_disk_mib=found.free_disk_mib,
        free_memory_mib=found.free_memory_mib,
        load_per_core=found.load_per_core,
        clock_set=found.wall > CLOCK_SET_AFTER,
        clock_kept=found.clock_kept,
    ):
        values = {"value": float(each.value), "folder": str(config.storage.data_dir)}
        yield Finding(each.subject, each.good, each.how, values)
