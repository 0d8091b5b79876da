"""What goes wrong around a gateway, done to a real one while phones use it.

A captive phone tries to get out all the while, and an open one talks to a host that repeats
what it hears; both are looked at from outside.
"""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firewall.ruleset import REMOVE
from portal.demo.addresses import (
    DOWNLOAD,
    GATEWAY4,
    GATEWAY6,
    PHONES4,
    PORTAL_HOST,
    WEBSITE4,
    WEBSITE6,
)
from portal.demo.host import Host
from portal.demo.internet import ECHO_PORT
from portal.demo.lab import Lab, Settings
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from tests.netns.clock import wall_clock

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("robustness")]

MARK = b"from the captive phone"
TURN_SECONDS = 600
NOBODY_ID = 65534
ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/systemd/portal.service"
LEEWAY_SECONDS = 2.0
"""How much longer the kernel lets pass than a turn lasts (portal.gateway)."""


@dataclass
class Attempts:
    """What a captive phone sends to the Internet, and what of it arrives there, when."""

    sent: int = 0
    arrived: list[float] = field(default_factory=list)


@dataclass
class Talk:
    """An open phone's TCP connection and datagrams, each repeated by the other end."""

    answered: int = 0
    lost: int = 0
    broken: str = ""
    longest_pause: float = 0.0


@dataclass
class Site:
    lab: Lab
    captive: Phone
    visitor: Phone

    def start(self, settings: Settings | None = None) -> None:
        """A daemon that knows nothing of earlier tests."""
        self.end()
        given: Settings = {"session": {"length": f"{TURN_SECONDS}s"}}
        self.lab.start_portal({**given, **(settings or {})})

    def end(self) -> None:
        self.lab.portal_kill()
        self.lab.gateway.must("nft", "-f", "-", stdin=REMOVE)
        shutil.rmtree(self.lab.folder / "data", ignore_errors=True)
        self.lab.gateway.log_file("portal").unlink(missing_ok=True)

    def tap(self, phone: Phone) -> None:
        page = phone.open("http://connectivitycheck.gstatic.com/generate_204")
        assert isinstance(page, Answer), page
        done = phone.tap(page)
        assert isinstance(done, Answer), done
        assert (done.status, done.url) == (200, f"http://{PORTAL_HOST}/status")

    @property
    def sessions(self) -> dict[str, "Row"]:
        begun = time.monotonic()
        asked = self.lab.portal_command("sessions", "--json")
        told = time.monotonic()
        assert asked.returncode == 0, asked.stderr
        return {
            row["mac"]: Row(
                row["seconds_left"],
                row["up_bytes"],
                row["down_bytes"],
                row["pseudonym"],
                (begun, told),
            )
            for row in json.loads(asked.stdout)
        }

    def logged(self) -> list[dict[str, object]]:
        asked = self.lab.portal_command("sessions", "--all", "--json")
        assert asked.returncode == 0, asked.stderr
        rows: list[dict[str, object]] = json.loads(asked.stdout)
        return rows

    def log(self) -> str:
        return self.lab.gateway.read_log("portal")

    def reaches(self, phone: Phone, target: str = WEBSITE4) -> bool:
        """Whether a datagram of `phone` is repeated by the website."""
        with phone.network(), closing(_datagrams(target)) as channel:
            channel.settimeout(0.3)
            try:
                channel.send(b"?")
                return channel.recv(16) == b"?"
            except OSError:
                return False

    @contextmanager
    def attempts(self) -> Iterator[Attempts]:
        """The captive phone tries to get out by every family, hundreds of times a second."""
        seen = Attempts()
        with ExitStack() as stack:
            with self.lab.internet.network():
                tap = stack.enter_context(
                    closing(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)))
                )
                tap.bind(("eth0", 3))
            with self.captive.network():
                out = [
                    stack.enter_context(closing(_datagrams(target)))
                    for target in (WEBSITE4, WEBSITE6)
                ]
            stop = threading.Event()

            def send() -> None:
                while not stop.wait(0.004):
                    for each in out:
                        try:
                            each.send(MARK)
                        except OSError:
                            continue  # The refusal of the one before.
                        finally:
                            seen.sent += 1

            def listen() -> None:
                tap.settimeout(0.1)
                while not stop.is_set():
                    try:
                        packet = tap.recv(2048)
                    except TimeoutError:
                        continue
                    if MARK in packet:
                        seen.arrived.append(time.monotonic())

            with _running(stop, send, listen):
                yield seen

    @contextmanager
    def talk(self, *, seconds: float = 1.0) -> Iterator[Talk]:
        """The open phone talks over one TCP connection and by datagrams, IPv4 and IPv6.

        A datagram that is not repeated within `seconds` is lost.
        """
        heard = Talk()
        with ExitStack() as stack:
            with self.visitor.network():
                stream = stack.enter_context(
                    closing(socket.create_connection((WEBSITE4, ECHO_PORT), timeout=20))
                )
                datagrams = [
                    stack.enter_context(closing(_datagrams(target)))
                    for target in (WEBSITE4, WEBSITE6)
                ]
            stop = threading.Event()

            def speak() -> None:
                number = 0
                while not stop.wait(0.01):
                    number += 1
                    word = struct.pack("!Q", number)
                    begun = time.monotonic()
                    try:
                        stream.sendall(word)
                        if _exactly(stream, 8) != word:
                            heard.broken = "other bytes came back"
                            return
                    except OSError as error:
                        heard.broken = str(error)
                        return
                    for each in datagrams:
                        each.settimeout(seconds)
                        try:
                            each.send(word)
                            while each.recv(8) != word:
                                pass
                        except OSError:
                            heard.lost += 1
                    heard.longest_pause = max(heard.longest_pause, time.monotonic() - begun)
                    heard.answered += 1

            with _running(stop, speak):
                yield heard

    def goes_on(self, talk: Talk, rounds: int = 10) -> None:
        """Wait for some more rounds of talk."""
        wanted = talk.answered + rounds
        self.visitor.wait_until(
            lambda: talk.answered >= wanted or bool(talk.broken), "the talk goes on", seconds=20
        )
        assert not talk.broken, talk.broken


@dataclass(frozen=True)
class Row:
    seconds_left: int
    up_bytes: int
    down_bytes: int
    pseudonym: str
    between: tuple[float, float]
    """When it was asked for, and when told (monotonic): a busy machine takes its time."""

    def goes_on_from(self, before: "Row") -> bool:
        """Whether as much time went by for the session as for everybody, within two seconds."""
        least = self.between[0] - before.between[1]
        most = self.between[1] - before.between[0]
        return -2 <= before.seconds_left - self.seconds_left - least <= most - least + 4


@contextmanager
def _running(stop: threading.Event, *jobs: Callable[[], None]) -> Iterator[None]:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _datagrams(target: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    channel = socket.socket(family, socket.SOCK_DGRAM)
    channel.connect((target, ECHO_PORT))
    return channel


def _exactly(stream: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length and (more := stream.recv(length - len(got))):
        got += more
    return got


@pytest.fixture(scope="module")
def built() -> Iterator[Site]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        site = Site(lab, lab.phone(), lab.phone())
        site.captive.join()
        site.visitor.join()
        yield site


@pytest.fixture
def site(built: Site) -> Iterator[Site]:
    yield built
    built.end()


@pytest.fixture
def open_site(site: Site) -> Site:
    """The daemon runs, and the visitor is online and has used the network."""
    site.start()
    site.tap(site.visitor)
    done = site.visitor.fetch(f"http://{DOWNLOAD}/bytes/200000")
    assert isinstance(done, Answer)
    assert done.status == 200
    return site


# -- the daemon dies ----------------------------------------------------------------------


def test_killed_and_started_again(open_site: Site) -> None:
    site, mac = open_site, open_site.visitor.mac
    before, at = site.sessions[mac], time.monotonic()
    with site.attempts() as attempts, site.talk() as talk:
        site.goes_on(talk)
        site.lab.portal_kill()
        site.goes_on(talk, 50)
        site.lab.portal_restart()
        site.goes_on(talk)

    after, later = site.sessions[mac], time.monotonic()
    assert (talk.lost, talk.broken, attempts.arrived) == (0, "", [])
    assert attempts.sent > 100
    assert after.goes_on_from(before), (before, after)
    assert after.up_bytes > before.up_bytes
    assert after.down_bytes > before.down_bytes
    assert before.down_bytes > 200_000
    assert after.pseudonym == before.pseudonym
    assert [row["ended_utc"] for row in site.logged()] == [None]
    print(
        f"{attempts.sent} attempts, none arrived; {talk.answered} rounds, longest"
        f" {talk.longest_pause * 1000:.0f} ms; {before.seconds_left} s left, then"
        f" {after.seconds_left} s after {later - at:.1f} s"
    )


def test_stopped_the_kernel_goes_on_and_ends_the_turn(site: Site) -> None:
    site.start({"session": {"length": "8s"}})
    site.tap(site.visitor)
    tapped = time.monotonic()
    with site.attempts() as attempts:
        assert site.lab.portal_stop() == 0
        with site.talk() as talk:
            site.goes_on(talk, 50)
        site.visitor.wait_until(lambda: not site.reaches(site.visitor), "the turn ends")
        ended = time.monotonic() - tapped
        site.lab.portal_restart()
        site.visitor.wait_until(lambda: not site.sessions, "the daemon has ended it, too")
        assert not site.reaches(site.visitor)

    assert (talk.lost, talk.broken, attempts.arrived) == (0, "", [])
    assert 8 <= ended < 8 + LEEWAY_SECONDS + 1.5
    site.visitor.wait_until(
        lambda: [row["end_reason"] for row in site.logged()] == ["expired"], "the log says so"
    )
    print(f"without a daemon the turn of 8 s ended after {ended:.1f} s")


def test_cleaning_up_leaves_no_trace(site: Site) -> None:
    before = site.lab.gateway.must("nft", "list", "ruleset")
    site.start()
    site.tap(site.visitor)

    refused = site.lab.portal_command("cleanup")
    site.lab.portal_stop()
    standing = site.lab.gateway.must("nft", "list", "ruleset")
    done = site.lab.portal_command("cleanup")

    assert refused.returncode == 1
    assert refused.stderr == (
        "portal: the portal is running and would put its rules back; stop it first\n"
    )
    assert site.visitor.mac in standing
    assert (done.returncode, done.stderr) == (0, "")
    assert site.lab.gateway.must("nft", "list", "ruleset") == before


# -- the power goes -----------------------------------------------------------------------


@pytest.mark.parametrize("clock_is_set", [True, False], ids=["clock set", "clock unset"])
def test_power_cut(open_site: Site, clock_is_set: bool) -> None:
    site, gateway = open_site, open_site.lab.gateway
    before, at = site.sessions[site.visitor.mac], time.monotonic()
    site.lab.portal_kill()
    gateway.must("nft", "-f", "-", stdin=REMOVE)
    gateway.must("ip", "neigh", "flush", "dev", "br-lan")
    with another_boot(gateway):
        site.lab.portal_restart(under=() if clock_is_set else wall_clock("@1970-01-01 00:01:00"))
        with site.attempts() as attempts:
            asked = time.monotonic()
            site.visitor.wait_until(lambda: site.reaches(site.visitor), "the session is back")
            back = time.monotonic() - asked
            site.visitor.wait_until(lambda: site.reaches(site.visitor, WEBSITE6), "with IPv6")
        after, later = site.sessions[site.visitor.mac], time.monotonic()

        assert attempts.arrived == []
        assert after.pseudonym == before.pseudonym
        if clock_is_set:
            assert after.goes_on_from(before), (before, after)
        else:  # How long the power was away is not known: that time is a present.
            assert before.seconds_left - (later - at) - 1 <= after.seconds_left <= TURN_SECONDS
        assert [row["ended_utc"] for row in site.logged()] == [None]
        print(
            f"passes {back:.2f} s after its first packet; {before.seconds_left} s left, then"
            f" {after.seconds_left} s after {later - at:.1f} s"
        )
        site.lab.portal_kill()


@contextmanager
def another_boot(gateway: Host) -> Iterator[None]:
    """The kernel gives another boot's name to whoever asks on this host."""
    name = gateway.folder / "boot_id"
    name.write_text(f"{uuid.uuid4()}\n")
    gateway.must("mount", "--bind", name, "/proc/sys/kernel/random/boot_id")
    try:
        yield
    finally:
        gateway.must("umount", "/proc/sys/kernel/random/boot_id")


# -- the router is replaced ---------------------------------------------------------------


@pytest.mark.parametrize("clock_is_set", [True, False], ids=["clock set", "clock unset"])
def test_another_router_with_the_backup_of_this_one(open_site: Site, clock_is_set: bool) -> None:
    site, mac = open_site, open_site.visitor.mac
    backup = site.lab.folder / f"{clock_is_set}.backup"
    made = site.lab.portal_command("backup", str(backup), "--no-passphrase")
    assert made.returncode == 0, made.stderr
    before, at = site.sessions[mac], time.monotonic()
    site.lab.portal_kill()
    shutil.rmtree(site.lab.folder / "data")
    time.sleep(3)  # The technician takes the stick across the yard.

    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        new = Site(lab, lab.phone(), lab.phone(mac))
        new.captive.join()
        new.visitor.join()
        storage = {key: str(site.lab.folder / key.removesuffix("_dir")) for key in FOLDERS}
        lab.write_configuration({"storage": storage})
        with another_boot(lab.gateway):
            restored = lab.portal_command("restore", str(backup))
            assert restored.returncode == 0, restored.stderr
            lab.portal_restart(under=() if clock_is_set else wall_clock("@1970-01-01 00:01:00"))
            with new.attempts() as attempts:
                begun = time.monotonic()
                new.visitor.wait_until(lambda: new.reaches(new.visitor), "the session is back")
                back = time.monotonic() - begun
                new.visitor.wait_until(lambda: new.reaches(new.visitor, WEBSITE6), "with IPv6")
                new.visitor.wait_until(lambda: attempts.sent > 20, "the other phone tries")
            after, later = new.sessions[mac], time.monotonic()
            rows = new.logged()
            lab.portal_kill()

    assert attempts.arrived == []
    assert after.pseudonym == before.pseudonym
    if clock_is_set:  # The time between counts: 3 seconds of it at least.
        assert after.goes_on_from(before), (before, after)
    else:  # The turn goes on where it stood at the backup.
        assert before.seconds_left - (later - at) - 1 <= after.seconds_left <= TURN_SECONDS
    assert [row["ended_utc"] for row in rows] == [None]
    print(
        f"passes {back:.2f} s after its first packet; {before.seconds_left} s left, then"
        f" {after.seconds_left} s after {later - at:.1f} s; none of {attempts.sent} attempts of"
        " another phone arrived"
    )


FOLDERS = ("data_dir", "run_dir")


# -- the clock is set ---------------------------------------------------------------------


def test_the_clock_jumps_by_hours_both_ways(site: Site) -> None:
    offset = site.lab.folder / "clock"
    offset.write_text("+0h")
    site.end()
    site.lab.write_configuration({"session": {"length": "8s"}})
    site.lab.portal_restart(under=wall_clock(offset))
    begun = time.monotonic()
    site.tap(site.visitor)
    tapped = time.monotonic()
    left = {}
    for jump in ("+5h", "-7h", "+3h"):
        offset.write_text(jump)
        row = site.sessions[site.visitor.mac]
        left[jump] = row.seconds_left + time.monotonic() - tapped
    site.visitor.wait_until(lambda: not site.reaches(site.visitor), "the turn ends")
    ended = time.monotonic()

    assert left == pytest.approx(dict.fromkeys(left, 8), abs=2)  # Whole seconds are told.
    assert begun + 8 <= ended < tapped + 9.5
    site.visitor.wait_until(lambda: site.logged()[0]["ended_utc"] is not None, "it is written")
    (row_of_log,) = site.logged()
    started, over = (
        datetime.fromisoformat(str(row_of_log[key])) for key in ("started_utc", "ended_utc")
    )
    assert timedelta(hours=3) <= over - started < timedelta(hours=3, minutes=1)
    assert row_of_log["seconds"] == pytest.approx(8, abs=0.1)
    print(
        f"ended after {ended - tapped:.1f} s; by the wall clock of the log after {over - started}"
    )


# -- somebody removes our rules -----------------------------------------------------------

REMOVALS = {
    "everything": "flush ruleset",
    "table inet": "delete table inet portal",
    "table netdev": "delete table netdev portal",
    "a chain": "flush chain inet portal forward",
    "a rule": "delete rule inet portal from_phones handle {handle}",
    "grants, up": "flush set inet portal granted",
    "grants, down": "flush set netdev portal granted",
}


@pytest.mark.parametrize("removal", REMOVALS)
def test_rules_that_are_removed_stand_again(open_site: Site, removal: str) -> None:
    site, mac = open_site, open_site.visitor.mac
    rules = _rules(site)
    before = site.sessions[mac]
    order = REMOVALS[removal].format(handle=_handle(site, "captive: nothing passes"))
    if removal == "everything":  # The router's own firewall starts again, as `nft -f` does it.
        order += "\n" + site.lab.gateway.must("nft", "list", "table", "ip", "house")
    with site.attempts() as attempts, site.talk(seconds=0.2) as talk:
        site.goes_on(talk)
        removed = time.monotonic()
        site.lab.gateway.must("nft", "-f", "-", stdin=order)
        site.lab.gateway.wait_until(lambda: "stand again" in site.log(), "the rules stand again")
        stood = time.monotonic()
        if removal != "grants, up":
            site.goes_on(talk, 20)
        site.visitor.wait_until(lambda: site.reaches(site.visitor), "the visitor is online")

    after = site.sessions[mac]
    assert stood - removed < 2
    assert not [when for when in attempts.arrived if when > stood]
    # Who is held back for a moment is refused at once, and a refused connection is over.
    assert talk.broken == "" or removal == "grants, up"
    assert _rules(site) == rules
    assert after.goes_on_from(before), (before, after)
    if not removal.startswith(("everything", "table", "grants")):  # Counters go with their set.
        assert after.down_bytes >= before.down_bytes
    print(
        f"{removal}: stands again after {stood - removed:.2f} s; meanwhile"
        f" {len(attempts.arrived)} of {attempts.sent} attempts arrived, {talk.lost} datagrams"
        f" of {talk.answered} rounds were lost, longest pause {talk.longest_pause:.2f} s"
    )


def _rules(site: Site) -> str:
    """Our two tables as nft lists them, without what changes by itself."""
    return "".join(
        site.lab.gateway.must("nft", "--stateless", "--terse", "list", "table", family, "portal")
        for family in ("inet", "netdev")
    )


def _handle(site: Site, comment: str) -> str:
    listed = site.lab.gateway.must(
        "nft", "--handle", "list", "chain", "inet", "portal", "from_phones"
    )
    found = re.search(rf'comment "{comment}" # handle (\d+)', listed)
    assert found, listed
    return found[1]


def test_the_phones_network_goes_and_comes_back(open_site: Site) -> None:
    site, gateway, mac = open_site, open_site.lab.gateway, open_site.visitor.mac
    address = gateway.must("cat", "/sys/class/net/br-lan/address").strip()
    before = site.sessions[mac]
    with site.attempts() as attempts:
        gateway.ip("link delete br-lan")
        time.sleep(1.5)  # At least one look finds nothing to put rules on.
        made = time.monotonic()
        gateway.ip(
            f"link add name br-lan address {address} type bridge forward_delay 0 mcast_snooping 0",
            "link set radio0 up master br-lan",
            *(f"link set {phone.name} up master br-lan" for phone in site.lab.phones),
            *(f"link set {phone.name} type bridge_slave isolated on" for phone in site.lab.phones),
            "link set br-lan up",
            f"address add {GATEWAY4}/{PHONES4.prefixlen} dev br-lan",
            f"address add {GATEWAY6}/64 dev br-lan nodad",
        )
        site.visitor.wait_until(lambda: site.reaches(site.visitor), "the visitor is online")
        online = time.monotonic()
        site.visitor.wait_until(
            lambda: isinstance(site.visitor.fetch(f"http://{GATEWAY4}/", seconds=1), Answer),
            "the pages are there",
        )
        pages = time.monotonic()
    assert isinstance(site.visitor.open(f"http://{PORTAL_HOST}/status"), Answer)

    after = site.sessions[mac]
    assert attempts.arrived == []
    assert after.goes_on_from(before), (before, after)
    print(
        f"online {online - made:.2f} s and pages {pages - made:.2f} s after the bridge came back;"
        f" none of {attempts.sent} attempts arrived"
    )


# -- the disk is full ---------------------------------------------------------------------


@pytest.fixture
def small_disk(site: Site) -> Iterator["Disk"]:
    folder = site.lab.folder / "small"
    folder.mkdir(exist_ok=True)
    site.lab.gateway.must("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder)
    yield Disk(site.lab.gateway, folder)
    site.end()
    site.lab.gateway.must("umount", folder)


@dataclass(frozen=True)
class Disk:
    host: Host
    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        done = self.host.run(
            *("dd", "if=/dev/zero", f"of={self._ballast}", "bs=4k"), "oflag=append", "conv=notrunc"
        )
        assert "No space left on device" in done.stderr

    def make_room(self) -> None:
        self.host.must("rm", self._ballast)


def test_full_disk(site: Site, small_disk: Disk) -> None:
    site.start({"storage": {"data_dir": str(small_disk.folder)}})
    site.tap(site.visitor)
    site.visitor.wait_until(lambda: len(site.logged()) == 1, "the first session is written")
    small_disk.fill()

    with site.talk() as talk:
        site.tap(site.captive)  # No answer fails, and the tap works.
        assert site.reaches(site.captive)
        site.lab.gateway.wait_until(lambda: _log_state(site) != "written", "it is noticed")
        site.lab.portal_kill()
        site.lab.portal_restart()  # Killed: the files beside the database are still there.
        assert site.lab.portal_stop() == 0
        small_disk.fill()
        site.lab.portal_restart()  # Stopped: they are not, and there is no room for them.
        site.goes_on(talk)
        assert site.sessions.keys() == {site.visitor.mac, site.captive.mac}
        site.lab.gateway.wait_until(lambda: _log_state(site) != "written", "it is noticed again")
        said = site.log().count("the session log cannot be written")
        small_disk.make_room()
        site.lab.gateway.wait_until(lambda: _log_state(site) == "written", "there is room")

    assert (talk.lost, talk.broken) == (0, "")
    # Once by each daemon, but for one that finds the room which the answers' journal leaves it.
    assert said in (2, 3)
    assert site.log().count("the session log can be written again") == 1
    assert [row["ended_utc"] for row in site.logged()] == [None, None]


def _log_state(site: Site) -> str:
    return str(json.loads(site.lab.portal_command("status", "--json").stdout)["log"])


# -- the least privileges that work -------------------------------------------------------


def _unit_setting(name: str) -> str:
    found = re.search(rf"^{name}=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert found, name
    return found[1]


def test_with_the_privileges_of_the_systemd_unit(site: Site) -> None:
    lab, gateway = site.lab, site.lab.gateway
    program = lab.folder / "opt"  # A checkout may lie where only root can go.
    program.mkdir(exist_ok=True)
    gateway.must("mount", "--bind", ROOT, program)
    lab.folder.chmod(0o711)
    home, python = lab.folder / "home", program / Path(sys.executable).relative_to(ROOT)
    for name in ("data", "run"):
        (home / name).mkdir(parents=True)
        os.chown(home / name, NOBODY_ID, NOBODY_ID)
    lab.write_configuration(
        {"storage": {"data_dir": str(home / "data"), "run_dir": str(home / "run")}}
    )
    assert _unit_setting("CapabilityBoundingSet") == _unit_setting("AmbientCapabilities")
    names = _unit_setting("CapabilityBoundingSet").lower().replace("cap_", "").split()
    capabilities = ",".join(f"+{name}" for name in names)
    lab.portal_restart(
        under=(
            *("setpriv", f"--reuid={NOBODY_ID}", f"--regid={NOBODY_ID}", "--clear-groups"),
            *(f"--inh-caps=-all,{capabilities}", f"--ambient-caps=-all,{capabilities}"),
            *(f"--bounding-set=-all,{capabilities}", "--no-new-privs"),
            *("env", f"--chdir={program}", "sh", "-c", f'shift; exec {python} "$@"', "sh"),
        )
    )
    assert lab.portal is not None
    status = Path(f"/proc/{lab.portal.pid}/status").read_text()

    site.tap(site.visitor)
    assert site.reaches(site.visitor)
    with site.talk():
        gateway.must("nft", "flush", "ruleset")
        lab.masquerade()
        gateway.wait_until(lambda: "stand again" in site.log(), "the rules stand again")
    assert site.sessions[site.visitor.mac].up_bytes > 0
    assert lab.portal_command("revoke", site.visitor.mac).returncode == 0
    assert not site.reaches(site.visitor)
    assert lab.portal_stop() == 0

    assert f"Uid:\t{NOBODY_ID}\t{NOBODY_ID}\t{NOBODY_ID}" in status
    assert int(re.findall(r"CapEff:\t(\w+)", status)[0], 16) == (1 << 12) | (1 << 10)
    assert "NoNewPrivs:\t1" in status
    assert "WARNING" not in site.log()  # Nothing was tried in vain.


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_systemd_unit_is_sound(tmp_path: Path) -> None:
    unit = tmp_path / "portal.service"
    unit.write_text(UNIT.read_text().replace(_unit_setting("ExecStart"), "/bin/true"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )

    assert (verified.returncode, verified.stderr) == (0, "")
