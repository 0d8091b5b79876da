"""Writes values of ADB, the binary format of apk-tools 3.

A value is one 32-bit word: four bits of kind, and 28 bits that are either the value itself or
the place in the data where it lies. Lists and records are rows of such words behind their
count. Everything is little-endian. Written from the format's description (apk-v3(5)) and the
types in apk-tools' adb.h; `tests/openwrt` reads the result with code of its own.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Final, NewType

Value = NewType("Value", int)
_Put = Callable[[bytes, int], int]
"""Puts bytes at a multiple of the number, and tells where."""

NOTHING: Final = Value(0)
_HEADER: Final = 8
"""Bytes: two of version, two unused, and the word of the root."""


class _Kind(IntEnum):
    INT = 0x1
    INT_32 = 0x2
    INT_64 = 0x3
    BLOB_8 = 0x8
    BLOB_16 = 0x9
    BLOB_32 = 0xA
    OBJECT = 0xE


class Block(IntEnum):
    """What follows in the file; the two upper bits of a block's first word."""

    ADB = 0
    SIGNATURE = 1
    DATA = 2


class Database:
    """The data that words point into. What is equal is stored once."""

    def __init__(self) -> None:
        self._data = bytearray(_HEADER)
        self._known: dict[tuple[bytes, int], int] = {}

    def blob(self, content: bytes) -> Value:
        return self._blob(content, self._stored)

    def own_blob(self, content: bytes) -> Value:
        """One that nothing else shares: it is filled in when all the rest is written."""
        return self._blob(content, self._appended)

    def text(self, text: str) -> Value:
        return self.blob(text.encode())

    def integer(self, number: int) -> Value:
        if number < 1 << 28:
            return _value(_Kind.INT, number)
        if number < 1 << 32:
            return _value(_Kind.INT_32, self._stored(struct.pack("<I", number), 4))
        return _value(_Kind.INT_64, self._stored(struct.pack("<Q", number), 4))

    def record(self, fields: Mapping[int, Value]) -> Value:
        """An object; its fields are numbered from 1, and those that are nothing are left out."""
        last = max((number for number, value in fields.items() if value), default=0)
        row = [fields.get(number, NOTHING) for number in range(1, last + 1)]
        return self._row(row)

    def array(self, items: Sequence[Value]) -> Value:
        """A list. The format has a kind for it (0xD), but `apk mkpkg` writes an object here,
        readers take either, and what every package has is read by every version."""
        return self._row(items)

    def finished(self, root: Value) -> bytearray:
        """All data, with `root` as what a reader begins with."""
        self._data[4:_HEADER] = struct.pack("<I", root)
        return self._data

    @staticmethod
    def place(blob: Value, length: int) -> slice:
        """Where the content of a blob of up to 255 bytes lies in what `finished` returns."""
        start = (blob & 0x0FFFFFFF) + 1
        return slice(start, start + length)

    def _blob(self, content: bytes, put: _Put) -> Value:
        length = len(content)
        if not content:
            return NOTHING
        if length < 1 << 8:
            return _value(_Kind.BLOB_8, put(bytes([length]) + content, 1))
        if length < 1 << 16:
            return _value(_Kind.BLOB_16, put(struct.pack("<H", length) + content, 2))
        return _value(_Kind.BLOB_32, put(struct.pack("<I", length) + content, 4))

    def _row(self, values: Sequence[Value]) -> Value:
        if not values:
            return NOTHING
        words = struct.pack(f"<{len(values) + 1}I", len(values) + 1, *values)
        return _value(_Kind.OBJECT, self._stored(words, 4))

    def _stored(self, content: bytes, alignment: int) -> int:
        key = content, alignment
        if key not in self._known:
            self._known[key] = self._appended(content, alignment)
        return self._known[key]

    def _appended(self, content: bytes, alignment: int) -> int:
        self._data.extend(bytes(-len(self._data) % alignment))
        place = len(self._data)
        self._data.extend(content)
        return place


def block(kind: Block, content: bytes) -> bytes:
    """A block of the file: its word, the content, and zeros up to a multiple of eight."""
    length = 4 + len(content)
    if length >= 1 << 30:
        raise ValueError(f"{length} bytes do not fit into one block of a package")
    return struct.pack("<I", kind << 30 | length) + content + bytes(-length % 8)


def _value(kind: _Kind, low: int) -> Value:
    if low >= 1 << 28:
        raise ValueError("more than 256 MiB of data do not fit into a package's index")
    return Value(kind << 28 | low)
