"""On what kind of storage the doctor says that the data lies."""

from pathlib import PurePosixPath

import pytest

from portal.doctor import mounts

ROUTER = """\
/dev/root /rom squashfs ro,relatime 0 0
proc /proc proc rw,nosuid 0 0
tmpfs /tmp tmpfs rw,nosuid,nodev,noatime 0 0
/dev/ubi0_1 /overlay ubifs rw,noatime,assert=read-only,ubi=0,vol=1 0 0
overlayfs:/overlay / overlay rw,noatime,lowerdir=/,upperdir=/overlay/upper,workdir=/overlay/work 0 0
/dev/sda1 /mnt/stick\\040one vfat rw 0 0
"""
FAILSAFE = """\
/dev/root /rom squashfs ro,relatime 0 0
tmpfs /tmp tmpfs rw 0 0
overlayfs:/tmp/root / overlay rw,lowerdir=/,upperdir=/tmp/root/upper 0 0
"""
DYING = "/dev/mmcblk0p2 / ext4 ro,relatime 0 0\n"
TWICE = "/dev/sda1 /srv ext4 rw 0 0\ntmpfs /srv tmpfs rw 0 0\n"
ODD = "overlay / overlay rw,lowerdir=/a,upperdir=/elsewhere 0 0\n"


@pytest.mark.parametrize(
    ("table", "folder", "words"),
    [
        (ROUTER, "/etc/portal/data", "ubifs: outlives a power cut"),
        (ROUTER, "/tmp/portal", "is in memory (tmpfs)"),
        (ROUTER, "/mnt/stick one/data", "vfat: outlives"),
        (ROUTER, "/rom/etc", "cannot be written (squashfs, read only)"),
        (FAILSAFE, "/etc/portal/data", "is in memory (tmpfs)"),
        (DYING, "/var/lib/portal", "cannot be written (ext4, read only)"),
        (TWICE, "/srv/portal", "is in memory (tmpfs)"),
        ("/dev/zram0 / ext4 rw 0 0\n", "/srv", "is in memory (ext4)"),
        (ODD, "/srv", "overlay: outlives"),
        ("nonsense\n", "/srv", "no mount is known"),
    ],
)
def test_what_becomes_of_a_folder_when_the_power_goes(table: str, folder: str, words: str) -> None:

    found = mounts.judge(PurePosixPath(folder), mounts.read(table)).told("en")

    assert words in found.found
    assert found.good == ("outlives" in words or "no mount" in words)
    assert bool(found.advice) != found.good
