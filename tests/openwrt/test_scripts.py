"""Every script that lies on a router: what shellcheck says, and what happens when it is read."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.openwrt.router import ROOT, Router

pytestmark = pytest.mark.openwrt

LIES = ROOT / "deploy/openwrt/root"
SCRIPTS = [
    path.relative_to(LIES)
    for path in sorted(LIES.rglob("*"))
    if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh")
]
INIT = [path for path in SCRIPTS if path.parts[:2] == ("etc", "init.d")]


def test_shellcheck_finds_nothing_in_any_of_them() -> None:
    assert len(SCRIPTS) > 8
    done = subprocess.run(
        ["shellcheck", "-s", "dash", "-x", *map(str, SCRIPTS)],
        cwd=LIES,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == ""


def test_every_script_can_be_run_and_nothing_else_can() -> None:
    for path in LIES.rglob("*"):
        if path.is_file():
            executable = bool(path.stat().st_mode & 0o100)
            assert executable == path.read_bytes().startswith(b"#!"), path


@pytest.mark.parametrize("script", INIT, ids=str)
def test_an_init_script_that_is_only_read_does_nothing(script: Path, tmp_path: Path) -> None:
    """ImageBuilder sources them under bash to find START, on the machine that builds."""
    done = subprocess.run(
        ["bash", "-euc", '. "$1"; echo "$START"; ls', "bash", LIES / script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip().isdigit()
    assert done.stderr == ""


def test_the_order_of_the_boot_is_hold_then_network_then_gateway() -> None:
    starts = {
        path.name: int((LIES / path).read_text().partition("\nSTART=")[2].partition("\n")[0])
        for path in INIT
    }

    assert starts["portal-hold"] < 19  # fw4 and dnsmasq; the network is 20.
    assert starts["portal"] > 20


def test_the_daemon_gets_two_capabilities_and_no_other() -> None:
    sets = json.loads((LIES / "etc/capabilities/portal.json").read_text())

    assert sorted(sets) == ["ambient", "bounding", "effective", "inheritable", "permitted"]
    assert set(map(tuple, sets.values())) == {("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE")}


def test_what_a_sysupgrade_keeps_is_configuration_and_data(router: Router) -> None:
    kept = router.read("/lib/upgrade/keep.d/portal").split()
    defaults = router.read("/usr/share/portal/defaults")

    assert "/etc/config/portal" in kept
    assert "/etc/portal/" in kept
    assert "option data_dir '/etc/portal/" in defaults


def test_every_setting_of_the_kernel_is_one_that_it_has(router: Router) -> None:
    for line in router.read("/etc/sysctl.d/90-portal.conf").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert Path("/proc/sys", name.replace(".", "/")).exists() or "neigh" in name
            assert value.isdigit()
