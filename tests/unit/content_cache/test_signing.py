"""A bundle is from the holder of the key, or it is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.manifest import BundleError, Manifest
from content_cache.signing import MOST_BUNDLE_BYTES, Signer, opened, signer_of, unchecked
from tests.unit.content_cache.bundles import KEY, SIGNER, STRANGER

NAME = "a" * 64
MANIFEST = Manifest(3, 1.0, NAME, {NAME: 5})
SIGNED = SIGNER.sign(MANIFEST)


def altered(**fields: object) -> bytes:
    return json.dumps({**json.loads(SIGNED), **fields}).encode()


def test_what_was_signed_is_opened() -> None:
    assert opened(SIGNED, KEY) == unchecked(SIGNED) == MANIFEST


def test_the_same_manifest_is_signed_by_the_same_bytes() -> None:
    assert SIGNER.sign(MANIFEST) == SIGNED


def test_another_key_is_not_believed_though_its_signature_fits() -> None:
    with pytest.raises(BundleError, match=f"signed by another key, {STRANGER.public_key}"):
        opened(STRANGER.sign(MANIFEST), KEY)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (altered(manifest=MANIFEST.to_json().replace("5", "6")), "the signature does not fit"),
        (altered(manifest=MANIFEST.to_json() + " "), "the signature does not fit"),
        (altered(signature="0" * 128), "the signature does not fit"),
        (altered(signature=STRANGER.sign(MANIFEST)[-130:-2].decode()), "signature does not fit"),
        (altered(signature="0" * 127), "is not 128 hexadecimal digits"),
        (altered(signature=None), "signature = None is not 128 hexadecimal digits"),
        (altered(key=KEY.upper()), "is not 64 hexadecimal digits"),
        (altered(manifest={}), "manifest is not a text of ASCII"),
        (altered(manifest="\ud800"), "manifest is not a text of ASCII"),
        (altered(more=1), "must have manifest, key and signature, nothing else"),
        (SIGNED[:-1], "is not JSON"),
        (SIGNED.replace(b'{"key"', b'{"key":"","key"'), "a name stands twice"),
        (b"[" * 50_000, "is nested too deeply"),
        (b" " * (MOST_BUNDLE_BYTES + 1), "more than"),
    ],
)
def test_what_was_changed_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        opened(data, KEY)


def test_a_key_that_is_no_point_of_the_curve_signs_nothing() -> None:
    nobody = "ff" * 32

    with pytest.raises(BundleError, match="the signature does not fit"):
        opened(altered(key=nobody), nobody)


def test_what_was_signed_by_the_holder_may_still_be_no_manifest() -> None:
    class Older(Manifest):
        def to_json(self) -> str:
            return '{"format":9}'

    with pytest.raises(BundleError, match="this gateway reads format 1"):
        opened(SIGNER.sign(Older(1, 1.0, NAME, {})), KEY)


@given(st.binary())
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        opened(data, KEY)


def test_a_signer_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = signer_of(tmp_path / "key")

    assert signer_of(tmp_path / "key").public_key == first.public_key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_file_that_is_no_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("không phải khóa")

    with pytest.raises(BundleError, match="is not a signing key of 64 hexadecimal digits"):
        signer_of(tmp_path / "key")


def test_the_secret_is_not_in_what_is_signed() -> None:
    secret = bytes(range(32))

    assert secret.hex().encode() not in Signer(secret).sign(MANIFEST)
