"""A phone of the laboratory, and what phones do: join, check, open a page, tap its button."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlencode, urlsplit

from portal.demo import announcement
from portal.demo.browser import forms
from portal.demo.host import Host, LabError
from portal.demo.probes import SIGN_IN_WINDOW, Answer, NoAnswer, Outcome, Probe

_LEASE_SCRIPT = Path(__file__).with_name("udhcpc.sh")


class Phone(Host):
    """User equipment with one radio, `wlan0`."""

    interface = "wlan0"

    def __init__(self, name: str, folder: Path, mac: str, *, trusts: Path | None = None) -> None:
        super().__init__(name, folder, trusts=trusts)
        self.mac = mac
        self.lease: Mapping[str, str] = {}
        """The DHCP lease as udhcpc passed it; empty before `join`."""

    def join(self, *, ipv6: bool = True, tries: int = 8) -> None:
        """Switch the radio on and wait for addresses: DHCP, and (unless told not) SLAAC.

        DHCP is tried `tries` times, a second each.

        Raises:
            LabError: none came.
        """
        self.ip(f"link set {self.interface} up")
        self.dhcp(tries)
        if ipv6:
            self.wait_until(lambda: self.ip6 is not None, "an IPv6 address by SLAAC", seconds=8)

    def dhcp(self, tries: int = 8) -> None:
        """Ask for a lease as phones do, option 114 (RFC 8910) included, and use it."""
        lease_file = self.folder / "lease"
        done = self.run(
            *("env", "-i", f"PATH={os.defpath}:/usr/sbin:/sbin", f"LEASE_FILE={lease_file}"),
            *("udhcpc", "--foreground", "--quit", "--now"),
            *(f"--interface={self.interface}", f"--script={_LEASE_SCRIPT}"),
            *(f"--retries={tries}", "--timeout=1", "-O", "114"),
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

    def advertised_api_uri(self) -> str | None:
        """The captive portal API announced by router advertisements (option 37), if any."""
        with self.network():
            return announcement.discover(self.interface)

    @property
    def ip4(self) -> str | None:
        """The address of the lease."""
        return self.lease.get("ip")

    @property
    def ip6(self) -> str | None:
        """A global IPv6 address that the phone has made for itself, if any."""
        found = self.ipv6_addresses(self.interface)
        return next((str(address) for address in found if not address.is_link_local), None)

    def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        follow: bool = False,
        family: Literal[4, 6] | None = None,
        seconds: float = 10,
    ) -> Outcome:
        """Ask for `url` with curl; with `form`, send it as a POST. Redirects only if `follow`."""
        sent = [f"-H{name}: {value}" for name, value in (headers or {}).items()]
        done = self.run(
            *("curl", "--disable", "--silent", "--include", "--http1.1"),
            *("--write-out", "%{stderr}%{json}", "--max-time", str(seconds)),
            *(["--location"] if follow else []),
            *([f"-{family}"] if family else []),
            *(["--data-binary", urlencode(form)] if form is not None else []),
            *sent,
            url,
            timeout=seconds + 5,
        )
        report = json.loads(done.stderr)
        if done.returncode != 0:
            return NoAnswer(report["errormsg"], report["time_total"])
        # Each redirect that was followed left its own head; the last one counts.
        rest = done.stdout
        while rest.startswith("HTTP/"):
            head, _, rest = rest.partition("\n\n")
        lines = (line.partition(":") for line in head.splitlines()[1:])
        return Answer(
            report["response_code"],
            {name.lower(): value.strip() for name, _, value in lines},
            rest,
            report["url_effective"],
            report["time_total"],
        )

    def ask(self, probe: Probe) -> Outcome:
        """Send a captive check as the client of `probe` does."""
        return self.fetch(
            probe.url,
            headers=probe.headers,
            follow=probe.follows_redirects,
            seconds=probe.seconds,
        )

    def open(self, url: str) -> Outcome:
        """Open a page in the sign-in window."""
        return self.fetch(url, headers={"User-Agent": SIGN_IN_WINDOW}, follow=True)

    def tap(
        self, page: Answer, path: str = "/accept", typed: Mapping[str, str] = MappingProxyType({})
    ) -> Outcome:
        """Fill in the form on `page` that leads to `path`, tap its button, and see what comes.

        Raises:
            LabError: the page has no such form.
        """
        for form in forms(page.body, page.url):
            parts = urlsplit(form.url)
            if form.method == "post" and parts.path == path:
                return self.fetch(
                    form.url,
                    headers={
                        "User-Agent": SIGN_IN_WINDOW,
                        "Origin": f"{parts.scheme}://{parts.netloc}",
                        "Referer": page.url,
                    },
                    form={**form.fields, **typed},
                    follow=True,
                )
        raise LabError(f"{page.url} has no form for {path}")
