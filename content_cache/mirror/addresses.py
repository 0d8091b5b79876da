"""Addresses of pages and machines. Pure.

Two addresses of one page are one: `normal` is what they share. Whether a machine is on the
public Internet is `is_public`: a page must not make us ask machines of our own network.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

_TRACKS: Final = re.compile(r"utm_\w+|fbclid|gclid|zarsrc|mc_[ce]id")
_PORTS: Final = {"http": 80, "https": 443}


def normal(address: str, base: str = "") -> str | None:
    """The one way to write a page's address, without fragment and without what only tracks readers.

    None if it is no http or https address.
    """
    if not address.strip():
        return None
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or not re.fullmatch(r"[a-z0-9.:_-]+", host):
        return None
    host = f"[{host}]" if ":" in host else host
    place = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    asked = parts.query
    if _TRACKS.search(asked):
        pairs = parse_qsl(asked, keep_blank_values=True)
        asked = urlencode([pair for pair in pairs if not _TRACKS.fullmatch(pair[0])])
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit(
        (parts.scheme, place, path or "/", quote(asked, safe="%=&/?:@!$'()*+,;~-._"), "")
    )


def host_of(address: str) -> str:
    """The host of a good address, in small letters."""
    return urlsplit(address).hostname or ""


def origin_of(address: str) -> str:
    """Scheme, host and port: who has one robots.txt."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the machine is on the Internet, also if IPv6 wraps its IPv4 address."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.packed[:12] == b"\0\x64\xff\x9b" + bytes(8):  # RFC 6052
            inner = IPv4Address(address.packed[12:])
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast
