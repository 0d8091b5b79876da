"""Who may pass: every rule of `portal.gateway`, one sentence each."""

from dataclasses import replace
from typing import Literal

import pytest

from firewall.changes import Admit, MacAddress, Withhold
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
    SessionEnded,
    SessionOpened,
    SessionRenewed,
    SessionRestored,
    SessionWithdrawn,
    TimePassed,
)
from portal.gateway import (
    LEEWAY_SECONDS,
    NOBODY,
    State,
    Step,
    decide,
    next_deadline,
    resume,
)
from portal.policy import Policy
from portal.session import Device, Instant, Pseudonym, Session

HOUR = 3600.0
CONDITIONS = "2026-11"
POLICY = Policy(session_seconds=4 * HOUR, conditions=CONDITIONS, max_devices=2)
NOW = Instant(1000.0)


def device(number: int) -> Device:
    names = (f"november-{number}", f"october-{number}", f"lasting-{number}")
    return Device(MacAddress(f"02:00:5e:10:00:{number:02x}"), tuple(map(Pseudonym, names)))


PHONE, OTHER, THIRD = device(1), device(2), device(3)
SESSION = Session(PHONE.pseudonym, started=Instant(500.0), ends=Instant(9000.0))
OF_OTHER = Session(OTHER.pseudonym, started=Instant(600.0), ends=Instant(8000.0))
OF_OCTOBER = Session(PHONE.pseudonyms[1], started=Instant(100.0), ends=Instant(5000.0))
OPEN = State(sessions={PHONE.mac: SESSION})
WAITING = State(remembered={SESSION.pseudonym: SESSION})
SHUT_OUT = State(blocked=frozenset({PHONE.lasting_pseudonym}))


def decided(state: State, event: Event, now: Instant = NOW, policy: Policy = POLICY) -> Step:
    return decide(state, event, policy, now)


# Accepting


def test_accepting_the_conditions_opens_a_session() -> None:
    step = decided(NOBODY, ConditionsAccepted(PHONE, CONDITIONS))

    session = Session(PHONE.pseudonym, started=NOW, ends=Instant(NOW + 4 * HOUR))
    assert step == Step(
        State(sessions={PHONE.mac: session}),
        (Admit(PHONE.mac, 4 * HOUR + LEEWAY_SECONDS),),
        (SessionOpened(session, "person", CONDITIONS),),
    )


def test_accepting_outdated_conditions_opens_nothing() -> None:
    step = decided(NOBODY, ConditionsAccepted(PHONE, "2019-01"))

    assert step == Step(NOBODY, refusal="outdated conditions")


def test_accepting_again_starts_a_full_length_anew() -> None:
    step = decided(OPEN, ConditionsAccepted(PHONE, CONDITIONS))

    renewed = replace(SESSION, ends=Instant(NOW + 4 * HOUR))
    assert step == Step(
        State(sessions={PHONE.mac: renewed}),
        (Admit(PHONE.mac, 4 * HOUR + LEEWAY_SECONDS),),
        (SessionRenewed(renewed, "person"),),
    )


def test_a_full_house_opens_no_session_for_one_more() -> None:
    full = State(sessions={PHONE.mac: SESSION, OTHER.mac: OF_OTHER})

    assert decided(full, ConditionsAccepted(THIRD, CONDITIONS)) == Step(full, refusal="full")


def test_a_full_house_still_renews_those_who_are_in() -> None:
    full = State(sessions={PHONE.mac: SESSION, OTHER.mac: OF_OTHER})

    step = decided(full, ConditionsAccepted(PHONE, CONDITIONS))

    assert step.changes == (Admit(PHONE.mac, 4 * HOUR + LEEWAY_SECONDS),)
    assert step.refusal is None


def test_a_blocked_device_gets_no_session() -> None:
    step = decided(SHUT_OUT, ConditionsAccepted(PHONE, CONDITIONS))

    assert step == Step(SHUT_OUT, refusal="blocked")


def test_a_tap_that_overtakes_the_restoring_replaces_the_earlier_session() -> None:
    step = decided(WAITING, ConditionsAccepted(PHONE, CONDITIONS))

    session = Session(PHONE.pseudonym, started=NOW, ends=Instant(NOW + 4 * HOUR))
    assert step == Step(
        State(sessions={PHONE.mac: session}),
        (Admit(PHONE.mac, 4 * HOUR + LEEWAY_SECONDS),),
        (SessionEnded(SESSION, "lost"), SessionOpened(session, "person", CONDITIONS)),
    )


# Staff


def test_staff_grant_the_usual_length_without_conditions() -> None:
    step = decided(NOBODY, AccessGranted(PHONE))

    session = Session(PHONE.pseudonym, started=NOW, ends=Instant(NOW + 4 * HOUR))
    assert step == Step(
        State(sessions={PHONE.mac: session}),
        (Admit(PHONE.mac, 4 * HOUR + LEEWAY_SECONDS),),
        (SessionOpened(session, "staff"),),
    )


def test_staff_grant_another_length() -> None:
    step = decided(OPEN, AccessGranted(PHONE, seconds=60.0))

    shortened = replace(SESSION, ends=Instant(NOW + 60))
    assert step == Step(
        State(sessions={PHONE.mac: shortened}),
        (Admit(PHONE.mac, 60 + LEEWAY_SECONDS),),
        (SessionRenewed(shortened, "staff"),),
    )


@pytest.mark.parametrize(("by", "reason"), [("person", "left"), ("staff", "revoked")])
def test_a_session_ends_when_it_is_withdrawn(
    by: Literal["person", "staff"], reason: EndReason
) -> None:
    step = decided(OPEN, SessionWithdrawn(PHONE.mac, by))

    assert step == Step(
        NOBODY,
        (Withhold(PHONE.mac),),
        (SessionEnded(SESSION, reason),),
    )


def test_withdrawing_where_there_is_no_session_does_nothing() -> None:
    assert decided(OPEN, SessionWithdrawn(OTHER.mac, "person")) == Step(OPEN)


# Blocking


def test_blocking_ends_the_session_and_is_kept_under_the_lasting_name() -> None:
    step = decided(OPEN, EquipmentBlocked(PHONE, "noise"))

    assert step == Step(
        SHUT_OUT,
        (Withhold(PHONE.mac),),
        (SessionEnded(SESSION, "blocked"), DeviceBlocked(PHONE.lasting_pseudonym, "noise")),
    )


def test_blocking_a_captive_device_touches_no_rule() -> None:
    step = decided(NOBODY, EquipmentBlocked(PHONE, ""))

    assert step == Step(SHUT_OUT, facts=(DeviceBlocked(PHONE.lasting_pseudonym, ""),))


def test_blocking_forgets_the_session_that_waits() -> None:
    step = decided(WAITING, EquipmentBlocked(PHONE, ""))

    assert step == Step(
        SHUT_OUT,
        facts=(SessionEnded(SESSION, "blocked"), DeviceBlocked(PHONE.lasting_pseudonym, "")),
    )


def test_unblocking_takes_the_device_off_the_list() -> None:
    step = decided(SHUT_OUT, EquipmentUnblocked(PHONE.pseudonyms))

    assert step == Step(NOBODY, facts=(DeviceUnblocked(PHONE.lasting_pseudonym),))


def test_unblocking_a_device_that_is_not_blocked_does_nothing() -> None:
    assert decided(SHUT_OUT, EquipmentUnblocked(OTHER.pseudonyms)) == Step(SHUT_OUT)


# Coming back after a power cut


def test_a_device_that_reappears_is_given_back_its_session() -> None:
    step = decided(WAITING, EquipmentSeen(PHONE))

    assert step == Step(
        OPEN, (Admit(PHONE.mac, 8000.0 + LEEWAY_SECONDS),), (SessionRestored(SESSION),)
    )


def test_a_device_that_was_not_there_before_stays_captive() -> None:
    assert decided(WAITING, EquipmentSeen(OTHER)) == Step(WAITING)


def test_a_device_that_has_a_session_gets_no_second_one() -> None:
    state = replace(WAITING, sessions={PHONE.mac: OF_OCTOBER})

    assert decided(state, EquipmentSeen(PHONE)) == Step(state)


def test_a_blocked_device_is_not_given_back_its_session() -> None:
    state = replace(WAITING, blocked=SHUT_OUT.blocked)

    assert decided(state, EquipmentSeen(PHONE)) == Step(state)


def test_a_session_that_is_over_is_not_given_back() -> None:
    assert decided(WAITING, EquipmentSeen(PHONE), now=SESSION.ends) == Step(WAITING)


def test_a_full_house_lets_a_remembered_session_wait_on() -> None:
    alone = replace(POLICY, max_devices=1)
    state = replace(WAITING, sessions={OTHER.mac: OF_OTHER})

    assert decided(state, EquipmentSeen(PHONE), policy=alone) == Step(state)


def test_of_two_sessions_in_the_log_the_longer_is_given_back_and_the_other_ends() -> None:
    both = State(remembered={s.pseudonym: s for s in (OF_OCTOBER, SESSION)})

    step = decided(both, EquipmentSeen(PHONE))

    assert step == Step(
        OPEN,
        (Admit(PHONE.mac, 8000.0 + LEEWAY_SECONDS),),
        (SessionEnded(OF_OCTOBER, "lost"), SessionRestored(SESSION)),
    )


# Time


def test_nothing_happens_before_a_session_is_over() -> None:
    before = Instant(SESSION.ends - 0.001)

    assert decided(OPEN, TimePassed(), now=before) == Step(OPEN)


def test_a_session_ends_on_time() -> None:
    state = OPEN.with_session(OTHER.mac, replace(OF_OTHER, ends=Instant(SESSION.ends + 1)))

    step = decided(state, TimePassed(), now=SESSION.ends)

    assert step == Step(
        state.without_session(PHONE.mac),
        (Withhold(PHONE.mac),),
        (SessionEnded(SESSION, "expired"),),
    )


def test_a_remembered_session_is_forgotten_when_its_time_is_over() -> None:
    step = decided(WAITING, TimePassed(), now=SESSION.ends)

    assert step == Step(NOBODY, facts=(SessionEnded(SESSION, "expired"),))


def test_nobody_has_no_deadline() -> None:
    assert next_deadline(NOBODY) is None


def test_the_next_deadline_is_the_earliest_end_remembered_or_open() -> None:
    assert next_deadline(OPEN) == SESSION.ends
    assert next_deadline(replace(OPEN, remembered={OF_OTHER.pseudonym: OF_OTHER})) == 8000.0


@pytest.mark.parametrize(("at", "seconds"), [(8999.1, 0), (8998.9, 1), (9000, 0), (99999, 0)])
def test_the_seconds_remaining_are_whole_and_never_negative(at: float, seconds: int) -> None:
    assert SESSION.seconds_remaining(Instant(at)) == seconds


# Taking over from an earlier daemon


def test_a_restart_goes_on_with_what_the_log_knows_to_the_fraction_of_a_second() -> None:
    in_kernel = SESSION.ends - NOW + LEEWAY_SECONDS

    for rounding in (0.0, 0.9, -0.9):
        assert resume({PHONE: in_kernel + rounding}, [SESSION], (), NOW) == Step(OPEN)


def test_the_kernels_time_stands_where_the_log_missed_a_renewal() -> None:
    step = resume({PHONE: 4 * HOUR + LEEWAY_SECONDS}, [SESSION], (), NOW)

    renewed = replace(SESSION, ends=Instant(NOW + 4 * HOUR))
    assert step == Step(State(sessions={PHONE.mac: renewed}), facts=(SessionRestored(renewed),))


def test_a_device_only_the_kernel_knows_goes_on_passing() -> None:
    step = resume({PHONE: 60 + LEEWAY_SECONDS}, [], (), NOW)

    session = Session(PHONE.pseudonym, started=NOW, ends=Instant(NOW + 60))
    assert step == Step(
        State(sessions={PHONE.mac: session}), facts=(SessionOpened(session, "kernel"),)
    )


def test_a_device_in_the_last_of_the_leeway_has_no_negative_time() -> None:
    step = resume({PHONE: LEEWAY_SECONDS / 2}, [], (), NOW)

    assert step.state.sessions[PHONE.mac].ends == NOW


def test_a_session_of_last_month_is_known_by_its_earlier_name() -> None:
    step = resume({PHONE: 4000.0 + LEEWAY_SECONDS}, [OF_OCTOBER], (), NOW)

    assert step == Step(State(sessions={PHONE.mac: OF_OCTOBER}))


def test_of_two_sessions_in_the_log_the_one_the_kernel_has_goes_on_and_the_other_ends() -> None:
    step = resume({PHONE: 4000.0 + LEEWAY_SECONDS}, [OF_OCTOBER, SESSION], (), NOW)

    assert step == Step(
        State(sessions={PHONE.mac: OF_OCTOBER}), facts=(SessionEnded(SESSION, "lost"),)
    )


def test_a_session_the_kernel_forgot_waits_for_its_device() -> None:
    assert resume({}, [SESSION], (), NOW) == Step(WAITING)


def test_a_blocked_device_that_the_kernel_lets_pass_is_withheld() -> None:
    step = resume({PHONE: 60.0}, [SESSION], SHUT_OUT.blocked, NOW)

    assert step == Step(SHUT_OUT, (Withhold(PHONE.mac),), (SessionEnded(SESSION, "blocked"),))
