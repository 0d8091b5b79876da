"""Writes an .ipk, for opkg of OpenWrt 24.10: tar in gzip, three deep, and nothing else."""

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator

from deploy.openwrt.packaging.package import File, Package, folders, ipk_scripts


def file_name(package: Package) -> str:
    return f"{package.name}_{package.version}_{package.architecture}.ipk"


def write(package: Package, epoch: int) -> bytes:
    """The package's bytes; the same package and `epoch` (Unix seconds) give the same ones."""
    data = _tar(sorted(package.files, key=lambda file: file.path), epoch)
    control = _tar(_control(package, len(data), epoch), epoch)
    outer = (
        File("debian-binary", b"2.0\n"),
        File("data.tar.gz", _gzip(data)),
        File("control.tar.gz", _gzip(control)),
    )
    return _gzip(_tar(outer, epoch))


def _control(package: Package, unpacked: int, epoch: int) -> Iterator[File]:
    fields = {
        "Package": package.name,
        "Version": package.version,
        "Depends": ", ".join(package.depends),
        "License": package.licence,
        "Section": package.section,
        "Require-User": package.user,
        "SourceDateEpoch": str(epoch),
        "Maintainer": package.maintainer,
        "Architecture": package.architecture,
        "Installed-Size": str(unpacked),
        "Description": package.description,
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    yield File("control", text.encode())
    if package.conffiles:
        yield File("conffiles", "".join(f"{path}\n" for path in package.conffiles).encode())
    for name, script in ipk_scripts().items():
        yield File(name, script.encode(), 0o755)


def _tar(files: Iterable[File], epoch: int) -> bytes:
    """A GNU tar whose names begin with `./`, as opkg writes its file lists from them."""
    files = tuple(files)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder in [".", *(f"./{folder}" for folder in folders(files))]:
            entry = _entry(folder, 0o755, epoch)
            entry.type = tarfile.DIRTYPE
            tar.addfile(entry)
        for file in files:
            entry = _entry(f"./{file.path}", file.mode, epoch)
            entry.size = len(file.content)
            tar.addfile(entry, io.BytesIO(file.content))
    return out.getvalue()


def _entry(name: str, mode: int, epoch: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime, entry.uname, entry.gname = mode, epoch, "root", "root"
    return entry


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
