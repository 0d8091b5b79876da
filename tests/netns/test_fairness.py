"""A line that is shared: whoever has many connections gets no more of it for that.

Runs with the queues of this kernel, and in a virtual machine with cake (`tests/vm/test_cake.py`).
"""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest

from firewall.shaper import queues
from firewall.shaping import BETWEEN, FILTERS_HANDLE, HANDLE
from portal import control
from portal.demo.addresses import GATEWAY4, INTERNET4, PHONES4, WAN4, WAN6
from portal.demo.lab import HTTP_PORT, Lab, TomlValue
from portal.demo.phone import Phone
from tests.netns.loads import DOWNLOAD, UPLOAD, shares

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("fairness")]

DOWN_MBIT, UP_MBIT = 20, 20
GREEDY_CONNECTIONS = 16
WARM_UP_SECONDS, SECONDS = 4.0, 12.0
OUR_HANDLES = {HANDLE, FILTERS_HANDLE}


def ask(lab: Lab, **question: object) -> dict[str, Any]:
    return control.ask(lab.folder / "run" / "control.sock", question)


def share_the_line(lab: Lab, **fairness: TomlValue) -> str:
    """Start the daemon, wait until its queues stand, and say which way they share."""
    lab.start_portal({"fairness": fairness})
    lab.gateway.wait_until(
        lambda: ask(lab, command="status")["line"] != "not shared",
        "the line is shared",
        log="portal",
        seconds=120,
    )
    return str(ask(lab, command="status")["line"])


def open_phones(lab: Lab, count: int) -> list[Phone]:
    """Phones with fixed addresses, that may pass."""
    found = []
    for number in range(count):
        phone = lab.phone(f"02:00:5e:20:00:{number:02x}")
        phone.ip(
            f"link set {phone.interface} up",
            f"address add {PHONES4[100 + number]}/{PHONES4.prefixlen} dev {phone.interface}",
            f"route add default via {GATEWAY4}",
        )
        ask(lab, command="grant", mac=phone.mac, minutes=60)
        found.append(phone)
    return found


def ours(lab: Lab) -> set[tuple[str, int]]:
    """The queues of ours that stand on the gateway."""
    with lab.gateway.network():
        return {(name, handle) for name, handle in queues() if handle in OUR_HANDLES}


def load(
    lab: Lab, phones: Sequence[tuple[Phone, int]], direction: int, seconds: float = SECONDS
) -> list[float]:
    """What each phone got, in Mbit/s."""
    got = asyncio.run(
        shares(
            lab.internet,
            INTERNET4,
            phones,
            direction,
            warm_up_seconds=WARM_UP_SECONDS,
            seconds=seconds,
        )
    )
    return [got[phone] for phone, _ in phones]


def delays(said: str) -> list[float]:
    """Milliseconds of every answer that `ping` had."""
    return [float(found) for found in re.findall(r"time=([\d.]+) ms", said)]


@pytest.mark.parametrize(
    ("direction", "mbit"),
    [(DOWNLOAD, DOWN_MBIT), (UPLOAD, UP_MBIT)],
    ids=["downloads", "uploads"],
)
def test_sixteen_connections_get_no_more_than_one(lab: Lab, direction: int, mbit: int) -> None:
    way = share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT)
    *busy, quiet = open_phones(lab, 11)
    until = str(int(WARM_UP_SECONDS + SECONDS) - 1)
    ping = quiet.popen("ping", "-n", "-i", "0.2", "-w", until, INTERNET4, log="ping")
    started = time.monotonic()

    got = load(lab, [(busy[0], GREEDY_CONNECTIONS), *((phone, 1) for phone in busy[1:])], direction)

    assert ping.wait(30) == 0
    waited = sorted(delays(quiet.read_log("ping")))
    fair = sum(got) / len(got)
    print(
        f"\nline shared by {way}: {sum(got):.1f} of {mbit} Mbit/s, in {fair:.2f} each:",
        *(f"{mbit / fair:.2f}" for mbit in got),
        f"ping of an eleventh: median {waited[len(waited) // 2]} ms, worst {waited[-1]} ms",
        f"({time.monotonic() - started:.0f} s)",
    )
    assert all(0.8 <= mbit / fair <= 1.2 for mbit in got), got
    assert 0.8 * mbit <= sum(got) <= 1.02 * mbit
    assert waited[len(waited) * 49 // 50] < 50


def test_pages_of_the_gateway_do_not_wait_for_the_line(lab: Lab) -> None:
    """A page in 200 ms while 16 downloads of the same phone fill a line of 1 Mbit/s."""
    share_the_line(lab, down_mbit=1, up_mbit=1)
    [phone] = open_phones(lab, 1)
    took = []

    async def read_pages() -> None:
        await asyncio.sleep(WARM_UP_SECONDS)
        for _ in range(5):
            page = await asyncio.to_thread(phone.fetch, f"http://{GATEWAY4}:{HTTP_PORT}/status")
            took.append(page.seconds)

    async def under_load() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read_pages())
            busy = [(phone, GREEDY_CONNECTIONS)]
            await shares(lab.internet, INTERNET4, busy, DOWNLOAD, warm_up_seconds=1, seconds=6)

    asyncio.run(under_load())

    assert max(took) < 0.2, took


def test_a_ceiling_holds_for_each_device(lab: Lab) -> None:
    """Without rates of the line, too: it is kept by the rules."""
    lab.start_portal({"fairness": {"device_down_mbit": 4, "device_up_mbit": 2}})
    greedy, modest = open_phones(lab, 2)

    down = load(lab, [(greedy, 8), (modest, 1)], DOWNLOAD, 5)
    up = load(lab, [(greedy, 8), (modest, 1)], UPLOAD, 5)

    print(f"\nceiling 4 down: {down}, 2 up: {up}")
    assert all(2.5 < mbit < 4.4 for mbit in down), down
    assert all(1.2 < mbit < 2.2 for mbit in up), up


def test_on_a_shared_line_downloads_are_counted_and_bounded(lab: Lab) -> None:
    """They meet the rules before the queue: a packet out of an ifb would meet none."""
    way = share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT, device_down_mbit=4)
    [phone] = open_phones(lab, 1)

    [mbit] = load(lab, [(phone, 4)], DOWNLOAD, 5)

    [session] = ask(lab, command="sessions")["sessions"]
    print(f"\nline shared by {way}, ceiling 4: {mbit:.1f}, {session['down_bytes']} bytes counted")
    assert 2.5 < mbit < 4.4
    assert session["down_bytes"] > mbit * 5e6 / 8


def test_a_line_that_dials_again_is_shared_again(lab: Lab) -> None:
    share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT)
    stood = ours(lab)

    lab.gateway.ip("link del wan")
    lab.gateway.wait_until(lambda: ours(lab) != stood, "the queue goes with its interface")
    lab.internet.ip(
        f"link add name eth0 type veth peer name wan netns {lab.gateway.pid}",
        "link set eth0 up",
        f"address add {INTERNET4}/24 dev eth0",
    )
    lab.gateway.ip(
        "link set wan up",
        f"address add {WAN4}/24 dev wan",
        f"address add {WAN6}/64 dev wan nodad",
    )

    lab.gateway.wait_until(
        lambda: ours(lab) == stood, "the line is shared again", log="portal", seconds=60
    )


def test_phones_whose_network_restarts_are_served_fairly_again(lab: Lab) -> None:
    share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT)
    stood = ours(lab)

    lab.gateway.must("tc", "qdisc", "replace", "dev", "br-lan", "root", "pfifo")
    lab.gateway.ip("link set br-lan down", "link set br-lan up")

    lab.gateway.wait_until(
        lambda: ours(lab) == stood, "the queues stand again", log="portal", seconds=60
    )


def test_cleaning_up_leaves_no_queue(lab: Lab) -> None:
    share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT)
    assert ours(lab)
    lab.gateway.must("tc", "qdisc", "replace", "dev", "lo", "root", "pfifo")  # Somebody else's.
    lab.portal_stop()
    assert ours(lab), "a restart of the daemon keeps the line shared"

    cleaned = lab.portal_command("cleanup")

    assert cleaned.returncode == 0, cleaned.stderr
    assert ours(lab) == set()
    assert BETWEEN not in lab.gateway.must("ip", "-brief", "link")
    assert "pfifo" in lab.gateway.must("tc", "qdisc", "show", "dev", "lo")


def test_a_configuration_without_rates_takes_the_queues_away(lab: Lab) -> None:
    share_the_line(lab, down_mbit=DOWN_MBIT, up_mbit=UP_MBIT)
    lab.portal_stop()

    lab.start_portal({})

    lab.gateway.wait_until(lambda: not ours(lab), "no queue is left", log="portal", seconds=60)
