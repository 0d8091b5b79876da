"""NetworkManager, unchanged, on a phone's place: it sees a portal, and then the Internet."""

import shutil
import subprocess

import pytest

from portal.demo.addresses import GATEWAY4, PORTAL_HOST
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(shutil.which("NetworkManager") is None, reason="scripts/setup --test"),
]

_CONFIGURATION = """
[main]
plugins=keyfile
dns=none
auth-polkit=false

[connectivity]
uri=http://network-test.debian.org/nm
response=NetworkManager is online
interval=60
"""

_CONNECTION = """
[connection]
id=wifi
type=ethernet
interface-name=wlan0

[ipv4]
method=auto

[ipv6]
method=auto
"""

# Its own places for what it writes, and a read-only /sys: without udev it would otherwise wait
# for udev to present each interface.
_PLACES = """
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib/NetworkManager
mount -t tmpfs tmpfs /etc/NetworkManager
mount -o remount,ro /sys
mkdir -p /run/dbus /etc/NetworkManager/system-connections
cat >/etc/NetworkManager/NetworkManager.conf
"""


def with_network_manager(phone: Phone) -> Phone:
    """Give the phone a system bus and NetworkManager, which joins the network by itself."""
    phone.must("sh", "-euc", _PLACES, stdin=_CONFIGURATION)
    keyfile = "/etc/NetworkManager/system-connections/wifi.nmconnection"
    phone.must("sh", "-euc", f"umask 077; cat >{keyfile}", stdin=_CONNECTION)
    phone.resolv_conf.write_text(f"nameserver {GATEWAY4}\n")
    bus = phone.popen("dbus-daemon", "--system", "--nofork", "--nopidfile")
    phone.wait_until(
        lambda: phone.run("test", "-S", "/run/dbus/system_bus_socket").returncode == 0,
        "the system bus starts",
        process=bus,
        log="dbus-daemon",
    )
    manager = phone.popen("NetworkManager", "--no-daemon")
    phone.wait_until(
        lambda: _says(phone, "networking") == "enabled",
        "NetworkManager starts",
        process=manager,
        log="NetworkManager",
    )
    return phone


def _says(phone: Phone, *question: str) -> str:
    return phone.run("nmcli", "--terse", *question).stdout.strip()


def wait_for_connectivity(phone: Phone, expected: str) -> None:
    phone.wait_until(
        lambda: _says(phone, "networking", "connectivity", "check") == expected,
        f"NetworkManager sees connectivity {expected!r}",
        log="NetworkManager",
        seconds=20,
    )


def test_network_manager_sees_a_portal_and_after_the_tap_the_internet(site: Lab) -> None:
    phone = with_network_manager(site.phone())

    wait_for_connectivity(phone, "portal")
    page = phone.open(f"http://{PORTAL_HOST}/")
    assert isinstance(page, Answer)
    phone.tap(page)
    wait_for_connectivity(phone, "full")


def test_network_manager_sees_the_portal_again_after_leaving(site: Lab) -> None:
    phone = with_network_manager(site.phone())
    wait_for_connectivity(phone, "portal")
    page = phone.open(f"http://{PORTAL_HOST}/")
    assert isinstance(page, Answer)
    status = phone.tap(page)
    assert isinstance(status, Answer)
    wait_for_connectivity(phone, "full")

    phone.tap(status, "/leave")

    wait_for_connectivity(phone, "portal")


def test_the_check_of_shell_scripts_sees_a_redirect_and_then_no_content(phone: Phone) -> None:
    check = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")
    url = "http://connectivitycheck.gstatic.com/generate_204"

    before: subprocess.CompletedProcess[str] = phone.run(*check, url)
    page = phone.open(url)
    assert isinstance(page, Answer)
    phone.tap(page)
    after = phone.run(*check, url)

    assert before.stdout == f"302 http://{PORTAL_HOST}/"
    assert after.stdout == "204 "
