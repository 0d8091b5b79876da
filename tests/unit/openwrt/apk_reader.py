"""Reads an .apk by the format's description, sharing no line with what writes one.

It is strict where apk-tools is: magic, blocks in order, zeros between them, words that point
inside the data and at multiples of what they point to.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import Any

PLAIN = {
    "info": {
        1: "name",
        2: "version",
        3: "hashes",
        4: "description",
        5: "arch",
        6: "license",
        7: "origin",
        8: "maintainer",
        9: "url",
        11: "build-time",
        12: "installed-size",
        15: "depends",
    },
    "dependency": {1: "name", 2: "version", 3: "match"},
    "folder": {1: "name", 2: "acl", 3: "files"},
    "acl": {1: "mode", 2: "user", 3: "group", 4: "xattrs"},
    "file": {1: "name", 2: "acl", 3: "size", 4: "mtime", 5: "hash", 6: "target"},
    "scripts": {
        2: "pre-install",
        3: "post-install",
        4: "pre-deinstall",
        5: "post-deinstall",
        6: "pre-upgrade",
        7: "post-upgrade",
    },
    "package": {1: "info", 2: "paths", 3: "scripts", 4: "triggers", 5: "replaces-priority"},
}
INSIDE = {
    ("package", "info"): "info",
    ("package", "paths"): "folder",
    ("package", "scripts"): "scripts",
    ("info", "depends"): "dependency",
    ("folder", "acl"): "acl",
    ("folder", "files"): "file",
    ("file", "acl"): "acl",
}
LISTS = {"depends", "paths", "files", "triggers", "xattrs"}
TEXTS = {"name", "version", "description", "arch", "license", "origin", "maintainer", "user"} | {
    *("url", "group"),
    *PLAIN["scripts"].values(),
}


@dataclass(frozen=True)
class Apk:
    """`adb` is the description's raw data, `contents` the files' bytes by path."""

    package: dict[str, Any]
    adb: bytes
    signatures: list[bytes]
    contents: dict[str, bytes]


def read(raw: bytes) -> Apk:
    assert raw[:4] == b"ADBd", "raw deflate"
    squeezed = zlib.decompressobj(-15)
    plain = squeezed.decompress(raw[4:]) + squeezed.flush()
    assert squeezed.eof
    assert squeezed.unused_data == b""
    assert plain[:8] == b"ADB.pckg"
    (first, adb), *rest = blocks(plain, 8)
    assert first == 0, "the description comes first"
    package = Description(adb).package()
    kinds = [kind for kind, _ in rest]
    assert kinds == sorted(kinds), "signatures stand before files"
    assert set(kinds) <= {1, 2}
    return Apk(
        package,
        adb,
        [content for kind, content in rest if kind == 1],
        contents(package, [content for kind, content in rest if kind == 2]),
    )


def blocks(plain: bytes, at: int) -> list[tuple[int, bytes]]:
    found = []
    while at < len(plain):
        (word,) = struct.unpack_from("<I", plain, at)
        kind, size = word >> 30, word & 0x3FFFFFFF
        end = at + size
        padded = at + -(-size // 8) * 8
        assert size >= 4
        assert padded <= len(plain)
        assert plain[end:padded] == bytes(padded - end)
        found.append((kind, plain[at + 4 : end]))
        at = padded
    return found


def contents(package: dict[str, Any], data: list[bytes]) -> dict[str, bytes]:
    """Bytes of every file; each block must be the next file that has any."""
    found = {}
    waiting = iter(data)
    for folder_number, folder in enumerate(package["paths"], 1):
        for file_number, file in enumerate(folder.get("files", []), 1):
            content = b""
            if file["size"]:
                block = next(waiting)
                assert struct.unpack_from("<II", block) == (folder_number, file_number)
                content = block[8:]
            assert len(content) == file["size"]
            assert hashlib.sha256(content).digest() == file["hash"]
            above = folder.get("name", "")
            found[f"{above}/{file['name']}" if above else file["name"]] = content
    assert next(waiting, None) is None, "bytes that belong to no file"
    return found


class Description:
    def __init__(self, adb: bytes) -> None:
        self.adb = adb
        compatible, version, unused, self.root = struct.unpack_from("<BBHI", adb)
        assert (compatible, version, unused) == (0, 0, 0)

    def package(self) -> dict[str, Any]:
        value = self.value(self.root, "package")
        assert isinstance(value, dict)
        return value

    def value(self, word: int, schema: str) -> Any:
        kind, low = word >> 28, word & 0x0FFFFFFF
        match kind:
            case 0x1:
                return low
            case 0x2:
                return self.unpacked("<I", low, 4)
            case 0x3:
                return self.unpacked("<Q", low, 4)
            case 0x8:
                return self.blob("<B", low, 1)
            case 0x9:
                return self.blob("<H", low, 2)
            case 0xA:
                return self.blob("<I", low, 4)
            case 0xE if schema in PLAIN:
                return self.record(low, schema)
        raise AssertionError(f"kind {kind:#x} where a {schema} is")

    def unpacked(self, form: str, at: int, alignment: int) -> int:
        assert at % alignment == 0
        assert at >= 8
        (number,) = struct.unpack_from(form, self.adb, at)
        assert isinstance(number, int)
        return number

    def blob(self, form: str, at: int, width: int) -> bytes:
        length = self.unpacked(form, at, width)
        assert length > 0
        start = at + width
        assert start + length <= len(self.adb)
        return self.adb[start : start + length]

    def row(self, at: int) -> list[int]:
        count = self.unpacked("<I", at, 4)
        return list(struct.unpack_from(f"<{count - 1}I", self.adb, at + 4))

    def record(self, at: int, schema: str) -> dict[str, Any]:
        words = self.row(at)
        assert words[-1] != 0, "no empty fields at the end"
        found: dict[str, Any] = {}
        for number, word in enumerate(words, 1):
            if word == 0:
                continue
            name = PLAIN[schema][number]
            inner = INSIDE.get((schema, name), name)
            if name in LISTS:
                assert word >> 28 in (0xD, 0xE), "a list, or an object as apk-tools writes it"
                found[name] = [self.value(item, inner) for item in self.row(word & 0x0FFFFFFF)]
            else:
                value = self.value(word, inner)
                found[name] = value.decode() if name in TEXTS else value
        return found
