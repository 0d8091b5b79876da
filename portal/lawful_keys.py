"""The keys of the sealed record, and who holds them.

An approver has an Ed25519 key under a passphrase. A site's secret key is never stored open: for
every two approvers it is sealed to the one, inside a seal of the other. So no single person, and
nobody with a site's key file alone, can open a record; any two approvers together can.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from nacl import pwhash
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox
from nacl.signing import SigningKey, VerifyKey
from nacl.utils import random

from portal.lawful_error import LawfulError

_LEAST_PASSPHRASE = 12


def canonical(value: Any) -> bytes:
    """The one way a JSON value is written where it is signed or hashed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def make_approver(name: str, passphrase: str) -> dict[str, Any]:
    """A new approver's key, to be kept in a file by that person alone.

    Raises:
        LawfulError: the passphrase is too short.
    """
    if len(passphrase) < _LEAST_PASSPHRASE:
        raise LawfulError(f"a passphrase has at least {_LEAST_PASSPHRASE} characters")
    key, salt = SigningKey.generate(), random(pwhash.argon2id.SALTBYTES)
    return {
        "approver": name,
        "public": bytes(key.verify_key).hex(),
        "salt": salt.hex(),
        "key": _box(passphrase, salt).encrypt(bytes(key)).hex(),
    }


def open_approver(document: Mapping[str, Any], passphrase: str) -> SigningKey:
    """The key in an approver's file.

    Raises:
        LawfulError: wrong passphrase, or not such a file.
    """
    try:
        box = _box(passphrase, bytes.fromhex(document["salt"]))
        return SigningKey(box.decrypt(bytes.fromhex(document["key"])))
    except CryptoError:
        raise LawfulError(f"wrong passphrase for {document['approver']}") from None
    except (KeyError, TypeError, ValueError):
        raise LawfulError("not an approver's key file") from None


def _box(passphrase: str, salt: bytes) -> SecretBox:
    return SecretBox(
        pwhash.argon2id.kdf(
            SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=pwhash.argon2id.OPSLIMIT_MODERATE,
            memlimit=pwhash.argon2id.MEMLIMIT_MODERATE,
        )
    )


def make_site(approvers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A new key pair of a site, its secret half sealed for every two of `approvers`.

    Raises:
        LawfulError: there are not two, or they are not different people.
    """
    try:
        publics = {each["approver"]: each["public"] for each in approvers}
        keys = {name: VerifyKey(bytes.fromhex(public)) for name, public in publics.items()}
    except (KeyError, TypeError, ValueError):
        raise LawfulError("not an approver's key file") from None
    if len(publics) < 2 or len(set(publics.values())) < len(approvers):
        raise LawfulError("two different approvers, at least, hold a site's key together")
    secret = PrivateKey.generate()
    pairs = {}
    for one, other in combinations(sorted(keys), 2):
        inner = SealedBox(keys[one].to_curve25519_public_key()).encrypt(bytes(secret))
        outer = SealedBox(keys[other].to_curve25519_public_key()).encrypt(inner)
        pairs[_pair(one, other)] = outer.hex()
    return {
        "public_key": bytes(secret.public_key).hex(),
        "approvers": publics,
        "pairs": pairs,
    }


def open_site(
    document: Mapping[str, Any], approvers: Mapping[str, SigningKey]
) -> SealedBox[PrivateKey]:
    """What opens a site's record, with the keys of two approvers.

    Raises:
        LawfulError: they are not two, or not this site's.
    """
    if len(approvers) != 2:
        raise LawfulError("two different approvers are needed, neither more nor less")
    one, other = sorted(approvers)
    try:
        outer = bytes.fromhex(document["pairs"][_pair(one, other)])
        inner = SealedBox(approvers[other].to_curve25519_private_key()).decrypt(outer)
        secret = SealedBox(approvers[one].to_curve25519_private_key()).decrypt(inner)
    except KeyError:
        raise LawfulError(f"{one} and {other} do not hold this site's key") from None
    except CryptoError:
        raise LawfulError(f"the keys of {one} and {other} do not open this site's key") from None
    return SealedBox(PrivateKey(secret))


def _pair(one: str, other: str) -> str:
    return json.dumps([one, other], ensure_ascii=False)


def sign(key: SigningKey, value: Any) -> str:
    return key.sign(canonical(value)).signature.hex()


def is_signed(public: str, value: Any, signature: str) -> bool:
    """Whether the holder of `public` signed `value`."""
    try:
        VerifyKey(bytes.fromhex(public)).verify(canonical(value), bytes.fromhex(signature))
    except (BadSignatureError, ValueError):
        return False
    return True
