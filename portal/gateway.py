"""Decides who may pass. No clock, no network, no database.

Give `decide` an event: it returns the state to move to, the changes that take the enforcement
device there, and the facts worth recording. `portal.runner` applies the changes first and
keeps the new state only if they went through: a refused change leaves everything as it was,
so there is no roll-back code here.

A device without a session is captive. A *remembered* session is one that was open when the
power went: it is given back, with what was left of its time, to the device that reappears.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, assert_never

from firewall.changes import Admit, Change, MacAddress, Withhold
from portal.events import (
    AccessGranted,
    ConditionsAccepted,
    DeviceBlocked,
    DeviceUnblocked,
    EndReason,
    EquipmentBlocked,
    EquipmentSeen,
    EquipmentUnblocked,
    Event,
    Fact,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
    SessionRestored,
    SessionWithdrawn,
    TimePassed,
)
from portal.policy import (
    Policy,
    Refusal,
    Spent,
    allowed_seconds,
    since_midnight,
    spent_today,
    with_turn_of,
)
from portal.session import Device, Instant, Pseudonym, Session

LEEWAY_SECONDS = 2.0
"""How much longer the kernel lets a device pass than its session lasts.

The daemon ends a session itself, on time, and reads its counters before they go. If the daemon
is not there, the kernel ends it this much later.
"""


@dataclass(frozen=True, slots=True)
class State:
    """Who passes (`sessions`), who would if they came back (`remembered`), who never does.

    `spent` is what devices used of this day's limit, in turns that are over.
    """

    sessions: Mapping[MacAddress, Session] = field(default_factory=lambda: MappingProxyType({}))
    remembered: Mapping[Pseudonym, Session] = field(default_factory=lambda: MappingProxyType({}))
    blocked: frozenset[Pseudonym] = frozenset()
    spent: Mapping[Pseudonym, Spent] = field(default_factory=lambda: MappingProxyType({}))

    def is_blocked(self, device: Device) -> bool:
        return not self.blocked.isdisjoint(device.pseudonyms)

    def with_session(self, mac: MacAddress, session: Session) -> "State":
        return replace(self, sessions={**self.sessions, mac: session})

    def without_session(self, mac: MacAddress) -> "State":
        return replace(self, sessions={m: s for m, s in self.sessions.items() if m != mac})

    def without_memory_of(self, pseudonyms: Collection[Pseudonym]) -> "State":
        kept = {p: s for p, s in self.remembered.items() if p not in pseudonyms}
        return replace(self, remembered=kept)


NOBODY = State()


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to one event. `refusal` says why someone who asked got nothing."""

    state: State
    changes: tuple[Change, ...] = ()
    facts: tuple[Fact, ...] = ()
    refusal: Refusal | None = None


def decide(
    state: State, event: Event, policy: Policy, now: Instant, wall: float | None = None
) -> Step:
    """What follows from `event`, if everything goes through.

    `wall` is Unix seconds, or None while the clock is not to be trusted.
    """
    step = _decide(state, event, policy, now, wall)
    if policy.schedule is None or wall is None:
        return step
    spent = step.state.spent
    for fact in step.facts:
        if isinstance(fact, SessionEnded) and fact.reason != "lost":
            lasted = min(now, fact.session.ends) - fact.session.started
            spent = with_turn_of(spent, fact.session.pseudonym, lasted, wall)
    return replace(step, state=replace(step.state, spent=spent))


def _decide(state: State, event: Event, policy: Policy, now: Instant, wall: float | None) -> Step:
    match event:
        case ConditionsAccepted():
            return _accept(state, event, policy, now, wall)
        case AccessGranted():
            return _grant(state, event, policy, now)
        case SessionWithdrawn():
            reason: EndReason = "left" if event.by == "person" else "revoked"
            return _end(state, event.mac, reason)
        case EquipmentSeen():
            return _restore(state, event.device, policy, now)
        case EquipmentBlocked():
            return _block(state, event)
        case EquipmentUnblocked():
            return _unblock(state, event.pseudonyms)
        case TimePassed():
            return _expire(state, now)
        case _:
            assert_never(event)


def next_deadline(state: State) -> Instant | None:
    """When `TimePassed` next has something to do; None if never."""
    ends = [s.ends for s in state.sessions.values()] + [s.ends for s in state.remembered.values()]
    return min(ends, default=None)


def refusal_for(
    state: State, device: Device, policy: Policy, now: Instant, wall: float | None
) -> Refusal | None:
    """Why a tap of this device would be in vain now; None if it would not."""
    if state.is_blocked(device):
        return "blocked"
    allowed = _allowed(state, device, policy, now, wall)
    return None if isinstance(allowed, float) else allowed


def _allowed(
    state: State, device: Device, policy: Policy, now: Instant, wall: float | None
) -> float | Literal["closed", "daily limit"]:
    """How long the next turn of this device may be; the turn it is in counts as spent."""
    spent = spent_today(state.spent, device, wall)
    running = state.sessions.get(device.mac)
    if running is not None and wall is not None:
        spent += since_midnight(now - running.started, wall)
    return allowed_seconds(policy, spent, wall)


def _accept(
    state: State, event: ConditionsAccepted, policy: Policy, now: Instant, wall: float | None
) -> Step:
    """Open a session. Accepting again starts a full length anew."""
    if event.conditions != policy.conditions:
        return Step(state, refusal="outdated conditions")  # An old page was still open.
    if state.is_blocked(event.device):
        return Step(state, refusal="blocked")
    allowed = _allowed(state, event.device, policy, now, wall)
    if not isinstance(allowed, float):
        return Step(state, refusal=allowed)
    return _open(state, event.device, allowed, policy, now, "person")


def _grant(state: State, event: AccessGranted, policy: Policy, now: Instant) -> Step:
    """Staff open the network whenever they think right, also outside of the hours."""
    seconds = policy.session_seconds if event.seconds is None else event.seconds
    return _open(state, event.device, seconds, policy, now, "staff")


def _open(
    state: State,
    device: Device,
    seconds: float,
    policy: Policy,
    now: Instant,
    by: Literal["person", "staff"],
) -> Step:
    if state.is_blocked(device):
        return Step(state, refusal="blocked")
    running = state.sessions.get(device.mac)
    if running is None and len(state.sessions) >= policy.max_devices:
        return Step(state, refusal="full")
    ends = Instant(now + seconds)
    facts: list[Fact] = []
    if running is not None:
        session = replace(running, ends=ends)
        facts.append(SessionRenewed(session, by))
    else:
        session = Session(device.pseudonym, started=now, ends=ends)
        # A tap that overtakes the restoring of an earlier session replaces it.
        forgotten = _remembered(state, device)
        facts += [SessionEnded(earlier, "lost") for earlier in forgotten.values()]
        facts.append(SessionOpened(session, by, policy.conditions if by == "person" else None))
        state = state.without_memory_of(forgotten)
    admit = Admit(device.mac, seconds + LEEWAY_SECONDS)
    return Step(state.with_session(device.mac, session), (admit,), tuple(facts))


def _end(state: State, mac: MacAddress, reason: EndReason) -> Step:
    session = state.sessions.get(mac)
    if session is None:
        return Step(state)
    ended = SessionEnded(session, reason)
    return Step(state.without_session(mac), (Withhold(mac),), (ended,))


def _restore(state: State, device: Device, policy: Policy, now: Instant) -> Step:
    """Give a device back the session it had when the power went."""
    found = _remembered(state, device)
    if not found or device.mac in state.sessions or state.is_blocked(device):
        return Step(state)
    session = max(found.values(), key=lambda session: session.ends)
    if session.ends <= now or len(state.sessions) >= policy.max_devices:
        return Step(state)  # `TimePassed` forgets it; somebody else may leave before.
    admit = Admit(device.mac, session.ends - now + LEEWAY_SECONDS)
    kept = state.without_memory_of(found).with_session(device.mac, session)
    others = _lost(found.values(), session)
    return Step(kept, (admit,), (*others, SessionRestored(session)))


def _remembered(state: State, device: Device) -> dict[Pseudonym, Session]:
    return {p: state.remembered[p] for p in device.pseudonyms if p in state.remembered}


def _lost(found: Iterable[Session], chosen: Session) -> Iterator[SessionEnded]:
    """The other sessions of a device that has one: rows that nobody would ever end."""
    return (SessionEnded(session, "lost") for session in found if session != chosen)


def _block(state: State, event: EquipmentBlocked) -> Step:
    name = event.device.lasting_pseudonym
    ended = _end(state, event.device.mac, "blocked")
    forgotten = _remembered(ended.state, event.device)
    facts: list[Fact] = [*ended.facts]
    facts += [SessionEnded(session, "blocked") for session in forgotten.values()]
    facts.append(DeviceBlocked(name, event.reason))
    blocked = replace(
        ended.state.without_memory_of(forgotten), blocked=ended.state.blocked | {name}
    )
    return Step(blocked, ended.changes, tuple(facts))


def _unblock(state: State, pseudonyms: Collection[Pseudonym]) -> Step:
    names = state.blocked.intersection(pseudonyms)
    if not names:
        return Step(state)
    facts = tuple(DeviceUnblocked(name) for name in sorted(names))
    return Step(replace(state, blocked=state.blocked - names), facts=facts)


def _expire(state: State, now: Instant) -> Step:
    over = {mac: s for mac, s in state.sessions.items() if s.ends <= now}
    forgotten = {p: s for p, s in state.remembered.items() if s.ends <= now}
    ended = (*over.values(), *forgotten.values())
    if not ended:
        return Step(state)
    kept = {mac: s for mac, s in state.sessions.items() if mac not in over}
    return Step(
        replace(state.without_memory_of(forgotten), sessions=kept),
        tuple(Withhold(mac) for mac in over),
        tuple(SessionEnded(session, "expired") for session in ended),
    )


def resume(
    admitted: Mapping[Device, float],
    remembered: Collection[Session],
    blocked: Collection[Pseudonym],
    now: Instant,
    spent: Mapping[Pseudonym, Spent] = MappingProxyType({}),
) -> Step:
    """Take up the work where an earlier daemon left it.

    `admitted` are the devices the kernel lets pass, with the seconds it still gives them: the
    kernel is the record of who passes. `remembered` are the sessions the log holds open, their
    times already turned into this boot's. One that the kernel does not know (its table went with
    the power, or with a stopped firewall) waits for its device to reappear.

    The log knows the end of a session to the fraction of a second and the kernel rounds, so the
    log's end stands where the two agree within the leeway.
    """
    waiting = {session.pseudonym: session for session in remembered}
    sessions: dict[MacAddress, Session] = {}
    changes: list[Change] = []
    facts: list[Fact] = []
    for device, seconds_left in admitted.items():
        known = [waiting.pop(p) for p in device.pseudonyms if p in waiting]
        if not set(blocked).isdisjoint(device.pseudonyms):
            changes.append(Withhold(device.mac))
            facts += [SessionEnded(session, "blocked") for session in known]
            continue
        ends = Instant(now + max(0.0, seconds_left - LEEWAY_SECONDS))
        if not known:
            session = Session(device.pseudonym, started=now, ends=ends)
            facts.append(SessionOpened(session, "kernel"))
        else:
            session = min(known, key=lambda session: abs(session.ends - ends))
            facts += _lost(known, session)
            if abs(session.ends - ends) > LEEWAY_SECONDS:
                session = replace(session, ends=ends)
                facts.append(SessionRestored(session))
        sessions[device.mac] = session
    return Step(State(sessions, waiting, frozenset(blocked), spent), tuple(changes), tuple(facts))
