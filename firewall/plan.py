"""What the network looks like, as one value. Rules change only when this does."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from firewall.changes import Ports
from firewall.shaping import NOT_SHAPED, Shaping

PRIVATE_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("10.0.0.0/8"),  # RFC 1918
    IPv4Network("172.16.0.0/12"),  # RFC 1918
    IPv4Network("192.168.0.0/16"),  # RFC 1918: the modem's own pages live here
    IPv4Network("100.64.0.0/10"),  # RFC 6598
    IPv4Network("169.254.0.0/16"),  # RFC 3927
    IPv6Network("fc00::/7"),  # RFC 4193
)

_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}")
"""Names the kernel allows and nft reads as plain text: no quotes, and no `*`, which nft would
take for every interface beginning so."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the rules depend on.

    `phones` and `uplink` are interface names. `http_port` is where port 80 of every address
    leads while a device is captive; `https_port` (if any) is where port 443 of the gateway's
    own addresses leads, always. `closed_networks` are refused to phones even when open,
    because they lie behind the uplink and belong to the house or the modem. They are refused
    even where `garden` covers them. `shaping` is how the line is shared. `ports` are the blocks
    of source ports that devices can be given; none: nothing is translated here.

    Raises:
        ValueError: there cannot be such a network.
    """

    phones: str
    uplink: str
    http_port: int = 2080
    https_port: int | None = None
    max_devices: int = 1000
    garden: tuple[IPv4Network | IPv6Network, ...] = ()
    closed_networks: tuple[IPv4Network | IPv6Network, ...] = field(default=PRIVATE_NETWORKS)
    shaping: Shaping = NOT_SHAPED
    ports: tuple[Ports, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.phones, self.uplink):
            if not _INTERFACE.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of an interface")
        if self.phones == self.uplink:
            raise ValueError(f"phones and uplink cannot both be {self.phones!r}")
        for port in (self.http_port, self.https_port):
            if port is not None and not 0 < port < 65536:
                raise ValueError(f"{port} is not a port; write a number from 1 to 65535")
        if self.http_port == self.https_port:
            raise ValueError(f"http_port and https_port cannot both be {self.http_port}")
        if not 0 < self.max_devices <= 1_000_000:
            raise ValueError(f"{self.max_devices} devices; write a number from 1 to 1000000")
