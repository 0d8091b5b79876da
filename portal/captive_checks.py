"""What captive checks expect to hear, as data. No network.

While the line is down a device that is open hears this from us, so that it does not leave the
Wi-Fi: the pages of the house, and the notice that the line is down, are here and nowhere else.
Only then, and only to a device that is open; a captive one is always led to the portal. Checks
by https cannot be answered by anybody but their host. Sources are in portal/demo/probes.py,
which is compared with this by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

API_PATH: Final = "/captive-portal/api"
"""Where the API that replaces these checks is (RFC 8908)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that means "online" to whoever asks."""

    status: int
    body: str = ""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


_NO_CONTENT: Final = Expected(204)


def _page(body: str, kind: str = "text/html", **headers: str) -> Expected:
    return Expected(200, body, kind, {n.replace("_", "-"): value for n, value in headers.items()})


_NETWORK_MANAGER: Final = {"X_NetworkManager_Status": "online"}
_ONLINE_PAGE: Final = _page("online\n", X_ConnMan_Status="online")

ANSWERS: Final[Mapping[tuple[str, str], Expected]] = {
    # Android, by maker; Chromium and Chrome OS
    ("connectivitycheck.gstatic.com", "/generate_204"): _NO_CONTENT,
    ("www.google.com", "/gen_204"): _NO_CONTENT,
    ("www.google.com", "/generate_204"): _NO_CONTENT,
    ("play.googleapis.com", "/generate_204"): _NO_CONTENT,
    ("connectivitycheck.android.com", "/generate_204"): _NO_CONTENT,
    ("connect.rom.miui.com", "/generate_204"): _NO_CONTENT,
    ("conn1.coloros.com", "/generate_204"): _NO_CONTENT,
    ("wifi.vivo.com.cn", "/generate_204"): _NO_CONTENT,
    ("connectivitycheck.platform.hicloud.com", "/generate_204"): _NO_CONTENT,
    ("www.gstatic.com", "/generate_204"): _NO_CONTENT,
    # iOS and macOS
    ("captive.apple.com", "/hotspot-detect.html"): _page(
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
    ),
    # Windows
    ("www.msftconnecttest.com", "/connecttest.txt"): _page("Microsoft Connect Test", "text/plain"),
    # Firefox
    ("detectportal.firefox.com", "/canonical.html"): _page(
        '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
    ),
    ("detectportal.firefox.com", "/success.txt"): _page("success\n", "text/plain"),
    # Linux
    ("network-test.debian.org", "/nm"): _page(
        "NetworkManager is online\n", "text/plain", **_NETWORK_MANAGER
    ),
    ("nmcheck.gnome.org", "/check_network_status.txt"): _page(
        "NetworkManager is online\n", "text/plain", **_NETWORK_MANAGER
    ),
    ("fedoraproject.org", "/static/hotspot.txt"): _page("OK\n", "text/plain", **_NETWORK_MANAGER),
    ("ipv4.connman.net", "/online/status.html"): _ONLINE_PAGE,
    ("ipv6.connman.net", "/online/status.html"): _ONLINE_PAGE,
}

NAMES: Final = frozenset(host for host, _ in ANSWERS)


def expected(host: str, target: str) -> Expected | None:
    """What a check that asks `host` for `target` expects; None: this is none."""
    name, _, port = host.lower().partition(":")
    return ANSWERS.get((name.rstrip("."), target)) if port in ("", "80") else None
