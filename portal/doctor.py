"""Looks whether this gateway can do its work, and says what to do where it cannot."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from firewall.drivers import open_enforcer
from firewall.enforcer import EnforcementError
from portal import control, machine
from portal.config import Config, ConfigurationError, load
from portal.plan import plan_of

_LEAST_FREE_MIB = 8
_ADDRESSES_OF_A_DEVICE = 8
"""One of IPv4 and several of IPv6, and as many again of devices that have gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one look. `advice` is empty where nothing needs doing."""

    subject: str
    good: bool
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{'ok  ' if self.good else 'FAIL'}  {self.subject}: {self.found}"
        return f"{line}\n      -> {self.advice}" if self.advice else line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(path: Path) -> list[Finding]:
    """Look at everything that can be looked at; never raises for what it finds."""
    try:
        config = load(path)
    except ConfigurationError as error:
        advice = "mend these lines of the file, then run this again"
        return [Finding("configuration", False, str(error), advice)]
    looks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _machine,
        _rules,
        _forwarding,
        _neighbour_tables,
        _false_routers,
        _isolation,
        _offload,
        _storage,
        _daemon,
    )
    findings = [Finding("configuration", True, str(path))]
    for look in looks:
        findings.extend(look(config))
    return findings


def _machine(config: Config) -> Iterator[Finding]:
    missing = machine.problems(config)
    for line in missing:
        yield Finding("this machine", False, line, "correct the setting, or make the interface")
    if not missing:
        yield Finding("this machine", True, "has the interfaces and files the settings name")


def check_rules(config: Config) -> None:
    """Have the firewall try our rules; nothing is changed.

    Raises:
        EnforcementError: it refuses them.
    """

    async def check() -> None:
        enforcer = open_enforcer(config.firewall.driver)
        try:
            await enforcer.check(plan_of(config))
        finally:
            await enforcer.close()

    asyncio.run(check())


def _rules(config: Config) -> Iterator[Finding]:
    try:
        check_rules(config)
    except EnforcementError as error:
        advice = "as root: apt-get install nftables python3-nftables, or opkg install nftables-json"
        yield Finding("rules", False, str(error), advice)
    else:
        yield Finding("rules", True, "nftables accepts them")


def _forwarding(config: Config) -> Iterator[Finding]:
    for family, name in (("ipv4", "ip_forward"), ("ipv6", "conf/all/forwarding")):
        setting = Path(f"/proc/sys/net/{family}/{name}")
        if setting.exists():
            on = setting.read_text().strip() != "0"
            advice = "" if on else f"sysctl -w net.{family}.{name.replace('/', '.')}=1"
            yield Finding(f"{family} forwarding", on, "on" if on else "off", advice)


def _neighbour_tables(config: Config) -> Iterator[Finding]:
    """When one of these is full, no phone that is new can be answered (docs/security.md)."""
    needed = _ADDRESSES_OF_A_DEVICE * config.session.max_devices
    for family in ("ipv4", "ipv6"):
        table = Path(f"/proc/sys/net/{family}/neigh/default")
        try:
            places = int((table / "gc_thresh3").read_text())
        except FileNotFoundError:  # Not in a namespace: the limit is the machine's.
            continue
        good = places >= needed
        advice = "" if good else f"sysctl -w net.{family}.neigh.default.gc_thresh3={needed}"
        found = f"{places} places for addresses; {config.session.max_devices} devices need {needed}"
        yield Finding(f"{family} neighbours", good, found, advice)


def _false_routers(config: Config) -> Iterator[Finding]:
    """The gateway must not take a phone for a router (RFC 6104). Our rules drop what phones
    advertise, but not before there are rules."""
    settings = Path(f"/proc/sys/net/ipv6/conf/{config.interfaces.phones}")
    if not settings.exists():
        return
    accept = (settings / "accept_ra").read_text().strip()
    forwarding = (settings / "forwarding").read_text().strip() != "0"
    good = accept == "0" or (accept == "1" and forwarding)  # A router takes none, but by 2.
    advice = "" if good else f"sysctl -w net.ipv6.conf.{config.interfaces.phones}.accept_ra=0"
    found = "not taken from phones" if good else "the gateway takes any phone for its router"
    yield Finding("router advertisements", good, found, advice)


def _isolation(config: Config) -> Iterator[Finding]:
    """Whether phones behind different ports of the bridge reach each other.

    Phones of one radio are the radio's matter, and cannot be seen from here.
    """
    ports = sorted(Path(f"/sys/class/net/{config.interfaces.phones}/brif").glob("*"))
    if not ports:
        return
    joined = [port.name for port in ports if (port / "isolated").read_text().strip() != "1"]
    good = len(joined) <= 1
    found = f"{len(ports)} ports of the bridge, {len(joined)} of them not isolated"
    advice = (
        ""
        if good
        else f"bridge link set dev {joined[0]} isolated on (each of: {', '.join(joined[:8])});"
        " and ap_isolate=1 in hostapd"
    )
    yield Finding("phones apart", good, found, advice)


def _offload(config: Config) -> Iterator[Finding]:
    """Offloaded packets pass by every rule: counters stop and sessions never end."""
    nft = shutil.which("nft")
    if nft is None:
        return
    import subprocess

    listed = subprocess.run([nft, "list", "flowtables"], capture_output=True, text=True)
    offloading = "flowtable" in listed.stdout
    yield Finding(
        "flow offload",
        not offloading,
        "a flowtable exists: its packets are neither counted nor held" if offloading else "off",
        "turn off software and hardware flow offloading in the router's firewall settings"
        if offloading
        else "",
    )


def _storage(config: Config) -> Iterator[Finding]:
    folder = config.storage.data_dir
    place = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(place).free >> 20
    good = free >= _LEAST_FREE_MIB
    advice = "" if good else f"make room on the disk that holds {place}"
    yield Finding("storage", good, f"{free} MiB free for {folder}", advice)


def _daemon(config: Config) -> Iterator[Finding]:
    try:
        status = control.ask(config.storage.run_dir / "control.sock", {"command": "status"})
    except control.NotRunning:
        yield Finding("gateway", False, "not running", "start it: systemctl start portal")
    except (control.Refused, PermissionError) as error:
        yield Finding("gateway", False, str(error), "run this as root; look at the gateway's log")
    else:
        yield Finding("gateway", True, f"running, {status['open_devices']} devices open")
        stands = status["firewall"] == "stands"
        yield Finding(
            "rules in force", stands, status["firewall"], "" if stands else "see the line above"
        )
        written = status["log"] == "written"
        advice = "" if written else "make room on the disk; nobody is disconnected meanwhile"
        yield Finding("session log", written, status["log"], advice)
