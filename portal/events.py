"""What can happen to the gateway (events), and what is worth recording of it (facts).

Both are plain values in the past tense. `portal.gateway.decide` turns the one into the other.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from firewall.changes import MacAddress
from portal.session import Device, Pseudonym, Session
from portal.uplink import Fault


@dataclass(frozen=True, slots=True)
class ConditionsAccepted:
    """Somebody tapped the button on a page that showed `conditions` (their version)."""

    device: Device
    conditions: str


@dataclass(frozen=True, slots=True)
class AccessGranted:
    """Staff opened the network for a device; None is the usual length."""

    device: Device
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SessionWithdrawn:
    """The person left, or staff revoked the session."""

    mac: MacAddress
    by: Literal["person", "staff"]


@dataclass(frozen=True, slots=True)
class EquipmentSeen:
    """A device appeared on the network."""

    device: Device


@dataclass(frozen=True, slots=True)
class EquipmentBlocked:
    device: Device
    reason: str


@dataclass(frozen=True, slots=True)
class EquipmentUnblocked:
    """Known by any of its names: who is blocked need not be here to be let be."""

    pseudonyms: tuple[Pseudonym, ...]


@dataclass(frozen=True, slots=True)
class TimePassed:
    """`next_deadline` may have been reached."""


Event: TypeAlias = (
    ConditionsAccepted
    | AccessGranted
    | SessionWithdrawn
    | EquipmentSeen
    | EquipmentBlocked
    | EquipmentUnblocked
    | TimePassed
)


# What is worth recording

EndReason: TypeAlias = Literal["expired", "left", "revoked", "blocked", "lost"]


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """`by` says what opened it: a tap, staff, or the kernel that already let it pass."""

    session: Session
    by: Literal["person", "staff", "kernel"]
    conditions: str | None = None


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    session: Session
    by: Literal["person", "staff"]


@dataclass(frozen=True, slots=True)
class SessionRestored:
    """An open session was given back after a restart or a power cut."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionEnded:
    session: Session
    reason: EndReason


@dataclass(frozen=True, slots=True)
class DeviceBlocked:
    pseudonym: Pseudonym
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceUnblocked:
    pseudonym: Pseudonym


@dataclass(frozen=True, slots=True)
class GatewayStarted:
    """The daemon began a new epoch."""

    version: str


@dataclass(frozen=True, slots=True)
class GatewayStopped:
    """The daemon was asked to stop; the kernel goes on letting open devices pass."""


@dataclass(frozen=True, slots=True)
class EnforcementRestored:
    """Somebody took our tables away; they stand again, with all sessions."""

    seconds_unnoticed: float


@dataclass(frozen=True, slots=True)
class DeviceImitated:
    """An open device was in two places at once: somebody uses its MAC or its IP address."""

    pseudonym: Pseudonym
    seen_by: Literal["port", "address"]


@dataclass(frozen=True, slots=True)
class OutageBegan:
    """The line to the Internet is down, and was so already `seconds_before` this was sure."""

    fault: Fault
    seconds_before: float


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """The line is up again, after `seconds`."""

    seconds: float


Fact: TypeAlias = (
    GatewayStarted
    | GatewayStopped
    | EnforcementRestored
    | SessionOpened
    | SessionRenewed
    | SessionRestored
    | SessionEnded
    | DeviceBlocked
    | DeviceUnblocked
    | DeviceImitated
    | OutageBegan
    | OutageEnded
)
