"""Signs an .apk as `apk adbsign` does, so that a router that has the public key takes it.

By `openssl`, with the kind of key that OpenWrt's build and ImageBuilder make (EC, prime256v1).
"""

import hashlib
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.openwrt.packaging.wheels import CannotBuild

_SHA512: Final = 4
_P256_PUBLIC: Final = 91
_POINT: Final = 65
Signer = Callable[[bytes, bytes], bytes]


def signer(key: Path) -> Signer:
    """Gives the content of a signature block for a schema and a description signed by `key`."""
    public = _openssl("pkey", "-in", str(key), "-pubout", "-outform", "DER")
    if len(public) != _P256_PUBLIC:
        raise CannotBuild(f"{key} is no key on prime256v1; make one as README.md says")
    # apk knows a key by its point on the curve, without the envelope around it.
    identity = hashlib.sha512(public[-_POINT:]).digest()[:16]

    def signed(schema: bytes, description: bytes) -> bytes:
        head = struct.pack("<BB", 0, _SHA512) + identity
        message = schema + head + hashlib.sha512(description).digest()
        return head + _openssl("dgst", "-sha512", "-sign", str(key), message=message)

    return signed


def _openssl(*arguments: str, message: bytes = b"") -> bytes:
    try:
        done = subprocess.run(["openssl", *arguments], input=message, capture_output=True)
    except FileNotFoundError:
        raise CannotBuild("openssl is missing; it signs packages") from None
    if done.returncode:
        raise CannotBuild(f"openssl refuses the key: {done.stderr.decode().strip()}")
    return done.stdout
