"""Which queues share the line, and which rules tell devices apart before them."""

from collections import Counter

import pytest

from firewall.lanes import downloads, uploads
from firewall.marks import FORWARDED
from firewall.shaping import (
    BETWEEN,
    FILTERS_HANDLE,
    FIRST_LANE,
    HANDLE,
    LANES,
    LINE,
    NOT_SHAPED,
    OWN,
    SHARED,
    WAYS,
    Cake,
    Class,
    Classes,
    Divert,
    Leaf,
    Shaping,
    Way,
    orders,
    standing,
)

LINE_50_10 = Shaping(down_mbit=50, up_mbit=10)


def lanes(shaping: Shaping, way: Way = "pfifo") -> list[Class]:
    found = [o for o in orders(shaping, "br-lan", "wan", way) if isinstance(o, Class)]
    return [order for order in found if order.handle >= FIRST_LANE]


def test_cake_shares_by_the_address_of_the_device() -> None:
    assert orders(LINE_50_10, "br-lan", "wan", "cake") == (
        Cake("wan", 10, "srchost", nat=True, arriving=False),
        Divert("br-lan", BETWEEN, FORWARDED),
        Cake(BETWEEN, 50, "dsthost", nat=False, arriving=True),
    )


@pytest.mark.parametrize("way", WAYS)
def test_without_rates_there_is_no_queue(way: Way) -> None:
    ceilings = Shaping(device_down_mbit=8, device_up_mbit=2)

    assert orders(NOT_SHAPED, "br-lan", "wan", way) == ()
    assert orders(ceilings, "br-lan", "wan", way) == ()
    assert not ceilings.queues


@pytest.mark.parametrize(
    ("shaping", "way", "expected"),
    [
        (Shaping(up_mbit=10), "cake", {("wan", HANDLE)}),
        (Shaping(down_mbit=50), "cake", {("br-lan", FILTERS_HANDLE), (BETWEEN, HANDLE)}),
        (Shaping(up_mbit=10), "fq_codel", {("wan", HANDLE)}),
        (Shaping(down_mbit=50), "pfifo", {("br-lan", HANDLE)}),
        (LINE_50_10, "pfifo", {("br-lan", HANDLE), ("wan", HANDLE)}),
    ],
)
def test_one_direction_alone_can_be_shared(
    shaping: Shaping, way: Way, expected: set[tuple[str, int]]
) -> None:
    assert shaping.queues
    assert standing(orders(shaping, "br-lan", "wan", way)) == expected


def test_all_lanes_are_equal() -> None:
    assert len(lanes(LINE_50_10)) == 2 * LANES
    for interface, mbit in (("br-lan", 50), ("wan", 10)):
        shares = {
            (lane.parent, lane.kbit, lane.most_kbit, lane.turn_bytes, lane.priority)
            for lane in lanes(LINE_50_10)
            if lane.interface == interface
        }
        [(parent, kbit, most_kbit, _, priority)] = shares
        assert (parent, most_kbit, priority) == (LINE, mbit * 1000, 1)
        assert kbit * LANES <= most_kbit


def test_what_is_promised_to_all_does_not_exceed_the_line() -> None:
    for order in orders(LINE_50_10, "br-lan", "wan", "pfifo"):
        if isinstance(order, Class) and order.handle == LINE:
            inside = [
                other.kbit
                for other in orders(LINE_50_10, "br-lan", "wan", "pfifo")
                if isinstance(other, Class)
                and (other.interface, other.parent) == (order.interface, LINE)
            ]
            assert sum(inside) <= order.kbit


def test_the_gateways_own_questions_go_first_and_its_pages_at_once() -> None:
    made = orders(LINE_50_10, "br-lan", "wan", "pfifo")

    assert [order for order in made if isinstance(order, Classes)] == [
        Classes("wan", otherwise=OWN),
        Classes("br-lan", otherwise=None),
    ]
    [own] = [order for order in made if isinstance(order, Class) and order.handle == OWN]
    assert (own.interface, own.priority) == ("wan", 0)


@pytest.mark.parametrize("way", ["fq_codel", "pfifo"])
def test_every_class_but_the_line_has_a_queue_of_its_own(way: Way) -> None:
    made = orders(LINE_50_10, "br-lan", "wan", way)
    leaves = [order for order in made if isinstance(order, Leaf)]

    assert {leaf.kind for leaf in leaves} == {way}
    assert {(leaf.interface, leaf.parent) for leaf in leaves} == {
        (order.interface, order.handle)
        for order in made
        if isinstance(order, Class) and order.handle != LINE
    }
    assert Counter((leaf.interface, leaf.handle) for leaf in leaves).most_common(1)[0][1] == 1


@pytest.mark.parametrize("mbit", [1, 5, 50, 1000, 10000])
def test_a_turn_holds_the_largest_packet_that_linux_makes(mbit: int) -> None:
    for lane in lanes(Shaping(down_mbit=mbit)):
        assert 65_535 <= lane.turn_bytes <= 200_000  # HTB complains beyond that.
        assert lane.burst_bytes >= 1514
        assert lane.kbit >= 7


# The rules that tell devices apart


def test_without_fairness_there_is_no_rule() -> None:
    assert uploads(NOT_SHAPED, '"br-lan"') == ""
    assert downloads(NOT_SHAPED, '"br-lan"', "0x1") == ""


def test_each_direction_is_told_apart_only_where_it_is_shared() -> None:
    down = Shaping(down_mbit=50)

    assert uploads(down, '"br-lan"') == ""
    assert "map @lane" in downloads(down, '"br-lan"', "0x1")
    assert "busy" not in downloads(down, '"br-lan"', "0x1")


def test_a_ceiling_alone_needs_no_lanes() -> None:
    rules = uploads(Shaping(device_up_mbit=2), '"br-lan"')

    assert "limit rate over 250 kbytes/second burst 62 kbytes" in rules
    assert "lane {" not in rules


def test_lanes_in_the_rules_are_classes_of_the_queue() -> None:
    rules = uploads(LINE_50_10, '"br-lan"')

    assert f"numgen inc mod {LANES} offset {FIRST_LANE}" in rules
    assert f"set cd:{SHARED & 0xFFFF:x} " in rules


def test_a_rate_for_uploads_alone_leaves_downloads_as_they_are() -> None:
    made = orders(Shaping(up_mbit=10), "br-lan", "wan", "pfifo")

    assert {interface for interface, _ in standing(made)} == {"wan"}
