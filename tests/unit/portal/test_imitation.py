"""One device in two places, and everything that only looks like it."""

from portal.imitation import MOST, MOVES, QUIET_SECONDS, WINDOW_SECONDS, Imitations


def noticed(*sightings: tuple[object, float]) -> list[float]:
    """When it was noticed that a device was in two places, of where it was when."""
    imitations = Imitations()
    return [now for place, now in sightings if imitations.notice("device", place, now)]


def test_a_phone_that_walks_through_the_house_is_one_phone() -> None:
    assert noticed(*((number % 2, number * 30.0) for number in range(20))) == []


def test_two_devices_under_one_name_are_noticed_once() -> None:
    assert noticed(*((number % 2, number * 1.0) for number in range(100))) == [float(MOVES)]


def test_they_are_noticed_again_later() -> None:
    times = [number * 5.0 for number in range(int(1.5 * QUIET_SECONDS / 5))]

    first, second = noticed(*((number % 2, now) for number, now in enumerate(times)))
    assert second - first == QUIET_SECONDS


def test_moves_of_long_ago_do_not_count() -> None:
    slow = WINDOW_SECONDS / (MOVES - 2)

    assert noticed(*((number % 2, number * slow) for number in range(50))) == []


def test_staying_is_not_moving() -> None:
    assert noticed(*(("here", number * 0.01) for number in range(1000))) == []


def test_others_do_not_count() -> None:
    imitations = Imitations()

    assert not any(imitations.notice(f"{n}", place, n) for n in range(50) for place in ("a", "b"))
    assert imitations.noticed == 0


def test_what_is_remembered_is_bounded() -> None:
    imitations = Imitations()
    for number in range(3 * MOST):
        imitations.notice(number, "here", 0.0)

    assert len(imitations) == MOST
