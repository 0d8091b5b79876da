"""What phones see over the air. A program for the virtual machine: says each claim and how it held.

    python -m tests.vm.on_air PORTAL

PORTAL is the gateway's command. First the walk of the demonstration, then what only radios have:
phones that hear each other, an access point that one leaves for another, and being out of reach.
"""

import re
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from portal.demo.addresses import PORTAL_HOST, WEBSITE4, WEBSITE6
from portal.demo.internet import ECHO_PORT
from portal.demo.lab import API_URI
from portal.demo.probes import PROBES, Answer, Verdict
from portal.demo.walk import WAYS, held, walk
from tests.vm.wifi import WifiLab, WifiPhone

TURN_SECONDS: Final = 30
SETTINGS: Final = {
    "session": {"length": f"{TURN_SECONDS}s"},
    "fairness": {"down_mbit": 50, "up_mbit": 20},
}
_HOME, _CHECKOUT = "/usr/lib/union-portal/", Path(__file__).parents[2]
_SECONDS: Final = 3
"""How long to wait for what must come; it comes at once, on a slow machine."""


def main(program: str) -> int:
    with WifiLab(phones=2) as lab:
        lab.program = (program,)
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_access_points()
        daemon = lab.start_portal(SETTINGS, https=True)
        shared = "the line is shared fairly, by cake"
        lab.gateway.wait_until(lambda: shared in lab.gateway.read_log("portal"), shared)
        libraries = re.findall(r"/\S+\.so", Path(f"/proc/{daemon.pid}/maps").read_text())
        assert any(library.startswith(_HOME) for library in libraries), libraries
        assert not any(library.startswith(str(_CHECKOUT)) for library in libraries), libraries
        print(f"everything runs {time.monotonic():.0f} s after the boot; {shared}")
        if not walk(lab, TURN_SECONDS):
            print(f"the daemon said:\n{lab.gateway.read_log('portal')}")
            return 1
        first, second = lab.phones
        for claim, step in STEPS:
            begun = time.monotonic()
            seen = step(lab, first, second)
            print(f"{claim}: ok, {time.monotonic() - begun:.1f} s; {seen}", flush=True)
    return 0


def passes(phone: WifiPhone) -> bool:
    """Whether the Internet answers, by every way and both families."""
    return all(
        way(phone, address, _SECONDS) for way in WAYS.values() for address in (WEBSITE4, WEBSITE6)
    )


def reaches(phone: WifiPhone, other: WifiPhone) -> bool:
    """Whether the other phone answers; its address is known, so that one packet is enough."""
    phone.ip(f"neighbour replace {other.ip4} lladdr {other.mac} dev {phone.interface}")
    other.ip(f"neighbour replace {phone.ip4} lladdr {phone.mac} dev {other.interface}")
    return phone.run("ping", "-c", "2", "-i", "0.3", "-W", "1", other.ip4).returncode == 0


def tap(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    for phone in (first, second):
        page = phone.open("http://connectivitycheck.gstatic.com/generate_204")
        assert isinstance(page, Answer), page
        after = phone.tap(page)
        assert isinstance(after, Answer), after
        assert after.url == f"http://{PORTAL_HOST}/status", after.url
        assert passes(phone)
    return "a second turn for one, a first for the other"


def same_radio(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    if first.access_point != second.access_point:
        second.roam()
    assert first.access_point == second.access_point
    assert not reaches(second, first)
    assert not reaches(first, second)
    return f"both at {first.access_point}"


def other_radio(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    second.roam()
    assert first.access_point != second.access_point
    assert not reaches(second, first)
    assert not reaches(first, second)
    return f"{first.access_point} and {second.access_point}"


def roam(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    with first.network():
        running = socket.create_connection((WEBSITE4, ECHO_PORT), timeout=_SECONDS)
    with running:
        before, now = first.access_point, first.roam()
        running.sendall(b"still there?")
        assert running.recv(64) == b"still there?"
    assert passes(first)
    return f"{before} to {now}, a connection went on"


def out_of_reach(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    first.vanish()
    begun = time.monotonic()
    assert not WAYS["UDP"](first, WEBSITE4, 1)
    first.come_back()
    first.wait_until(lambda: WAYS["UDP"](first, WEBSITE4, 1), "it is online again", log="wpa")
    away = time.monotonic() - begun
    assert passes(first)
    assert PROBES[0].judge(first.ask(PROBES[0])) is Verdict.ONLINE
    return f"{away:.1f} s without a network"


def leave(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    page = first.open(f"http://{PORTAL_HOST}/status")
    assert isinstance(page, Answer), page
    after = first.tap(page, "/leave")
    assert isinstance(after, Answer), after
    assert held(PROBES[0], first.ask(PROBES[0]))
    assert not any(way(first, WEBSITE4, 0.5) for way in WAYS.values())
    return after.url


def without_isolation(lab: WifiLab, first: WifiPhone, second: WifiPhone) -> str:
    """That the two claims above could fail."""
    if first.access_point == second.access_point:
        second.roam()
    lab.isolate(radios=False, within=True)
    assert reaches(second, first), "the ports of the bridge are open, and nothing passes"
    lab.isolate(radios=True, within=False)
    if first.access_point != second.access_point:
        second.roam()
    assert reaches(second, first), "the radio passes on, and nothing passes"
    return "through the bridge, and through the radio"


STEPS: Final[tuple[tuple[str, Callable[[WifiLab, WifiPhone, WifiPhone], str]], ...]] = (
    ("a phone cannot reach another of the same radio", same_radio),
    ("nor one of the other radio", other_radio),
    ("both phones are online, each after its tap", tap),
    ("a phone that roams goes on without a tap", roam),
    ("so does one that was out of reach", out_of_reach),
    ("a phone that leaves is held", leave),
    ("without isolation phones do reach each other", without_isolation),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
