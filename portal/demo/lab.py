"""The laboratory: an Internet, the access point and phones, wired as at a real site.

    internet eth0 --- wan gateway br-lan --- wlan0 phone, wlan0 phone, ...

Everything is made by iproute2 and real programs (dnsmasq, udhcpc, our daemon); see `Host` for
how it disappears again. Needs root, or root of a user namespace.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from portal import control
from portal.demo import internet
from portal.demo.addresses import (
    CHECKS4,
    CHECKS6,
    DOWNLOAD,
    FOREIGN_RESOLVER4,
    FOREIGN_RESOLVER6,
    GATEWAY4,
    GATEWAY6,
    GATEWAY_MAC,
    INTERNET4,
    INTERNET6,
    MODEM4,
    PHONES4,
    PHONES6,
    PORTAL_HOST,
    WAN4,
    WAN6,
    WEBSITE4,
    WEBSITE6,
)
from portal.demo.authority import Authority
from portal.demo.host import Host, LabError
from portal.demo.phone import Phone

TomlValue: TypeAlias = str | int | float | bool | Sequence[str]
Settings: TypeAlias = Mapping[str, Mapping[str, TomlValue]]

HTTP_PORT = 2080
HTTPS_PORT = 2443
API_URI = f"https://{PORTAL_HOST}/captive-portal/api"
CHECK_URL = f"https://{DOWNLOAD}/"
"""What the daemon asks to find out whether the line is up."""

# Duplicate address detection costs a second per interface and finds nothing in here.
_NO_DAD = ("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")

# What any router's own firewall does: fw4 on OpenWrt. Our tables only withhold.
_HOUSE = """
table ip house {
    chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan" masquerade
    }
}
"""


class Lab:
    """One access point between an Internet and any number of phones.

    Use it as a context manager; leaving it ends every process it started. Start what is
    needed, in this order: `start_internet`, `start_dns_dhcp`, `start_portal`.
    """

    internet: Host
    gateway: Host
    phones_are: type[Phone] = Phone
    program: Sequence[str] = (sys.executable, "-m", "portal")
    """What is started as the gateway's `portal`."""

    def __init__(self) -> None:
        self.phones: list[Phone] = []
        self.portal: subprocess.Popen[bytes] | None = None
        self._closing = ExitStack()
        self._portal_config: Path | None = None
        self._control = Path()
        self._serves: set[str] = set()

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything. Safe to repeat."""
        self._closing.close()

    def _build(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="portal-lab-"))
        self._closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.authority = Authority(self.folder)
        self.internet = self._host("internet")
        self.gateway = self._host("gateway")
        self.internet.sysctl(*_NO_DAD)
        self.gateway.sysctl(*_NO_DAD, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.internet.ip(
            f"link add name eth0 type veth peer name wan netns {self.gateway.pid}",
            "link set eth0 up",
            *(
                f"address add {address}/24 dev eth0"
                for address in (INTERNET4, CHECKS4, WEBSITE4, FOREIGN_RESOLVER4, MODEM4)
            ),
            *(
                f"address add {address}/64 dev eth0 nodad"
                for address in (INTERNET6, CHECKS6, WEBSITE6, FOREIGN_RESOLVER6)
            ),
            f"route add {PHONES6} via {WAN6}",
        )
        self.gateway.ip(
            "link set wan up",
            f"address add {WAN4}/24 dev wan",
            f"address add {WAN6}/64 dev wan nodad",
            f"route add default via {INTERNET4}",
            f"route add default via {INTERNET6}",
            # An address of its own: without, it is the lowest of the phones' ports, and changes.
            f"link add name br-lan address {GATEWAY_MAC} type bridge"
            " forward_delay 0 mcast_snooping 0",
            # A radio without phones keeps the bridge up, as on a real access point. Its other
            # end must not speak: it would answer ARP for the bridge's own address.
            "link add name radio0 type veth peer name air",
            "link set air arp off addrgenmode none up",
            "link set radio0 up master br-lan",
            "link set br-lan up",
            f"address add {GATEWAY4}/{PHONES4.prefixlen} dev br-lan",
            f"address add {GATEWAY6}/{PHONES6.prefixlen} dev br-lan nodad",
        )
        self.gateway.sysctl("net.ipv6.conf.air.disable_ipv6=1")
        self.gateway.wait_until(
            lambda: any(found.is_link_local for found in self.gateway.ipv6_addresses("br-lan")),
            "the bridge has an address to advertise itself from",
        )
        self.masquerade()

    def _host(self, name: str) -> Host:
        host = Host(name, self.folder)
        self._closing.callback(host.close)
        return host

    def masquerade(self) -> None:
        """Install the router's own firewall (again, after a `nft flush ruleset`)."""
        self.gateway.must(
            "nft", "-f", "-", stdin=f"table ip house {{}}\nflush table ip house{_HOUSE}"
        )

    def phone(self, mac: str | None = None) -> Phone:
        """A phone in reach of the access point, not yet configured: see `Phone.join`.

        The access point isolates phones from each other, as Wi-Fi does when told to.
        """
        number = len(self.phones) + 1
        mac = mac or ":".join(f"{byte:02x}" for byte in (0x02, *random.randbytes(5)))
        certificate = self.authority.certificate
        phone = self.phones_are(f"phone{number}", self.folder, mac, trusts=certificate)
        self._closing.callback(phone.close)
        self.phones.append(phone)
        phone.sysctl(*_NO_DAD, "net.ipv6.conf.default.router_solicitation_delay=0")
        self._equip(phone)
        return phone

    def _equip(self, phone: Phone) -> None:
        """Give a phone its interface: a cable to a port of the bridge."""
        self.gateway.ip(
            f"link add name {phone.name} type veth"
            f" peer name {phone.interface} address {phone.mac} netns {phone.pid}",
            f"link set {phone.name} up master br-lan",
            f"link set {phone.name} type bridge_slave isolated on",
        )

    def start_internet(self) -> None:
        """Start the resolver that knows every host of the Internet, and all those hosts."""
        self._dnsmasq(
            self.internet,
            "resolver",
            f"--listen-address={INTERNET4},{INTERNET6},{FOREIGN_RESOLVER4},{FOREIGN_RESOLVER6}",
            "--bind-interfaces",
            *(f"--host-record={name},{','.join(at)}" for name, at in internet.names().items()),
        )
        self._serves.add("internet")
        certificate = self.authority.sign("internet", internet.names())
        self._module(self.internet, "portal.demo.internet", certificate.chain, certificate.key)

    def start_dns_dhcp(
        self,
        *,
        api_uri: str | None = None,
        upstream: str | None = INTERNET4,
        options: Sequence[str] = (),
    ) -> None:
        """Start the access point's dnsmasq: names, DHCP, router advertisements.

        `api_uri` is announced as DHCP option 114 and in router advertisements (RFC 8910).
        `upstream` is the resolver it asks; None if `options` say.
        """
        self._serves.add("names")
        announced = [f"--dhcp-option=114,{api_uri}"] if api_uri else []
        first, last = PHONES4[100], PHONES4[-2]
        self._dnsmasq(
            self.gateway,
            "dnsmasq",
            "--interface=br-lan",
            "--except-interface=lo",
            "--bind-dynamic",
            *([f"--server={upstream}"] if upstream else []),
            f"--host-record={PORTAL_HOST},{GATEWAY4},{GATEWAY6}",
            "--local=/home.arpa/",
            f"--dhcp-range={first},{last},{PHONES4.netmask},12h",
            f"--dhcp-range={PHONES6.network_address},ra-stateless,{PHONES6.prefixlen},12h",
            "--enable-ra",
            "--dhcp-authoritative",
            "--no-ping",
            f"--dhcp-leasefile={self.folder / 'leases'}",
            *announced,
            *options,
        )
        if api_uri:
            self._module(self.gateway, "portal.demo.announcement", "br-lan", api_uri)

    def _module(self, host: Host, module: str, *arguments: str | Path) -> None:
        """Start one of our own programs, which says `ready`."""
        log = module.rpartition(".")[2]
        process = host.popen(sys.executable, "-m", module, *arguments, log=log)
        host.wait_until(
            lambda: "ready" in host.read_log(log), f"{module} starts", process=process, log=log
        )

    def _dnsmasq(self, host: Host, log: str, *options: str) -> None:
        process = host.popen(
            "dnsmasq",
            "--no-daemon",  # Also: stays root, which a user namespace has no other user for.
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            *options,
            log=log,
        )
        host.wait_until(
            lambda: "started, version" in host.read_log(log),
            "dnsmasq starts",
            process=process,
            log=log,
        )

    def start_portal(
        self, settings: Settings | None = None, *, https: bool = False
    ) -> subprocess.Popen[bytes]:
        """Write portal.toml, start the daemon on the access point, wait until it answers.

        `settings` replace single keys of the sample configuration, section by section. With
        `https` the daemon gets a certificate that phones trust, which announcing an API needs.
        """
        if https:
            certificate = self.authority.sign("portal", [PORTAL_HOST])
            tls: Mapping[str, TomlValue] = {
                "https_port": HTTPS_PORT,
                "tls_cert": str(certificate.chain),
                "tls_key": str(certificate.key),
            }
            given = dict(settings or {})
            settings = given | {"portal": {**tls, **given.get("portal", {})}}
        self.write_configuration(settings or {})
        return self.portal_restart()

    def write_configuration(self, settings: Settings) -> Path:
        """Write portal.toml for the next start and for `portal_command`; returns its path."""
        self._portal_config = self.folder / "portal.toml"
        sections = self.configuration(settings)
        self._portal_config.write_text(_toml(sections), encoding="utf-8")
        self._control = Path(str(sections["storage"]["run_dir"])) / "control.sock"
        return self._portal_config

    def configuration(self, settings: Settings) -> Settings:
        """The sample configuration of this laboratory, with `settings` laid over it."""
        sections: dict[str, dict[str, TomlValue]] = {
            "site": {
                "id": "demo",
                "name": "Nhà trọ mẫu",
                "address": "Số 1, đường Mẫu, Hải Phòng",
                "rooms": 16,
                "residents": 32,
            },
            "organisation": {
                "name": "Công đoàn mẫu",
                "unit": "Công đoàn cơ sở mẫu",
                "website": "https://congdoan.example/",
                "phone": "0225 000 0000",
                "email": "lienhe@congdoan.example",
                "address": "Số 2, đường Mẫu, Hải Phòng",
                "responsible": "Nguyễn Văn Mẫu",
            },
            "interfaces": {"phones": "br-lan", "uplink": "wan"},
            "portal": {"host": PORTAL_HOST, "http_port": HTTP_PORT},
            "session": {"length": "240m"},
            # An Internet that was never there is no outage.
            "uplink": {"check_urls": [CHECK_URL] if len(self._serves) == 2 else []},
            # A second process, for what has no staff in it.
            "staff": {"site": False},
            "storage": {
                "data_dir": str(self.folder / "data"),
                "run_dir": str(self.folder / "run"),
            },
        }
        for section, keys in settings.items():
            sections.setdefault(section, {}).update(keys)
        return sections

    def portal_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `portal ARGUMENTS --config ...` on the access point."""
        return self.gateway.run(*self._portal(*arguments))

    def _portal(self, *arguments: str) -> Sequence[str]:
        if self._portal_config is None:
            raise LabError("start_portal was not called yet")
        return *self.program, *arguments, "--config", str(self._portal_config)

    def portal_restart(self, *, under: Sequence[str | Path] = ()) -> subprocess.Popen[bytes]:
        """Start the daemon (again) with the configuration it had, and wait until it answers.

        `under` is a command that starts it and replaces itself by it, as `env` does.
        """
        self.portal_stop()
        self.portal = self.gateway.popen(*under, *self._portal("run"), log="portal")
        self.gateway.wait_until(
            self._portal_answers, "the daemon answers", process=self.portal, log="portal"
        )
        return self.portal

    def portal_stop(self) -> int | None:
        """Ask the daemon to end, wait, and return its exit code; None if none was running."""
        return self._end_portal(signal.SIGTERM)

    def portal_kill(self) -> int | None:
        """Kill the daemon, as a crash or the kernel would."""
        return self._end_portal(signal.SIGKILL)

    def _end_portal(self, how: signal.Signals) -> int | None:
        if self.portal is None:
            return None
        process, self.portal = self.portal, None
        process.send_signal(how)
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise LabError(f"the daemon did not end\n{self.gateway.read_log('portal')}") from None

    def _portal_answers(self) -> bool:
        """Whether the rules stand: the control socket comes after them, the port before."""
        try:
            control.ask(self._control, {"command": "status"})
        except control.NotRunning:
            return False
        return True


def _toml(sections: Settings) -> str:
    """TOML of plain values; its strings, numbers and lists are written as in JSON."""
    return "\n".join(
        f"[{section}]\n"
        + "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in keys.items()
        )
        for section, keys in sections.items()
    )
