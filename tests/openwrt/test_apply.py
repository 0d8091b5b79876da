"""/usr/libexec/portal/apply: what becomes of a router's /etc/config.

`UPDATE_GOLDEN=1 pytest -m openwrt tests/openwrt/test_apply.py` writes the golden files anew.
"""

import os

import pytest

from tests.openwrt.router import CONFIGS, HERE, SITE, Router

pytestmark = pytest.mark.openwrt

APPLY = "/usr/libexec/portal/apply"
GOLDEN = HERE / "golden"
WIRED = ("router.phones_address=10.81.0.1/22", "router.channel_2g=6", "portal.https_port=2443")


def changed(said: str) -> dict[str, str]:
    """What apply said that it changed: option -> what it is now."""
    lines = (line.removeprefix("portal: ") for line in said.splitlines())
    pairs = (line.split(": ", 1) for line in lines)
    return {option: change.split(" -> ")[1] for option, change in pairs}


@pytest.mark.parametrize("kind", ["plain", "wired"])
def test_a_router_from_the_factory_becomes_a_gateway(router: Router, kind: str) -> None:
    router.uci(*SITE)
    if kind == "wired":
        router.uci(*WIRED)
        router.must("uci", "add_list", "portal.router.phones_ports=lan4")
        router.must("uci", "add_list", "portal.router.phones_ports=lan3.80")
        router.must("uci", "commit", "portal")

    router.must(APPLY)

    assert router.recorded("calls") == ["reload_config "]
    for name, text in router.configs().items():
        golden = GOLDEN / kind / name
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, encoding="utf-8")
        assert text == golden.read_text(encoding="utf-8"), name


def test_a_second_time_nothing_is_changed_and_nothing_is_said(router: Router) -> None:
    router.uci(*SITE)
    said = changed(router.run(APPLY).stderr)
    assert said["network.lan.ipaddr"] == "'192.168.80.1'"
    assert said["firewall.@defaults[0].flow_offloading_hw"] == "'0'"
    router.recorded("calls")
    before = router.configs(), router.must("ls", "-li", "/etc/config")

    again = router.run(APPLY)

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert router.recorded("calls") == []
    assert (router.configs(), router.must("ls", "-li", "/etc/config")) == before


def test_phones_are_held_before_their_network_comes_up(router: Router) -> None:
    router.must(APPLY)

    assert "table inet portal {" in router.must("nft", "list", "ruleset")


def test_what_was_changed_by_hand_comes_back(router: Router) -> None:
    router.uci(*SITE)
    router.must(APPLY)
    router.must("uci", "set", "wireless.portal_radio1.isolate=0")
    router.must("uci", "set", "firewall.@defaults[0].flow_offloading=1")
    router.must("uci", "set", "firewall.portal_out.dest=lan")
    router.must("uci", "commit")

    assert changed(router.run(APPLY).stderr) == {
        "wireless.portal_radio1.isolate": "'1'",
        "firewall.@defaults[0].flow_offloading": "'0'",
        "firewall.portal_out.dest": "'wan'",
    }


def test_what_is_the_owner_s_stays(router: Router) -> None:
    """An address of lan that was chosen, a Wi-Fi of the house with a password, a rule."""
    router.must("uci", "set", "network.lan.ipaddr=10.1.2.1")
    router.must("uci", "set", "wireless.office=wifi-iface")
    router.must("uci", "set", "wireless.office.network=lan")
    router.must("uci", "set", "wireless.office.encryption=sae-mixed")
    router.must("uci", "set", "firewall.mine=rule")
    router.must("uci", "set", "firewall.mine.src=wan")
    router.must("uci", "commit")

    said = changed(router.run(APPLY).stderr)

    assert "network.lan.ipaddr" not in said
    assert said["uhttpd.main.listen_http"] == "'10.1.2.1:80'"
    assert not [name for name in said if "office" in name or "mine" in name]
    assert said["wireless.default_radio0.disabled"] == "'1'"


@pytest.mark.parametrize(
    ("before", "after"), [("192.168.1.1/24", "192.168.80.1"), ("10.1.2.1/24", "10.1.2.1")]
)
def test_the_address_of_lan_may_be_written_with_its_length(
    router: Router, before: str, after: str
) -> None:
    router.must("uci", "delete", "network.lan.ipaddr")
    router.must("uci", "delete", "network.lan.netmask")
    router.must("uci", "add_list", f"network.lan.ipaddr={before}")
    router.must("uci", "commit")

    router.must(APPLY)

    assert router.must("uci", "get", "uhttpd.main.listen_http") == f"{after}:80\n"
    assert router.must("uci", "get", "network.lan.ipaddr").startswith(after)


def test_an_address_of_lan_that_is_asked_for_is_set(router: Router) -> None:
    router.uci("router.lan_address=10.1.2.1/25")

    said = changed(router.run(APPLY).stderr)

    assert said["network.lan.ipaddr"] == "'10.1.2.1'"
    assert said["network.lan.netmask"] == "'255.255.255.128'"
    assert said["uhttpd.main.listen_https"] == "'10.1.2.1:443'"


@pytest.mark.parametrize("ssid", ["Wi-Fi của 'xóm'", 'a "b" \\ $HOME `id` ; # %s *', "-n"])
def test_any_name_of_the_network_is_taken_as_it_is(router: Router, ssid: str) -> None:
    router.uci(f"wifi.ssid={ssid}")

    router.must(APPLY)

    assert router.must("uci", "get", "wireless.portal_radio0.ssid") == ssid + "\n"
    assert router.run(APPLY).stderr == ""


def test_a_network_of_few_phones_leaves_room_for_them(router: Router) -> None:
    router.uci("router.phones_address=192.168.30.1/27")

    said = changed(router.run(APPLY).stderr)

    assert said["network.phones.netmask"] == "'255.255.255.224'"
    assert (said["dhcp.phones.start"], said["dhcp.phones.limit"]) == ("'10'", "'21'")


def test_a_radio_for_which_an_open_network_is_forbidden_is_left_alone(router: Router) -> None:
    router.must("uci", "set", "wireless.radio1.band=6g")
    router.must("uci", "commit")

    said = changed(router.run(APPLY).stderr)

    assert "wireless.radio0.country" in said
    assert not [name for name in said if name.startswith("wireless.radio1.")]
    assert "wireless.portal_radio1" not in said


def test_a_router_without_pages_of_its_own_is_set_up_too(router: Router) -> None:
    router.must("rm", "/etc/config/uhttpd", "/etc/config/wireless")

    router.must(APPLY)

    assert router.recorded("calls") == ["wifi config", "reload_config "]
    assert "config interface 'phones'" in router.read("/etc/config/network")


def test_a_mistake_is_told_and_nothing_is_changed(router: Router) -> None:
    router.uci("router.phones_address=10.80.0.1", f"wifi.ssid={33 * 'x'}", "router.country=vn")
    before = router.configs()

    done = router.run(APPLY)

    assert done.returncode == 1
    for setting in ("router.phones_address", "router.country", "wifi.ssid"):
        assert f"  {setting} = " in done.stderr
    router.logged("router.country")
    assert router.configs() == before
    assert router.recorded("calls") == []


# When it is run


def test_the_first_boot_of_an_image_sets_the_router_up_before_it_is_up(router: Router) -> None:
    router.uci("router.managed=1")

    router.must("/etc/uci-defaults/95-portal")

    assert "config interface 'phones'" in router.read("/etc/config/network")
    assert router.recorded("calls") == []


def test_a_package_that_is_added_by_hand_changes_nothing(router: Router) -> None:
    before = router.configs()

    router.must("/etc/uci-defaults/95-portal")
    router.must("env", "ACTION=add", "/etc/hotplug.d/ieee80211/20-portal")
    router.must("/etc/init.d/portal", "reload")

    assert router.configs() == before


def test_a_radio_that_comes_late_gets_the_network_of_phones(router: Router) -> None:
    wireless = router.read("/etc/config/wireless")
    router.uci(*SITE, "router.managed=1")
    router.must("rm", "/etc/config/wireless")
    router.must("/etc/uci-defaults/95-portal")
    router.write("/etc/config/wireless", wireless)
    router.recorded("calls")

    router.must("env", "ACTION=add", "/etc/hotplug.d/ieee80211/20-portal")

    assert "config wifi-iface 'portal_radio1'" in router.read("/etc/config/wireless")
    assert router.recorded("calls") == ["reload_config "]


def test_a_reload_sets_the_router_up_where_it_is_managed(router: Router) -> None:
    router.uci(*SITE, "router.managed=1")

    router.must("/etc/init.d/portal", "reload")

    assert "option ssid 'Wi-Fi Công đoàn'" in router.read("/etc/config/wireless")
    assert router.must("uci", "get", "network.lan.ipaddr") == "192.168.80.1\n"
    assert '"192.168.80.1:2081"' in router.read("/etc/portal/portal.toml")


def test_an_order_that_uci_refuses_leaves_everything_as_it_was(router: Router) -> None:
    before = router.configs()
    router.must("sed", "-i", "s/^BATCH_FAILS = .*/BATCH_FAILS = True/", "/usr/bin/uci")

    done = router.run(APPLY)

    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert router.configs() == before
    assert set(before) == set(CONFIGS)
