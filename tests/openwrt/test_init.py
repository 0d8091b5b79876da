"""/etc/init.d/portal under busybox ash: what it makes of UCI, and what it asks procd for."""

import tomllib
from typing import Any

import pytest

from portal.config import parse
from tests.openwrt.router import SITE, Router

pytestmark = pytest.mark.openwrt

TOML = "/etc/portal/portal.toml"
INSTANCE = [
    "open_service portal",
    "open_instance",
    "set_param command /usr/bin/portal run",
    f"set_param file {TOML}",
    "set_param respawn 3600 5 0",
    "set_param term_timeout 15",
    "set_param stderr 1",
    "set_param limits nofile=8192 8192",
    "set_param user portal",
    "set_param group portal",
    "set_param no_new_privs 1",
    "add_jail portal requirejail",
    "set_param capabilities /etc/capabilities/portal.json",
    "close_instance",
    "add_reload_trigger portal network",
    "close_service",
]


def toml(router: Router) -> dict[str, Any]:
    return tomllib.loads(router.read(TOML))


def test_while_no_site_is_set_the_page_for_its_code_is_served(router: Router) -> None:
    router.must("/etc/init.d/portal", "boot")

    recorded = router.recorded("procd")
    assert "set_param command /usr/bin/portal setup" in recorded
    assert not [line for line in recorded if line.startswith("set_param file")]
    assert not [line for line in recorded if line.startswith("append_param")]
    assert router.read(TOML) == ""


def test_the_page_for_the_code_is_where_the_rules_at_boot_lead(router: Router) -> None:
    router.uci("interfaces.phones=br-guests", "portal.http_port=8080", "uplink.names_dir=/tmp/n")

    router.must("/etc/init.d/portal", "boot")

    assert [line for line in router.recorded("procd") if line.startswith("append_param")] == [
        "append_param command --phones br-guests",
        "append_param command --port 8080",
        "append_param command --names /tmp/n",
    ]


def test_with_a_site_the_gateway_runs(router: Router) -> None:
    router.uci(*SITE)

    router.must("/etc/init.d/portal", "boot")

    assert router.recorded("procd") == INSTANCE
    document = toml(router)
    assert document["site"] == {"id": "hp-001", "name": "Khu trọ Hồng Phong"}
    assert document["interfaces"] == {"phones": "br-phones", "uplink": "wan"}
    assert document["storage"] == {"data_dir": "/etc/portal/data", "run_dir": "/var/run/portal"}
    assert document["staff"] == {"site": False, "listen": "192.168.1.1:2081"}
    assert parse(document).uplink.names_dir is not None
    for folder in ("/etc/portal/data", "/var/run/portal"):
        assert router.must("stat", "-c", "%U:%G %a", folder) == "portal:portal 750\n"


def test_dnsmasq_is_started_again_only_when_it_is_told_something_new(router: Router) -> None:
    router.uci(*SITE)
    router.must("/etc/init.d/portal", "boot")
    assert router.recorded("calls") == ["dnsmasq restart"]
    names = "/etc/portal/dnsmasq.d/portal.conf"
    assert "interface-name=wifi.congdoan.home.arpa,br-phones\n" in router.read(names)
    router.run("mkdir", "/var/run/portal-names")
    assert "syntax check OK" in router.run("dnsmasq", "--test", f"--conf-file={names}").stderr

    router.must("/etc/init.d/portal", "reload")
    assert router.recorded("calls") == []

    router.must("uci", "add_list", "portal.walled_garden.names=congdoan.example")
    router.must("uci", "commit", "portal")
    router.must("/etc/init.d/portal", "reload")
    assert router.recorded("calls") == ["dnsmasq restart"]
    assert "nftset=/congdoan.example/" in router.read(names)
    assert router.must("ls", "-A", "/etc/portal/dnsmasq.d") == "portal.conf\n"


def test_a_reload_without_a_change_changes_nothing_that_procd_looks_at(router: Router) -> None:
    router.uci(*SITE)
    router.must("/etc/init.d/portal", "boot")
    router.recorded("procd")
    before = router.must("stat", "-c", "%i %Y", TOML)

    router.must("/etc/init.d/portal", "reload")

    assert router.recorded("procd") == INSTANCE
    assert router.must("stat", "-c", "%i %Y", TOML) == before


def test_a_mistake_is_logged_and_the_last_good_configuration_stays(router: Router) -> None:
    router.uci(*SITE)
    router.must("/etc/init.d/portal", "boot")
    router.recorded("procd")
    before = router.read(TOML)
    router.uci("session.length=4 hours", "staff.site=maybe")

    done = router.run("/etc/init.d/portal", "reload")

    assert router.recorded("procd") == INSTANCE
    assert router.read(TOML) == before
    assert router.logged("is kept as it was")[-4:] == [
        "portal: portal: /etc/config/portal: 2 problems",
        'portal:   session.length = "4 hours"   not a duration; write "2h" or "120m"',
        'portal:   staff.site = "maybe"   write 1 or 0',
        f"portal: {TOML} is kept as it was",
    ]
    assert 'staff.site = "maybe"' in done.stderr


def test_without_any_good_configuration_nothing_is_started(router: Router) -> None:
    router.uci("site.id=HP 1")

    router.run("/etc/init.d/portal", "boot")

    assert "open_instance" not in router.recorded("procd")
    router.logged("portal: portal: /etc/config/portal: ")


@pytest.mark.parametrize(
    ("settings", "uplink"),
    [
        (("network.wan.device=eth1",), "eth1"),
        (("network.wan.proto=pppoe",), "pppoe-wan"),
        (("portal.interfaces.uplink=usb0",), "usb0"),
    ],
)
def test_the_uplink_is_the_device_of_wan(
    router: Router, settings: tuple[str, ...], uplink: str
) -> None:
    router.uci(*SITE)
    for setting in settings:
        router.must("uci", "set", setting)
    router.must("uci", "commit")

    router.must("/usr/libexec/portal/render")

    assert toml(router)["interfaces"]["uplink"] == uplink


def test_the_address_of_lan_may_have_its_length(router: Router) -> None:
    router.uci(*SITE)
    router.must("uci", "delete", "network.lan.ipaddr")
    router.must("uci", "add_list", "network.lan.ipaddr=192.168.9.1/24")
    router.must("uci", "add_list", "network.lan.ipaddr=192.168.10.1/24")

    router.must("/usr/libexec/portal/render")

    assert toml(router)["staff"]["listen"] == "192.168.9.1:2081"


def test_stopping_asks_procd_and_touches_no_rule(router: Router) -> None:
    router.must("/etc/init.d/portal-hold", "boot")
    before = router.must("nft", "list", "ruleset")

    router.must("/etc/init.d/portal", "stop")
    router.must("/etc/init.d/portal-hold", "stop")

    assert router.recorded("procd") == ["kill portal"]
    assert router.must("nft", "list", "ruleset") == before
    assert "table inet portal {" in before


def test_the_hold_makes_the_folder_of_names_before_dnsmasq_looks_for_it(router: Router) -> None:
    router.must("/etc/init.d/portal-hold", "boot")

    assert router.must("stat", "-c", "%U %a", "/var/run/portal-names") == "portal 755\n"


def test_no_name_of_an_interface_keeps_phones_from_being_held(router: Router) -> None:
    router.uci("interfaces.phones=lo; flush ruleset; define y = lo", "portal.http_port=80 }")

    router.must("/etc/init.d/portal-hold", "start")

    assert 'iifname != "br-phones" accept' in router.must("nft", "list", "table", "inet", "portal")


def test_the_hold_says_loudly_where_the_kernel_refuses_it(router: Router) -> None:
    router.write("/usr/share/portal/hold.nft", "create table inet portal { nonsense }")

    assert router.run("/usr/libexec/portal/hold").returncode == 1

    router.logged("portal: phones are NOT held: ")


@pytest.mark.parametrize(
    ("event", "opens"),
    [
        (("BUTTON=wps", "ACTION=released", "SEEN=2"), True),
        (("BUTTON=wps", "ACTION=released", "SEEN=0"), False),
        (("BUTTON=wps", "ACTION=pressed", "SEEN=2"), False),
        (("BUTTON=reset", "ACTION=released", "SEEN=2"), False),
    ],
)
def test_the_wps_button_opens_the_technician_s_page(
    router: Router, event: tuple[str, ...], opens: bool
) -> None:
    router.write("/usr/bin/portal", '#!/bin/sh\necho "portal $*" >>/tmp/calls\n')
    router.must("chmod", "+x", "/usr/bin/portal")

    router.must("env", *event, "/etc/hotplug.d/button/50-portal")

    # The self-test of root comes after, in the background.
    assert router.recorded("calls")[:1] == (["portal technician"] if opens else [])


def test_however_often_the_button_is_pressed_one_self_test_runs(router: Router) -> None:
    router.write(
        "/usr/bin/portal",
        '#!/bin/sh\necho "portal $*" >>/tmp/calls\n[ "$1" != doctor ] || exec sleep 60\n',
    )
    router.must("chmod", "+x", "/usr/bin/portal")

    for _ in range(3):
        router.must(
            *("env", "BUTTON=wps", "ACTION=released", "SEEN=2"), "/etc/hotplug.d/button/50-portal"
        )
    router.host.wait_until(
        lambda: "portal doctor --save" in router.read("/tmp/calls"), "a self-test runs"
    )

    assert router.recorded("calls").count("portal doctor --save") == 1
