"""What radios say, and what it means: our own Wi-Fi, and the modem's. No look is taken here.

Of the networks around, a name leaves this module only where it is the house's own modem that
sends it: a neighbour's network may be called after a person.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from portal.doctor.finding import Finding

_LOCAL: Final = 0xFD
"""Without the bit that tells an address made up for a second network (IEEE 802, U/L)."""
_NEAR_DBM: Final = -65.0
"""Stronger is the same house; the neighbours' are mostly weaker, behind walls."""
_MODEM_NAMES: Final = re.compile(
    r"(?:vnpt|gpon|igate|viettel|fpt[ _-]|ftth|ont[ _-]|huawei-|zte[ _-]|tp-link_)", re.IGNORECASE
)
_BYTES: Final = re.compile(r"\\x([0-9a-fA-F]{2})")
_MOST_NAME: Final = 32


@dataclass(frozen=True, slots=True)
class Heard:
    """A network that a radio hears."""

    bssid: bytes
    name: str
    """Empty where it is hidden."""
    dbm: float | None


@dataclass(frozen=True, slots=True)
class Own:
    """An interface of our own radios. `name` is what it sends out, if it does."""

    interface: str
    name: str
    is_access_point: bool


def own(text: str) -> list[Own]:
    """Interfaces, as `iw dev` lists them."""
    found: list[Own] = []
    for line in text.splitlines():
        match line.split(maxsplit=1):
            case ["Interface", name]:
                found.append(Own(name.strip(), "", is_access_point=False))
            case ["ssid", name] if found:
                found[-1] = replace(found[-1], name=_unescaped(name))
            case ["type", "AP"] if found:
                found[-1] = replace(found[-1], is_access_point=True)
    return found


def heard(text: str) -> list[Heard]:
    """Networks, as `iw dev … scan` lists them; what cannot be read is left out."""
    found: list[Heard] = []
    for line in text.splitlines():
        if match := re.match(r"BSS ((?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})", line):
            found.append(Heard(bytes.fromhex(match[1].replace(":", "")), "", None))
        elif found and (match := re.match(r"\s+SSID: (.*)", line)):
            found[-1] = replace(found[-1], name=_unescaped(match[1]))
        elif found and (match := re.match(r"\s+signal: (-?\d{1,3}(?:\.\d+)?) dBm", line)):
            found[-1] = replace(found[-1], dbm=float(match[1]))
    return found


def heard_by_iwinfo(text: str) -> list[Heard]:
    """The same, as `ubus call iwinfo scan` lists them."""
    found = []
    try:
        rows = json.loads(text)["results"]
        for row in rows:
            bssid = bytes.fromhex(str(row["bssid"]).replace(":", ""))
            if len(bssid) == 6:
                signal = row.get("signal")
                dbm = float(signal) if isinstance(signal, int) else None
                found.append(Heard(bssid, _name(str(row.get("ssid") or "")), dbm))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return found
    return found


def _unescaped(text: str) -> str:
    """A name of which `iw` wrote what is no ASCII as `\\xNN`, byte by byte."""
    parts = _BYTES.split(text.strip())
    raw = b"".join(
        bytes([int(part, 16)]) if number % 2 else part.encode() for number, part in enumerate(parts)
    )
    return _name(raw.decode("utf-8", "replace"))


def _name(text: str) -> str:
    """A name as it may be shown."""
    return "".join(c if c.isprintable() else "?" for c in text)[:_MOST_NAME]


def isolated(text: str) -> dict[str, bool]:
    """Of each interface in a hostapd configuration, whether it keeps phones apart."""
    found: dict[str, bool] = {}
    interface = ""
    for line in text.splitlines():
        name, _, value = line.strip().partition("=")
        if name in ("interface", "bss"):
            interface = value
            found[interface] = False
        elif name == "ap_isolate" and interface:
            found[interface] = value == "1"
    return found


def judge_own(interfaces: Iterable[Own], ports: Collection[str], name: str) -> Iterator[Finding]:
    """Whether our Wi-Fi `name` is there, on the phones' network (whose bridge has `ports`)."""
    ours = [each for each in interfaces if each.is_access_point and each.name == name]
    if not ours:
        yield Finding("wifi", False, "none", {"name": name})
        return
    astray = [each.interface for each in ours if each.interface not in ports]
    if astray and len(astray) == len(ours):
        yield Finding("wifi", False, "elsewhere", {"name": ours[0].name, "where": astray[0]})
        return
    yield Finding("wifi", True, "sent", {"name": ours[0].name, "radios": len(ours) - len(astray)})


def judge_isolation(interfaces: Iterable[str], apart: dict[str, bool]) -> Finding:
    """Whether phones on these interfaces reach each other, as hostapd was told."""
    joined = sorted(each for each in interfaces if not apart.get(each, False))
    return Finding(
        "stations", not joined, "joined" if joined else "apart", {"which": ", ".join(joined)}
    )


def judge_modem(around: Iterable[Heard], modem: bytes | None, ours: Collection[bytes]) -> Finding:
    """Whether the house's modem still sends out a Wi-Fi of its own.

    `modem` is the MAC address of the router behind the line; None if it is not known. The networks
    of one device have addresses that differ in the last byte; neighbours may well have a modem
    of the same vendor.
    """
    others = [each for each in around if each.bssid not in ours]
    alike: list[Heard] = []
    sure: list[Heard] = []
    for each in others:
        near = each.dbm is not None and each.dbm >= _NEAR_DBM
        vendor = modem is not None and _plain(each.bssid)[:3] == _plain(modem)[:3]
        # The first byte may tell of a second network, the last counts them.
        same = modem is not None and each.bssid[1:5] == modem[1:5]
        if same or (vendor and near):
            sure.append(each)
        elif near and _MODEM_NAMES.match(each.name):
            alike.append(each)
    if sure:
        names = sorted({each.name for each in sure if each.name})
        return Finding("modem", False, "sends" if names else "hidden", {"name": ", ".join(names)})
    if alike:
        return Finding("modem", True, "perhaps", {"count": len(alike)})
    return Finding("modem", True, "quiet", {"count": len(others)})


def _plain(mac: bytes) -> bytes:
    return bytes([mac[0] & _LOCAL]) + mac[1:]
