"""Debian's openNDS 9.10.0 beside our gateway, without installing it on the machine.

`scripts/setup --bench` unpacks its packages into `build/opennds`. A mount namespace in the
gateway's network lays that folder over /usr and /etc, and puts in place what openNDS expects
of a machine and does not find in a namespace:

- `systemctl`, which does nothing: names play no part in what is measured;
- `nft`, which skips the chains INPUT and FORWARD of `table ip filter` that openNDS asks for at
  priority -100. iptables-nft 1.8.9 refuses to work with those, and then, as packaged, the
  firewall stays open. With ours it closes as it is meant to;
- a list of leases with the crowd's addresses.

Everything else is as Debian ships it, with its own pages (click to continue: two taps).
"""

import re
import shlex
import signal
import subprocess
from pathlib import Path

from bench.site import BenchSite
from portal.demo.host import Host, LabError

PACKAGES = Path(__file__).parent.parent / "build" / "opennds"
VERSION = "9.10.0"

_NFT = """#!/bin/sh
case "$*" in
    "add chain ip filter INPUT "*|"add chain ip filter FORWARD "*) exit 0 ;;
    "rename chain ip filter "*) exit 0 ;;
esac
exec /usr/sbin/nft "$@"
"""

# The layers come before the new /tmp, which hides a work tree that lies in the old one.
_ROOM = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
for place in usr etc; do
    mkdir "/mnt/$place" "/mnt/$place-work"
    layers="lowerdir=$PACKAGES/$place:/$place,upperdir=/mnt/$place,workdir=/mnt/$place-work"
    mount -t overlay overlay -o "$layers" "/$place"
done
cp "$FOLDER/nft" "$FOLDER/systemctl" /usr/local/sbin/
cp "$FOLDER/opennds.conf" /etc/opennds/opennds.conf
touch /etc/dnsmasq.conf
mkdir /mnt/lab
mount --bind "$FOLDER" /mnt/lab
mount -t tmpfs tmpfs /tmp
cp /mnt/lab/leases /tmp/dhcp.leases
echo ready
exec sleep infinity
"""


def available() -> str | None:
    """Why openNDS cannot be measured here; None if it can."""
    if not (PACKAGES / "usr/bin/opennds").exists():
        return f"{PACKAGES} is not there; run scripts/setup --bench"
    return None


class OpenNDS:
    """openNDS on the gateway of `site`. Its room lasts until `close`."""

    def __init__(self, site: BenchSite, *, phones: str = "br-lan") -> None:
        self._gateway: Host = site.gateway
        self._daemon: subprocess.Popen[bytes] | None = None
        folder = site.lab.folder / "opennds"
        folder.mkdir()
        for name, text in (("nft", _NFT), ("systemctl", "#!/bin/sh\nexit 0\n")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        (folder / "leases").write_text(
            "".join(f"2000000000 {p.mac} {p.address} * *\n" for p in site.phones)
        )
        shipped = (PACKAGES / "etc/opennds/opennds.conf").read_text()
        (folder / "opennds.conf").write_text(f"{shipped}\nGatewayInterface {phones}\n")
        script = f"FOLDER={shlex.quote(str(folder))}\nPACKAGES={shlex.quote(str(PACKAGES))}{_ROOM}"
        self._room = self._gateway.popen(
            "unshare", "--mount", "sh", "-c", script, log="opennds-room"
        )
        self._gateway.wait_until(
            lambda: "ready" in self._gateway.read_log("opennds-room"),
            "the room of openNDS",
            process=self._room,
            log="opennds-room",
        )

    def close(self) -> None:
        self.stop()
        self._room.kill()
        self._room.wait()

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` where openNDS runs."""
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ["nsenter", f"--target={self._room.pid}", "--net", "--mount"]
        return [*inside, "env", "-i", path, *arguments]

    def run(self, *arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self) -> subprocess.Popen[bytes]:
        """Start the daemon; it is not ready yet, see `answers`."""
        with self._gateway.log_file("opennds").open("ab") as sink:
            self._daemon = subprocess.Popen(
                self.command("opennds", "-f", "-d", "1"),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._daemon

    @property
    def pid(self) -> int:
        if self._daemon is None:
            raise LabError("openNDS was not started")
        return self._daemon.pid

    def stop(self) -> None:
        """End the daemon; it takes its rules with it."""
        if self._daemon is None:
            return
        process, self._daemon = self._daemon, None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ndsctl(self, *arguments: str) -> str:
        return self.run("ndsctl", *arguments).stdout

    def ready(self) -> bool:
        """Whether the daemon says that it serves."""
        return bool(re.search(r"openNDS|Version", self.ndsctl("status")))
