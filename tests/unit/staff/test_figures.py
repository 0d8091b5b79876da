"""What the overview makes of the session log."""

from pathlib import Path

from portal.staff import figures
from portal.staff.figures import Hour, Outage, Span
from portal.staff.records import Records

MIDNIGHT = 1795366800.0  # 23 November 2026 at the site.
HOUR = 3600.0


def test_devices_at_once_are_those_whose_sessions_overlap() -> None:
    spans = [
        Span(MIDNIGHT - 600, MIDNIGHT + 600),
        Span(MIDNIGHT + 300, MIDNIGHT + 2 * HOUR),
        Span(MIDNIGHT + 600, None),
    ]

    assert figures.hours(spans, MIDNIGHT, MIDNIGHT + 2.5 * HOUR) == [
        Hour(0, opened=2, most=2),
        Hour(1, opened=0, most=2),
        Hour(2, opened=0, most=1),
    ]


def test_a_session_that_begins_when_another_ends_is_not_beside_it() -> None:
    spans = [Span(0, 100), Span(100, 200)]

    assert figures.most_at_once(spans, 0, 300) == 1


def test_nobody_is_online_in_an_empty_house() -> None:
    assert figures.hours([], MIDNIGHT, MIDNIGHT + 10) == [Hour(0, 0, 0)]


def test_an_outage_lasts_from_when_it_was_first_seen() -> None:
    events: list[tuple[str, float, dict[str, object]]] = [
        ("gateway-started", 0, {}),
        ("outage-began", 110, {"fault": "no names", "seconds_before": 10.0}),
        ("outage-ended", 400, {"seconds": 300.0}),
        ("outage-began", 900, {"fault": "no route", "seconds_before": 0}),
    ]

    found = figures.outages(events)

    assert found == [
        Outage(Span(100, 400), "no names"),
        Outage(Span(900, None), "no route"),
    ]
    assert [outage.seconds(1000) for outage in found] == [300, 100]


def test_an_outage_whose_end_nobody_saw_ends_when_the_gateway_is_back() -> None:
    found = figures.outages(
        [
            ("outage-began", 100, {"fault": "no route", "seconds_before": 0}),
            ("gateway-started", 500, {}),
            ("outage-began", 510, {"fault": "no route", "seconds_before": 5}),
        ]
    )

    assert [outage.span for outage in found] == [Span(100, 500), Span(505, None)]


def test_an_outage_over_midnight_belongs_to_both_days() -> None:
    outage = Outage(Span(MIDNIGHT - 600, MIDNIGHT + 1200), "no route")

    assert figures.minutes_down([outage], ["2026-11-22", "2026-11-23"], MIDNIGHT + HOUR) == [
        ("2026-11-22", 10),
        ("2026-11-23", 20),
    ]


def test_days_are_those_of_the_site() -> None:
    assert figures.day_name(MIDNIGHT - 1) == "2026-11-22"
    assert figures.day_name(MIDNIGHT) == "2026-11-23"


def test_where_no_gateway_has_run_there_is_nothing(tmp_path: Path) -> None:
    records = Records(tmp_path / "sessions.db")

    assert records.sessions(0) == []
    assert records.opened_by_day("2026-11-01") == []
    assert records.bytes_since(0) == (0, 0)
    assert records.outages(0) == []
    assert records.blocked() == []
    assert records.imitated(0) == []
    assert not (tmp_path / "sessions.db").exists()
