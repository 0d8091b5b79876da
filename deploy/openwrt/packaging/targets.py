"""Which routers there are packages for: OpenWrt's releases, and their architectures.

OpenWrt names an architecture by the processor it tunes for; wheels know the family alone. A
router not in the list usually needs one line here: `opkg print-architecture` or `cat
/etc/apk/arch` says its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Release:
    """An OpenWrt release. `python` is the minor version of its feed; byte-code fits no other."""

    name: str
    python: str
    format: str


@dataclass(frozen=True, slots=True)
class Family:
    """What wheels are made for. `platforms` are pip's names, any of which will do.

    `from_feed` maps what has no wheel to the package of OpenWrt's feed that has it.
    """

    name: str
    platforms: tuple[str, ...]
    from_feed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """One package: a release on an architecture."""

    release: Release
    architecture: str
    family: Family


_FAMILIES: Final = {
    "aarch64": Family("aarch64-musl", ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64"), {}),
    "x86_64": Family("x86_64-musl", ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64"), {}),
    # Hard float, as every OpenWrt architecture below with "vfp" or "neon" in its name.
    "armv7": Family(
        "armv7-musl",
        ("musllinux_1_2_armv7l", "musllinux_1_1_armv7l"),
        {"cffi": "python3-cffi", "pynacl": "python3-pynacl"},
    ),
    # For tests: the same package where glibc is, as on Debian. No router has it.
    "glibc": Family(
        "x86_64-glibc",
        ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
        {},
    ),
}
ARCHITECTURES: Final = {
    "aarch64_cortex-a53": _FAMILIES["aarch64"],  # mediatek/filogic: GL-MT3000, AX3000T, WR3000E
    "aarch64_cortex-a72": _FAMILIES["aarch64"],
    "aarch64_generic": _FAMILIES["aarch64"],
    "x86_64": _FAMILIES["x86_64"],
    "arm_cortex-a7_neon-vfpv4": _FAMILIES["armv7"],  # ipq40xx
    "arm_cortex-a9_vfpv3-d16": _FAMILIES["armv7"],  # mvebu
    "arm_cortex-a15_neon-vfpv4": _FAMILIES["armv7"],  # ipq806x
    "x86_64_glibc": _FAMILIES["glibc"],
}
RELEASES: Final = {
    release.name: release
    for release in (Release("24.10", "3.11", "ipk"), Release("25.12", "3.13", "apk"))
}
USUAL: Final = ("aarch64_cortex-a53", "x86_64", "arm_cortex-a7_neon-vfpv4")
"""One of each family; what is built unless something else is asked for."""
