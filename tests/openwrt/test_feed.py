"""The feed's Makefiles, by GNU make with stand-ins for OpenWrt's own that print what they got.

The SDK itself has not run here.
"""

import subprocess
from pathlib import Path

import pytest

from deploy.openwrt.packaging import gateway
from portal import __version__

pytestmark = pytest.mark.openwrt

ROOT = Path(__file__).parents[2]
FEED = ROOT / "deploy/openwrt/feed"

RULES = "BUILD_DIR:=/build\nINCLUDE_DIR:=$(TOPDIR)/include\nCP:=cp -fpR\nARCH_PACKAGES:=x86_64\n"
PACKAGE = """\
__package_mk:=1
PKG_BUILD_DIR?=$(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)
define _package
$(eval $(call Package/$(1)))
$(info $(1): $(strip $(DEPENDS)))
$(info user: $(USERID))
endef
BuildPackage=$(call _package,$(1))
all: ; $(Build/Compile)
show-%: ; @echo '$($*)'
"""
PYTHON = """\
PYTHON3_VERSION:=3.11
HOST_PYTHON3_BIN:=echo python3
define Py3Package
define Package/$(1)-src
endef
endef
"""


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    for path, text in {
        "rules.mk": RULES,
        "include/package.mk": PACKAGE,
        "feeds/packages/lang/python/python3-package.mk": PYTHON,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def made(sdk: Path, package: str, *goals: str) -> list[str]:
    done = subprocess.run(
        ["make", "-s", "--warn-undefined-variables", "-C", FEED / package, f"TOPDIR={sdk}", *goals],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("make:")]


def test_the_sdk_s_package_asks_for_what_ours_asks_for(sdk: Path) -> None:
    lines = made(sdk, "union-portal", "show-PKG_VERSION")

    name, _, depends = lines[0].partition(": ")
    asked = set(depends.replace("+", "").split()) - {"@(aarch64||x86_64||arm)"}
    assert name == "union-portal"
    assert asked == {*gateway.ROUTER, *gateway.STDLIB, "arm:python3-cffi", "arm:python3-pynacl"}
    assert lines[1:] == [f"user: {gateway.USER}", __version__]


def test_the_sdk_has_our_files_laid_out_by_its_own_python(sdk: Path) -> None:
    *_, line = made(sdk, "union-portal", "all")

    assert line.split() == [
        *("python3", f"{ROOT}/deploy/openwrt/build-packages", "--openwrt", "24.10"),
        *("--arch", "x86_64", "--tree", f"/build/union-portal-{__version__}/tree"),
    ]


def test_the_binding_is_made_of_nftables_own_source(sdk: Path) -> None:
    lines = made(
        sdk,
        "python-nftables",
        "show-PKG_SOURCE",
        "show-PKG_BUILD_DIR",
        "show-PYTHON3_PKG_BUILD_PATH",
    )

    assert lines[0] == "python3-nftables: +python3-light +python3-ctypes +nftables-json"
    assert lines[-3:] == [
        "nftables-1.1.6.tar.xz",
        "/build/python-nftables/nftables-1.1.6",
        "py",
    ]
