"""The libraries a package carries: pinned by a lock file, had by pip, taken apart here.

A lock file names each library's version and the hash of the one wheel for its target, in pip's
own form. What lies in the folder of wheels already is not asked for again, so that a build
needs the net once.
"""

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.openwrt.packaging.targets import Family

_LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+) --hash=sha256:(?P<sum>[0-9a-f]{64})")


class CannotBuild(Exception):
    """Nothing was built; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One library. `sum` is the SHA-256 of its wheel, in hexadecimal."""

    name: str
    version: str
    sum: str


def read_lock(path: Path) -> tuple[Pin, ...]:
    """The pins of a lock file.

    Raises:
        CannotBuild: there is none, or a line is not one of ours.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CannotBuild(f"{path} is missing; `build-packages --lock` makes it") from None
    pins = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise CannotBuild(
                f"{path} line {number}: {line!r} is no pin; write NAME==VERSION --hash=sha256:SUM"
            )
        pins.append(Pin(match["name"], match["version"], match["sum"]))
    return tuple(pins)


def lock_text(pins: Sequence[Pin]) -> str:
    """A lock file."""
    head = "# Made by `build-packages --lock`. Each sum is of the one wheel for this target.\n"
    ordered = sorted(pins, key=lambda pin: pin.name)
    return head + "".join(f"{pin.name}=={pin.version} --hash=sha256:{pin.sum}\n" for pin in ordered)


def have(lock: Path, python: str, family: Family, folder: Path) -> dict[Pin, Path]:
    """Every pinned wheel in `folder`, after asking pip for those that are missing.

    Raises:
        CannotBuild: pip could not get one, or what it got is another.
    """
    pins = read_lock(lock)
    if set(pins) - _known(pins, folder).keys():
        _pip(["--require-hashes", "--requirement", str(lock)], python, family, folder)
    found = _known(pins, folder)
    if missing := [pin.name for pin in pins if pin not in found]:
        raise CannotBuild(f"{lock}: not the pinned wheel of {', '.join(missing)}")
    return found


def newest(names: Sequence[str], python: str, family: Family, folder: Path) -> list[Pin]:
    """Pins of the newest wheels of `names`, for a lock file."""
    _pip(names, python, family, folder)
    return [_pin(wheel) for wheel in sorted(folder.glob("*.whl"))]


def _pip(what: Sequence[str], python: str, family: Family, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    minor = python.replace(".", "")
    options = [option for name in family.platforms for option in ("--platform", name)]
    options += ["--abi", f"cp{minor}", "--abi", "abi3", "--abi", "none"]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary", ":all:", "--implementation", "cp"),
        *("--python-version", minor, *options, "--dest", str(folder), *what),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuild(f"pip cannot get the wheels of {family.name}:\n{done.stderr.strip()}")


def _known(pins: Sequence[Pin], folder: Path) -> dict[Pin, Path]:
    wheels = {_sum(wheel): wheel for wheel in folder.glob("*.whl")}
    return {pin: wheels[pin.sum] for pin in pins if pin.sum in wheels}


def _pin(wheel: Path) -> Pin:
    name, version, *_ = wheel.name.split("-")
    return Pin(re.sub(r"[-_.]+", "-", name).lower(), version, _sum(wheel))


def _sum(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Every file in a wheel, by its path below the folder it is installed in."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
            if not entry.is_dir():
                yield entry.filename, archive.read(entry)
