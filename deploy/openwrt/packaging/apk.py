"""Writes an .apk, for apk-tools 3 of OpenWrt 25.12: an ADB of the whole package's description,
then the files' contents, all in one raw deflate stream.

The numbers of the fields are those of apk-tools' apk_adb.h.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from deploy.openwrt.packaging.adb import Block, Database, Value, block
from deploy.openwrt.packaging.package import (
    File,
    Package,
    apk_scripts,
    folders,
    with_records,
)
from deploy.openwrt.packaging.signature import Signer

_COMPRESSED: Final = b"ADBd"
_PLAIN: Final = b"ADB."
_SCHEMA: Final = b"pckg"
_ID_BYTES: Final = 20

_SCRIPTS: Final = {
    "trigger": 1,
    "pre-install": 2,
    "post-install": 3,
    "pre-deinstall": 4,
    "post-deinstall": 5,
    "pre-upgrade": 6,
    "post-upgrade": 7,
}


def file_name(package: Package) -> str:
    """The only name under which apk's index finds it."""
    return f"{package.name}-{package.version}.apk"


def write(package: Package, epoch: int, sign: Signer | None = None) -> bytes:
    """The package's bytes; the same package and `epoch` give the same ones, unless signed."""
    package = with_records(package)
    tree = _tree(package.files)
    description = _description(package, tree, epoch)
    parts = [_PLAIN, _SCHEMA, block(Block.ADB, description)]
    if sign is not None:
        parts.append(block(Block.SIGNATURE, sign(_SCHEMA, description)))
    for folder, (_, files) in enumerate(tree, 1):
        for number, file in enumerate(files, 1):
            if file.content:
                parts.append(block(Block.DATA, struct.pack("<II", folder, number) + file.content))
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return _COMPRESSED + squeeze.compress(b"".join(parts)) + squeeze.flush()


def _tree(files: Iterable[File]) -> list[tuple[str, list[File]]]:
    """Every folder with its files, both sorted by their bytes as apk searches them."""
    ordered = sorted(files, key=lambda file: (_above(file).encode(), _name(file).encode()))
    inside = {folder: list(group) for folder, group in groupby(ordered, _above)}
    return [(folder, inside.get(folder, [])) for folder in ["", *folders(ordered)]]


def _description(package: Package, tree: Sequence[tuple[str, Sequence[File]]], epoch: int) -> bytes:
    adb = Database()
    identity = adb.own_blob(bytes(_ID_BYTES))
    # OpenWrt's word for what runs everywhere is "all"; apk's is "noarch".
    architecture = "noarch" if package.architecture == "all" else package.architecture
    info = adb.record(
        {
            1: adb.text(package.name),
            2: adb.text(package.version),
            3: identity,
            4: adb.text(package.description),
            5: adb.text(architecture),
            6: adb.text(package.licence),
            7: adb.text(package.name),
            8: adb.text(package.maintainer),
            11: adb.integer(epoch),
            12: adb.integer(max(package.size, 1)),
            15: adb.array([adb.record({1: adb.text(name)}) for name in _in_order(package)]),
        }
    )
    paths = [
        adb.record(
            {
                1: adb.text(folder),
                2: _access(adb, 0o755),
                3: adb.array([_file(adb, file, epoch) for file in files]),
            }
        )
        for folder, files in tree
    ]
    scripts = {_SCRIPTS[name]: adb.text(text) for name, text in apk_scripts(package).items()}
    data = adb.finished(adb.record({1: info, 2: adb.array(paths), 3: adb.record(scripts)}))
    # apk's own way to an identity that nobody has to give: what all the rest hashes to.
    place = adb.place(identity, _ID_BYTES)
    data[place] = hashlib.sha256(data).digest()[:_ID_BYTES]
    return bytes(data)


def _file(adb: Database, file: File, epoch: int) -> Value:
    return adb.record(
        {
            1: adb.text(_name(file)),
            2: _access(adb, file.mode),
            3: adb.integer(len(file.content)),
            4: adb.integer(epoch),
            5: adb.blob(hashlib.sha256(file.content).digest()),
        }
    )


def _access(adb: Database, mode: int) -> Value:
    return adb.record({1: adb.integer(mode), 2: adb.text("root"), 3: adb.text("root")})


def _in_order(package: Package) -> list[str]:
    return sorted(set(package.depends), key=str.encode)


def _above(file: File) -> str:
    return file.path.rpartition("/")[0]


def _name(file: File) -> str:
    return file.path.rpartition("/")[2]
