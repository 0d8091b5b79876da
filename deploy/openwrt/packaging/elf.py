"""Cuts off what a shared library carries for debuggers and linkers.

The loader reads program headers and nothing else, so that all behind the last byte they name can
go; `strip` of the router's own processor would be one more tool to have, and does no more.
"""

import struct

_MAGIC = b"\x7fELF"


def loadable(library: bytes) -> bytes:
    """The part of a little-endian ELF library that is loaded, without its section table.

    Raises:
        ValueError: it is no such library.
    """
    if library[:4] != _MAGIC or library[5] != 1:
        raise ValueError("no little-endian ELF file")
    wide = library[4] == 2
    if wide:
        (table,) = struct.unpack_from("<Q", library, 32)
        size, count = struct.unpack_from("<HH", library, 54)
    else:
        (table,) = struct.unpack_from("<I", library, 28)
        size, count = struct.unpack_from("<HH", library, 42)
    end = table + size * count
    for number in range(count):
        at = table + size * number
        if wide:
            offset, length = struct.unpack_from("<Q16xQ", library, at + 8)
        else:
            offset, length = struct.unpack_from("<I8xI", library, at + 4)
        end = max(end, offset + length)
    header = bytearray(library[:64])
    if wide:
        struct.pack_into("<Q", header, 40, 0)  # e_shoff
        struct.pack_into("<HH", header, 60, 0, 0)  # e_shnum, e_shstrndx
    else:
        struct.pack_into("<I", header, 32, 0)
        struct.pack_into("<HH", header, 48, 0, 0)
    return bytes(header) + library[64:end]
