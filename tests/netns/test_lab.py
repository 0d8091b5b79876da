"""The laboratory itself: what it promises to the tests that are built on it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.demo.addresses import GATEWAY4, GATEWAY6, MODEM4, PORTAL_HOST, WEBSITE4, WEBSITE6
from portal.demo.host import LabError
from portal.demo.lab import API_URI, Lab
from portal.demo.probes import PROBES, Verdict

pytestmark = pytest.mark.netns


def _machine() -> tuple[str, ...]:
    """What a laboratory could leave on the real machine."""
    commands = ("ip -o link", "ip -o -4 route", "nft list ruleset", "ip netns list")
    return tuple(
        subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout
        for command in commands
    )


def _processes_of(network: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns/net") == network:
                found.append(entry.name)
        except OSError:  # It has just ended.
            continue
    return found


def _alive(processes: list[str]) -> list[str]:
    return [pid for pid in processes if Path(f"/proc/{pid}").exists()]


def test_without_a_portal_a_phone_is_online_at_once(lab: Lab) -> None:
    lab.start_internet()
    lab.start_dns_dhcp()
    phone = lab.phone()
    phone.join()

    assert {probe.judge(phone.ask(probe)) for probe in PROBES} == {Verdict.ONLINE}


def test_a_phone_gets_its_addresses_and_the_api_by_dhcp_and_by_the_router(lab: Lab) -> None:
    lab.start_dns_dhcp(api_uri=API_URI)
    phone = lab.phone("02:00:5e:10:00:99")
    phone.join()

    assert phone.ip4 is not None
    assert phone.ip4.startswith("10.80.")
    assert phone.ip6 == "2001:db8:80::5eff:fe10:99"
    assert phone.api_uri == API_URI
    assert phone.advertised_api_uri() == API_URI
    assert phone.must("getent", "ahostsv4", PORTAL_HOST).split()[0] == GATEWAY4
    assert phone.must("getent", "ahostsv6", PORTAL_HOST).split()[0] == GATEWAY6


def test_no_api_is_announced_unless_told(lab: Lab) -> None:
    lab.start_dns_dhcp()
    phone = lab.phone()
    phone.join()

    assert phone.api_uri is None
    assert "opt114" not in phone.lease


def test_a_phone_without_an_access_point_says_so(lab: Lab) -> None:
    with pytest.raises(LabError, match="no DHCP lease"):
        lab.phone().join(tries=1)


def test_phones_do_not_reach_each_other_but_the_internet_and_the_modem(lab: Lab) -> None:
    lab.start_dns_dhcp()
    one, other = lab.phone(), lab.phone()
    one.join()
    other.join()

    reached = {
        address: one.run("ping", "-c", "1", "-W", "1", address).returncode == 0
        for address in (WEBSITE4, WEBSITE6, MODEM4, str(other.ip4), str(other.ip6))
    }

    assert list(reached.values()) == [True, True, True, False, False]


def test_two_laboratories_with_the_same_addresses_do_not_meet(lab: Lab) -> None:
    lab.start_dns_dhcp()
    with Lab() as other:
        phone = other.phone("02:00:5e:10:00:99")
        lab.phone("02:00:5e:10:00:99").join()

        with pytest.raises(LabError, match="no DHCP lease"):
            phone.join(tries=2)


def test_the_machine_is_as_before_while_it_runs_and_after() -> None:
    before = _machine()
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        lab.phone().join()
        folder = lab.folder
        during = _machine()

    assert before == during == _machine()
    assert not folder.exists()


def test_an_error_inside_ends_everything() -> None:
    inside: list[str] = []

    def fail() -> None:
        with Lab() as lab:
            lab.gateway.popen("sh", "-c", "sleep 1000 & echo started; sleep 1000", log="sh")
            lab.gateway.wait_until(lambda: "started" in lab.gateway.read_log("sh"), "it starts")
            # By their numbers: the kernel gives the number of a network to the next one.
            inside.extend(_processes_of(os.readlink(f"/proc/{lab.gateway.pid}/ns/net")))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert len(inside) >= 3
    until = time.monotonic() + 5
    while _alive(inside) and time.monotonic() < until:
        time.sleep(0.01)
    assert _alive(inside) == []


_KILLED = """
import os, sys, time
from portal.demo.lab import Lab
with Lab() as lab:
    lab.gateway.popen("sh", "-c", "sleep 1000 & echo started; sleep 1000", log="sh")
    lab.gateway.wait_until(lambda: "started" in lab.gateway.read_log("sh"), "a program starts")
    print(os.readlink(f"/proc/{lab.gateway.pid}/ns/net"), lab.folder, flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_however_its_process_ends_nothing_goes_on(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        network, folder = process.stdout.readline().split()
        running = _processes_of(network)
        process.send_signal(how)

    give_up = time.monotonic() + 5
    while _alive(running) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert len(running) > 2  # The keeper, the shell, and what it started.
    assert _alive(running) == []
    # Only a kill leaves the folder of logs behind.
    assert Path(folder).exists() == (how is signal.SIGKILL)
    subprocess.run(["rm", "-rf", folder], check=True)


def test_a_daemon_that_ends_at_once_is_reported_with_what_it_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="length"):
        lab.start_portal({"session": {"length": "for ever"}})


def test_the_daemon_can_be_stopped_killed_and_started_again(lab: Lab) -> None:
    first = lab.start_portal()
    assert lab.portal_kill() == -signal.SIGKILL

    second = lab.portal_restart()

    assert first.pid != second.pid
    assert lab.portal_stop() == 0
    assert lab.portal_stop() is None
