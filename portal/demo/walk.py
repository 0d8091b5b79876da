"""One phone walks the whole way: join, held, splash, accept, online, held again, logged.

Every step is a claim that holds or does not; `walk` prints each with its time. The steps use
the outside of the system only: what phones see, and the operator's command.
"""

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from portal.demo.addresses import DOWNLOAD, PORTAL_HOST, WEBSITE4, WEBSITE6
from portal.demo.internet import ECHO_PORT
from portal.demo.lab import API_URI, Lab
from portal.demo.phone import Phone
from portal.demo.probes import PROBES, Answer, NoAnswer, Outcome, Probe, Verdict

SESSION_SECONDS: Final = 8
"""How long a turn lasts during the walk: long enough to use it, short enough to wait for."""

_DOWNLOAD_BYTES = 1_000_000


class StepFailed(Exception):
    """The claim of a step does not hold; the text says what was seen instead."""


@dataclass
class Scene:
    """What earlier steps leave for later ones."""

    lab: Lab
    phone: Phone
    splash: Answer | None = None
    session_seconds: int = SESSION_SECONDS
    tapped_at: float = 0
    """When the button was tapped (monotonic)."""
    running: list[socket.socket] = field(default_factory=list)
    """Connections opened while online."""


Step: TypeAlias = Callable[[Scene], str]


def walk(lab: Lab, session_seconds: int = SESSION_SECONDS) -> bool:
    """Take all steps on a laboratory where everything runs; returns whether all held.

    The daemon must have been started with turns of `session_seconds`.
    """
    scene = Scene(lab, lab.phone(), session_seconds=session_seconds)
    try:
        for number, (claim, step) in enumerate(STEPS, 1):
            print(f"{number:2}. {claim:<58}", end="", flush=True)
            begun = time.monotonic()
            try:
                seen = step(scene)
            except Exception as error:  # Whatever it is, the claim does not hold.
                print(f"FAILED {_ms(begun)}\n      {error or type(error).__name__}")
                return False
            print(f"ok {_ms(begun)}   {seen}".rstrip())
    finally:
        for connection in scene.running:
            connection.close()
    return True


def _ms(begun: float) -> str:
    return f"{(time.monotonic() - begun) * 1000:6.0f} ms"


def _must(holds: bool, otherwise: object) -> None:
    if not holds:
        raise StepFailed(str(otherwise))


def _join(scene: Scene) -> str:
    scene.phone.join()
    return f"{scene.phone.ip4}, {scene.phone.ip6}"


def _api_is_announced(scene: Scene) -> str:
    by_dhcp, by_router = scene.phone.api_uri, scene.phone.advertised_api_uri()
    _must(by_dhcp == by_router == API_URI, f"DHCP says {by_dhcp}, the router says {by_router}")
    return API_URI


def _api_says_captive(scene: Scene) -> str:
    state = _api(scene)
    _must(state["captive"] is True and "seconds-remaining" not in state, state)
    return f"user-portal-url {state['user-portal-url']}"


def _api(scene: Scene) -> dict[str, object]:
    """The answer of the RFC 8908 API, over TLS that the phone trusts."""
    answer = scene.phone.fetch(API_URI, headers={"Accept": "application/captive+json"})
    if isinstance(answer, NoAnswer):
        raise StepFailed(answer)
    kind = answer.headers.get("content-type")
    _must(answer.status == 200 and kind == "application/captive+json", answer)
    state: dict[str, object] = json.loads(answer.body)
    return state


def _checks_see_portal(scene: Scene) -> str:
    for probe in PROBES:
        outcome = scene.phone.ask(probe)
        _must(held(probe, outcome), f"{probe.client}: {probe.url}: {outcome}")
    return f"{len(PROBES)} kinds of checks"


def held(probe: Probe, outcome: Outcome) -> bool:
    """Whether a captive device got what it must: the portal, or TLS refused at once."""
    if probe.secure:
        return isinstance(outcome, NoAnswer) and outcome.seconds < 2
    return probe.judge(outcome) is Verdict.PORTAL


def _nothing_passes(scene: Scene) -> str:
    for address in (WEBSITE4, WEBSITE6):
        for name, passes in WAYS.items():
            _must(not passes(scene.phone, address, 0.5), f"{name} to {address} passed")
    return "TCP, UDP and ping, IPv4 and IPv6"


def _splash_opens(scene: Scene) -> str:
    page = scene.phone.open("http://connectivitycheck.gstatic.com/generate_204")
    if isinstance(page, NoAnswer):
        raise StepFailed(page)
    _must(page.status == 200 and page.url == f"http://{PORTAL_HOST}/", (page.status, page.url))
    scene.splash = page
    return f"{len(page.body.encode())} bytes from {page.url}"


def _button_opens(scene: Scene) -> str:
    _must(scene.splash is not None, "there is no page to tap on")
    assert scene.splash is not None
    scene.tapped_at = time.monotonic()
    after = scene.phone.tap(scene.splash)
    if isinstance(after, NoAnswer):
        raise StepFailed(after)
    _must(after.status == 200 and after.url.endswith("/status"), (after.status, after.url))
    return after.url


def _checks_see_internet(scene: Scene) -> str:
    for probe in PROBES:
        outcome = scene.phone.ask(probe)
        _must(probe.judge(outcome) is Verdict.ONLINE, f"{probe.client}: {probe.url}: {outcome}")
    return f"{len(PROBES)} kinds of checks"


def _everything_passes(scene: Scene) -> str:
    for address in (WEBSITE4, WEBSITE6):
        for name, passes in WAYS.items():
            _must(passes(scene.phone, address, 3), f"{name} to {address} did not pass")
        with scene.phone.network():
            scene.running.append(socket.create_connection((address, ECHO_PORT), timeout=3))
    return "TCP, UDP and ping, IPv4 and IPv6"


def _downloads(scene: Scene) -> str:
    url = f"http://{DOWNLOAD}/bytes/{_DOWNLOAD_BYTES}"
    four, six = (scene.phone.fetch(url, family=family) for family in (4, 6))
    for answer in (four, six):
        whole = isinstance(answer, Answer) and len(answer.body) == _DOWNLOAD_BYTES
        _must(whole, f"{url}: incomplete")
    return f"{_DOWNLOAD_BYTES // 1000} kB over IPv4 in {four.seconds * 1000:.0f} ms, " + (
        f"over IPv6 in {six.seconds * 1000:.0f} ms"
    )


def _time_is_told(scene: Scene) -> str:
    state = _api(scene)
    left = state.get("seconds-remaining")
    _must(
        state["captive"] is False and isinstance(left, int) and 0 <= left <= scene.session_seconds,
        state,
    )
    status = scene.phone.open(f"http://{PORTAL_HOST}/status")
    _must(isinstance(status, Answer) and status.status == 200, status)
    return f"{left} s left"


def _neighbour_is_held(scene: Scene) -> str:
    other = scene.lab.phone()
    other.join()
    outcome = other.ask(PROBES[0])
    _must(held(PROBES[0], outcome), outcome)
    return f"{other.ip4} is held, its neighbour is not"


def _time_ends(scene: Scene) -> str:
    length = scene.session_seconds
    give_up = scene.tapped_at + length + 5
    while not held(PROBES[0], outcome := scene.phone.ask(PROBES[0])) and time.monotonic() < give_up:
        time.sleep(0.05)
    lasted = time.monotonic() - scene.tapped_at
    _must(
        length - 0.5 < lasted < length + 2,
        f"the turn lasted {lasted:.1f} s instead of {length} s; last seen: {outcome}",
    )
    return f"{lasted:.1f} s after the tap"


def _connections_are_cut(scene: Scene) -> str:
    for connection in scene.running:
        _must(not _repeats(connection, 0.5), f"{connection} still answers")
    return f"{len(scene.running)} connections, opened while online"


def _session_is_logged(scene: Scene) -> str:
    give_up = time.monotonic() + 3
    while True:
        listed = scene.lab.portal_command("sessions", "--all", "--json")
        _must(listed.returncode == 0, listed.stderr)
        rows = json.loads(listed.stdout)
        ended = [row for row in rows if row["ended_utc"] is not None]
        if ended or time.monotonic() > give_up:
            break
        time.sleep(0.05)
    _must(len(rows) == len(ended) == 1, rows)
    row = ended[0]
    text = json.dumps(row)
    _must(scene.phone.mac not in text, f"the MAC address is in the log: {text}")
    _must(row["down_bytes"] > 2 * _DOWNLOAD_BYTES, f"too few bytes counted: {text}")
    return (
        f"{row['pseudonym'][:8]}… {row['end_reason']} after {row['seconds']:.0f} s, "
        f"{row['up_bytes']} bytes up, {row['down_bytes']} down"
    )


STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("A phone joins: DHCP, and an IPv6 address of its own", _join),
    ("The network announces its portal API (RFC 8910)", _api_is_announced),
    ("The API says: captive (RFC 8908, over TLS)", _api_says_captive),
    ("Captive checks are led to the portal, TLS is refused", _checks_see_portal),
    ("Nothing passes to the Internet", _nothing_passes),
    ("The sign-in window shows the splash page", _splash_opens),
    ("One tap on the button opens the gate", _button_opens),
    ("The same checks now reach the real hosts", _checks_see_internet),
    ("Everything passes", _everything_passes),
    ("A download runs at full length", _downloads),
    ("The time left is told", _time_is_told),
    ("Another phone is still held", _neighbour_is_held),
    ("The turn ends by itself: captive again", _time_ends),
    ("Connections that were running are cut", _connections_are_cut),
    ("The session is in the log, without the device's address", _session_is_logged),
)


def _tcp_echo(phone: Phone, address: str, seconds: float) -> bool:
    with phone.network():
        try:
            connection = socket.create_connection((address, ECHO_PORT), timeout=seconds)
        except OSError:
            return False
    with connection:
        return _repeats(connection, seconds)


def _udp_echo(phone: Phone, address: str, seconds: float) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with phone.network(), socket.socket(family, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect((address, ECHO_PORT))
        return _repeats(datagrams, seconds)


def _repeats(connection: socket.socket, seconds: float) -> bool:
    """Whether the other end sends back what we send."""
    connection.settimeout(seconds)
    try:
        connection.send(b"still there?")
        return connection.recv(64) == b"still there?"
    except OSError:
        return False


def _ping(phone: Phone, address: str, seconds: float) -> bool:
    return phone.run("ping", "-c", "1", "-W", str(seconds), address).returncode == 0


WAYS: Final[Mapping[str, Callable[[Phone, str, float], bool]]] = {
    "TCP": _tcp_echo,
    "UDP": _udp_echo,
    "ping": _ping,
}
"""Ways through to an address, each with the seconds to wait for it."""
