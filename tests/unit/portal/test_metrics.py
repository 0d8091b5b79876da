"""Numbers about the gateway, and that they name no device."""

from pathlib import Path

from firewall.changes import Usage
from portal.events import (
    ConditionsAccepted,
    EnforcementRestored,
    OutageBegan,
    SessionEnded,
    SessionOpened,
    SessionRenewed,
)
from portal.metrics import Metric, Tally, by, gauges, metric, render
from portal.readings import Readings, own_memory_bytes, read
from portal.session import Instant, Pseudonym, Session
from portal.standing import content
from portal.uplink import Line
from splash.edition import Edition

SESSION = Session(Pseudonym("0ad9b94dd1396382c838e63e068eb366"), Instant(0), Instant(60))
STATUS = {
    "open_devices": 2,
    "waiting_sessions": 0,
    "firewall": "stands",
    "content_release": 7,
    "content_age_seconds": None,
    "content_source": "bundle.json: cannot be fetched",
    "log": "the disk is full",
    "lost_log_entries": 1,
    "connections": 3,
    "refused_connections": 4,
}


def test_a_family_is_written_as_prometheus_reads_it() -> None:
    text = render([by("a_total", "why", "Words.", {"b": 2, 'say "x"\\\n': 1})])

    assert text == (
        "# HELP a_total Words.\n"
        "# TYPE a_total counter\n"
        'a_total{why="b"} 2\n'
        'a_total{why="say \\"x\\"\\\\\\n"} 1\n'
    )


def test_bytes_are_written_in_full() -> None:
    assert render([metric("a", "gauge", "A.", 123456789012345)]).endswith("a 123456789012345\n")


def test_what_cannot_be_read_has_no_value() -> None:
    assert metric("a", "gauge", "A.", None) == Metric("a", "gauge", "A.", [])


def test_facts_are_counted() -> None:
    tally = Tally()
    tally.note((SessionOpened(SESSION, "person"), SessionRenewed(SESSION, "person")), {})
    tally.note((SessionEnded(SESSION, "expired"),), {SESSION.pseudonym: Usage(10, 200)})
    tally.note((EnforcementRestored(0.2), OutageBegan("no route", 10)), {})

    text = render(tally.metrics([Usage(1, 2), Usage(3, 4)]))

    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert samples == [
        'portal_sessions_opened_total{by="person"} 1',
        "portal_sessions_renewed_total 1",
        'portal_sessions_ended_total{reason="expired"} 1',
        'portal_bytes_total{direction="down"} 206',
        'portal_bytes_total{direction="up"} 14',
        "portal_firewall_restored_total 1",
        "portal_outages_total 1",
    ]
    assert SESSION.pseudonym not in text
    assert ConditionsAccepted.__name__ not in text


def test_how_things_stand() -> None:
    readings = Readings(None, 100, 50, 0.25, 1.0, True)

    text = render(gauges(STATUS, Line(down_since=Instant(1)), readings, 4096))

    assert "portal_uplink_up 0\n" in text
    assert "portal_firewall_up 1\n" in text
    assert "portal_log_failing 1\n" in text
    assert "portal_clock_kept 1\n" in text
    assert "portal_load_per_core 0.25\n" in text
    assert "portal_refused_connections_total 4\n" in text
    assert "portal_content_release 7\n" in text
    assert "portal_content_age_seconds gauge\n# HELP portal_content_fetch_failing" in text
    assert "portal_content_fetch_failing 1\n" in text
    assert "portal_temperature_celsius " not in text.replace(
        "# HELP portal_temperature", ""
    ).replace("# TYPE portal_temperature_celsius gauge", "")


def test_a_house_without_a_source_has_none_that_fails() -> None:
    readings = Readings(None, 100, 50, 0.25, 1.0, True)

    text = render(gauges({**STATUS, "content_source": "none"}, Line(), readings, 4096))

    assert "portal_content_fetch_failing gauge\n# HELP" in text


def test_how_old_the_content_is() -> None:
    edition = Edition(made=1000.0, release=7)

    assert content(edition, None, 1060.9) == {
        "content_release": 7,
        "content_age_seconds": 60,
        "content_source": "none",
    }
    assert content(edition, None, 900.0)["content_age_seconds"] == 0  # Another machine's clock.
    assert content(edition, None, None)["content_age_seconds"] is None
    assert content(Edition(), None, 1060.9)["content_age_seconds"] is None


def test_this_machine_can_be_read(tmp_path: Path) -> None:
    readings = read(tmp_path / "not" / "there")

    assert readings.free_disk_mib > 0
    assert readings.free_memory_mib > 0
    assert own_memory_bytes() > 1 << 20
