"""Parsers of single settings. Pure: text in, value out.

Each takes what TOML holds and returns the value, or raises ValueError with words that finish
the sentence "session.length = 2 hours is ...": what is wrong, and what to write instead.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from portal.schedule import Hours, parse_hours
from splash.site import SITE_ID

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('not a text; write it in quotes, like "…"')
    if any(ord(character) < 32 for character in value):
        raise ValueError("has a control character (a line break?) in it; write one line")
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('not a list; write ["…", "…"]')
    return tuple(text(item) for item in value)


def whole_number(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"not a whole number from {least} to {most}")
        return value

    return parse


def duration(value: object) -> float:
    """Seconds, from `90s`, `120m`, `4h` or `1d`."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('not a duration; write "2h" or "120m"')
    seconds = int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    if not 5 <= seconds <= 7 * 86400:
        raise ValueError('out of range; write something from "5s" to "7d"')
    return float(seconds)


@dataclass(frozen=True, slots=True)
class OtherDay:
    """What is different on one day of the week; None is as on every day."""

    length: float | None = None
    opening_hours: Hours | Literal["closed"] | None = None
    daily_limit: float | None = None


def other_day(value: object) -> OtherDay:
    if not isinstance(value, dict):
        raise ValueError('not a table; write { opening_hours = "06:00-24:00" }')
    parsers: dict[str, Callable[[object], Any]] = {
        "length": duration,
        "opening_hours": lambda hours: parse_hours(hours) or "closed",
        "daily_limit": duration,
    }
    if unknown := sorted(value.keys() - parsers.keys()):
        names = ", ".join(name if name.isidentifier() else repr(name) for name in unknown)
        raise ValueError(f"has {names} in it; known are {', '.join(parsers)}")
    found = {}
    problems = []
    for key, entry in value.items():
        try:
            found[key] = parsers[key](entry)
        except ValueError as error:
            problems.append(f"its {key} is {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return OtherDay(**found)


def interface_name(value: object) -> str:
    """A name the kernel and nft both take as it is; the same that `firewall.plan` takes."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}", value):
        raise ValueError('not an interface name; write one like "br-lan"')
    return value


def ssid(value: object) -> str:
    """A network's name (IEEE 802.11: at most 32 octets), byte for byte as the radio sends it."""
    if not isinstance(value, str) or not value:
        raise ValueError('not a text; write it in quotes, like "Công đoàn - Wi-Fi"')
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise ValueError("has a control character in it; write what people read on their phones")
    if value != value.strip():
        raise ValueError("begins or ends with a space, which nobody sees; take it away")
    if (size := len(value.encode())) > 32:
        raise ValueError(
            f"too long: {size} bytes of UTF-8 of 32 (a letter with marks takes 2 or 3)"
        )
    return value


def host_name(value: object) -> str:
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    name = value.lower() if isinstance(value, str) else ""
    if not re.fullmatch(rf"{label}(\.{label})+", name) or len(name) > 253:
        raise ValueError('not a host name; write one like "wifi.congdoan.home.arpa"')
    if name.rsplit(".", 1)[1].isdigit():
        raise ValueError("an address, not a name; captive checks need a name (RFC 8910 §2)")
    return name


def yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")
    return value


def host_names(value: object) -> tuple[str, ...]:
    return tuple(host_name(item) for item in texts(value))


def https_address(value: object) -> str:
    address = text(value)
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?", address):
        raise ValueError('not a web address; write one like "https://example.vn/"')
    if re.search(r"[\"'<>\\`]", address):
        raise ValueError("has a quote, bracket or backslash in it; percent-encode it")
    return address


def public_key(command: str) -> Callable[[object], str]:
    """A Curve25519 or Ed25519 public key in hexadecimal, as `command` prints it."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ValueError(f"not 64 hexadecimal digits; copy what `{command}` printed")
        return value

    return parse


def web_folder(value: object) -> str:
    """An https address that other names can be put behind: it ends with a slash."""
    address = text(value)
    if not re.fullmatch(r"https://[!-~]+", address) or re.search(r"[?#@]", address):
        raise ValueError('not a folder of a web space; write one like "https://example.vn/wifi/"')
    return web_address(address.rstrip("/") + "/")


def web_addresses(value: object) -> tuple[str, ...]:
    return tuple(web_address(item) for item in texts(value))


def web_address(value: object) -> str:
    """An address that is asked, not only shown: its host and port are looked at, too."""
    address = https_address(value)
    parts = urlsplit(address)
    try:
        host_name(parts.hostname)
        _ = parts.port  # Looked at only when somebody asks for it.
    except ValueError as error:
        raise ValueError(f"not usable: in {address!r}, {error}") from None
    return address


def email_address(value: object) -> str:
    address = text(value)
    if not re.fullmatch(r"[^@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", address):
        raise ValueError('not an e-mail address; write one like "bantuyengiao@example.vn"')
    return address


def phone_number(value: object) -> str:
    number = text(value)
    if not re.fullmatch(r"\+?[0-9][0-9 .-]{1,18}", number):
        raise ValueError('not a telephone number; write one like "0225 3 123 456"')
    return number


def identifier(value: object) -> str:
    if not isinstance(value, str) or not SITE_ID.fullmatch(value):
        raise ValueError('not an identifier; write small letters, digits and "-", like "hp-001"')
    return value


def networks(value: object) -> tuple[Network, ...]:
    found = []
    for item in texts(value):
        try:
            found.append(ip_network(item))
        except ValueError as error:
            raise ValueError(
                f'not a list of networks ({error}); write ["203.0.113.0/24"]'
            ) from None
        if "%" in item:  # fe80::%wan/64: Python reads the scope and nft would not.
            raise ValueError('has a scope ("%") in it; write the network alone')
    return tuple(found)


def addresses(value: object) -> tuple[Address, ...]:
    try:
        found = tuple(ip_address(item) for item in texts(value))
    except ValueError as error:
        raise ValueError(f'not a list of addresses ({error}); write ["192.0.2.53"]') from None
    if any("%" in str(address) for address in found):
        raise ValueError('has a scope ("%") in it; write the address alone')
    return found


def one_address(value: object) -> IPv4Address:
    try:
        return IPv4Address(text(value))
    except ValueError:
        raise ValueError('not an IPv4 address; write one like "192.0.2.1"') from None


def address_with_prefix(value: object) -> IPv4Interface:
    """An address of this machine in a network with room for others."""
    try:
        found = IPv4Interface(text(value))
    except ValueError:
        raise ValueError('not an address with its prefix; write "192.0.2.2/24"') from None
    network = found.network
    if network.prefixlen > 30 or found.ip in (network.network_address, network.broadcast_address):
        raise ValueError('not an address with its prefix; write "192.0.2.2/24"')
    return found


def absolute_path(value: object) -> Path:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError('not an absolute path; write one like "/var/lib/portal"')
    if not value.isprintable():  # A line break would end a line of dnsmasq's configuration.
        raise ValueError("has a control character (a line break?) in it; write one line")
    return Path(value)


def one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("unknown; write " + " or ".join(f'"{choice}"' for choice in choices))
        return value

    return parse


port = whole_number(1, 65535)


def address_and_port(value: object) -> tuple[str, int]:
    """One address of this machine, with a port: `127.0.0.1:2081`, `[::1]:2081`."""
    written = value if isinstance(value, str) else ""
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:]+)):(\d{1,5})", written)
    try:
        if match is None:
            raise ValueError
        address, number = ip_address(match[1] or match[2]), port(int(match[3]))
    except ValueError:
        raise ValueError('not an address and a port; write "127.0.0.1:2081"') from None
    if address.is_unspecified:
        raise ValueError('every address, also that of phones; write one, like "127.0.0.1:2081"')
    return str(address), number
