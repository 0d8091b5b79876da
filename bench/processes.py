"""What the kernel tells of processes: the time they used and the memory they hold."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all its descendants that live."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """What a process, its descendants, and those of them that have ended used; to 0.01 s."""
    total = 0
    for one in family(pid):
        try:
            after_name = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, after_name[11:15]))  # utime, stime, cutime, cstime
    return total / _TICKS


def memory_mib(pid: int) -> Mapping[str, float]:
    """RSS and PSS of a process and its descendants."""
    kib = {"Rss": 0, "Pss": 0}
    for one in family(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name in kib:
                kib[name] += int(value.split()[0])
    return {name.upper(): value / 1024 for name, value in kib.items()}
