"""Blocks of source ports: how many there are, and how their chains are called."""

from itertools import pairwise

import pytest

from firewall.changes import Ports
from firewall.ports import blocks, chain_name, ports_of


@pytest.mark.parametrize(
    ("devices", "count", "size"),
    [(1, 31, 1024), (31, 31, 1024), (32, 62, 512), (124, 124, 256), (125, 248, 128)],
)
def test_a_small_house_has_few_large_blocks(devices: int, count: int, size: int) -> None:
    made = blocks(devices)

    assert len(made) == count
    assert {block.last - block.first + 1 for block in made} == {size}


def test_blocks_touch_and_end_where_other_source_ports_begin() -> None:
    made = blocks(100)

    assert (made[0].first, made[-1].last) == (1024, 32767)
    assert all(one.last + 1 == other.first for one, other in pairwise(made))


def test_more_devices_than_blocks_get_no_smaller_ones() -> None:
    assert blocks(1000) == blocks(248)


def test_a_chain_is_called_after_its_block() -> None:
    assert chain_name(Ports(1024, 1535)) == "ports_1024_1535"
    assert ports_of("ports_1024_1535") == Ports(1024, 1535)
    with pytest.raises(ValueError, match="'input' is not the chain"):
        ports_of("input")
