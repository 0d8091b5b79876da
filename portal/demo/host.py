"""A machine of the laboratory: a network namespace and a mount namespace of its own.

A host lives as long as its keeper, a shell that waits for its standard input to close. When
the laboratory closes it, or the process that made the laboratory dies in whatever way, the
keeper ends what still runs in its network namespace and goes; with it go the namespaces.
Nothing has a name on the real machine, so laboratories cannot collide and leave no trace.
"""

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv6Address
from pathlib import Path

# A host sees its own interfaces in /sys and its own resolvers in /etc/resolv.conf. Mounts of
# single files need no writable /etc, so this also works inside a user namespace.
_KEEPER = r"""
mount -t sysfs none /sys 2>/dev/null || true
mount --bind "$1" /etc/resolv.conf
[ -z "$2" ] || mount --bind "$2" /etc/ssl/certs/ca-certificates.crt
ip link set lo up
echo ready
read -r _ || true
network=$(readlink /proc/self/ns/net | tr '[]' '??')  # net:[N], as a pattern
left=$(find /proc/[0-9]*/ns/net -maxdepth 0 -lname "$network" 2>/dev/null \
       | cut -d/ -f3 | grep -vx $$)
kill -9 $left 2>/dev/null
"""

_CLONE_NEWNET = 0x40000000
_PATIENCE = float(os.environ.get("PORTAL_LAB_PATIENCE", "1"))
"""How much longer than usual everything may take: a virtual machine may be ten times slower."""
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The laboratory could not be built or used; the text says which command said what."""


class Host:
    """A machine: run commands on it, start servers on it, or put a thread into its network."""

    def __init__(self, name: str, folder: Path, *, trusts: Path | None = None) -> None:
        """Make the host with a folder of its own inside `folder`.

        `trusts` is the only certificate authority its programs know; by default, the machine's.
        """
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.resolv_conf = self.folder / "resolv.conf"
        self.resolv_conf.touch()
        self._started: list[subprocess.Popen[bytes]] = []
        self._keeper = subprocess.Popen(
            [
                *("unshare", "--net", "--mount", "sh", "-c", _KEEPER),
                *("keeper", str(self.resolv_conf), str(trusts or "")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the laboratory, which then closes its hosts.
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != b"ready\n":
            said = self._keeper.communicate()[1].decode(errors="replace").strip()
            raise LabError(f"cannot make the host {name}: {said}")

    @property
    def pid(self) -> int:
        """The keeper's process number, for `ip link ... netns PID` and `nsenter --target PID`."""
        return self._keeper.pid

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line that runs `arguments` on this host (nsenter replaces itself)."""
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", *map(str, arguments)]

    def run(
        self,
        *arguments: str | Path,
        stdin: str = "",
        timeout: float = 30,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return the exit code and the texts; the code is not judged."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=_environment(env),
            check=False,
        )

    def must(self, *arguments: str | Path, stdin: str = "", timeout: float = 30) -> str:
        """Run to the end and return what it printed.

        Raises:
            LabError: it failed.
        """
        done = self.run(*arguments, stdin=stdin, timeout=timeout)
        if done.returncode != 0:
            asked = f"{' '.join(map(str, arguments))}\n{stdin}".rstrip()
            raise LabError(f"{self.name}: {done.stderr.strip()}\nwe asked: {asked}")
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Carry out several `ip` commands (each without the word `ip`) in one process."""
        self.must("ip", "-batch", "-", stdin="".join(f"{line}\n" for line in lines))

    def sysctl(self, *settings: str) -> None:
        """Set kernel variables of this host's network: `net.ipv4.ip_forward=1`."""
        self.must("sysctl", "--quiet", "--write", *settings)

    def popen(
        self,
        *arguments: str | Path,
        log: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program that lives no longer than the host.

        Both its outputs go to the file `log` in the host's folder; by default named after the
        program. The process number is the program's own.
        """
        with self.log_file(log or Path(arguments[0]).name).open("ab") as sink:
            process = subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=_environment(env),
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def log_file(self, log: str) -> Path:
        """Where a program started with this `log` writes."""
        return self.folder / f"{log}.log"

    def read_log(self, log: str) -> str:
        """What a program started with this `log` has said so far; "" if nothing."""
        try:
            return self.log_file(log).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_until(
        self,
        holds: Callable[[], bool],
        what: str,
        *,
        process: subprocess.Popen[bytes] | None = None,
        log: str | None = None,
        seconds: float = 15,
    ) -> None:
        """Wait until `holds()`.

        Raises:
            LabError: time ran out, or `process` ended before; with the end of its log.
        """
        give_up = time.monotonic() + seconds * _PATIENCE
        while not holds():
            dead = process is not None and process.poll() is not None
            if dead or time.monotonic() > give_up:
                why = "it ended" if dead else f"not within {seconds:g} s"
                said = self.read_log(log)[-4000:] if log else ""
                raise LabError(f"{self.name}: {what}: {why}\n{said}".rstrip())
            time.sleep(0.01)

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Put the calling thread into this host's network: new sockets are this host's.

        Names are still resolved by the real machine: connect to addresses only.
        """
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            there = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                _setns(there)
            finally:
                os.close(there)
            try:
                yield
            finally:
                _setns(home)
        finally:
            os.close(home)

    def ipv6_addresses(self, interface: str) -> tuple[IPv6Address, ...]:
        """The addresses of an interface, the link-local one included."""
        with self.network(), open("/proc/thread-self/net/if_inet6", encoding="ascii") as table:
            rows = [line.split() for line in table]
        return tuple(IPv6Address(bytes.fromhex(row[0])) for row in rows if row[5] == interface)

    def close(self) -> None:
        """End everything that runs on this host, and the host. Safe to repeat."""
        if self._keeper.poll() is None:
            self._keeper.communicate()
        for process in self._started:
            process.kill()
            process.wait()


def _setns(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:  # os.setns comes with Python 3.12.
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "setns")


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's environment without its proxies, which do not exist in here."""
    kept = {name: value for name, value in os.environ.items() if "_proxy" not in name.lower()}
    path = kept.get("PATH", "")
    return kept | {"PATH": f"{path}:/usr/sbin:/sbin:/usr/bin:/bin"} | dict(more or {})
