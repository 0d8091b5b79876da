"""A laboratory whose phones are on Wi-Fi: simulated radios, real hostapd and wpa_supplicant.

    internet eth0 --- wan gateway br-lan --- ap0, ap1 ))) wlan0 phone, wlan0 phone, ...

Radios are made by the kernel's mac80211_hwsim, which only a virtual machine has
(`tests/vm/machine.py`): every frame of 802.11 is sent, and lost where nobody listens. The two
access points are two radios of one router: one open network, one bridge.
"""

import subprocess
from functools import partial
from pathlib import Path
from typing import Final

from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone

SSID: Final = "Wi-Fi Công đoàn"
CHANNELS: Final = {"ap0": 1, "ap1": 11}
"""The access points' radios, and where they send."""

_RADIOS = Path("/sys/class/ieee80211")
_FREQUENCIES = " ".join(str(2407 + 5 * channel) for channel in CHANNELS.values())


class WifiPhone(Phone):
    """A phone whose `wlan0` is a radio: it finds the network by its name."""

    def wpa(self, *arguments: str) -> str:
        """Ask the phone's wpa_supplicant."""
        control = str(self.folder / "wpa")
        return self.must("wpa_cli", "-p", control, "-i", self.interface, *arguments)

    @property
    def access_point(self) -> str | None:
        """The radio it is connected to, by its address; None if to none."""
        said = dict(line.split("=", 1) for line in self.wpa("status").splitlines() if "=" in line)
        return said["bssid"] if said.get("wpa_state") == "COMPLETED" else None

    def connect(self) -> None:
        """Switch the radio on, and find the network.

        Raises:
            LabError: it was not found.
        """
        settings = self.folder / "wpa.conf"
        settings.write_text(
            f"ctrl_interface={self.folder / 'wpa'}\n"
            f'network={{\n ssid="{SSID}"\n key_mgmt=NONE\n scan_freq={_FREQUENCIES}\n}}\n',
            encoding="utf-8",
        )
        process = self.popen(
            *("wpa_supplicant", "-D", "nl80211", "-i", self.interface, "-c", settings),
            log="wpa",
        )
        self.wait_until(
            lambda: "CTRL-EVENT-CONNECTED" in self.read_log("wpa"),
            f"connects to {SSID}",
            process=process,
            log="wpa",
            seconds=30,
        )

    def join(self, *, ipv6: bool = True, tries: int = 20) -> None:
        """Connect, then as every phone does: DHCP, and an IPv6 address of its own."""
        self.connect()
        super().join(ipv6=ipv6, tries=tries)

    def vanish(self) -> None:
        """Out of reach of every access point."""
        self.wpa("disconnect")
        self.wait_until(lambda: self.access_point is None, "it is disconnected", log="wpa")

    def come_back(self) -> None:
        """Back in reach: it connects again by itself, and keeps its addresses meanwhile."""
        self.wpa("reconnect")
        self.wait_until(
            lambda: self.access_point is not None, "it is connected", log="wpa", seconds=30
        )

    def roam(self) -> str:
        """Go over to the other access point of the network, and return its address."""
        before = self.access_point
        self.wpa("scan")
        other: list[str] = []

        def found() -> bool:
            rows = [line.split("\t") for line in self.wpa("scan_results").splitlines()[1:]]
            other[:] = [row[0] for row in rows if row[0] != before]
            return bool(other)

        self.wait_until(found, "it sees the other access point", log="wpa", seconds=30)
        self.wpa("roam", other[0])
        self.wait_until(lambda: self.access_point == other[0], "it roams", log="wpa", seconds=30)
        return other[0]


class WifiLab(Lab):
    """A laboratory with two access points on the air, and as many radios for phones as asked."""

    phones_are = WifiPhone

    def __init__(self, phones: int) -> None:
        super().__init__()
        self._free = _radios(len(CHANNELS) + phones)

    def _build(self) -> None:
        super()._build()
        for name in CHANNELS:
            self._give(self.gateway, name)

    def start_access_points(self) -> None:
        """Start hostapd on both radios, with phones kept apart, and wait for their beacons."""
        for name, channel in CHANNELS.items():
            lines = {
                "interface": name,
                "bridge": "br-lan",
                "driver": "nl80211",
                "ctrl_interface": str(self.folder / "hostapd"),
                "ssid": SSID,
                "utf8_ssid": "1",
                "hw_mode": "g",
                "channel": str(channel),
                "ap_isolate": "1",
            }
            file = self.folder / f"{name}.conf"
            text = "".join(f"{key}={value}\n" for key, value in lines.items())
            file.write_text(text, encoding="utf-8")
            process = self.gateway.popen("hostapd", file, log=name)
            self.gateway.wait_until(
                partial(self._sends, name), "hostapd sends beacons", process=process, log=name
            )
        self.isolate(radios=True, within=True)

    def isolate(self, *, radios: bool, within: bool) -> None:
        """Keep phones apart or not: those of one radio from the other's, and those `within` one."""
        for name in CHANNELS:
            isolated = "on" if radios else "off"
            self.gateway.ip(f"link set {name} type bridge_slave isolated {isolated}")
            ask = ("hostapd_cli", "-p", str(self.folder / "hostapd"), "-i", name)
            self.gateway.must(*ask, "set", "ap_isolate", str(int(within)))
            self.gateway.must(*ask, "update_beacon")

    def _sends(self, name: str) -> bool:
        return "AP-ENABLED" in self.gateway.read_log(name)

    def _equip(self, phone: Phone) -> None:
        self._give(phone, phone.interface)
        phone.ip(f"link set {phone.interface} address {phone.mac}")

    def _give(self, host: Host, interface: str) -> None:
        """Move a radio that nobody has into `host`; its interface gets this name."""
        radio = self._free.pop(0)
        names = [path.name for path in (_RADIOS / radio / "device/net").iterdir()]
        subprocess.run(["iw", "phy", radio, "set", "netns", str(host.pid)], check=True)
        if names != [interface]:
            host.ip(f"link set {names[0]} name {interface}")


def _radios(count: int) -> list[str]:
    """Have the kernel make radios, and return their names."""
    subprocess.run(["modprobe", "mac80211_hwsim", f"radios={count}"], check=True)
    return sorted(path.name for path in _RADIOS.iterdir())
