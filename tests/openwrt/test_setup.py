"""The first boot of a router that does not know its house, by real packets: a phone joins, its
captive check leads to the page, a technician types the code, and the router is that house's.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from portal.demo import addresses as at
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import PROBES, Answer, Verdict
from tests.openwrt.fw4 import ruleset
from tests.openwrt.router import Router
from tests.openwrt.test_line import DEVICES, LAN4, Site, reaches_the_internet

pytestmark = pytest.mark.openwrt

SITES = """
[organisation]
name = "LĐLĐ thành phố Hải Phòng"
unit = "Ban Tuyên giáo – Nữ công"
[walled_garden]
names = ["congdoan.example"]

[[sites]]
id = "hp-001"
name = "Khu trọ Hồng Phong"
address = "12 Hồng Phong, An Dương"
[sites.wifi]
ssid = "Wi-Fi Hồng Phong"
[sites.wan]
proto = "pppoe"
vlan = 35
username = "hp001"

[[sites]]
id = "hp-002"
name = "Nhà trọ 'Cầu Rào'"
"""


@dataclass
class FirstBoot:
    """A laboratory whose gateway is a router that was just flashed."""

    lab: Lab
    router: Router
    started: int = 0

    def start(self) -> None:
        """Start `portal setup`, as procd does."""
        self.started += 1
        self.setup: subprocess.Popen[bytes] = self.lab.gateway.popen(
            *self.router.command("/usr/bin/portal", "setup", "--phones", "br-lan"), log=self.log
        )
        self.wait_for("ready for phones")

    @property
    def log(self) -> str:
        return f"setup{self.started}"

    def phone(self) -> Phone:
        phone = self.lab.phone()
        phone.join()
        return phone

    def wait_for(self, words: str) -> None:
        """Until `portal setup` has said them."""
        self.lab.gateway.wait_until(
            lambda: words in self.lab.gateway.read_log(self.log),
            words,
            process=self.setup,
            log=self.log,
            seconds=30,
        )


@pytest.fixture
def boot() -> Iterator[FirstBoot]:
    """Booted, without a line to the Internet; `portal setup` runs."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab())
        lab.gateway.ip(
            "link add name office type veth peer name socket",
            "link set office up",
            f"address add {LAN4}/24 dev office",
        )
        files = lab.folder / "router"
        files.mkdir()
        router = Router(lab.gateway, files)
        router.write("/usr/share/portal/sites.toml", SITES)
        router.must("chmod", "600", "/usr/share/portal/sites.toml")
        router.uci("interfaces.phones=br-lan", "router.managed=1")
        router.must("/usr/libexec/portal/apply", "--no-reload")
        router.write("/etc/fw4.nft", ruleset(router.read("/etc/config/firewall"), DEVICES))
        lab.gateway.must("nft", "flush", "ruleset")
        router.must("/etc/init.d/portal-hold", "boot")
        router.must("/etc/init.d/firewall", "start")
        names = files / "root/run/portal-names"  # /var/run leads to the machine's own.
        lab.start_dns_dhcp(upstream=None, options=["--no-resolv", f"--hostsdir={names}"])
        router.must("/etc/init.d/portal", "start")
        asked = router.recorded("procd")
        assert "set_param command /usr/bin/portal setup" in asked
        assert not [line for line in asked if "user" in line or "capabilities" in line]
        boot = FirstBoot(lab, router)
        boot.start()
        yield boot


def the_page(answer: object) -> Answer:
    assert isinstance(answer, Answer), answer
    assert answer.status == 200
    return answer


def test_every_captive_check_leads_to_the_page_without_a_line(boot: FirstBoot) -> None:
    phone = boot.phone()
    asked = [probe for probe in PROBES if not probe.secure]

    judged = {probe.client: probe.judge(phone.ask(probe)) for probe in asked}

    assert set(judged.values()) == {Verdict.PORTAL}, judged
    # The network may come up, or get another address, after the page is served.
    names = "/var/run/portal-names/outage"
    boot.lab.gateway.ip("address flush dev br-lan", "address add 10.99.0.1/24 dev br-lan")
    boot.lab.gateway.wait_until(
        lambda: "10.99.0.1 " in boot.router.read(names), "the names lead to the new address"
    )
    assert (
        boot.router.read("/etc/portal/dnsmasq.d/portal.conf") == "hostsdir=/var/run/portal-names\n"
    )


def test_the_code_of_a_house_makes_the_router_that_house_s(boot: FirstBoot) -> None:
    phone = boot.phone()
    check = phone.fetch("http://connectivitycheck.gstatic.com/generate_204", family=4)
    assert isinstance(check, Answer)
    assert (check.status, check.headers["location"]) == (302, f"http://{at.GATEWAY4}/")
    assert not reaches_the_internet(phone)

    page = the_page(phone.open("http://captive.apple.com/hotspot-detect.html"))
    assert "Nhập mã địa điểm" in page.body
    wrong = the_page(phone.tap(page, "/code", {"code": "HP-0O1-V"}))
    assert "Mã bị gõ sai" in wrong.body
    house = the_page(phone.tap(wrong, "/code", {"code": "hp 0o1 u"}))
    assert "Khu trọ Hồng Phong" in house.body
    assert boot.router.must("uci", "-q", "export", "portal").count("hp-001") == 0
    work = the_page(phone.tap(house, "/apply"))

    assert "Wi-Fi Hồng Phong" in work.body
    assert boot.setup.wait(60) == 0
    uci = boot.router
    assert uci.must("uci", "get", "portal.site.name") == "Khu trọ Hồng Phong\n"
    assert uci.must("uci", "get", "portal.walled_garden.names") == "congdoan.example\n"
    assert uci.must("uci", "get", "network.wan.proto") == "pppoe\n"
    assert uci.must("uci", "get", "network.wan.device") == "wan.35\n"
    assert "Wi-Fi Hồng Phong" in uci.read("/etc/config/wireless")
    assert uci.recorded("calls")[-1].strip() == "reload_config"
    assert uci.read("/var/run/portal-names/outage") == ""
    # Whom procd starts now has everything he needs.
    uci.must("/etc/init.d/portal", "start")
    assert "set_param command /usr/bin/portal run" in uci.recorded("procd")
    assert 'id = "hp-001"' in uci.read("/etc/portal/portal.toml")


def test_a_router_on_which_anything_fails_has_no_house_and_asks_again(boot: FirstBoot) -> None:
    apply = boot.router.read("/usr/libexec/portal/apply")
    boot.router.write("/usr/libexec/portal/apply", "#!/bin/sh\necho no space left >&2\nexit 1\n")
    phone = boot.phone()
    page = the_page(phone.open(f"http://{at.GATEWAY4}/"))
    house = the_page(phone.tap(page, "/code", {"code": "HP-001-U"}))
    phone.tap(house, "/apply")
    boot.lab.gateway.wait_until(
        lambda: "no space left" in the_page(phone.open(f"http://{at.GATEWAY4}/")).body,
        "the page tells",
        seconds=20,
    )
    assert boot.router.run("uci", "-q", "get", "portal.site.id").stdout == ""
    assert boot.router.must("uci", "get", "network.wan.proto") == "dhcp\n"

    boot.router.write("/usr/libexec/portal/apply", apply)
    failed = the_page(phone.open(f"http://{at.GATEWAY4}/"))
    phone.tap(failed, "/apply")

    boot.wait_for("is set up as")
    assert boot.router.must("uci", "get", "portal.site.id") == "hp-001\n"


def test_a_setup_that_was_killed_in_the_middle_begins_anew(boot: FirstBoot) -> None:
    apply = boot.router.read("/usr/libexec/portal/apply")
    boot.router.write("/usr/libexec/portal/apply", "#!/bin/sh\ntouch /tmp/applying\nsleep 60\n")
    phone = boot.phone()
    page = the_page(phone.open(f"http://{at.GATEWAY4}/"))
    phone.tap(the_page(phone.tap(page, "/code", {"code": "HP-001-U"})), "/apply")
    boot.lab.gateway.wait_until(
        lambda: boot.router.run("ls", "/tmp/applying").returncode == 0, "it is in the middle"
    )
    boot.setup.kill()
    boot.setup.wait()
    boot.router.write("/usr/libexec/portal/apply", apply)

    boot.start()

    assert boot.router.run("uci", "-q", "get", "portal.site.id").stdout == ""
    page = the_page(phone.open(f"http://{at.GATEWAY4}/"))
    phone.tap(the_page(phone.tap(page, "/code", {"code": "HP-001-U"})), "/apply")
    boot.wait_for("is set up as")


def test_afterwards_the_gateway_runs_and_the_technician_s_page_is_open(boot: FirstBoot) -> None:
    phone = boot.phone()
    page = the_page(phone.open(f"http://{at.GATEWAY4}/"))
    phone.tap(the_page(phone.tap(page, "/code", {"code": "HP-002-S"})), "/apply")
    assert boot.setup.wait(60) == 0

    Site(boot.lab, boot.router, boot.lab.gateway).start_daemon()  # As procd does now.

    def door() -> bool:
        answer = phone.fetch(f"http://{at.PORTAL_HOST}/technician", follow=True)
        return isinstance(answer, Answer) and answer.url.endswith("/technician")

    boot.lab.gateway.wait_until(door, "the technician's page is open", seconds=30)
    assert not reaches_the_internet(phone)


def test_the_command_does_the_same_and_the_second_time_nothing(router: Router) -> None:
    router.write("/usr/share/portal/sites.toml", SITES)
    router.uci("router.managed=1")
    first = router.must("portal", "site", "hp-002-s")
    configs = router.configs()
    assert router.recorded("calls")[-1] == "reload_config "

    second = router.must("portal", "site", "HP002S")
    other = router.run("portal", "site", "HP-001-U")

    assert "is set up; the network starts anew" in first
    assert "nothing was changed" in second
    assert router.configs() == configs
    assert other.returncode == 1
    assert "thêm --replace" in other.stderr
    assert router.recorded("calls") == []
    router.must("portal", "site", "HP-001-U", "--replace")
    assert router.must("uci", "get", "portal.site.id") == "hp-001\n"
    assert router.recorded("calls")[-1] == "reload_config "
