"""What a router is told beside portal.toml: how its networks, Wi-Fi and firewall are set up.

The section `router` of `/etc/config/portal`. It is judged here; `usr/libexec/portal/apply`
(deploy/openwrt) does what it says. Pure.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Interface

from content_cache.toml_file import key as setting
from portal.setting_values import interface_name, text, texts, yes_or_no


def own_address(value: object) -> IPv4Interface:
    """An address of the router with the length of its network, from /16 to /27."""
    address: IPv4Interface | None
    try:
        address = IPv4Interface(text(value))
    except ValueError:
        address = None
    if (
        address is None
        or not 16 <= address.network.prefixlen <= 27
        or not address.is_private
        or not 1 <= int(address.ip) - int(address.network.network_address) < 10
    ):
        raise ValueError(
            "not one of the first nine addresses of a private network from /16 to /27;"
            ' write "10.80.0.1/20"'
        )
    return address


def country(value: object) -> str:
    code = text(value)
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError('not a country; write two capital letters, like "VN"')
    return code


def channel(value: object) -> str:
    number = text(value)
    if number != "auto" and not re.fullmatch(r"[1-9]\d{0,2}", number):
        raise ValueError('not a channel; write its number, or "auto"')
    return number


def ports(value: object) -> tuple[str, ...]:
    return tuple(interface_name(item) for item in texts(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """What the router is told beside portal.toml; `usr/libexec/portal/apply` does it."""

    managed: bool = setting(
        yes_or_no, False, "Whether the first boot sets up networks, Wi-Fi and firewall."
    )
    phones_address: IPv4Interface = setting(
        own_address, IPv4Interface("10.80.0.1/20"), "The router, and the network of phones."
    )
    lan_address: IPv4Interface = setting(
        own_address,
        IPv4Interface("192.168.80.1/24"),
        "The router in the management network `lan`: not what the modem has, 192.168.1.1.",
    )
    phones_ports: tuple[str, ...] = setting(
        ports,
        (),
        "Wired ports for phones and access points, like `lan4`, or `lan4.80` for VLAN 80.",
    )
    country: str = setting(country, "VN", "Whose rules of radio hold.")
    channel_2g: str = setting(channel, "auto", "Channel of radios at 2.4 GHz.")
    channel_5g: str = setting(channel, "auto", "Channel of radios at 5 GHz.")
