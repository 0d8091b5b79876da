"""Looks at the air: our own Wi-Fi, and whether the modem still has one. What is heard is kept
nowhere.

To listen, a radio leaves its channel for a few seconds: phones notice no more than a pause.
"""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from portal.config import Config
from portal.doctor import radio
from portal.doctor.finding import Finding, unseen
from portal.doctor.programs import run
from portal.routes import default_routes

_SCAN_SECONDS: Final = 20.0
_HOSTAPD: Final = ("/var/run/hostapd-*.conf", "/run/hostapd/*.conf", "/etc/hostapd/*.conf")
_NETWORKS: Final = Path("/sys/class/net")
_FAILED: Final = (OSError, subprocess.SubprocessError)


def modem(config: Config) -> Iterator[Finding]:
    if not _radios():
        return
    try:
        around = list(_heard())
    except _FAILED:
        yield unseen("modem", "unseen")
        return
    ours = set()
    for interface in _NETWORKS.iterdir():
        with suppress(OSError, ValueError):
            ours.add(bytes.fromhex((interface / "address").read_text().strip().replace(":", "")))
    yield radio.judge_modem(around, _modem_address(config.interfaces.uplink), ours)


def own(config: Config) -> Iterator[Finding]:
    """Whether our Wi-Fi is there, and keeps its phones apart."""
    if not _radios():
        yield Finding("wifi", True, "outside")
        return
    try:
        interfaces = radio.own(run("iw", "dev"))
    except _FAILED:
        yield unseen("wifi", "unseen")
        return
    phones = config.interfaces.phones
    ports = {phones, *(port.name for port in (_NETWORKS / phones / "brif").glob("*"))}
    yield from radio.judge_own(interfaces, ports, config.wifi.ssid)
    sending = [each.interface for each in interfaces if each.is_access_point]
    if ours := [each for each in sending if each in ports]:
        yield _isolation(ours)


def _radios() -> bool:
    return any(Path("/sys/class/ieee80211").glob("*"))


def _heard() -> Iterator[radio.Heard]:
    """What each of our radios hears.

    Raises:
        OSError, subprocess.SubprocessError: none of them could listen.
    """
    one_each: dict[str, str] = {}
    for each in radio.own(run("iw", "dev")):
        with suppress(OSError):
            name = (_NETWORKS / each.interface / "phy80211/name").read_text().strip()
            one_each.setdefault(name, each.interface)
    failed: Exception = FileNotFoundError("no interface that could listen")
    listened = False
    for interface in one_each.values():
        try:
            yield from _listen(interface)
            listened = True
        except _FAILED as error:
            failed = error
    if not listened:
        raise failed


def _listen(interface: str) -> list[radio.Heard]:
    for way in (("scan", "ap-force"), ("scan",)):
        with suppress(subprocess.CalledProcessError):
            return radio.heard(run("iw", "dev", interface, *way, seconds=_SCAN_SECONDS))
    asked = f'{{"device": "{interface}"}}'
    return radio.heard_by_iwinfo(
        run("ubus", "call", "iwinfo", "scan", asked, seconds=_SCAN_SECONDS)
    )


def _isolation(interfaces: list[str]) -> Finding:
    apart: dict[str, bool] = {}
    for pattern in _HOSTAPD:
        for path in Path("/").glob(pattern[1:]):
            with suppress(OSError):  # Not for this user.
                apart |= radio.isolated(path.read_text(encoding="utf-8", errors="replace"))
    if not apart:
        return unseen("stations", "unseen")
    return radio.judge_isolation(interfaces, apart)


def _modem_address(uplink: str) -> bytes | None:
    """The MAC address of the router behind the line, as far as the kernel knows it."""
    routers = {str(each.gateway) for each in default_routes() if each.interface == uplink}
    with suppress(OSError):
        for line in Path("/proc/net/arp").read_text(encoding="ascii").splitlines()[1:]:
            match line.split():
                case [address, _, _, mac, _, device] if device == uplink and address in routers:
                    found = bytes.fromhex(mac.replace(":", ""))
                    return found if any(found) else None
    return None
