"""Changes as nft text, and what nft prints as grants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firewall.changes import Admit, Grant, MacAddress, Ports, Usage, Withhold
from firewall.commands import read_grants, render_changes, render_elements

PHONE = MacAddress("02:00:5e:10:00:01")
OTHER = MacAddress("02:00:5e:10:00:02")


def test_admitting_replaces_the_element_in_both_tables() -> None:
    assert render_changes([Admit(PHONE, 90.5)], {}) == (
        "add element inet portal granted { 02:00:5e:10:00:01 }\n"
        "delete element inet portal granted { 02:00:5e:10:00:01 }\n"
        "add element inet portal granted { 02:00:5e:10:00:01"
        " counter packets 0 bytes 0 timeout 90500ms expires 90500ms }\n"
        "add element netdev portal granted { 02:00:5e:10:00:01 }\n"
        "delete element netdev portal granted { 02:00:5e:10:00:01 }\n"
        "add element netdev portal granted { 02:00:5e:10:00:01"
        " counter packets 0 bytes 0 timeout 90500ms expires 90500ms }\n"
    )


def test_admitting_again_goes_on_counting() -> None:
    script = render_changes([Admit(PHONE, 1)], {PHONE: Usage(11, 22), OTHER: Usage(33, 44)})

    assert "inet portal granted { 02:00:5e:10:00:01 counter packets 0 bytes 11 " in script
    assert "netdev portal granted { 02:00:5e:10:00:01 counter packets 0 bytes 22 " in script


def test_withholding_in_between_begins_anew() -> None:
    script = render_changes([Withhold(PHONE), Admit(PHONE, 1)], {PHONE: Usage(11, 22)})

    assert script.count("bytes 0 ") == 2


def test_withholding_is_no_error_where_nothing_is() -> None:
    assert render_changes([Withhold(PHONE)], {}) == (
        "add element inet portal granted { 02:00:5e:10:00:01 }\n"
        "delete element inet portal granted { 02:00:5e:10:00:01 }\n"
        "add element netdev portal granted { 02:00:5e:10:00:01 }\n"
        "delete element netdev portal granted { 02:00:5e:10:00:01 }\n"
    )


def test_a_block_of_ports_is_given_with_the_time() -> None:
    script = render_changes([Admit(PHONE, 90.5, Ports(1024, 1535))], {})

    assert script.endswith(
        "add element inet portal ports { 02:00:5e:10:00:01"
        " timeout 90500ms expires 90500ms : goto ports_1024_1535 }\n"
    )


def test_a_block_is_taken_back_before_another_is_given() -> None:
    changes = [Admit(PHONE, 1, Ports(1536, 2047)), Withhold(PHONE), Withhold(OTHER)]
    script = render_changes(changes, {}, {PHONE: Ports(1024, 1535)})

    assert [line for line in script.splitlines() if "portal ports" in line] == [
        "add element inet portal ports { 02:00:5e:10:00:01 : goto ports_1024_1535 }",
        "delete element inet portal ports { 02:00:5e:10:00:01 }",
        "add element inet portal ports { 02:00:5e:10:00:01"
        " timeout 1000ms expires 1000ms : goto ports_1536_2047 }",
        "add element inet portal ports { 02:00:5e:10:00:01 : goto ports_1536_2047 }",
        "delete element inet portal ports { 02:00:5e:10:00:01 }",
    ]


def test_no_changes_are_no_script() -> None:
    assert render_changes([], {}) == ""


@pytest.mark.parametrize("seconds", [0, -5, 0.0001])
def test_no_time_is_never_for_ever(seconds: float) -> None:
    assert "timeout 1ms expires 1ms" in render_changes([Admit(PHONE, seconds)], {})


LISTED = """\
table {family} portal {{
	set granted {{
		type ether_addr
		size 2000
		flags timeout
		counter
		elements = {{ {elements} }}
	}}
}}
"""


def test_reads_what_nft_prints() -> None:
    uploads = LISTED.format(
        family="inet",
        elements="02:00:5e:10:00:01 counter packets 3 bytes 500 timeout 4h expires 3h59m1s20ms,\n"
        "\t\t\t     02:00:5e:10:00:02 counter packets 0 bytes 0 timeout 4d4h500ms expires 2d",
    )
    downloads = LISTED.format(
        family="netdev",
        elements="02:00:5e:10:00:01 counter packets 10 bytes 1140 timeout 4h expires 3h59m1s20ms",
    )

    assert read_grants(uploads, downloads) == {
        PHONE: Grant(3 * 3600 + 59 * 60 + 1 + 0.02, Usage(500, 1000)),
        OTHER: Grant(2 * 86400, Usage(0, 0)),
    }


def test_reads_the_parts_of_an_element_in_any_order() -> None:
    listing = "02:00:5e:10:00:01 timeout 1m expires 59s counter packets 1 bytes 64"

    assert read_grants(listing, listing) == {PHONE: Grant(59, Usage(64, 50))}


def test_an_empty_set_has_no_grants() -> None:
    empty = "table inet portal {\n\tset granted {\n\t\ttype ether_addr\n\t}\n}\n"

    assert read_grants(empty, empty) == {}


def test_an_element_without_an_end_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="cannot read"):
        read_grants("02:00:5e:10:00:01 counter packets 1 bytes 64", "")


def test_elements_are_added_as_they_were_listed() -> None:
    listing = "set garden4 {\n elements = { 192.0.2.1 expires 3h,\n\t\t 192.0.2.2 expires 9s }\n}"

    assert render_elements("inet portal garden4", listing) == (
        "add element inet portal garden4 { 192.0.2.1 expires 3h, 192.0.2.2 expires 9s }\n"
    )
    assert render_elements("inet portal garden4", "set garden4 {\n}") == ""


@given(st.integers(1, 10**10), st.integers(0, 2**63), st.integers(0, 2**40), st.integers(0, 10**6))
def test_any_time_and_use_is_read_back(left: int, up: int, down: int, packets: int) -> None:
    days, rest = divmod(left, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, ms = divmod(rest, 1000)
    span = f"{days}d{hours}h{minutes}m{seconds}s{ms}ms"
    grants = read_grants(
        f"{PHONE} counter packets 5 bytes {up} timeout 9999d expires {span}",
        f"{PHONE} counter packets {packets} bytes {down + 14 * packets} timeout 9d expires {span}",
    )

    assert grants[PHONE].usage == Usage(up, down)
    assert grants[PHONE].seconds_left == pytest.approx(left / 1000)
