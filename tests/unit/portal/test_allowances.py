"""How often devices may send: alone, and all of them together."""

import pytest

from portal import allowances
from portal.allowances import Allowances, Rate
from portal.session import Instant


def taken(allowed: Allowances, device: object, times: int, now: float = 0) -> int:
    return sum(allowed.take(device, Instant(now)) for _ in range(times))


def test_a_device_has_a_few_and_gets_more_with_time() -> None:
    allowed = Allowances(Rate(3, 1), Rate(100, 100))

    assert taken(allowed, "a", 10) == 3
    assert taken(allowed, "a", 10, now=3599) == 0
    assert taken(allowed, "a", 10, now=3600) == 1
    assert taken(allowed, "a", 10, now=1e6) == 3


def test_what_one_device_sends_is_not_taken_from_another() -> None:
    allowed = Allowances(Rate(3, 1), Rate(100, 100))
    taken(allowed, "a", 10)

    assert taken(allowed, "b", 10) == 3


def test_made_up_devices_share_one_bound() -> None:
    allowed = Allowances(Rate(3, 1), Rate(10, 10))

    assert sum(taken(allowed, device, 3) for device in range(1000)) == 10
    assert sum(taken(allowed, device, 3, now=3600) for device in range(1000)) == 10


def test_who_is_refused_loses_nothing() -> None:
    allowed = Allowances(Rate(1, 0), Rate(1, 3600))
    taken(allowed, "a", 1)

    assert not allowed.take("b", Instant(0))
    assert allowed.take("b", Instant(1))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "MOST_DEVICES", 10)
    allowed = Allowances(Rate(1, 0), Rate(1000, 0))
    for device in range(100):
        taken(allowed, device, 1)

    assert len(allowed._devices) == 10
