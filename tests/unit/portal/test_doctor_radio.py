"""What the doctor makes of what radios say."""

import json
import subprocess
from collections.abc import Callable

import pytest

from portal.config import parse
from portal.doctor import air, radio
from portal.doctor.radio import Heard, Own

OUR_RADIOS = """\
phy#1
	Interface phy1-ap0
		ifindex 11
		addr 02:00:5e:10:00:21
		ssid Wi-Fi C\\xc3\\xb4ng \\xc4\\x91o\\xc3\\xa0n
		type AP
		channel 36 (5180 MHz), width: 80 MHz, center1: 5210 MHz
phy#0
	Interface phy0-ap0
		ifindex 10
		ssid Wi-Fi C\\xc3\\xb4ng \\xc4\\x91o\\xc3\\xa0n
		type AP
	Interface phy0-sta0
		ssid other
		type managed
"""
OURS = "Wi-Fi Công đoàn"
SCAN = """\
BSS 3c:a7:aa:00:01:0e(on phy0-ap0)
	last seen: 120 ms ago
	freq: 2437
	signal: -41.00 dBm
	SSID: VNPT_9C2A
	Supported rates: 1.0* 2.0*
BSS 3e:a7:aa:00:01:0f(on phy0-ap0) -- associated
	signal: -43.00 dBm
	SSID:\x20
BSS 3c:a7:aa:77:01:0e(on phy0-ap0)
	signal: -80.00 dBm
	SSID: Nguyen Thi Mau
BSS 10:20:30:40:50:60(on phy0-ap0)
	signal: -88.00 dBm
	SSID: a\\x00b\\xff
	Extended capabilities:
		SSID List: 7
nonsense
"""
MODEM = bytes.fromhex("3ca7aa00010c")


def test_our_interfaces_are_read() -> None:
    assert radio.own("type AP\nssid x\n" + OUR_RADIOS) == [
        Own("phy1-ap0", OURS, is_access_point=True),
        Own("phy0-ap0", OURS, is_access_point=True),
        Own("phy0-sta0", "other", is_access_point=False),
    ]


def test_networks_around_are_read() -> None:
    found = radio.heard("\tSSID: of nobody\n" + SCAN)

    assert [(each.name, each.dbm) for each in found] == [
        ("VNPT_9C2A", -41.0),
        ("", -43.0),
        ("Nguyen Thi Mau", -80.0),
        ("a?b\ufffd", -88.0),
    ]
    assert found[0].bssid.hex() == "3ca7aa00010e"


def test_the_same_by_ubus() -> None:
    rows = [
        {"ssid": "Nhà trọ", "bssid": "3C:A7:AA:00:01:0E", "signal": -41},
        {"bssid": "3C:A7:AA:00:01:0F", "signal": None},
        {"ssid": "short", "bssid": "3C:A7"},
    ]
    mac = "3ca7aa0001"

    assert radio.heard_by_iwinfo(json.dumps({"results": rows})) == [
        Heard(bytes.fromhex(f"{mac}0e"), "Nhà trọ", -41.0),
        Heard(bytes.fromhex(f"{mac}0f"), "", None),
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"results": [7]}', '{"results": [{"bssid": "zz"}]}', "[" * 9999]
)
def test_what_ubus_should_not_say(text: str) -> None:
    assert radio.heard_by_iwinfo(text) == []


def modem(*around: tuple[str, str, float | None], known: bytes | None = MODEM) -> str:
    heard = [Heard(bytes.fromhex(mac), name, dbm) for mac, name, dbm in around]
    found = radio.judge_modem(heard, known, {bytes.fromhex("02005e100021")})
    told = str(found.told("en"))
    assert "Nguyen" not in told
    return f"{found.how} {'well' if found.good else 'ill'} {found.values.get('name', '')}".strip()


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ([], "quiet well"),
        # The modem's own address, but for the first byte and the last: near or far.
        ([("3ca7aa00010e", "VNPT_9C2A", -41.0)], "sends ill VNPT_9C2A"),
        ([("3ea7aa00010f", "VNPT_9C2A", -90.0)], "sends ill VNPT_9C2A"),
        ([("3ca7aa00010e", "", -41.0)], "hidden ill"),
        # Of its vendor: in the house if it is strong, a neighbour's if it is not.
        ([("3ca7aa770102", "Phong tro 5G", -50.0)], "sends ill Phong tro 5G"),
        ([("3ca7aa770102", "Nguyen Thi Mau", -80.0)], "quiet well"),
        ([("3ca7aa770102", "Nguyen Thi Mau", None)], "quiet well"),
        # Of a usual name: nobody knows whose.
        ([("102030405060", "VNPT Nguyen", -50.0)], "perhaps well"),
        ([("102030405060", "GPON-1234", -50.0)], "perhaps well"),
        ([("102030405060", "VNPT Nguyen", -90.0)], "quiet well"),
        ([("02005e100021", "VNPT_9C2A", -20.0)], "quiet well"),  # Our own.
    ],
)
def test_whether_the_modem_sends(around: list[tuple[str, str, float | None]], said: str) -> None:
    assert modem(*around) == said


def test_a_modem_of_which_nothing_is_known_is_told_by_names_alone() -> None:
    assert modem(("3ca7aa00010e", "VNPT_9C2A", -41.0), known=None) == "perhaps well"


@pytest.mark.parametrize(
    ("interfaces", "name", "words"),
    [
        (OUR_RADIOS, OURS, f"“{OURS}” is on the air, radios: 2"),
        (OUR_RADIOS, "Other", "“Other” is not on the air"),
        ("", OURS, f"“{OURS}” is not on the air"),
        (OUR_RADIOS.replace("phy0-ap0", "wlan9"), OURS, "radios: 1"),
        (OUR_RADIOS.replace("-ap0", "-x"), OURS, "(phy1-x) is not on the phones' network"),
    ],
)
def test_our_own_wifi(interfaces: str, name: str, words: str) -> None:
    ports = {"br-lan", "phy0-ap0", "phy1-ap0"}

    [found] = radio.judge_own(radio.own(interfaces), ports, name)

    assert words in found.told("en").found
    assert found.good == ("radios" in words)


HOSTAPD = """\
interface=phy0-ap0
ssid=a
ap_isolate=1
bss=phy0-ap1
ssid=b
ap_isolate=0
"""


def test_phones_of_one_radio_are_apart_if_hostapd_was_told_so() -> None:
    apart = radio.isolated("ap_isolate=1\n" + HOSTAPD)

    assert apart == {"phy0-ap0": True, "phy0-ap1": False}
    assert radio.judge_isolation(["phy0-ap0"], apart).good
    joined = radio.judge_isolation(["phy0-ap0", "phy0-ap1", "phy1-ap0"], apart)
    assert joined.told("en").found == "phones on phy0-ap1, phy1-ap0 reach each other"


# The looks


def failing(*_: object, **__: object) -> str:
    raise subprocess.CalledProcessError(255, "iw")


def scanning(program: str, *arguments: str, **_: object) -> str:
    return OUR_RADIOS if arguments == ("dev",) else SCAN


@pytest.mark.parametrize(
    ("radios", "program", "hows"),
    [
        (False, failing, ["outside"]),
        (True, failing, ["unseen", "unseen"]),
        (True, scanning, ["unseen", "elsewhere"]),
    ],
)
def test_a_look_at_the_air_never_fails(
    radios: bool, program: Callable[..., str], hows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such radio is in this machine's /sys, so none of them can listen."""
    monkeypatch.setattr(air, "_radios", lambda: radios)
    monkeypatch.setattr(air, "run", program)
    config = parse(
        {
            "site": {"id": "a", "name": "A"},
            "organisation": {"name": "O", "unit": "U"},
            "interfaces": {"phones": "br-none", "uplink": "none"},
        }
    )

    assert [each.how for look in (air.modem, air.own) for each in look(config)] == hows


def test_a_radio_listens_by_whatever_way_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def stubborn(*command: str, **_: object) -> str:
        asked.append(command)
        if command[0] == "iw":
            raise subprocess.CalledProcessError(240, "iw")
        return '{"results": [{"bssid": "3C:A7:AA:00:01:0E", "ssid": "x", "signal": -50}]}'

    monkeypatch.setattr(air, "run", stubborn)

    assert [each.name for each in air._listen("phy0-ap0")] == ["x"]
    assert asked == [
        ("iw", "dev", "phy0-ap0", "scan", "ap-force"),
        ("iw", "dev", "phy0-ap0", "scan"),
        ("ubus", "call", "iwinfo", "scan", '{"device": "phy0-ap0"}'),
    ]
