"""One thing broken at a time on a real gateway, and the line of `portal doctor` that names it."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo.addresses import DOWNLOAD, INTERNET4, MODEM4, WAN4
from portal.demo.lab import CHECK_URL, Lab
from portal.doctor import saved

MACHINE = {"temperature", "memory", "load", "clock", "neighbours", "storage", "kept"}
"""What the machine under the laboratory is like is not what is tested."""

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("doctor")]


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        lab.start_portal()
        yield lab


def findings(lab: Lab, language: str = "en", under: tuple[str, ...] = ()) -> dict[str, Any]:
    said = lab.gateway.run(*under, *lab._portal("doctor", "--json", "--lang", language))
    assert said.returncode in (0, 1), said.stderr
    rows = json.loads(said.stdout)
    assert said.returncode == (0 if all(row["good"] for row in rows) else 1)
    return {row["check"]: row for row in rows if row["check"] not in MACHINE or not row["good"]}


def asked(lab: Lab, *options: str) -> list[dict[str, Any]]:
    said = lab.portal_command("doctor", "--json", "--lang", "en", *options)
    rows: list[dict[str, Any]] = json.loads(said.stdout)
    return rows


def names(lab: Lab, check: str, words: str, vietnamese: str, **ways: Any) -> None:
    for language, expected in (("en", words), ("vi", vietnamese)):
        found = findings(lab, language, **ways)[check]
        assert not found["good"]
        assert expected in found["found"]
        assert found["advice"]


def test_a_gateway_that_is_well_has_nothing_to_say(built: Lab) -> None:
    found = findings(built)

    wrong = [row for row in found.values() if not row["good"] and row["check"] not in MACHINE]
    assert wrong == []
    assert {"configuration", "machine", "rules", "forwarding", "offload", "line"} <= found.keys()
    assert {"gateway", "in force", "log"} <= found.keys()
    assert {"boot", "cable", "address", "nat", "route", "names", "table"} <= found.keys()
    assert "look" not in found
    assert found["nat"]["found"] == "once, here"


def test_no_forwarding(built: Lab) -> None:
    for setting in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        built.gateway.sysctl(f"{setting}=0")
    try:
        names(built, "forwarding", "off", "tắt")
    finally:
        for setting in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            built.gateway.sysctl(f"{setting}=1")


def test_flow_offload(built: Lab, tmp_path: Path) -> None:
    """By an `nft` that has one to tell of: not every kernel can make a flowtable."""
    program = tmp_path / "nft"
    program.write_text("#!/bin/sh\necho 'table inet fw4 { flowtable ft { } }'\n")
    program.chmod(0o755)
    path = f"PATH={tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin"

    names(built, "offload", "a flowtable exists", "có flowtable", under=("env", path))


def test_no_permission_for_the_firewall(built: Lab) -> None:
    less = ("setpriv", "--bounding-set=-net_admin")

    names(built, "rules", "permission", "permission", under=less)


def test_no_way_out(built: Lab) -> None:
    built.gateway.ip("link set wan down")
    try:
        names(built, "line", "no default route through wan", "không có đường mặc định")
    finally:
        built.gateway.ip(
            "link set wan up",
            f"route replace default via {INTERNET4}",
        )


def test_no_cable(built: Lab) -> None:
    built.internet.ip("link set eth0 down")
    try:
        found = findings(built)
    finally:
        built.internet.ip("link set eth0 up")
        built.gateway.ip(f"route replace default via {INTERNET4}")

    assert found["cable"]["found"] == "nothing at the other end (wan)"
    assert found["dhcp"]["good"]  # The house goes on.
    assert found["captive"]["good"]


def test_a_modem_that_translates_too(built: Lab) -> None:
    """It works so: the line is good, and what could be done is told."""
    ours, theirs = f"{WAN4}/24 dev wan", "192.168.1.2/24 dev wan"
    built.gateway.ip(
        f"address del {ours}", f"address add {theirs}", f"route add default via {MODEM4}"
    )
    try:
        found = findings(built)
        vietnamese = findings(built, "vi")["nat"]
    finally:
        built.gateway.ip(f"address del {theirs}", f"address add {ours}")
        built.gateway.ip(f"route replace default via {INTERNET4}")

    assert found["nat"]["good"]
    assert "the modem translates too (here it gives 192.168.1.2)" in found["nat"]["found"]
    assert "bridge mode" in found["nat"]["advice"]
    assert "modem cũng là bộ định tuyến" in vietnamese["found"]
    assert found["route"]["good"]


def test_a_name_that_leads_nowhere(built: Lab) -> None:
    built.write_configuration({"portal": {"host": "wifi.nobody.home.arpa"}})
    try:
        names(built, "names", "does not know wifi.nobody", "không biết wifi.nobody")
    finally:
        built.write_configuration({})


def test_no_names(built: Lab) -> None:
    drop = "table inet no { chain out { type filter hook output priority 0; udp dport 53 drop; }; }"
    built.gateway.must("nft", "-f", "-", stdin=drop)
    try:
        names(built, "line", "no name is resolved", "không phân giải được tên miền")
    finally:
        built.gateway.must("nft", "delete table inet no")


def test_a_host_that_is_gone(built: Lab) -> None:
    gone = CHECK_URL.replace(".example/", ".example:444/")
    config = built.configuration({"uplink": {"check_urls": [gone]}})
    built.write_configuration(config)

    names(built, "line", f"{gone} does not answer", "không trả lời")


def test_how_fast_the_line_is(built: Lab) -> None:
    """Measured only when asked, and not to the end of the file."""
    url = f"https://{DOWNLOAD}/bytes/60000000"
    try:
        built.write_configuration({"uplink": {"speed_url": url}})
        assert "speed" not in findings(built)
        begun = time.monotonic()
        [measured] = [row for row in asked(built, "--speed") if row["check"] == "speed"]
        assert time.monotonic() - begun < 30
        assert measured["good"]
        assert re.match(r"[0-9.]+ Mbit/s; the line is not shared", measured["found"])

        built.write_configuration({"uplink": {"speed_url": f"http://{DOWNLOAD}/bytes/1000"}})
        [little] = [row for row in asked(built, "--speed") if row["check"] == "speed"]
        assert little["found"] == "only 0 kB came"

        built.write_configuration({"uplink": {"speed_url": f"https://{DOWNLOAD}:444/"}})
        [nothing] = [row for row in asked(built, "--speed") if row["check"] == "speed"]
        assert not nothing["good"]
        assert f"https://{DOWNLOAD}:444/: " in nothing["found"]
    finally:
        built.write_configuration({})


def test_no_folder_for_names(built: Lab, tmp_path: Path) -> None:
    missing = tmp_path / "names"
    built.write_configuration({"uplink": {"names_dir": str(missing)}})
    try:
        names(built, "names folder", f"{missing} is no folder", "không phải thư mục ghi được")
    finally:
        built.write_configuration({})


def test_a_full_disk(built: Lab, tmp_path: Path) -> None:
    built.gateway.must("mount", "-t", "tmpfs", "-o", "size=1m", "small", tmp_path)
    run = str(built.folder / "run")
    built.write_configuration({"storage": {"data_dir": str(tmp_path), "run_dir": run}})
    try:
        names(built, "storage", f"MiB free for {tmp_path}", f"MiB cho {tmp_path}")
    finally:
        built.write_configuration({})


def test_an_interface_that_is_not_there(built: Lab) -> None:
    built.write_configuration({"interfaces": {"uplink": "eth9"}})
    try:
        names(built, "machine", 'interfaces.uplink = "eth9"', "no such interface")
    finally:
        built.write_configuration({})


def test_a_wrong_configuration(built: Lab) -> None:
    built.write_configuration({"session": {"length": "2 hours"}})
    try:
        names(built, "configuration", "session.length", "session.length")
    finally:
        built.write_configuration({})


def test_no_gateway(built: Lab) -> None:
    built.portal_stop()

    names(built, "gateway", "not running", "không chạy")
    # The kernel still has the rules; who takes them away leaves phones without.
    assert findings(built)["table"]["good"]
    assert built.portal_command("cleanup").returncode == 0
    names(built, "table", "it is not there", "không có")


def test_the_result_is_kept_for_the_handover_sheet(built: Lab) -> None:
    """By root, and the gateway's own user has to read it."""
    data = built.folder / "data"
    built.portal_stop()
    built.folder.chmod(0o711)
    shutil.chown(data, "nobody")

    said = built.portal_command("doctor", "--save")

    result = saved.read(data / "selftest.json")
    assert said.returncode == 1  # The gateway is stopped.
    assert result is not None
    assert {each.check: each.good for each in result.told["vi"]}["gateway"] is False
    assert (data / "selftest.json").owner() == "nobody"
