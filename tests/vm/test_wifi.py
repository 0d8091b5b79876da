"""The whole way over the air: hostapd, wpa_supplicant, cake, and the router's package."""

import subprocess
import sys
from pathlib import Path

import pytest

from portal.demo.walk import STEPS
from tests.vm import machine, on_air

pytestmark = pytest.mark.vm

INSTALLED = """\
set -e
ln -sf /bin/busybox /usr/bin/sh
for package in {folder}/24.10/x86_64_glibc/*.ipk; do
    tar -xzOf $package ./data.tar.gz | tar -xz --keep-directory-symlink -C /
done
readlink -f /bin/sh
PORTAL_LAB_PATIENCE=10 .venv/bin/python -m tests.vm.on_air /usr/bin/portal
"""


def test_a_phone_walks_the_whole_way_over_wifi(tmp_path: Path) -> None:
    """By the package of 24.10, whose Python is Debian's; made for glibc, as no router has it."""
    build = ("deploy/openwrt/build-packages", "--openwrt", "24.10", "--arch", "x86_64_glibc")
    subprocess.run([sys.executable, *build, "--output", tmp_path], check=True, cwd=machine.ROOT)

    result = machine.run(INSTALLED.format(folder=tmp_path), seconds=1800)

    print(result.output)
    assert result.code == 0, result.output
    assert result.output.startswith("/usr/bin/busybox\n")
    assert "the line is shared fairly, by cake" in result.output
    assert result.output.count("ok") >= len(STEPS) + len(on_air.STEPS)
