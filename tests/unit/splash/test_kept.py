"""Finished pages in memory: bounded in bytes, and what is asked for stays."""

from splash.kept import ENTRY_BYTES, SHARE, Kept

MOST = 64 * ENTRY_BYTES


def test_the_bytes_are_bounded_whatever_is_put_in() -> None:
    kept: Kept[int] = Kept(MOST)

    for number in range(1000):
        kept.put(number, number, number % 7000)
        assert kept.bytes <= MOST
    assert len(kept) > 10


def test_what_was_asked_for_lately_stays() -> None:
    kept: Kept[str] = Kept(MOST)
    kept.put("front", "front", 0)

    for number in range(200):
        assert kept.get("front") == "front"
        kept.put(number, "other", 100)

    assert kept.get(0) is None
    assert kept.get("front") == "front"


def test_what_costs_more_than_its_share_pushes_nothing_out() -> None:
    kept: Kept[str] = Kept(MOST)
    kept.put("front", "front", 0)

    kept.put("long", "long", MOST // SHARE)

    assert kept.get("long") is None
    assert kept.get("front") == "front"


def test_the_same_again_takes_the_place_of_what_was_there() -> None:
    kept: Kept[str] = Kept(MOST)

    for size in (100, 2000, 10):
        kept.put("page", f"of {size}", size)

    assert (kept.get("page"), len(kept), kept.bytes) == ("of 10", 1, 10 + ENTRY_BYTES)
