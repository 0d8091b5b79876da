"""What the configuration needs of a machine."""

import socket

import pytest

from portal import machine
from portal.config import parse


def missing(monkeypatch: pytest.MonkeyPatch, phones: str, uplink: str) -> list[str]:
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "br-lan"), (3, "wan")])
    return machine.problems(
        parse(
            {
                "site": {"id": "a", "name": "A"},
                "organisation": {"name": "O", "unit": "U"},
                "interfaces": {"phones": phones, "uplink": uplink},
            }
        )
    )


def test_interfaces_that_are_there_are_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing(monkeypatch, "br-lan", "wan") == []


def test_an_interface_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert missing(monkeypatch, "br-guest", "eth9") == [
        'interfaces.phones = "br-guest"   no such interface; this machine has br-lan, wan',
        'interfaces.uplink = "eth9"   no such interface; this machine has br-lan, wan',
    ]


@pytest.mark.parametrize("uplink", ["pppoe-wan", "ppp0", "l2tp-wan"])
def test_a_line_that_is_dialled_may_come_later(
    monkeypatch: pytest.MonkeyPatch, uplink: str
) -> None:
    assert missing(monkeypatch, "br-lan", uplink) == []
    assert len(missing(monkeypatch, uplink, "wan")) == 1  # Not so the phones' own network.
