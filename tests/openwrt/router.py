"""A router's root, made of this machine's own files: `deploy/openwrt/root` laid over them, busybox
as its shell and its tools, and small stand-ins for what is OpenWrt's own.

    stand_ins/   rc.common and procd, uci, wifi, reload_config, and init scripts of others
    factory/     /etc/config of a router with a switch and two radios that nobody configured

Nothing of the machine is changed: the root is an overlay in memory, in a mount namespace of its
own, and goes with its host. nft is the real one, and works in the host's network.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.demo.host import Host

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CONFIGS = ("network", "wireless", "dhcp", "firewall", "uhttpd", "dropbear", "system")

_MOUNT = r"""
set -e
here=$1 source=$2
mount -t tmpfs none "$here"
mkdir "$here/new" "$here/work" "$here/root"
root=$here/root
mount -t overlay -o lowerdir=/,upperdir="$here/new",workdir="$here/work" none "$root"
for each in /tmp /run /dev; do mount -t tmpfs none "$root$each"; done
for each in null zero random urandom; do
    touch "$root/dev/$each"
    mount --bind "/dev/$each" "$root/dev/$each"
done
for each in /proc /sys "$source"; do
    mkdir -p "$root$each"
    mount --rbind "$each" "$root$each"
done
mkdir -p "$root/busybox" "$root/var/run" "$root/etc/config"
busybox --install -s "$root/busybox"
ln -sf /bin/busybox "$root/usr/bin/sh"
echo 'portal:x:799:799:portal:/var:/bin/false' >>"$root/etc/passwd"
echo 'portal:x:799:' >>"$root/etc/group"
lay() { tar -C "$source/$1" -c . | tar -C "$root/$2" -x --no-same-owner --keep-directory-symlink; }
lay tests/openwrt/stand_ins .
lay tests/openwrt/factory etc/config
lay deploy/openwrt/root .
cat >"$root/usr/bin/portal" <<END
#!/bin/sh
PYTHONPATH=$source exec $3 -m portal "\$@"
END
chmod +x "$root/usr/bin/portal"
"""

_ENVIRONMENT = ("env", "-i", "PATH=/busybox:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")


class Router:
    """OpenWrt's files and tools on a host of the laboratory."""

    def __init__(self, host: Host, folder: Path) -> None:
        """Lay it out on `host`; `folder` is an empty one that nobody else uses."""
        self.host = host
        host.must("sh", "-c", _MOUNT, "mount", folder, ROOT, sys.executable, timeout=60)
        self._root = folder / "root"
        log = host.popen(*self.command("syslogd", "-n", "-O", "/tmp/log"), log="syslogd")
        host.wait_until(
            lambda: self.run("test", "-S", "/dev/log").returncode == 0,
            "there is a system log",
            process=log,
            log="syslogd",
        )

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line that runs `arguments` on the router, within its host."""
        return ["chroot", str(self._root), *_ENVIRONMENT, *map(str, arguments)]

    def run(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit code is not judged."""
        return self.host.run(*self.command(*arguments), stdin=stdin, timeout=120)

    def must(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run to the end and return what it printed.

        Raises:
            LabError: it failed.
        """
        return self.host.must(*self.command(*arguments), stdin=stdin, timeout=120)

    def read(self, path: str) -> str:
        """A file of the router; "" if there is none."""
        return self.run("cat", path).stdout

    def write(self, path: str, text: str) -> None:
        self.must("sh", "-c", 'mkdir -p "${1%/*}"; cat >"$1"', "write", path, stdin=text)

    def uci(self, *settings: str) -> None:
        """Set and commit options of `portal`: `site.id=hp-001`."""
        for setting in settings:
            self.must("uci", "set", f"portal.{setting}")
        self.must("uci", "commit", "portal")

    def recorded(self, what: str) -> list[str]:
        """The lines that the stand-ins wrote to /tmp/WHAT since the last time this was asked."""
        lines = self.read(f"/tmp/{what}").splitlines()
        self.must("sh", "-c", f": >>/tmp/{what}; : >/tmp/{what}")
        return lines

    def logged(self, until: str) -> list[str]:
        """What was said to the system log, which may be late, until a line has `until` in it."""

        def lines() -> list[str]:
            # Month, day, time, host, facility and level come before.
            return [line.split(maxsplit=5)[5] for line in self.read("/tmp/log").splitlines()]

        self.host.wait_until(lambda: any(until in line for line in lines()), f"{until} is logged")
        return lines()

    def configs(self) -> dict[str, str]:
        return {name: self.read(f"/etc/config/{name}") for name in CONFIGS}


SITE = (
    "site.id=hp-001",
    "site.name=Khu trọ Hồng Phong",
    "organisation.name=LĐLĐ thành phố Hải Phòng",
    "organisation.unit=Ban Tuyên giáo – Nữ công",
    "wifi.ssid=Wi-Fi Công đoàn",
    "uplink.check_urls=",
)
"""What a site says, at the least."""


@contextmanager
def router() -> Iterator[Router]:
    """A router alone in the world."""
    with TemporaryDirectory(prefix="portal-router-") as name:
        folder = Path(name)
        (folder / "files").mkdir()
        host = Host("router", folder)
        try:
            yield Router(host, folder / "files")
        finally:
            host.close()
