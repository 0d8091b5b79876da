"""A phone of the laboratory, and what a phone does by itself: join, and be given addresses."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from portal.demo.host import Host, LabError

_LEASE_SCRIPT = Path(__file__).with_name("udhcpc.sh")


class Phone(Host):
    """User equipment with one radio, `wlan0`."""

    interface = "wlan0"

    def __init__(self, name: str, folder: Path, mac: str) -> None:
        super().__init__(name, folder)
        self.mac = mac
        self.lease: Mapping[str, str] = {}
        """The DHCP lease as udhcpc passed it; empty before `join`."""

    def join(self, *, ipv6: bool = True) -> None:
        """Switch the radio on and wait for addresses: DHCP, and (unless told not) SLAAC.

        Raises:
            LabError: none came.
        """
        self.ip(f"link set {self.interface} up")
        self.dhcp()
        if ipv6:
            self.wait_until(lambda: self.ip6 is not None, "an IPv6 address by SLAAC", seconds=8)

    def dhcp(self) -> None:
        """Ask for a lease as phones do, option 114 (RFC 8910) included, and use it."""
        lease_file = self.folder / "lease"
        done = self.run(
            *("env", "-i", f"PATH={os.defpath}:/usr/sbin:/sbin", f"LEASE_FILE={lease_file}"),
            *("udhcpc", "--foreground", "--quit", "--now"),
            *(f"--interface={self.interface}", f"--script={_LEASE_SCRIPT}"),
            *("--retries=8", "--timeout=1", "-O", "114"),
        )
        if done.returncode != 0 or not lease_file.exists():
            raise LabError(f"{self.name}: no DHCP lease: {done.stderr.strip()}")
        lines = lease_file.read_text().splitlines()
        self.lease = dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def api_uri(self) -> str | None:
        """The captive portal API announced by DHCP (option 114), if any."""
        announced = self.lease.get("opt114")
        return bytes.fromhex(announced).decode("ascii", "replace") if announced else None

    @property
    def ip4(self) -> str | None:
        """The address of the lease."""
        return self.lease.get("ip")

    @property
    def ip6(self) -> str | None:
        """A global IPv6 address that the phone has made for itself, if any."""
        with self.network(), open("/proc/thread-self/net/if_inet6", encoding="ascii") as table:
            for line in table:
                digits, _, _, scope, _, interface = line.split()
                if interface == self.interface and scope == "00":
                    return str(ipaddress.IPv6Address(bytes.fromhex(digits)))
        return None
