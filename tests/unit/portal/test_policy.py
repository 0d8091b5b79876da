"""Opening hours and daily limits: who may tap, until when, and what is counted."""

from dataclasses import replace

import pytest

from portal.config import Turn
from portal.events import AccessGranted, ConditionsAccepted, SessionWithdrawn, TimePassed
from portal.gateway import NOBODY, State, decide, refusal_for, resume
from portal.policy import Policy, Refusal, Spent, day_of, opens_again, turn_seconds
from portal.schedule import parse_hours
from portal.session import Instant, Session
from portal.setting_values import OtherDay
from tests.unit.portal.test_gateway import CONDITIONS, HOUR, OTHER, PHONE
from tests.unit.portal.test_schedule import at

MONDAY_NOON = at("2026-11-23 12:00")
DAY_AND_EVENING = Turn(
    length=4 * HOUR, opening_hours=parse_hours("05:00-23:00"), daily_limit=6 * HOUR
)
POLICY = Policy(4 * HOUR, CONDITIONS, 2, DAY_AND_EVENING.schedule)
NOW = Instant(100_000.0)
TAP = ConditionsAccepted(PHONE, CONDITIONS)


def ends_after(state: State, wall: float | None, now: Instant = NOW) -> float:
    """How long a tap at `wall` opens the network."""
    return decide(state, TAP, POLICY, now, wall).state.sessions[PHONE.mac].ends - now


def spent(hours: float, wall: float = MONDAY_NOON) -> State:
    return State(spent={PHONE.pseudonym: Spent(day_of(wall), hours * HOUR)})


def test_a_turn_ends_at_closing_time() -> None:
    assert ends_after(NOBODY, at("2026-11-23 21:30")) == 1.5 * HOUR


def test_a_turn_within_the_hours_has_its_full_length() -> None:
    assert ends_after(NOBODY, MONDAY_NOON) == 4 * HOUR


@pytest.mark.parametrize("time", ["04:59", "22:59:30", "23:00", "00:00"])
def test_nobody_goes_online_outside_of_the_hours_nor_for_seconds(time: str) -> None:
    step = decide(NOBODY, TAP, POLICY, NOW, at(f"2026-11-23 {time}"))

    assert (step.state, step.refusal) == (NOBODY, "closed")


def test_an_unknown_time_is_an_open_time_without_a_limit() -> None:
    assert ends_after(spent(24), None) == 4 * HOUR


def test_staff_open_the_network_whenever_they_think_right() -> None:
    step = decide(NOBODY, AccessGranted(PHONE, HOUR), POLICY, NOW, at("2026-11-23 03:00"))

    assert step.state.sessions[PHONE.mac].ends == NOW + HOUR


def test_turns_that_are_over_count_towards_the_limit_of_the_day() -> None:
    opened = decide(NOBODY, TAP, POLICY, NOW, MONDAY_NOON).state
    later = Instant(NOW + 3 * HOUR)
    left = decide(opened, SessionWithdrawn(PHONE.mac, "person"), POLICY, later, at_hours(3)).state

    assert left.spent == {PHONE.pseudonym: Spent(day_of(MONDAY_NOON), 3 * HOUR)}
    assert ends_after(left, at_hours(3), later) == 3 * HOUR


def at_hours(hours: float) -> float:
    return MONDAY_NOON + hours * HOUR


def test_the_turn_that_is_running_counts_too() -> None:
    opened = decide(NOBODY, TAP, POLICY, NOW, MONDAY_NOON).state

    assert ends_after(opened, at_hours(3), Instant(NOW + 3 * HOUR)) == 3 * HOUR


def test_a_device_that_has_used_its_day_is_refused_until_the_next() -> None:
    step = decide(spent(6), TAP, POLICY, NOW, MONDAY_NOON)

    assert (step.state.sessions, step.refusal) == ({}, "daily limit")
    assert opens_again(POLICY, "daily limit", MONDAY_NOON) == at("2026-11-24 05:00")
    assert ends_after(spent(6), at("2026-11-24 05:00")) == 4 * HOUR


def test_what_others_used_does_not_count() -> None:
    assert refusal_for(spent(6), OTHER, POLICY, NOW, MONDAY_NOON) is None


def test_a_turn_across_midnight_counts_for_each_day_what_was_in_it() -> None:
    always = replace(POLICY, schedule=Turn(length=4 * HOUR, daily_limit=6 * HOUR).schedule)
    late = at("2026-11-23 23:00")
    opened = decide(NOBODY, TAP, always, NOW, late).state
    two_hours_on = Instant(NOW + 2 * HOUR)
    left = decide(
        opened, SessionWithdrawn(PHONE.mac, "person"), always, two_hours_on, late + 2 * HOUR
    ).state

    assert left.spent == {PHONE.pseudonym: Spent(day_of(late) + 1, HOUR)}
    assert opens_again(always, "daily limit", late) == at("2026-11-24 00:00")


def test_a_turn_that_runs_out_counts_to_its_end_and_no_further() -> None:
    opened = decide(NOBODY, TAP, POLICY, NOW, MONDAY_NOON).state
    noticed_late = Instant(NOW + 5 * HOUR)
    over = decide(opened, TimePassed(), POLICY, noticed_late, at_hours(5)).state

    assert over.spent[PHONE.pseudonym].seconds == 4 * HOUR


def test_what_was_used_is_remembered_over_a_restart() -> None:
    left = spent(6).spent

    assert resume({}, [], [], NOW, left).state.spent == left


def test_a_session_that_replaces_a_remembered_one_does_not_count_twice() -> None:
    waiting = Session(PHONE.pseudonym, Instant(NOW - HOUR), Instant(NOW + HOUR))
    step = decide(State(remembered={PHONE.pseudonym: waiting}), TAP, POLICY, NOW, MONDAY_NOON)

    assert step.state.spent == {}


def test_a_blocked_device_is_told_that_and_not_the_hours() -> None:
    shut_out = State(blocked=frozenset({PHONE.lasting_pseudonym}))
    night = at("2026-11-23 03:00")

    assert decide(shut_out, TAP, POLICY, NOW, night).refusal == "blocked"
    assert refusal_for(shut_out, PHONE, POLICY, NOW, night) == "blocked"


@pytest.mark.parametrize("refusal", ["full", "blocked", "outdated conditions"])
def test_other_refusals_have_no_hour(refusal: Refusal) -> None:
    assert opens_again(POLICY, refusal, MONDAY_NOON) is None


def test_a_closed_network_says_when_it_opens() -> None:
    assert opens_again(POLICY, "closed", at("2026-11-23 23:30")) == at("2026-11-24 05:00")


def test_a_site_without_hours_has_no_schedule() -> None:
    assert Turn().schedule is None
    assert Turn(monday=OtherDay()).schedule is None


def test_days_differ_as_the_settings_say() -> None:
    turn = Turn(
        length=HOUR,
        saturday=OtherDay(length=2 * HOUR, daily_limit=3 * HOUR),
        sunday=OtherDay(opening_hours="closed"),
    )
    policy = replace(POLICY, session_seconds=HOUR, schedule=turn.schedule)

    assert turn_seconds(policy, at("2026-11-28 12:00")) == 2 * HOUR
    assert turn_seconds(policy, at("2026-11-27 12:00")) == HOUR
    assert turn_seconds(policy, None) == HOUR
    assert decide(NOBODY, TAP, policy, NOW, at("2026-11-29 12:00")).refusal == "closed"
    friday = decide(NOBODY, TAP, policy, NOW, at("2026-11-27 12:00"))
    assert friday.state.sessions[PHONE.mac].ends == NOW + HOUR
