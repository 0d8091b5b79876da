"""A third of a day in fast motion: the kernel, the daemon, the log and a model stay together."""

import pytest

from tests.soak.report import told
from tests.soak.soak import soak

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("soak")]


def test_a_third_of_a_day_of_a_house_is_as_the_model_says() -> None:
    report = soak(hours=8, speed=720, devices=60, seed=2)

    print(told(report))
    assert report.faults == []
    # And it was not a quiet day.
    assert report.seen.passed > 1000
    assert report.seen.held > 1000
    assert min(report.turns[what] for what in ("opened", "renewed", "expired", "left")) > 0
    assert min(report.done[what] for what in ("flush", "stop", "kill", "outage", "block")) > 0
