"""The command `build-packages` and its options."""

import argparse
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.openwrt.packaging import apk, bytecode, gateway, ipk, signature, wheels
from deploy.openwrt.packaging.package import Package
from deploy.openwrt.packaging.targets import ARCHITECTURES, RELEASES, USUAL, Target
from deploy.openwrt.packaging.wheels import CannotBuild

ROOT: Final = Path(__file__).parents[3]
_FIXED_EPOCH: Final = 1_767_225_600
"""2026-01-01, where neither SOURCE_DATE_EPOCH nor git says when the source was written."""


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        if options.lock:
            return _lock()
        return _build(options)
    except CannotBuild as error:
        print(f"build-packages: {error}")
        return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="build-packages",
        description="Make the gateway's packages for OpenWrt, without its SDK.",
        allow_abbrev=False,
    )
    top.add_argument(
        "--openwrt", action="append", choices=RELEASES, help="release; else all (repeatable)"
    )
    top.add_argument(
        "--arch",
        action="append",
        choices=ARCHITECTURES,
        metavar="ARCH",
        help=f"architecture as OpenWrt names it; else {', '.join(USUAL)} (repeatable)",
    )
    top.add_argument(
        "--output", type=Path, default=ROOT / "build/packages", metavar="FOLDER", help="where to"
    )
    top.add_argument(
        "--release", type=_positive, default=1, metavar="N", help="the N of VERSION-rN; else 1"
    )
    top.add_argument(
        "--sign", type=Path, metavar="KEY.pem", help="sign each .apk with this private key"
    )
    top.add_argument(
        "--tree",
        type=Path,
        metavar="FOLDER",
        help="lay the gateway's files out there and pack nothing, for OpenWrt's SDK",
    )
    top.add_argument(
        "--lock", action="store_true", help="pin the newest libraries instead; builds nothing"
    )
    return top


def targets(releases: Sequence[str] | None, architectures: Sequence[str] | None) -> list[Target]:
    """What was asked for, or what is usual."""
    return [
        Target(RELEASES[release], architecture, ARCHITECTURES[architecture])
        for release in releases or RELEASES
        for architecture in architectures or USUAL
    ]


def _build(options: argparse.Namespace) -> int:
    epoch = _epoch()
    wanted = targets(options.openwrt, options.arch)
    if options.tree is not None:
        if len(wanted) != 1:
            raise CannotBuild("--tree is of one package; name it by --openwrt and --arch")
        _lay_out(_gateway(wanted[0], options.release), options.tree)
        return 0
    for target in wanted:
        command = bytecode.interpreter(target.release.python, ROOT / "build")
        for package in (
            _gateway(target, options.release),
            gateway.binding(gateway.DEBIAN_BINDING, target, command),
        ):
            _write(package, target, epoch, options.output, options.sign)
    return 0


def _gateway(target: Target, release: int) -> Package:
    lock = _lock_file(target)
    folder = ROOT / "build/wheels" / lock.stem
    libraries = wheels.have(lock, target.release.python, target.family, folder)
    named = {pin.name: wheel for pin, wheel in libraries.items()}
    command = bytecode.interpreter(target.release.python, ROOT / "build")
    return gateway.gateway(ROOT, target, f"{_version()}-r{release}", named, command)


def _lay_out(package: Package, folder: Path) -> None:
    for file in package.files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        place.chmod(file.mode)


def _write(package: Package, target: Target, epoch: int, output: Path, key: Path | None) -> None:
    folder = output / target.release.name / target.architecture
    folder.mkdir(parents=True, exist_ok=True)
    if target.release.format == "ipk":
        file, content = folder / ipk.file_name(package), ipk.write(package, epoch)
    else:
        file = folder / apk.file_name(package)
        content = apk.write(package, epoch, None if key is None else signature.signer(key))
    file.write_bytes(content)
    print(
        f"{target.release.name} {target.architecture:25} {file.name:48}"
        f" {len(content) / 1024:7.0f} KiB, {package.size / 1024:7.0f} KiB unpacked"
    )


def _lock() -> int:
    for target in targets(None, [*USUAL, "x86_64_glibc"]):
        names = [name for name in gateway.CARRIED if name not in target.family.from_feed]
        with TemporaryDirectory() as folder:
            pins = wheels.newest(names, target.release.python, target.family, Path(folder))
        file = _lock_file(target)
        file.parent.mkdir(exist_ok=True)
        file.write_text(wheels.lock_text(pins), encoding="utf-8")
        print(f"{file.relative_to(ROOT)}: {len(pins)} libraries")
    return 0


def _lock_file(target: Target) -> Path:
    name = f"{target.family.name}-{target.release.python}.txt"
    return ROOT / "deploy/openwrt/locks" / name


def _version() -> str:
    """`__version__` of the portal, read and not imported: its libraries may be missing here."""
    text = (ROOT / "portal/__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def _epoch() -> int:
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    if shutil.which("git") is None:
        return _FIXED_EPOCH
    asked = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(asked.stdout) if asked.returncode == 0 else _FIXED_EPOCH


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no release; write 1 or more")
    return number
