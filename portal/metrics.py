"""Numbers about the gateway, in Prometheus' text format 0.0.4. No clock, no network.

No device appears here, under any name: numbers of devices, never numbers of one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from firewall.changes import Usage
from portal.events import (
    EnforcementRestored,
    Fact,
    OutageBegan,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
)
from portal.readings import Readings
from portal.session import Pseudonym
from portal.uplink import Line

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: `samples` pairs labels with a value."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: Sequence[tuple[Labels, float]]


def metric(name: str, kind: Literal["gauge", "counter"], help: str, value: float | None) -> Metric:
    """A family of one value without labels; of none if there is no value."""
    return Metric(name, kind, help, [] if value is None else [({}, value)])


def by(name: str, label: str, help: str, counts: Mapping[str, float]) -> Metric:
    """A counter for each value of `label`."""
    return Metric(name, "counter", help, [({label: key}, counts[key]) for key in sorted(counts)])


def render(metrics: Iterable[Metric]) -> str:
    return "".join(f"{line}\n" for each in metrics for line in _lines(each))


def _lines(each: Metric) -> Iterator[str]:
    yield f"# HELP {each.name} {each.help}"
    yield f"# TYPE {each.name} {each.kind}"
    for labels, value in each.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{each.name}{{{inside}}} {value:.15g}" if inside else f"{each.name} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def gauges(
    status: Mapping[str, Any], line: Line, readings: Readings, own_memory_bytes: int
) -> Iterator[Metric]:
    """How things stand; `status` is what `portal status` says."""
    source = status["content_source"]
    stands = [
        ("portal_open_devices", "Devices that pass now.", status["open_devices"]),
        (
            "portal_waiting_sessions",
            "Sessions that wait for their device.",
            status["waiting_sessions"],
        ),
        ("portal_firewall_up", "Whether the rules stand.", status["firewall"] == "stands"),
        ("portal_log_failing", "Whether the log cannot be written.", status["log"] != "written"),
        (
            "portal_log_lost_entries",
            "Entries of the log that were lost.",
            status["lost_log_entries"],
        ),
        ("portal_connections", "Connections to the pages.", status["connections"]),
        ("portal_content_release", "The release that is shown.", status["content_release"]),
        (
            "portal_content_age_seconds",
            "Time since the release was made.",
            status["content_age_seconds"],
        ),
        (
            "portal_content_fetch_failing",
            "Whether new content cannot be had from its source.",
            None if source == "none" else source != "answers",
        ),
        ("portal_uplink_up", "Whether the line is up.", line.up),
        ("portal_memory_bytes", "Memory of the daemon, resident.", own_memory_bytes),
        ("portal_temperature_celsius", "Of the hottest sensor.", readings.celsius),
        ("portal_free_disk_mib", "Room for the log.", readings.free_disk_mib),
        ("portal_free_memory_mib", "Memory available.", readings.free_memory_mib),
        ("portal_load_per_core", "Load of five minutes for each core.", readings.load_per_core),
        ("portal_clock_kept", "Whether NTP keeps the clock right.", readings.clock_kept),
    ]
    for name, help, value in stands:
        yield metric(name, "gauge", help, value)
    yield metric(
        "portal_refused_connections_total",
        "counter",
        "Connections refused because a device had too many.",
        status["refused_connections"],
    )


@dataclass(slots=True)
class Tally:
    """What happened since the start, in numbers."""

    opened: Counter[str] = field(default_factory=Counter)
    """Sessions by what opened them."""
    renewed: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    """Sessions by why they ended."""
    restored: int = 0
    """How often the rules had to be put up again."""
    outages: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    """What sessions that are over used."""

    def note(self, facts: Sequence[Fact], usage: Mapping[Pseudonym, Usage]) -> None:
        """Count `facts`; `usage` is what the sessions they are about used."""
        for fact in facts:
            match fact:
                case SessionOpened(by=who):
                    self.opened[who] += 1
                case SessionRenewed():
                    self.renewed += 1
                case SessionEnded(session=session, reason=reason):
                    self.ended[reason] += 1
                    used = usage.get(session.pseudonym, Usage(0, 0))
                    self.up_bytes += used.up_bytes
                    self.down_bytes += used.down_bytes
                case EnforcementRestored():
                    self.restored += 1
                case OutageBegan():
                    self.outages += 1

    def metrics(self, running: Iterable[Usage]) -> Iterator[Metric]:
        """All that was counted; `running` is what sessions that are open used so far."""
        open_now = list(running)
        up = self.up_bytes + sum(usage.up_bytes for usage in open_now)
        down = self.down_bytes + sum(usage.down_bytes for usage in open_now)
        yield by("portal_sessions_opened_total", "by", "Sessions opened.", self.opened)
        yield metric("portal_sessions_renewed_total", "counter", "Sessions renewed.", self.renewed)
        yield by("portal_sessions_ended_total", "reason", "Sessions ended.", self.ended)
        yield by(
            "portal_bytes_total", "direction", "Bytes of all sessions.", {"up": up, "down": down}
        )
        yield metric(
            "portal_firewall_restored_total",
            "counter",
            "Times the rules were put up again.",
            self.restored,
        )
        yield metric("portal_outages_total", "counter", "Outages of the line.", self.outages)
