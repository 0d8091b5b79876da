"""On what kind of storage a folder lies, as the kernel lists mounts. No look is taken here."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from portal.doctor.finding import Finding

_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "rootfs", "devtmpfs"})
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    device: str
    folder: PurePosixPath
    kind: str
    options: tuple[str, ...]

    @property
    def lost_at_power_off(self) -> bool:
        return self.kind in _IN_MEMORY or self.device.startswith(("/dev/zram", "/dev/ram"))


def read(table: str) -> list[Mount]:
    """The mounts of /proc/self/mounts, in its order; lines that are none are left out."""
    found = []
    for line in table.splitlines():
        match [_unescaped(word) for word in line.split(" ")]:
            case [device, folder, kind, options, *_]:
                found.append(Mount(device, PurePosixPath(folder), kind, tuple(options.split(","))))
    return found


def holding(folder: PurePosixPath, mounts: list[Mount]) -> Mount | None:
    """The mount that `folder` lies on; of an overlay, the one that its changes are written to."""
    above = [each for each in mounts if folder.is_relative_to(each.folder)]
    if not above:
        return None
    # Of two on one folder the later hides the earlier.
    number = max(range(len(above)), key=lambda n: (len(above[n].folder.parts), n))
    found = above[number]
    upper = next((o.partition("=")[2] for o in found.options if o.startswith("upperdir=")), "")
    if found.kind == "overlay" and upper:
        others = [each for each in mounts if each.kind != "overlay"]
        return holding(PurePosixPath(upper), others) or found
    return found


def judge(folder: PurePosixPath, mounts: list[Mount]) -> Finding:
    """Whether what is written to `folder` is still there after a power cut."""
    mount = holding(folder, mounts)
    if mount is None:
        return Finding("kept", True, "unknown", {"folder": folder}, looked=False)
    values = {"folder": folder, "kind": mount.kind}
    if mount.lost_at_power_off:
        return Finding("kept", False, "nowhere", values)
    if "ro" in mount.options:
        return Finding("kept", False, "fixed", values)
    return Finding("kept", True, "lasting", values)


def _unescaped(word: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), word)
