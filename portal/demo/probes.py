"""What each kind of device asks to find out whether it is captive, as data.

No network. `PROBES` is the table; `Probe.judge` says what the device makes of an answer. The
laboratory's Internet answers from the same table, and the tests replay it: while captive, right
after accepting, and after leaving. Sources are named beside each entry; dated notes on real
phones are in docs/compatibility.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer to one request, after any redirects that were followed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: str = ""
    url: str = ""
    """What was asked last."""
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request failed: refused, timed out, or its TLS handshake did."""

    reason: str
    seconds: float = 0


Outcome: TypeAlias = Answer | NoAnswer


class Verdict(Enum):
    """What a device concludes."""

    ONLINE = "online"
    PORTAL = "portal"
    """It opens its sign-in window, or offers to."""
    NO_INTERNET = "no internet"
    """It keeps silent, or leaves the network."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of one client, and how the client reads what comes back.

    `online` is what the real host answers. The client believes it when the status is equal
    and so is `decisive`: the body, one header, or the status alone.
    """

    client: str
    url: str
    online: Answer
    decisive: str
    """`status`, `body`, or the name of a header."""
    portal_on: frozenset[int]
    """Statuses of any other answer that open the client's sign-in window."""
    source: str
    headers: Mapping[str, str] = field(default_factory=dict)
    follows_redirects: bool = False
    seconds: float = 10
    """How long the client waits; where its source does not say, ten seconds."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The request target, with the query if there is one."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def secure(self) -> bool:
        """Asked over TLS: a captive device must see it refused, never answered by a portal."""
        return self.url.startswith("https:")

    def judge(self, outcome: Outcome) -> Verdict:
        """What the client concludes from this outcome alone."""
        if isinstance(outcome, NoAnswer):
            return Verdict.NO_INTERNET
        if outcome.status == self.online.status and self._convinced(outcome):
            return Verdict.ONLINE
        if outcome.status in self.portal_on:
            return Verdict.PORTAL
        return Verdict.NO_INTERNET

    def _convinced(self, answer: Answer) -> bool:
        if self.decisive == "status":
            return True
        if self.decisive == "body":
            return answer.body.strip() == self.online.body.strip()
        return answer.headers.get(self.decisive) == self.online.headers[self.decisive]


_NO_CONTENT: Final = Answer(204)
_SUCCESS: Final = frozenset(range(200, 300))
_REDIRECT: Final = frozenset(range(300, 400))
_ANY: Final = frozenset(range(200, 600))

# Android counts 204 as online (decisive), and 4xx, 5xx (511 too) as no portal at all.
_ANDROID_PORTAL: Final = (_SUCCESS | _REDIRECT) - {204}
_NETWORK_MONITOR: Final = "AOSP NetworkStack, NetworkMonitor.java, sendHttpProbe"
_ANDROID_AGENT: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/60.0.3112.32 Safari/537.36"
}


def _android(client: str, url: str, source: str = _NETWORK_MONITOR) -> Probe:
    return Probe(
        client,
        url,
        _NO_CONTENT,
        "status",
        _ANDROID_PORTAL,
        source,
        _ANDROID_AGENT,
        seconds=3 if client == "Android (AOSP)" else 10,
    )


def _apple(client: str, agent: str, follows_redirects: bool = False) -> Probe:
    return Probe(
        client,
        "http://captive.apple.com/hotspot-detect.html",
        Answer(
            200,
            {"content-type": "text/html"},
            "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
        ),
        "body",
        _ANY,
        "WBA, Captive Network Portal Behavior; RFC 8952 authors' notes",
        {"User-Agent": agent, "Accept": "*/*"},
        follows_redirects,
    )


def _network_manager(client: str, url: str, text: str) -> Probe:
    return Probe(
        client,
        url,
        Answer(
            200, {"content-type": "text/plain", "x-networkmanager-status": "online"}, f"{text}\n"
        ),
        "body",
        _ANY,
        "NetworkManager, src/core/nm-connectivity.c",
        {"User-Agent": "NetworkManager/1.42.4", "Connection": "close"},
        seconds=20,
    )


def _conn_man(family: str) -> Probe:
    return Probe(
        f"ConnMan ({family})",
        f"http://{family}.connman.net/online/status.html",
        Answer(200, {"content-type": "text/html", "x-connman-status": "online"}, "online\n"),
        "x-connman-status",
        # Without the header an answer is a portal only if it redirects somewhere.
        _REDIRECT,
        "ConnMan, src/wispr.c",
        {"User-Agent": "ConnMan/1.41 wispr", "Connection": "close"},
    )


_VENDOR: Final = f"vendor's configuration of {_NETWORK_MONITOR}"
_CHROME_OS: Final = "ChromeOS shill, portal_detector.cc"

PROBES: Final = (
    _android("Android (AOSP)", "http://connectivitycheck.gstatic.com/generate_204"),
    _android("Android (AOSP)", "https://www.google.com/generate_204"),
    _android("Android (AOSP), fallback", "http://www.google.com/gen_204"),
    _android("Android (AOSP), fallback", "http://play.googleapis.com/generate_204"),
    _android("Samsung", "http://connectivitycheck.android.com/generate_204", _VENDOR),
    _android("Xiaomi", "http://connect.rom.miui.com/generate_204", _VENDOR),
    _android("Oppo", "http://conn1.coloros.com/generate_204", _VENDOR),
    _android("Vivo", "http://wifi.vivo.com.cn/generate_204", _VENDOR),
    _android("Huawei", "http://connectivitycheck.platform.hicloud.com/generate_204", _VENDOR),
    _apple("iOS and macOS", "CaptiveNetworkSupport-481.60.2 wispr"),
    _apple(
        "iOS and macOS, sign-in sheet",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Mobile/15E148",
        follows_redirects=True,
    ),
    Probe(
        "Windows 10 and 11",
        "http://www.msftconnecttest.com/connecttest.txt",
        Answer(200, {"content-type": "text/plain"}, "Microsoft Connect Test"),
        "body",
        _SUCCESS | _REDIRECT,
        "Microsoft, Network Connectivity Status Indicator overview",
        {"User-Agent": "Microsoft NCSI", "Connection": "Close"},
    ),
    Probe(
        "Firefox",
        "http://detectportal.firefox.com/canonical.html",
        Answer(
            200,
            {"content-type": "text/html"},
            '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/'
            'captive-portal"/>',
        ),
        "body",
        _SUCCESS | _REDIRECT | {511},
        "Firefox, toolkit/components/captivedetect/CaptiveDetect.sys.mjs",
        {
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
        },
        seconds=5,
    ),
    Probe(
        "Chromium",
        "http://www.gstatic.com/generate_204",
        _NO_CONTENT,
        "status",
        (_SUCCESS | _REDIRECT) - {204},
        "Chromium, components/captive_portal/core/captive_portal_detector.cc",
        {"Cache-Control": "no-cache", "Pragma": "no-cache"},
        follows_redirects=True,
    ),
    Probe(
        "ChromeOS",
        "http://www.gstatic.com/generate_204",
        _NO_CONTENT,
        "status",
        frozenset({302, 307}),
        _CHROME_OS,
        {"User-Agent": "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0.0.0"},
    ),
    Probe(
        "ChromeOS",
        "https://www.google.com/generate_204",
        _NO_CONTENT,
        "status",
        frozenset(),
        _CHROME_OS,
    ),
    _network_manager(
        "NetworkManager (Debian)",
        "http://network-test.debian.org/nm",
        "NetworkManager is online",
    ),
    _network_manager(
        "NetworkManager (GNOME)",
        "http://nmcheck.gnome.org/check_network_status.txt",
        "NetworkManager is online",
    ),
    _network_manager(
        "NetworkManager (Fedora)", "http://fedoraproject.org/static/hotspot.txt", "OK"
    ),
    _conn_man("ipv4"),
    _conn_man("ipv6"),
)

TRUE_NAMES: Final = {"dns.msftncsi.com": ("131.107.255.255", "fd3e:4f5a:5b81::1")}
"""Windows resolves this name and compares: DNS answers must be true while captive."""

SIGN_IN_WINDOW: Final = (
    "Mozilla/5.0 (Linux; Android 14; SM-A057F; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/126.0.6478.71 Mobile Safari/537.36"
)
"""User-Agent of Android's sign-in window (CaptivePortalLoginActivity.java: a WebView)."""
