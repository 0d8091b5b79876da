"""When the source of the content is asked again."""

import pytest

from portal.content_source import seconds_to_next_attempt


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 900), (1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (10_000, 3600)],
)
def test_failures_make_it_wait_longer_up_to_an_hour(failures: int, seconds: float) -> None:
    assert seconds_to_next_attempt(failures, luck=0.5) == seconds


def test_a_thousand_houses_do_not_ask_at_once() -> None:
    assert seconds_to_next_attempt(0, luck=0.0) == 450
    assert seconds_to_next_attempt(0, luck=1.0) == 1350
