"""One-time codes of an authenticator app (TOTP, RFC 6238): six digits, new every 30 seconds."""

import base64
import hmac
import re
import secrets
import struct
from typing import Final
from urllib.parse import quote, urlencode

STEP_SECONDS: Final = 30
_DRIFT: Final = 1
"""Steps that a phone's clock may be early or late (RFC 6238, §5.2)."""


def new_secret() -> str:
    """160 bits in base32, as apps take them (RFC 4226, §4)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one step (RFC 4226, §5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    place = digest[-1] & 15
    [number] = struct.unpack(">I", digest[place : place + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def accepted_step(secret: str, typed: str, wall: float, used: int) -> int | None:
    """The step whose code was `typed`, to be remembered as used; None if the code is wrong.

    `used` is the last step that was accepted: neither it nor an earlier one is taken again.
    """
    code = re.sub(r"\s", "", typed)
    now = int(wall) // STEP_SECONDS
    found = None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode(errors="replace"))
        if same and step > used:
            found = step
    return found


def uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code says (the key URI format that every authenticator reads)."""
    label = quote(f"{issuer}:{account}", safe="")
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
    )
