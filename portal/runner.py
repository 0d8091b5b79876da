"""Carries out what `portal.gateway` decides, one event at a time.

Everything that may change who passes goes through one inbox and is answered strictly in turn:
firewall first, memory second, log third. A browser that hangs up in the middle of a tap cannot
leave the enforcement device and this memory apart, because the tap is carried out here and not
in the request. If the firewall refuses, the new state is simply not kept.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from firewall.changes import Grant, MacAddress, Usage, Withhold
from firewall.enforcer import EnforcementError, Enforcer
from firewall.plan import Plan
from portal.events import EnforcementRestored, Event, SessionEnded, TimePassed
from portal.gateway import (
    LEEWAY_SECONDS,
    State,
    Step,
    decide,
    next_deadline,
    refusal_for,
    resume,
)
from portal.policy import Policy, Refusal, Spent
from portal.session import Device, Instant, Pseudonym, Session
from portal.session_log import SessionLog

INBOX_PLACES = 4096
"""More taps than this at once are told to try again."""

log = logging.getLogger("portal.runner")


class Overloaded(Exception):
    """The inbox is full. Nothing was changed; ask again."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Not an event: whether the rules still stand is to be looked at, in its turn."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing in the inbox."""

    event: Event | _Look
    answer: "asyncio.Future[Step]" = field(compare=False)


class Runner:
    """The one loop. `run` owns it; everybody else calls `submit` and reads `state`."""

    def __init__(
        self,
        policy: Policy,
        plan: Plan,
        enforcer: Enforcer,
        log: SessionLog,
        now: Callable[[], Instant],
        cut: Callable[[Collection[MacAddress]], Awaitable[None]],
        wall: Callable[[], float | None] = lambda: None,
    ) -> None:
        """`cut` ends the running connections of devices that may no longer pass.

        `wall` is Unix seconds, or None while the clock is not set.
        """
        self.policy = policy
        self._plan = plan
        self._enforcer = enforcer
        self._log = log
        self._cut = cut
        self._inbox: asyncio.Queue[_Asked] = asyncio.Queue(INBOX_PLACES)
        self._last_intact = now()
        self._usage: dict[MacAddress, Usage] = {}
        self.state = State()
        self.now = now
        self._wall = wall
        self.lately_expired: OrderedDict[MacAddress, None] = OrderedDict()
        """Devices whose turn ran out: the splash page says so. Bounded."""
        self.refusing: str | None = None
        """What the firewall said when it last refused to stand; None while all is well."""

    def session_of(self, mac: MacAddress) -> Session | None:
        """The session of a device that passes now, or None: it is captive."""
        session = self.state.sessions.get(mac)
        return session if session is not None and session.ends > self.now() else None

    def refusal_for(self, device: Device) -> Refusal | None:
        """Why a tap of this device would be in vain now; None if it would not."""
        return refusal_for(self.state, device, self.policy, self.now(), self._wall())

    async def start(
        self,
        devices: Callable[[MacAddress], Device],
        remembered: list[Session],
        blocked: frozenset[Pseudonym],
        spent: Mapping[Pseudonym, Spent] = MappingProxyType({}),
    ) -> None:
        """Take over from an earlier daemon, and put up the rules.

        Raises:
            EnforcementError: the firewall refuses; what stood before stands.
        """
        admitted = await self._enforcer.admitted() or {}
        seconds_left = {devices(mac): grant.seconds_left for mac, grant in admitted.items()}
        step = resume(seconds_left, remembered, blocked, self.now(), spent)
        self._usage = {mac: grant.usage for mac, grant in admitted.items()}
        await self._enforcer.install(self._plan, self._grants(step.state))
        self.state = step.state
        self._log.append(step.facts, self._usage_by_name(step.state))
        self._last_intact = self.now()

    async def submit(self, event: Event) -> Step:
        """Have `event` decided and carried out.

        Raises:
            EnforcementError: the firewall refused; everything is as before.
            Overloaded: too many are waiting.
        """
        return await self._ask(event)

    async def check_enforcement(self) -> None:
        """Put the rules up again if somebody took them away.

        Raises:
            EnforcementError: they are gone and the firewall refuses them.
        """
        await self._ask(_Look())

    def notice(self, event: Event) -> None:
        """Like `submit`, for those who do not wait for the answer."""
        answer: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_report)
        try:
            self._inbox.put_nowait(_Asked(event, answer))
        except asyncio.QueueFull:
            log.warning("the inbox is full; %s was not heard", type(event).__name__)

    async def sample_usage(self) -> None:
        """Have the counters of all open sessions written down."""
        try:
            await self._keep_counted()
        except EnforcementError as error:
            log.warning("the counters could not be read: %s", error)
            return
        self._log.append((), self._usage_by_name(self.state))

    async def run(self) -> None:
        """Answer the inbox and end sessions on time, until cancelled."""
        while True:
            deadline = next_deadline(self.state)
            wait = None if deadline is None else max(0.0, deadline - self.now())
            try:
                async with asyncio.timeout(wait):
                    asked = await self._inbox.get()
            except TimeoutError:
                answer = asyncio.get_running_loop().create_future()
                answer.add_done_callback(_report)
                asked = _Asked(TimePassed(), answer)
            try:
                step = await self._carry_out(asked.event)
            except EnforcementError as error:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
                if isinstance(asked.event, TimePassed):
                    await asyncio.sleep(1)  # The kernel's own clock runs on; do not spin.
            else:
                if not asked.answer.done():
                    asked.answer.set_result(step)

    async def _ask(self, event: Event | _Look) -> Step:
        answer: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        try:
            self._inbox.put_nowait(_Asked(event, answer))
        except asyncio.QueueFull:
            raise Overloaded from None
        return await answer

    async def _carry_out(self, event: Event | _Look) -> Step:
        if isinstance(event, _Look):
            await self._restore_enforcement()
            return Step(self.state)
        step = decide(self.state, event, self.policy, self.now(), self._wall())
        withheld = [change.mac for change in step.changes if isinstance(change, Withhold)]
        if withheld:
            self._usage |= await self._enforcer.usage(withheld)
        if step.changes:
            await self._enforcer.apply(step.changes)
        ended = {fact.session.pseudonym for fact in step.facts if isinstance(fact, SessionEnded)}
        final = {name: u for name, u in self._usage_by_name(self.state).items() if name in ended}
        self.state = step.state
        self._log.append(step.facts, final)
        if isinstance(event, TimePassed):
            self._note_expired(withheld)
        for mac in withheld:
            self._usage.pop(mac, None)
        if withheld:
            await self._cut(withheld)  # All at once: at closing time a whole house is withheld.
        return step

    def _note_expired(self, macs: Sequence[MacAddress]) -> None:
        for mac in macs:
            self.lately_expired[mac] = None
        while len(self.lately_expired) > self._plan.max_devices:
            self.lately_expired.popitem(last=False)

    async def _restore_enforcement(self) -> None:
        try:
            now = self.now()
            running = [mac for mac, session in self.state.sessions.items() if session.ends > now]
            if await self._enforcer.intact(running):
                self._last_intact = self.now()
            else:
                await self._keep_counted()
                await self._enforcer.install(self._plan, self._grants(self.state))
                unnoticed = self.now() - self._last_intact
                log.error(
                    "our rules were removed or changed, and stand again with %d sessions; the gap"
                    " was at most %.1f s. Something else on this machine removes nftables rules.",
                    len(self.state.sessions),
                    unnoticed,
                )
                self._log.append((EnforcementRestored(unnoticed),))
                self._last_intact = self.now()
        except EnforcementError as error:
            if self.refusing is None:
                log.error("the firewall refuses; trying again until it stands: %s", error)
            self.refusing = str(error)
            raise
        self.refusing = None

    async def _keep_counted(self) -> None:
        """Take over what the counters say, where they are left: somebody may have removed them.

        A turn that began while they were read is passed over: they may be of the one before.
        """
        before = self.state.sessions
        admitted = await self._enforcer.admitted() or {}
        for mac, session in self.state.sessions.items():
            if mac not in admitted or mac not in before or session.started != before[mac].started:
                continue
            grant, known = admitted[mac], self._usage.get(mac, Usage(0, 0))
            self._usage[mac] = Usage(
                max(known.up_bytes, grant.usage.up_bytes),
                max(known.down_bytes, grant.usage.down_bytes),
            )

    def _grants(self, state: State) -> dict[MacAddress, Grant]:
        now = self.now()
        return {
            mac: Grant(session.ends - now + LEEWAY_SECONDS, self._usage.get(mac, Usage(0, 0)))
            for mac, session in state.sessions.items()
            if session.ends > now  # The others are about to be ended.
        }

    def _usage_by_name(self, state: State) -> Mapping[Pseudonym, Usage]:
        return {
            session.pseudonym: self._usage[mac]
            for mac, session in state.sessions.items()
            if mac in self._usage
        }


def _report(answer: "asyncio.Future[Step]") -> None:
    """Say what went wrong where nobody waits for the answer."""
    if not answer.cancelled() and (error := answer.exception()) is not None:
        log.error("%s", error)
