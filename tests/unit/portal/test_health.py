"""What is thought of a machine's readings."""

from typing import Any

import pytest

from portal.health import judge

WELL: dict[str, Any] = {
    "celsius": 50.0,
    "free_disk_mib": 100,
    "free_memory_mib": 64,
    "load_per_core": 0.5,
    "clock_set": True,
    "clock_kept": True,
}


def test_a_machine_that_is_well_has_no_trouble() -> None:
    judged = list(judge(**WELL))

    assert [each.subject for each in judged] == [
        *("temperature", "storage", "memory", "load", "clock")
    ]
    assert all(each.good for each in judged)


@pytest.mark.parametrize(
    ("reading", "value", "subject", "how"),
    [
        ("celsius", 80.0, "temperature", "hot"),
        ("free_disk_mib", 7, "storage", "full"),
        ("free_memory_mib", 15, "memory", "full"),
        ("load_per_core", 2.1, "load", "busy"),
        ("clock_set", False, "clock", "unset"),
        ("clock_kept", False, "clock", "adrift"),
    ],
)
def test_each_trouble_is_named(reading: str, value: object, subject: str, how: str) -> None:
    wrong = [each for each in judge(**WELL | {reading: value}) if not each.good]

    assert [(each.subject, each.how) for each in wrong] == [(subject, how)]


def test_nothing_is_thought_of_what_is_not_there() -> None:
    judged = judge(**WELL | {"celsius": None, "clock_kept": None})

    assert [each.subject for each in judged] == ["storage", "memory", "load"]
