"""Questions for names, and whatever comes back for an answer."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.name_question import Unreadable, ask, read

# What dnsmasq 2.90 answered, asked for `dns.example` by `ask`: the name is pointed to.
HEAD = bytes.fromhex("07d281800001000100000000") + b"\3dns\7example\0\0\1\0\1"
ANSWER = HEAD + bytes.fromhex("c00c000100010000012c000408080808")


def test_a_question_is_written_as_rfc_1035_says() -> None:
    assert ask(0x07D2, "dns.example", 6) == (
        b"\x07\xd2\x01\x00\0\1\0\0\0\0\0\0\3dns\7example\0\0\x1c\0\1"
    )


def test_addresses_of_both_families_are_read() -> None:
    ipv6 = HEAD[:6] + b"\0\2" + HEAD[8:] + ANSWER[len(HEAD) :]
    ipv6 += b"\3dns\7example\0" + bytes.fromhex("001c00010000012c0010") + bytes(15) + b"\1"

    assert read(ANSWER, 0x07D2) == [IPv4Address("8.8.8.8")]
    assert read(ipv6, 0x07D2) == [IPv4Address("8.8.8.8"), IPv6Address("::1")]


def test_a_refusal_has_no_addresses() -> None:
    refused = b"\x07\xd2\x81\x85\0\1\0\0\0\0\0\0" + HEAD[12:]

    assert read(refused, 0x07D2) == []


@pytest.mark.parametrize("answer", [ANSWER[:2] + b"\1\0" + ANSWER[4:], b"\0\0" + ANSWER[2:]])
def test_an_answer_to_another_question_is_refused(answer: bytes) -> None:
    with pytest.raises(Unreadable):
        read(answer, 0x07D2)


@given(st.integers(0, len(ANSWER) - 1))
def test_an_answer_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(Unreadable):
        read(ANSWER[:length], 0x07D2)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(rest: bytes) -> None:
    try:
        found = read(b"\0\1\x81\x80" + rest, 1)
    except Unreadable:
        return
    assert all(isinstance(address, IPv4Address | IPv6Address) for address in found)


def test_other_records_are_passed_over() -> None:
    alias = bytes.fromhex("c00c000500010000012c0006") + b"\3www\xc0\x10"
    answer = HEAD[:6] + b"\0\2" + HEAD[8:] + alias + ANSWER[len(HEAD) :]

    assert read(answer, 0x07D2) == [IPv4Address("8.8.8.8")]
