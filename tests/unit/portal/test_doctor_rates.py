"""What the doctor makes of a measured speed."""

import pytest

from portal.doctor import rates


@pytest.mark.parametrize(
    ("count", "seconds", "said", "words"),
    [
        (25_000_000, 4.0, 50, "50 Mbit/s; [fairness] down_mbit is 50"),
        (25_000_000, 5.0, 50, "40 Mbit/s; [fairness] down_mbit is 50"),
        (25_000_000, 5.1, 50, "39.2 Mbit/s, but [fairness] down_mbit is 50"),
        (25_000_000, 0.25, None, "800 Mbit/s; the line is not shared fairly"),
        (600_000, 10.0, 50, "0.48 Mbit/s, but"),
        (499_999, 1.0, 50, "only 499 kB came"),
        (600_000, 0.0, 50, "only 600 kB came"),
    ],
)
def test_a_speed_beside_what_is_said_of_the_line(
    count: int, seconds: float, said: int | None, words: str
) -> None:
    found = rates.judge(count, seconds, said)

    assert words in found.told("en").found
    assert found.good == ("but" not in words and "only" not in words)


def test_what_to_set_is_a_little_less_than_what_was_measured() -> None:
    assert "39,2 Mbit/s" in rates.judge(25_000_000, 5.1, 50).told("vi").found
    assert "down_mbit = 45" in rates.judge(25_000_000, 4.0, None).told("vi").advice
    assert "down_mbit = 1" in rates.judge(600_000, 10.0, 50).told("vi").advice
