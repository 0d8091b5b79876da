"""What the network looks like, as one value. Rules change only when this does."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

PRIVATE_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("10.0.0.0/8"),  # RFC 1918
    IPv4Network("172.16.0.0/12"),  # RFC 1918
    IPv4Network("192.168.0.0/16"),  # RFC 1918: the modem's own pages live here
    IPv4Network("100.64.0.0/10"),  # RFC 6598
    IPv4Network("169.254.0.0/16"),  # RFC 3927
    IPv6Network("fc00::/7"),  # RFC 4193
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the rules depend on.

    `phones` and `uplink` are interface names. `http_port` is where port 80 of every address
    leads while a device is captive; `https_port` (if any) is where port 443 of the gateway's
    own addresses leads, always. `closed_networks` are refused to phones even when open,
    because they lie behind the uplink and belong to the house or the modem.
    """

    phones: str
    uplink: str
    http_port: int = 2080
    https_port: int | None = None
    max_devices: int = 1000
    garden: tuple[IPv4Network | IPv6Network, ...] = ()
    closed_networks: tuple[IPv4Network | IPv6Network, ...] = field(default=PRIVATE_NETWORKS)
