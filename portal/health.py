"""Judges what a machine says of itself. No clock, no file, no network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

HOT_CELSIUS: Final = 80.0
"""Consumer routers slow down from some 85 to 95 degrees."""
LEAST_DISK_MIB: Final = 8
LEAST_MEMORY_MIB: Final = 16
MOST_LOAD_PER_CORE: Final = 2.0

Subject: TypeAlias = Literal["temperature", "storage", "memory", "load", "clock"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing that was judged; `how` names the words about it, `value` fills them."""

    subject: Subject
    good: bool
    how: str
    value: float = 0.0


def judge(
    *,
    celsius: float | None,
    free_disk_mib: int,
    free_memory_mib: int,
    load_per_core: float,
    clock_set: bool,
    clock_kept: bool | None,
) -> Iterator[Judgement]:
    """What to think of each reading; nothing of one that is not there."""
    if celsius is not None:
        cool = celsius < HOT_CELSIUS
        yield Judgement("temperature", cool, "cool" if cool else "hot", celsius)
    room = free_disk_mib >= LEAST_DISK_MIB
    yield Judgement("storage", room, "room" if room else "full", free_disk_mib)
    memory = free_memory_mib >= LEAST_MEMORY_MIB
    yield Judgement("memory", memory, "room" if memory else "full", free_memory_mib)
    idle = load_per_core <= MOST_LOAD_PER_CORE
    yield Judgement("load", idle, "idle" if idle else "busy", load_per_core)
    if not clock_set:
        yield Judgement("clock", False, "unset")
    elif clock_kept is not None:
        yield Judgement("clock", clock_kept, "kept" if clock_kept else "adrift")
