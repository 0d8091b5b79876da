"""A virtual machine that runs one script: Debian's kernel, and this machine's own files.

Its root is `/` of this machine over 9p, read-only, with memory laid over it: what runs here
runs there, and nothing it writes is left. It has no network but what the script makes. For
what the kernel here lacks: sch_cake, mac80211_hwsim.

Its clock counts its own instructions, two nanoseconds each, so it is a slow machine with one
processor, but always the same one: what else runs here makes a script take longer and hardly
changes what it measures. Only while it is idle does real time count, and a busy host wakes it late.

The kernel is unpacked by `scripts/setup --vm`, not installed.
"""

import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

ROOT = Path(__file__).parents[2]
KERNEL = ROOT / "build" / "kernel"
_WITH_SBIN = os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}

_EARLY = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
"""Modules it takes to find the root; later ones are found on it by the kernel itself."""

_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t proc none /proc
for module in $(/bin/busybox cat /modules); do /bin/busybox insmod /$module; done
cd /
/bin/busybox mount -t tmpfs none /memory
/bin/busybox mkdir /memory/new /memory/work
at=trans=virtio,version=9p2000.L,msize=524288
/bin/busybox mount -t 9p -o ro,cache=loose,$at machine /machine
/bin/busybox mount -t overlay -o \\
    lowerdir=/machine,upperdir=/memory/new,workdir=/memory/work none /root
for kind in proc sysfs devtmpfs; do
    case $kind in sysfs) on=sys ;; devtmpfs) on=dev ;; *) on=$kind ;; esac
    /bin/busybox mount -t $kind none /root/$on
done
for folder in run dev/shm; do
    /bin/busybox mkdir -p /root/$folder
    /bin/busybox mount -t tmpfs none /root/$folder
done
/bin/busybox mkdir -p /root/run/script
/bin/busybox mount -t 9p -o $at script /root/run/script
exec /bin/busybox switch_root /root /bin/bash /run/script/start
"""

_START = """\
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount --bind {modules} /lib/modules 2>/dev/null \\
    || {{ mkdir -p /lib/modules; mount --bind {modules} /lib/modules; }}
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
cd {folder}
bash /run/script/run >/run/script/output 2>&1
echo $? >/run/script/code
sync
echo o >/proc/sysrq-trigger
sleep 60
"""


class MachineError(Exception):
    """The machine did not come as far as the script's end; the text has its console."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the script said (both streams), and how it ended."""

    code: int
    output: str


class Machine:
    """A virtual machine that runs `script` with bash as root in this repository's folder.

    It boots when made, and is off at the latest when left: use it as a context manager.
    """

    def __init__(
        self,
        script: str,
        *,
        memory_mib: int = 1024,
        disk: "Disk | None" = None,
        clock: datetime | None = None,
    ) -> None:
        """Boot. The script finds `disk` at /dev/vda; its clock says `clock` (UTC), or the time.

        Raises:
            MachineError: there is no kernel.
        """
        image = next(KERNEL.glob("boot/vmlinuz-*"), None)
        if image is None:
            raise MachineError(f"no kernel in {KERNEL}; scripts/setup --vm unpacks one")
        self._closing = ExitStack()
        folder = Path(self._closing.enter_context(TemporaryDirectory(prefix="portal-vm-")))
        initramfs, self._shared = folder / "initramfs", folder / "script"
        initramfs.write_bytes(_initramfs(image.name.removeprefix("vmlinuz-")))
        self._shared.mkdir()
        (self._shared / "run").write_text(script, encoding="utf-8")
        (self._shared / "start").write_text(
            _START.format(
                modules=shlex.quote(str(KERNEL / "lib/modules")), folder=shlex.quote(str(ROOT))
            ),
            encoding="utf-8",
        )
        self._console = folder / "console"
        command = [
            "qemu-system-x86_64",
            *("-accel", "tcg,thread=single", "-icount", "shift=1", "-cpu", "max"),
            *("-smp", "1", "-m", str(memory_mib)),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-serial", "stdio", "-kernel", str(image), "-initrd", str(initramfs)),
            *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
            *_shared("machine", Path("/"), "readonly=on"),
            *_shared("script", self._shared, "readonly=off"),
            *(disk.plugged_in() if disk else ()),
            *(("-rtc", f"base={clock:%Y-%m-%dT%H:%M:%S},clock=vm") if clock else ()),
        ]
        with self._console.open("wb") as console:
            self._qemu = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        self._closing.callback(self.cut_power)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

    @property
    def said(self) -> str:
        """What the script has said so far, both streams."""
        try:
            return (self._shared / "output").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def wait_until_said(self, words: str, *, times: int = 1, seconds: float) -> None:
        """Wait until the script has said `words` so often.

        Raises:
            MachineError: it ended before, or took longer.
        """
        give_up = time.monotonic() + seconds
        while self.said.count(words) < times:
            if self._qemu.poll() is not None or time.monotonic() > give_up:
                raise MachineError(f"{words!r} was not said {times} times\n{self._everything}")
            time.sleep(0.02)

    def cut_power(self) -> None:
        """Off, at once, whatever it is doing. Safe to repeat."""
        self._qemu.kill()
        self._qemu.wait()

    def result(self, *, seconds: float) -> Result:
        """Wait for the script's end.

        Raises:
            MachineError: it did not boot, or was not done in `seconds`.
        """
        try:
            self._qemu.wait(seconds)
        except subprocess.TimeoutExpired:
            raise MachineError(f"not done in {seconds} s\n{self._everything}") from None
        try:
            return Result(int((self._shared / "code").read_text()), self.said)
        except (FileNotFoundError, ValueError):
            raise MachineError(self._everything) from None

    @property
    def _everything(self) -> str:
        console = self._console.read_text(encoding="utf-8", errors="replace")
        return f"{console}\nthe script had said:\n{self.said}"


class Disk:
    """A disk that loses in a power cut what it was not told to keep.

    An ext4 file system, without a partition. What is written goes to a new layer for each boot.
    Where such a layer has a cluster is in the memory of qemu until the machine asks its disk to
    flush: cut off before, it reads what was there at the boot, as from flash whose map was not
    written. (A plain file would keep whatever qemu was given: that is no power cut.)
    """

    def __init__(self, folder: Path, mebibytes: int = 256) -> None:
        self._folder = folder
        self._layers = 0
        plain = folder / "disk"
        with plain.open("wb") as file:
            file.truncate(mebibytes << 20)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", plain], check=True, env=_WITH_SBIN)

    def plugged_in(self) -> Sequence[str]:
        """Options of qemu, for one boot."""
        below = self._layer(self._layers)
        self._layers += 1
        top = self._layer(self._layers)
        kind = "raw" if self._layers == 1 else "qcow2"
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", below, "-F", kind, top], check=True
        )
        drive = f"file={top},if=none,id=disk,format=qcow2,cache=writeback,l2-cache-size=1M"
        return "-drive", drive, "-device", "virtio-blk-pci,drive=disk"

    def _layer(self, number: int) -> Path:
        return self._folder / (f"disk.{number}" if number else "disk")


def run(script: str, *, memory_mib: int = 1024, seconds: float) -> Result:
    """Boot, run `script`, and power off.

    Raises:
        MachineError: there is no kernel, it did not boot, or was not done in `seconds`.
    """
    with Machine(script, memory_mib=memory_mib) as machine:
        return machine.result(seconds=seconds)


def _shared(tag: str, path: Path, option: str) -> Sequence[str]:
    where = f"path={path},{option},security_model=none,multidevs=remap"
    return (
        "-fsdev",
        f"local,id={tag},{where}",
        "-device",
        f"virtio-9p-pci,fsdev={tag},mount_tag={tag}",
    )


def _initramfs(version: str) -> bytes:
    """A first root: busybox, the modules of `_EARLY` with what they need, and `_INIT`."""
    modules = KERNEL / "lib/modules" / version
    files = {
        "bin/busybox": Path("/bin/busybox").read_bytes(),
        "init": _INIT.encode(),
    }
    order = _in_order(modules)
    files["modules"] = " ".join(Path(name).name for name in order).encode()
    files |= {Path(name).name: (modules / name).read_bytes() for name in order}
    folders = ("bin", "proc", "memory", "machine", "root", "dev")
    entries = [_entry(name, 0o040755, b"") for name in folders]
    entries += [_entry(name, 0o100755, content) for name, content in files.items()]
    return b"".join([*entries, _entry("TRAILER!!!", 0, b"")])


def _in_order(modules: Path) -> list[str]:
    """The files of `_EARLY` and of all they depend on, each after what it needs."""
    needs = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        name, _, needed = line.partition(":")
        needs[Path(name).name.partition(".")[0]] = (name, needed.split())
    order: list[str] = []
    for module in _EARLY:
        name, needed = needs[module]
        order += [file for file in [*reversed(needed), name] if file not in order]
    return order


def _entry(name: str, mode: int, content: bytes) -> bytes:
    """One file of a cpio archive in the format the kernel unpacks ("newc")."""
    encoded = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


if __name__ == "__main__":
    import sys

    result = run(sys.stdin.read(), seconds=float(os.environ.get("SECONDS_LIMIT", "120")))
    print(result.output, end="")
    raise SystemExit(result.code)
