"""Looks whether this gateway can do its work, and says what to do where it cannot."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from firewall.drivers import open_enforcer
from firewall.enforcer import EnforcementError
from portal import control, machine, readings
from portal.config import Config, ConfigurationError, load
from portal.doctor_words import SUBJECTS, WORDS, Language
from portal.health import judge
from portal.plan import plan_of
from portal.session_store import CLOCK_SET_AFTER
from portal.uplink import Fault
from portal.uplink_watch import looks

_ADDRESSES_OF_A_DEVICE = 8
"""One of IPv4 and several of IPv6, and as many again of devices that have gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one look; `how` is what was found, `values` fill its words."""

    subject: str
    good: bool
    how: str
    values: Mapping[str, object] = field(default_factory=dict)

    def told(self, language: Language) -> "Told":
        number = 0 if language == "en" else 1
        found, advice = WORDS[f"{self.subject} {self.how}"][number]
        return Told(
            self.subject,
            SUBJECTS[self.subject][number].format_map(self.values),
            self.good,
            found.format_map(self.values),
            advice.format_map(self.values),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words of one language. `advice` is empty where nothing needs doing."""

    check: str
    """The same in every language."""
    subject: str
    good: bool
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{'ok  ' if self.good else 'FAIL'}  {self.subject}: {self.found}"
        return f"{line}\n      -> {self.advice}" if self.advice else line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def language_of(locale: str) -> Language:
    """The language of a locale: `vi_VN.UTF-8` is Vietnamese, all others are read in English."""
    return "vi" if locale.partition("_")[0].partition(".")[0].lower() == "vi" else "en"


def examine(path: Path) -> list[Finding]:
    """Look at everything that can be looked at; never raises for what it finds."""
    try:
        config = load(path)
    except ConfigurationError as error:
        return [Finding("configuration", False, "bad", {"said": error})]
    looks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _machine,
        _rules,
        _forwarding,
        _neighbour_tables,
        _false_routers,
        _isolation,
        _offload,
        _line,
        _names_folder,
        _readings,
        _daemon,
    )
    findings = [Finding("configuration", True, "good", {"said": path})]
    for look in looks:
        findings.extend(look(config))
    return findings


def _machine(config: Config) -> Iterator[Finding]:
    missing = machine.problems(config)
    for line in missing:
        yield Finding("machine", False, "bad", {"said": line})
    if not missing:
        yield Finding("machine", True, "good")


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
        yield Finding("rules", False, "bad", {"said": error})
    else:
        yield Finding("rules", True, "good")


def _forwarding(config: Config) -> Iterator[Finding]:
    for family, name in (("ipv4", "ip_forward"), ("ipv6", "conf/all/forwarding")):
        setting = Path(f"/proc/sys/net/{family}/{name}")
        if setting.exists():
            on = setting.read_text().strip() != "0"
            values = {"family": family, "setting": f"net.{family}.{name.replace('/', '.')}"}
            yield Finding("forwarding", on, "on" if on else "off", values)


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
        values = {
            "family": family,
            "setting": f"net.{family}.neigh.default.gc_thresh3",
            "places": places,
            "devices": config.session.max_devices,
            "needed": needed,
        }
        yield Finding("neighbours", good, "enough" if good else "few", values)


def _false_routers(config: Config) -> Iterator[Finding]:
    """The gateway must not take a phone for a router (RFC 6104). Our rules drop what phones
    advertise, but not before there are rules."""
    settings = Path(f"/proc/sys/net/ipv6/conf/{config.interfaces.phones}")
    if not settings.exists():
        return
    accept = (settings / "accept_ra").read_text().strip()
    forwarding = (settings / "forwarding").read_text().strip() != "0"
    good = accept == "0" or (accept == "1" and forwarding)  # A router takes none, but by 2.
    values = {"setting": f"net.ipv6.conf.{config.interfaces.phones}.accept_ra"}
    yield Finding("routers", good, "refused" if good else "taken", values)


def _isolation(config: Config) -> Iterator[Finding]:
    """Whether phones behind different ports of the bridge reach each other.

    Phones of one radio are the radio's matter, and cannot be seen from here.
    """
    ports = sorted(Path(f"/sys/class/net/{config.interfaces.phones}/brif").glob("*"))
    if not ports:
        return
    joined = [port.name for port in ports if (port / "isolated").read_text().strip() != "1"]
    good = len(joined) <= 1
    values = {
        "ports": len(ports),
        "joined": len(joined),
        "first": next(iter(joined), ""),
        "which": ", ".join(joined[:8]),
    }
    yield Finding("apart", good, "good" if good else "bad", values)


def _offload(config: Config) -> Iterator[Finding]:
    """Offloaded packets pass by every rule: counters stop and sessions never end."""
    nft = shutil.which("nft")
    if nft is None:
        return
    import subprocess

    listed = subprocess.run([nft, "list", "flowtables"], capture_output=True, text=True)
    offloading = "flowtable" in listed.stdout
    yield Finding("offload", not offloading, "on" if offloading else "off")


def _line(config: Config) -> Iterator[Finding]:
    """One look at each of the hosts, until one answers."""
    urls, ways = config.uplink.check_urls, config.interfaces
    if not urls:
        return
    look = looks(ways.phones, ways.uplink, urls)

    async def find() -> Fault | None:
        fault: Fault | None = None
        for _ in urls:
            if (fault := await look()) is None:
                break
        return fault

    fault = asyncio.run(find())
    values = {"uplink": ways.uplink, "asked": ", ".join(urls)}
    yield Finding("line", fault is None, fault or "up", values)


def _names_folder(config: Config) -> Iterator[Finding]:
    folder = config.uplink.names_dir
    if folder is not None:
        good = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
        yield Finding("names folder", good, "good" if good else "bad", {"folder": folder})


def _readings(config: Config) -> Iterator[Finding]:
    found = readings.read(config.storage.data_dir)
    for each in judge(
        celsius=found.celsius,
        free_disk_mib=found.free_disk_mib,
        free_memory_mib=found.free_memory_mib,
        load_per_core=found.load_per_core,
        clock_set=found.wall > CLOCK_SET_AFTER,
        clock_kept=found.clock_kept,
    ):
        values = {"value": f"{each.value:.3g}" if each.value < 100 else f"{each.value:.0f}"}
        values["folder"] = str(config.storage.data_dir)
        yield Finding(each.subject, each.good, each.how, values)


def _daemon(config: Config) -> Iterator[Finding]:
    try:
        status = control.ask(config.storage.run_dir / "control.sock", {"command": "status"})
    except control.NotRunning:
        yield Finding("gateway", False, "stopped")
    except (control.Refused, PermissionError) as error:
        yield Finding("gateway", False, "refuses", {"said": error})
    else:
        yield Finding("gateway", True, "running", {"devices": status["open_devices"]})
        stands = status["firewall"] == "stands"
        yield Finding("in force", stands, "good" if stands else "bad", {"said": status["firewall"]})
        yield _content(status)
        written = status["log"] == "written"
        yield Finding("log", written, "good" if written else "bad", {"said": status["log"]})


def _content(status: Mapping[str, Any]) -> Finding:
    values = {"release": status["content_release"], "said": status["content_source"]}
    if status["content_source"] not in ("none", "answers"):
        return Finding("content", False, "stale", values)
    if status["content_release"] is None:
        return Finding("content", True, "samples")
    return Finding("content", True, "shown", values)
