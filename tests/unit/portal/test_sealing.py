"""The sealed record: written by anybody with the public key, opened by two approvers together."""

import asyncio
import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey, SealedBox

from firewall.changes import Admit, Grant, MacAddress, Ports, Usage, Withhold
from firewall.enforcer import EnforcementError
from portal import lawful_export, sealing
from portal.lawful_export import Request, asked_for, without_ports
from portal.lawful_turns import Block, Turn, turns_of
from portal.sealing import SealedRecord, Witness
from tests.unit.portal.world import NOVEMBER_2026, PLAN, Clock, Firewall, mac

SECRET = PrivateKey.generate()
BOX = SealedBox(SECRET)
PUBLIC = bytes(SECRET.public_key).hex()
PHONE, OTHER, THIRD = mac(1), mac(2), mac(3)
FIRST, SECOND = Ports(1024, 2047), Ports(2048, 3071)
WITH_PORTS = replace(PLAN, ports=(FIRST, SECOND))
HOUSE = "203.0.113.2"
REQUEST = Request("12/CV", "Công an phường", "hp-001", NOVEMBER_2026, NOVEMBER_2026 + 3600)


class Site:
    """A witness before a firewall in memory."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.firewall = Firewall(self.clock)
        self.addresses: dict[str, list[str]] = {PHONE: ["10.80.0.9"], OTHER: ["10.80.0.7"]}
        self.folder = folder / "sealed"
        self.uplink: str | None = HOUSE
        self.cut: list[MacAddress] = []
        self.witness = self.another_witness()

    def another_witness(self) -> Witness:
        """As a daemon that starts has it."""
        return Witness(
            self.firewall,
            SealedRecord(self.folder, PUBLIC),
            "hp-001",
            lambda mac: self.addresses.get(mac, []),
            self.clock.moment,
            lambda: self.uplink,
            self._note_cut,
        )

    async def _note_cut(self, macs: Collection[MacAddress]) -> None:
        self.cut += macs

    async def ports(self) -> dict[MacAddress, Ports | None]:
        """As the firewall has them."""
        return {mac: grant.ports for mac, grant in (await self.firewall.admitted() or {}).items()}

    async def recorded(self) -> list[tuple[str, str, list[int] | None]]:
        """What the record says of blocks of ports."""
        await self.witness.close()
        return [(entry["what"], entry["mac"], entry["ports"]) for entry in self.opened()]

    def opened(self) -> list[dict[str, Any]]:
        entries, unreadable = lawful_export.read_record(self.folder, BOX, REQUEST)
        assert unreadable == 0
        return entries


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_who_passes_is_recorded_under_seal(site: Site) -> None:
    await site.witness.install(PLAN, {OTHER: Grant(60.0, Usage(0, 0))})
    await site.witness.apply([Admit(PHONE, 60.0)])
    site.clock.true += 60
    await site.witness.apply([Withhold(PHONE)])
    await site.witness.close()

    assert [(e["what"], e["mac"], e["addresses"], e["time"]) for e in site.opened()] == [
        ("admitted", OTHER, ["10.80.0.7"], NOVEMBER_2026),
        ("admitted", PHONE, ["10.80.0.9"], NOVEMBER_2026),
        ("withheld", PHONE, ["10.80.0.9"], NOVEMBER_2026 + 60),
    ]
    [file] = site.folder.iterdir()
    assert PHONE.encode() not in file.read_bytes()
    assert b"10.80.0.9" not in file.read_bytes()


async def test_what_the_firewall_refused_did_not_happen(site: Site) -> None:
    site.firewall.refuses = True
    with pytest.raises(EnforcementError):
        await site.witness.apply([Admit(PHONE, 60.0)])
    await site.witness.close()

    assert not site.folder.exists()


async def test_what_happened_before_the_clock_was_set_gets_its_true_time(site: Site) -> None:
    await site.witness.install(PLAN, {})
    site.clock.wall_error = -NOVEMBER_2026
    await site.witness.apply([Admit(PHONE, 60.0)])
    site.clock.true += 100
    assert await site.witness._write()
    assert not site.folder.exists()

    site.clock.wall_error = 0.0
    await site.witness.close()

    assert [entry["time"] for entry in site.opened()] == [NOVEMBER_2026]


async def test_a_new_address_of_an_open_device_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_LOOK_SECONDS", 0.01)
    await site.witness.install(PLAN, {})
    await site.witness.apply([Admit(PHONE, 60.0)])
    site.addresses[PHONE] = ["10.80.0.9", "2001:db8::9"]

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(site.witness.run())
        while len((site.folder.exists() and site.opened()) or ()) < 2:  # noqa: ASYNC110 - a thread's.
            await asyncio.sleep(0.01)
        running.cancel()

    assert site.opened()[-1]["what"] == "addresses"
    assert site.opened()[-1]["addresses"] == ["10.80.0.9", "2001:db8::9"]


async def test_a_new_address_of_the_house_is_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_LOOK_SECONDS", 0.01)
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(PHONE, 60.0)])
    site.uplink = "203.0.113.9"

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(site.witness.run())
        while len((site.folder.exists() and site.opened()) or ()) < 2:  # noqa: ASYNC110 - a thread's.
            await asyncio.sleep(0.01)
        running.cancel()

    assert [(e["what"], e["uplink"], e["ports"]) for e in site.opened()] == [
        ("admitted", HOUSE, [1024, 2047]),
        ("addresses", "203.0.113.9", [1024, 2047]),
    ]


# Blocks of source ports


async def test_every_device_gets_a_block_and_the_record_says_which(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {OTHER: Grant(60.0, Usage(0, 0))})
    await site.witness.apply([Admit(PHONE, 60.0)])

    assert await site.ports() == {OTHER: FIRST, PHONE: SECOND}
    assert site.cut == [OTHER, PHONE]  # What ran before would leave by another port.
    await site.witness.apply([Withhold(PHONE)])
    assert await site.recorded() == [
        ("admitted", OTHER, [1024, 2047]),
        ("admitted", PHONE, [2048, 3071]),
        ("withheld", PHONE, [2048, 3071]),
    ]


async def test_a_renewed_turn_keeps_its_block_and_its_connections(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(PHONE, 60.0)])
    site.cut.clear()

    await site.witness.apply([Admit(PHONE, 90.0)])

    assert await site.ports() == {PHONE: FIRST}
    assert site.cut == []


async def test_when_blocks_run_out_devices_pass_without_and_it_is_said_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(PHONE, 60.0), Admit(OTHER, 60.0)])
    assert not caplog.records

    await site.witness.apply([Admit(THIRD, 60.0)])
    await site.witness.apply([Admit(THIRD, 60.0)])
    assert await site.ports() == {PHONE: FIRST, OTHER: SECOND, THIRD: None}
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "every block of source ports is taken" in caplog.text

    await site.witness.apply([Withhold(PHONE)])
    await site.witness.apply([Admit(THIRD, 60.0)])
    assert await site.ports() == {OTHER: SECOND, THIRD: FIRST}
    third = [ports for _, mac, ports in await site.recorded() if mac == THIRD]
    assert third == [None, None, [1024, 2047]]


async def test_a_block_that_comes_back_is_given_out_last(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(PHONE, 60.0), Withhold(PHONE), Admit(OTHER, 60.0)])

    assert await site.ports() == {OTHER: SECOND}


async def test_a_refused_change_gives_no_block(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    site.firewall.refuses = True
    with pytest.raises(EnforcementError):
        await site.witness.apply([Admit(PHONE, 60.0)])
    site.firewall.refuses = False

    await site.witness.apply([Admit(OTHER, 60.0)])

    assert await site.ports() == {OTHER: FIRST}


async def test_nothing_is_admitted_before_the_rules_stand(site: Site) -> None:
    with pytest.raises(EnforcementError):
        await site.witness.apply([Admit(PHONE, 60.0)])


async def test_removed_rules_come_back_with_the_same_blocks(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(OTHER, 60.0), Admit(PHONE, 60.0), Withhold(OTHER)])
    site.firewall.vanish()

    await site.witness.install(WITH_PORTS, {PHONE: Grant(50.0, Usage(0, 0))})

    assert await site.ports() == {PHONE: SECOND}
    assert (await site.recorded())[-1] == ("admitted", PHONE, [2048, 3071])


async def test_another_daemon_takes_the_blocks_over(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(OTHER, 60.0), Admit(PHONE, 60.0), Withhold(OTHER)])
    await site.witness.close()
    site.witness = site.another_witness()
    site.cut.clear()

    await site.witness.install(WITH_PORTS, {PHONE: Grant(50.0, Usage(0, 0))})
    await site.witness.apply([Admit(OTHER, 60.0)])

    assert await site.ports() == {PHONE: SECOND, OTHER: FIRST}
    assert site.cut == [OTHER]
    assert (await site.recorded())[-2:] == [
        ("admitted", PHONE, [2048, 3071]),
        ("admitted", OTHER, [1024, 2047]),
    ]


async def test_a_daemon_that_finds_no_blocks_gives_them_anew(site: Site) -> None:
    await site.witness.install(WITH_PORTS, {})
    await site.witness.apply([Admit(OTHER, 60.0), Admit(PHONE, 60.0)])
    site.firewall.vanish()
    site.witness = site.another_witness()

    await site.witness.install(WITH_PORTS, {PHONE: Grant(50.0, Usage(0, 0))})

    assert await site.ports() == {PHONE: FIRST}


async def test_a_full_disk_is_told_once_and_loses_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    await site.witness.install(WITH_PORTS, {OTHER: Grant(60.0, Usage(0, 0))})
    with monkeypatch.context() as patched:
        patched.setattr(SealedRecord, "write", full)
        assert not await site.witness._write()
        assert not await site.witness._write()
    await site.witness.close()

    assert [entry["mac"] for entry in site.opened()] == [OTHER]
    assert [r.levelno for r in caplog.records] == [logging.ERROR]


def test_files_go_after_twelve_months(tmp_path: Path) -> None:
    record = SealedRecord(tmp_path, PUBLIC)
    days = [NOVEMBER_2026 - day * 86400 for day in (0, 366, 367)]
    record.write([{"time": wall} for wall in days])

    record.forget_before(NOVEMBER_2026 - sealing.SEALED_DAYS * 86400)

    assert sorted(file.stem for file in tmp_path.iterdir()) == ["2025-11-22", "2026-11-23"]


def test_a_line_cut_off_by_a_power_cut_spoils_no_other(tmp_path: Path) -> None:
    record = SealedRecord(tmp_path, PUBLIC)
    record.write([_entry("admitted", 0)])
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    record.write([_entry("withheld", 60)])

    entries, unreadable = lawful_export.read_record(tmp_path, BOX, REQUEST)

    assert ([entry["what"] for entry in entries], unreadable) == (["withheld"], 1)


# What a request gets to see


def _entry(what: str, after: float, mac: str = PHONE, *addresses: str) -> dict[str, Any]:
    return {
        "site": "hp-001",
        "what": what,
        "time": NOVEMBER_2026 + after,
        "mac": mac,
        "addresses": list(addresses),
        "seconds": 60.0 if what == "admitted" else None,
    }


def _turn(
    begin: float, ends_by: float, end: float | None, *addresses: str, mac: str = PHONE
) -> Turn:
    return Turn(
        mac,
        NOVEMBER_2026 + begin,
        NOVEMBER_2026 + ends_by,
        None if end is None else NOVEMBER_2026 + end,
        list(addresses),
        without_ports=True,
    )


def _with_ports(entry: dict[str, Any], ports: Ports | None, uplink: str = HOUSE) -> dict[str, Any]:
    return {**entry, "ports": ports and [ports.first, ports.last], "uplink": uplink}


def test_a_turn_has_its_blocks_from_when_to_when() -> None:
    [turn] = turns_of(
        [
            _with_ports(_entry("admitted", 0), FIRST),
            _with_ports(_entry("admitted", 30), FIRST),
            _with_ports(_entry("addresses", 35), SECOND, "203.0.113.9"),
            _with_ports(_entry("withheld", 60), SECOND, "203.0.113.9"),
        ]
    )

    assert turn.blocks == [
        Block(1024, 2047, NOVEMBER_2026, NOVEMBER_2026 + 35),
        Block(2048, 3071, NOVEMBER_2026 + 35, NOVEMBER_2026 + 60),
    ]
    assert turn.public_addresses == [HOUSE, "203.0.113.9"]
    assert not turn.without_ports


def test_a_time_without_a_block_is_told() -> None:
    [turn] = turns_of(
        [
            _with_ports(_entry("admitted", 0), FIRST),
            _with_ports(_entry("admitted", 30), None),
        ]
    )

    assert turn.blocks == [Block(1024, 2047, NOVEMBER_2026, NOVEMBER_2026 + 30)]
    assert turn.without_ports


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"port": 1023}, []),
        ({"port": 1024}, [PHONE]),
        ({"port": 2047}, [PHONE]),
        ({"port": 2048}, [OTHER]),
        ({"port": 1500, "begin": NOVEMBER_2026 + 50}, []),  # It was somebody's, earlier.
        ({"port": 2048, "end": NOVEMBER_2026 + 10}, []),
        ({"port": 2048, "begin": NOVEMBER_2026 + 79}, [OTHER]),
        ({"port": 2048, "begin": NOVEMBER_2026 + 81}, []),  # Its end was never written.
        ({"port": 2048, "public_address": HOUSE}, [OTHER]),
        ({"port": 2048, "public_address": "203.0.113.9"}, []),
        ({"public_address": HOUSE}, [PHONE, OTHER, THIRD]),
        ({"port": 2048, "mac": PHONE}, []),
    ],
)
def test_a_port_finds_who_had_its_block_then(asked: Mapping[str, Any], found: list[str]) -> None:
    turns = turns_of(
        [
            _with_ports(_entry("admitted", 0, PHONE), FIRST),
            _with_ports(_entry("admitted", 20, OTHER), SECOND),
            _with_ports(_entry("admitted", 25, THIRD), None),
            _with_ports(_entry("withheld", 40, PHONE), FIRST),
        ]
    )
    plain = {"begin": NOVEMBER_2026, "end": NOVEMBER_2026 + 3600}
    request = Request("12/CV", "Công an phường", "hp-001", **{**plain, **asked})

    assert [turn.mac for turn in asked_for(request, turns)] == found


@pytest.mark.parametrize(
    ("asked", "count"), [({}, 1), ({"mac": PHONE}, 0), ({"end": NOVEMBER_2026 + 10}, 0)]
)
def test_whom_no_port_could_have_found_is_counted(asked: Mapping[str, Any], count: int) -> None:
    turns = turns_of(
        [
            _with_ports(_entry("admitted", 0, PHONE), FIRST),
            _with_ports(_entry("admitted", 25, THIRD), None),
        ]
    )
    plain = {"begin": NOVEMBER_2026, "end": NOVEMBER_2026 + 3600, "port": 1024}

    request = Request("12/CV", "Công an phường", "hp-001", **{**plain, **asked})

    assert without_ports(request, turns) == count


def test_entries_add_up_to_turns() -> None:
    entries = [
        _entry("withheld", 60, PHONE, "10.80.0.9"),
        _entry("admitted", 0, PHONE, "10.80.0.9"),
        _entry("admitted", 30, PHONE, "10.80.0.9"),
        _entry("addresses", 40, PHONE, "10.80.0.10"),
        _entry("withheld", 91, OTHER),
        _entry("admitted", 1000, PHONE),
        _entry("admitted", 2000, PHONE),  # The daemon was dead when the turn before ran out.
    ]

    assert turns_of(entries) == [
        _turn(0, 90, 60, "10.80.0.10", "10.80.0.9"),
        _turn(1000, 1060, None),
        _turn(2000, 2060, None),
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [PHONE, OTHER]),
        ({"mac": PHONE}, [PHONE]),
        ({"address": "10.80.0.7"}, [OTHER]),
        ({"address": "10.80.0.8"}, []),
        ({"begin": NOVEMBER_2026 + 61}, [OTHER]),
        ({"begin": NOVEMBER_2026 + 601}, []),
        ({"begin": NOVEMBER_2026 - 9, "end": NOVEMBER_2026 - 1}, []),
    ],
)
def test_only_what_is_asked_for_is_shown(asked: Mapping[str, Any], found: list[str]) -> None:
    turns = [
        _turn(0, 600, 60, "10.80.0.9"),
        _turn(0, 600, None, "10.80.0.7", mac=OTHER),
    ]
    plain = {"begin": NOVEMBER_2026, "end": NOVEMBER_2026 + 3600}
    request = Request("12/CV", "Công an phường", "hp-001", **{**plain, **asked})

    assert [turn.mac for turn in asked_for(request, turns)] == found


def test_the_lines_of_other_sites_stay_closed(tmp_path: Path) -> None:
    SealedRecord(tmp_path, PUBLIC).write([{**_entry("admitted", 0), "site": "hp-002"}])

    assert lawful_export.read_record(tmp_path, BOX, REQUEST) == ([], 0)


def test_a_record_is_one_base64_line_of_json(tmp_path: Path) -> None:
    SealedRecord(tmp_path, PUBLIC).write([_entry("admitted", 0)])

    [entry] = lawful_export.read_record(tmp_path, BOX, REQUEST)[0]

    assert json.loads(json.dumps(entry)) == _entry("admitted", 0)
