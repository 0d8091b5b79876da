"""Who a bundle is from: Ed25519 over the manifest, in one file.

`bundle.json` is `{"key": …, "manifest": "<the manifest, as a text>", "signature": …}`, key and
signature in hexadecimal. The signature is over the manifest's very bytes, so nothing needs to
be written again in the same way to be checked. The key inside says whose bundle a foreign one
is; only the key that the reader was given is believed.

PyNaCl is loaded when something is signed or checked, and not before.
"""

import json
import os
import re
import secrets
from pathlib import Path
from typing import Final

from content_cache.manifest import (
    MOST_MANIFEST_BYTES,
    BundleError,
    Manifest,
    parse,
    read_object,
    shown,
)

MOST_BUNDLE_BYTES: Final = 2 * MOST_MANIFEST_BYTES
"""Of `bundle.json`; the quotation marks of the manifest take a second byte inside a text."""
_ABOUT: Final = b"union-portal content bundle\n"
"""Stands before what is signed: a signature made for something else is none here."""
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


class Signer:
    """Signs manifests with one secret key."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is the secret: 32 bytes."""
        from nacl.signing import SigningKey

        self._key = SigningKey(seed)

    @property
    def public_key(self) -> str:
        """What readers are given, `[content] public_key`: 64 hexadecimal digits."""
        return bytes(self._key.verify_key).hex()

    def sign(self, manifest: Manifest) -> bytes:
        """The bytes of `bundle.json`."""
        text = manifest.to_json()
        signature = self.signature(_ABOUT, text.encode())
        bundle = {"key": self.public_key, "manifest": text, "signature": signature}
        return json.dumps(bundle, sort_keys=True, separators=(",", ":")).encode()

    def signature(self, about: bytes, data: bytes) -> str:
        """128 hexadecimal digits. `about` says what kind of thing is signed."""
        return self._key.sign(about + data).signature.hex()


def signer_of(path: Path) -> Signer:
    """The signer whose secret is in the file; made at first use, for its owner alone (0600).

    Raises:
        OSError: the file cannot be read or made.
        BundleError: something else is in it.
    """
    try:
        written = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        written = secrets.token_bytes(32).hex()
        _make(path, written + "\n")
    if not _KEY.fullmatch(written):
        raise BundleError([f"{path}: is not a signing key of 64 hexadecimal digits"])
    return Signer(bytes.fromhex(written))


def _make(path: Path, text: str) -> None:
    """Write a new secret file; whole or not at all, also when the power fails."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.link(unfinished, path)  # Unlike a rename, it replaces no key made meanwhile.
    unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def opened(data: bytes, public_key: str) -> Manifest:
    """The manifest in `bundle.json`, if the holder of `public_key` signed it.

    Raises:
        BundleError: with the reason, or with every problem of a manifest that was signed.
    """
    manifest, key, signature = _parts(data)
    if key != public_key:
        advice = f"this gateway believes {shown(public_key)} ([content] public_key)"
        raise BundleError([f"bundle.json: is signed by another key, {key}; {advice}"])
    if not fits(_ABOUT, manifest, key, signature):
        words = "the signature does not fit; it was changed after it was signed"
        raise BundleError([f"bundle.json: {words}"])
    return parse(manifest)


def fits(about: bytes, data: bytes, key: str, signature: str) -> bool:
    """Whether the holder of `key` signed `data` as a thing of the kind `about`."""
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(bytes.fromhex(key)).verify(about + data, bytes.fromhex(signature))
    except (CryptoError, ValueError):
        return False
    return True


def unchecked(data: bytes) -> Manifest:
    """The manifest in a `bundle.json` that was checked when it came to where it is.

    Raises:
        BundleError: it is damaged.
    """
    return parse(_parts(data)[0])


def _parts(data: bytes) -> tuple[bytes, str, str]:
    """The manifest's bytes, the key and the signature."""
    if len(data) > MOST_BUNDLE_BYTES:
        raise BundleError([f"bundle.json: more than {MOST_BUNDLE_BYTES} bytes"])
    bundle = read_object(data, "bundle.json")
    if bundle.keys() != {"manifest", "key", "signature"}:
        raise BundleError(["bundle.json: must have manifest, key and signature, nothing else"])
    manifest, key, signature = bundle["manifest"], bundle["key"], bundle["signature"]
    problems = []
    if not isinstance(manifest, str) or not manifest.isascii():
        problems.append("bundle.json: manifest is not a text of ASCII")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        problems.append(f"bundle.json: key = {shown(key)} is not 64 hexadecimal digits")
    if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
        problems.append(
            f"bundle.json: signature = {shown(signature)} is not 128 hexadecimal digits"
        )
    if problems:
        raise BundleError(problems)
    return manifest.encode(), key, signature
