"""The soak judges by its model: what it takes for certain."""

from tests.soak.day import day
from tests.soak.model import House, Spells, Window

PHONE = "02:00:5e:00:00:01"


def house() -> House:
    """One phone tapped between 100 and 101; a turn is 50 seconds."""
    made = House(turn_seconds=50)
    made.opened(PHONE, Window(100, 101))
    return made


def certainty(judged: House, moment: float) -> str:
    at = Window(moment, moment)
    if judged.surely_passes(PHONE, at):
        return "passes"
    return "unsure" if judged.may_pass(PHONE, at, leeway_seconds=2) else "captive"


def test_a_turn_is_certain_but_for_the_moments_of_its_tap_and_its_end() -> None:
    said = [certainty(house(), moment) for moment in (99, 100.5, 101, 150, 150.5, 153, 153.1)]

    assert said == ["captive", "unsure", "passes", "passes", "unsure", "unsure", "captive"]


def test_a_renewal_goes_on_with_the_turn() -> None:
    renewed = house()
    renewed.opened(PHONE, Window(140, 141))

    assert [certainty(renewed, moment) for moment in (149, 151, 190, 194)] == [
        "passes",
        "passes",
        "passes",
        "captive",
    ]
    assert renewed.counts == {"opened": 1, "renewed": 1}


def test_a_tap_after_the_end_begins_another_turn() -> None:
    back = house()
    back.opened(PHONE, Window(160, 161))

    assert [turn.reason for turn in back.turns[PHONE]] == ["expired", None]
    assert certainty(back, 155) == "captive"


def test_who_left_has_no_leeway() -> None:
    left = house()
    left.ended(PHONE, Window(120, 121), "left")

    assert [certainty(left, moment) for moment in (119, 120.5, 121.1)] == [
        "passes",
        "unsure",
        "captive",
    ]


def test_a_spell_that_has_not_ended_lasts() -> None:
    spells = Spells()
    spells.begin(10)
    spells.end(12)
    spells.begin(20)

    assert [spells.lasts_at(moment) for moment in (9, 11, 13, 1000)] == [False, True, False, True]


def test_a_seed_is_a_day() -> None:
    assert day(seed=1, hours=24, devices=200) == day(seed=1, hours=24, devices=200)
    assert day(seed=1, hours=24, devices=200) != day(seed=2, hours=24, devices=200)


def test_a_day_has_everything_in_it() -> None:
    steps = {step.what for step in day(seed=1, hours=24, devices=200)}

    assert steps >= {"tap", "leave", "away", "back", "grant", "revoke", "block", "unblock"}
    assert steps >= {"flush", "line down", "line up", "stop", "kill", "start"}
