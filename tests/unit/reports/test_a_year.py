"""A year of two houses: what can be known is exactly the truth; what is estimated is measured."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from portal.session_store import SessionStore
from reports.facts import Item, Month, Period, Place, SiteFacts, begins
from reports.figures import Figures, Measured, figures, median_of
from reports.gather import gather
from reports.merge import merge
from tests.unit.reports.house import YEAR, Truth, build, devices_by_month

pytestmark = pytest.mark.slow  # A year of two houses takes seconds to write down.

ITEMS = {"thi-phap-luat": Item("quiz", "Thi tìm hiểu pháp luật", questions=5)}
PLACES = (
    Place(id="hp-001", name="Khu trọ Đồng Xuân", rooms=16, residents=32),
    Place(id="hp-002", name="Khu trọ Đình Ngọ 1", rooms=19, residents=38),
)
AFTER = begins(YEAR.last + timedelta(3))


def told(folder: Path, place: Place, period: Period = YEAR, made: float = AFTER) -> SiteFacts:
    return gather(folder, place, period, made, 90, ITEMS, place.name)


def of(*sites: SiteFacts, period: Period = YEAR) -> Figures:
    known = [
        Measured(facts=one, rooms=one.place.rooms, residents=one.place.residents, spent=None)
        for one in sites
    ]
    return figures(known, period)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Place, Truth]]:
    base = tmp_path_factory.mktemp("houses")
    return [
        (base / place.id, place, build(base / place.id, seed, place.residents or 0))
        for seed, place in enumerate(PLACES, 7)
    ]


@pytest.fixture(scope="module")
def facts(houses: list[tuple[Path, Place, Truth]]) -> list[SiteFacts]:
    return [told(folder, place) for folder, place, _ in houses]


def truths(houses: list[tuple[Path, Place, Truth]]) -> Iterator[Truth]:
    return (truth for _, _, truth in houses)


def test_sessions_bytes_and_hours_are_the_truth(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    found = of(*facts)
    stays = [stay for truth in truths(houses) for stay in truth.stays]

    assert len(stays) > 10_000
    assert found["sessions"].value == len(stays)
    assert found["gb"].value == sum(stay.up + stay.down for stay in stays) / 1e9
    assert found["down_gb"].value == sum(stay.down for stay in stays) / 1e9
    assert found["online_hours"].value == pytest.approx(sum(s.seconds for s in stays) / 3600)
    assert sum(one.mended for one in facts) > 0
    assert [one.undated for one in facts] == [{}, {}]


def test_every_month_of_every_house_is_the_truth(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    for (_, _, truth), one in zip(houses, facts, strict=True):
        for month in YEAR.months:
            found = of(merge([one], month.period), period=month.period)
            assert found["sessions"].value == len(truth.within(month.period))
            assert found["median_minutes"].value == truth.median_minutes(month.period)
            assert found["peak"].value == truth.peak(month.period)


def test_the_median_of_both_houses_is_that_of_all_sessions(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    minutes = sorted(int(s.seconds // 60) for truth in truths(houses) for s in truth.stays)
    half = len(minutes) // 2
    middle = minutes[half] if len(minutes) % 2 else (minutes[half - 1] + minutes[half]) / 2

    assert of(*facts)["median_minutes"].value == middle


def test_outages_are_the_truth_but_for_what_fell_into_a_stop(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    for (_, _, truth), one in zip(houses, facts, strict=True):
        found = of(one)
        stopped = [*(cut[:2] for cut in truth.cuts), *truth.restarts]
        hidden = [o for o in truth.outages if any(a < o[1] and o[0] < b for a, b in stopped)]
        assert found["outages"].value == len(truth.outages)
        assert found["stops"].value == len(stopped)
        error = (found["outage_hours"].value or 0) * 3600 - sum(b - a for a, b in truth.outages)
        assert abs(error) < 2 + sum(b - a for a, b in hidden) + sum(b - a for a, b in stopped) * (
            len(hidden) > 0
        )


def test_uptime_is_at_most_the_truth_and_near_it(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    for (_, _, truth), one in zip(houses, facts, strict=True):
        watched = sum(day.watched for day in one.days)
        up = 100 * (1 - truth.down_seconds(YEAR) / watched)
        found = of(one)["uptime"].value
        assert found is not None
        assert up - 0.5 < found <= up + 1e-3


def test_devices_are_the_addresses_there_were_and_more_than_the_telephones(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    for (_, _, truth), one in zip(houses, facts, strict=True):
        counted = {each.month: each.devices for each in one.devices}
        addresses = devices_by_month(truth)
        ratios = [counted[month] / truth.phones(month) for month in YEAR.months]
        # A clock that is not set at the change of a month names devices by the month before.
        assert all(abs(counted[m] - addresses[m]) <= 3 for m in YEAR.months)
        assert min(ratios) > 1.5
        assert max(ratios) < 5


def test_what_people_read_and_said_is_the_truth(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    found = of(*facts)
    all_of = list(truths(houses))

    assert found["faults"].value == sum(truth.faults.total() for truth in all_of)
    assert found["questions"].value == sum(truth.questions.total() for truth in all_of)
    assert found["views"].value == sum(truth.views.total() for truth in all_of)
    assert found["quiz_entries"].value == 240
    right = sum(score * n for truth in all_of for (_, score), n in truth.scores.items())
    assert found["quiz_score"].value == pytest.approx(100 * right / (240 * 5))
    assert found["poll_votes"].value == 50
    assert found["completed_reads"].value == sum(truth.reads.total() for truth in all_of)
    assert found["website_clicks"].value == sum(truth.clicks.total() for truth in all_of)
    assert 0 < found["completed_reads"].value < found["views"].value
    assert [list(one.polls["gio-mo-cua"].votes) for one in facts] == [t.votes for t in all_of]


def test_what_was_read_to_its_end_clicked_and_voted_is_the_truth_in_every_month(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    for (_, _, truth), one in zip(houses, facts, strict=True):
        for month in YEAR.months:
            found = of(merge([one], month.period), period=month.period)
            for name, counted in (
                ("completed_reads", truth.reads),
                ("website_clicks", truth.clicks),
                ("poll_votes", {(day, ""): n for day, n in truth.voted.items()}),
            ):
                known = sum(n for (day, _), n in counted.items() if day in month.period)
                assert found[name].value == known, (name, month)


def test_exports_of_every_month_know_what_the_gateway_has_forgotten(
    houses: list[tuple[Path, Place, Truth]], facts: list[SiteFacts]
) -> None:
    """Monthly exports, each reaching into the next month, and the gateway's own 90 days."""
    folder, place, truth = houses[0]
    monthly = []
    for month in YEAR.months:
        last = min(month.period.last + timedelta(5), YEAR.last)
        period = Period(month.first, last)
        monthly.append(replace(told(folder, place, period, begins(last) + 2 * 86400), source="m"))
    store = SessionStore(folder / "sessions.db", "later")
    store.forget_before(AFTER - 90 * 86400)
    store.close()

    alone = told(folder, place)
    together = merge([*monthly, alone], YEAR)

    whole, kept, joined = of(facts[0]), of(alone), of(together)
    assert kept["sessions"].value == len(truth.stays)
    assert kept["median_minutes"].why is not None
    assert kept["uptime"].why is not None
    for name in (
        "sessions",
        "gb",
        "median_minutes",
        "peak",
        "outages",
        "stops",
        "views",
        "faults",
        "completed_reads",
        "website_clicks",
        "poll_votes",
    ):
        assert joined[name].value == whole[name].value, name
    assert joined["uptime"].value == pytest.approx(whole["uptime"].value)
    assert together.notes == ()


def test_the_median_is_halfway_between_two_in_the_middle() -> None:
    assert median_of({1: 1, 3: 1}) == 2
    assert median_of({1: 1, 3: 1, 9: 1}) == 3
    assert median_of({4: 2, 9: 2}) == 6.5
    assert median_of({4: 3, 9: 1}) == 4


def test_a_month_is_whole_days_of_the_site() -> None:
    assert Period(date(2026, 3, 1), date(2026, 4, 15)).in_months == 1.5
    assert Month(2026, 12).following == Month(2027, 1)
