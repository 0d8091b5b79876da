"""The benchmarks still run. How fast anything is, is not judged here."""

import pytest

from bench import clicks
from bench.browsing import burst
from bench.figures import Figure, quantile
from bench.forwarding import WAYS, Road
from bench.report import ratios
from bench.search import SOUGHT, made_articles
from bench.site import bench_site
from bench.subjects import ours

pytestmark = pytest.mark.netns


def test_a_crowd_gets_its_pages_and_taps_its_way_to_the_internet() -> None:
    with bench_site(3) as site, ours(site) as standing:
        with site.crowd.network():
            times, failed, _ = burst(site.phones, 10)
        tapped = clicks.round_of_taps(standing, site.phones, clicks.Load(3, 1, 10, 0.02))

    assert (len(times), failed, len(tapped)) == (3, 0, 3)


def test_packets_pass_the_gateway_and_are_all_counted() -> None:
    with bench_site(1) as site:
        road = Road(site)
        try:
            road.open()
            costs = [road.nanoseconds(way, 5120) for way in WAYS]
        finally:
            road.close()

    assert all(cost > 0 for cost in costs)


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([3, 1, 2, 4], share) for share in (0.5, 0.99, 0.01)] == [2, 4, 1]


def test_ratios_are_taken_repetition_by_repetition() -> None:
    slow = Figure("pages", "p99", "nginx", "ms", (4.0, 9.0))
    fast = Figure("pages", "p99", "union-portal", "ms", (2.0, 3.0))

    assert ratios(slow, fast) == [2.0, 3.0]


def test_what_is_searched_for_is_among_the_articles() -> None:
    titles = {entry.item.title_vi for entry in made_articles(50)}

    assert set(SOUGHT.values()) <= titles
    assert len(list(made_articles(50))) == 50
