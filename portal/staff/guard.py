"""Which requests the staff site answers at all. No clock, no network, no database.

The site speaks plain HTTP on an address that phones do not reach (docs/security.md). What is
checked here is what a browser of a member of staff could be made to send by somebody else's
page: under another name of this machine (DNS rebinding), or as a form of another site (CSRF).
"""

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'self'"
)

HEADERS: Final[Mapping[str, str]] = {
    "Server": "portal",
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer, unless a page has its own (the preview does)."""

_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?")


def names_of(listen: str, configured: Collection[str]) -> frozenset[str]:
    """The names under which a browser may ask: the address itself and what is configured.

    An address of this machine alone is also `localhost`, by which tunnels arrive.
    """
    address = f"[{listen}]" if ":" in listen else listen
    local = {"localhost", "127.0.0.1", "[::1]"}
    return frozenset({address, *configured} | local)


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a `Host` header names this site. Its port is that of the tunnel, if there is one."""
    found = _HOST.fullmatch(host)
    return found is not None and found[1].lower().rstrip(".") in names


def from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a form that changes something was sent by a page of this site.

    Browsers say so in `Sec-Fetch-Site` where the address is https or local, and in `Origin`
    everywhere. A request without either is of no browser that staff use.
    """
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    if origin is None:
        return site is not None
    try:
        parts = urlsplit(origin)
    except ValueError:  # `http://[`
        return False
    return parts.scheme in ("http", "https") and parts.netloc == headers.get("Host")


def own_path(text: str) -> str:
    """`text` if it is a path of this site, to go back to; else the first page."""
    plain = re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}", text)
    return text if plain else "/"
