"""Who has which address in the laboratory. All are documentation ranges, or private ones."""

import ipaddress
from typing import Final

PORTAL_HOST: Final = "wifi.congdoan.home.arpa"
"""The name of the user portal; the access point's dnsmasq answers it."""

GATEWAY4: Final = "10.80.0.1"
GATEWAY6: Final = "2001:db8:80::1"
GATEWAY_MAC: Final = "02:00:5e:10:00:01"
"""The access point as the phones see it."""

PHONES4: Final = ipaddress.IPv4Network("10.80.0.0/20")
PHONES6: Final = ipaddress.IPv6Network("2001:db8:80::/64")

WAN4: Final = "203.0.113.2"
WAN6: Final = "2001:db8:1::2"
"""The access point as the Internet sees it."""

INTERNET4: Final = "203.0.113.1"
INTERNET6: Final = "2001:db8:1::1"
"""The provider's router and resolver."""

CHECKS4: Final = "203.0.113.10"
CHECKS6: Final = "2001:db8:1::10"
"""All hosts that answer captive checks."""

WEBSITE4: Final = "203.0.113.20"
WEBSITE6: Final = "2001:db8:1::20"
"""The union's website, the echo servers and the big download."""

FOREIGN_RESOLVER4: Final = "203.0.113.53"
FOREIGN_RESOLVER6: Final = "2001:db8:1::53"
"""A resolver that phones are not given."""

MODEM4: Final = "192.168.1.1"
"""The provider's modem: a private address behind the uplink."""

WEBSITE: Final = "congdoan.example"
DOWNLOAD: Final = "download.example"
"""`http://download.example/bytes/N` answers N bytes."""
