"""What the configuration needs of this machine, and whether it is there."""

import fcntl
import os
import socket
import ssl
import struct
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from portal.config import Config, ConfigurationError
from portal.dns import Address, read_block_list

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_DIALLED = ("ppp", "pptp-", "l2tp-")
"""Interfaces that are there only while a line is up, like OpenWrt's `pppoe-wan`: without them
phones are to see that the line is down, not nothing."""
_GLOBAL = "00"
"""A scope, as /proc/net/if_inet6 writes it."""


class StartError(Exception):
    """The daemon cannot start on this machine; the text says why and what to do."""


def problems(config: Config) -> list[str]:
    """What is missing here, each as a line that names the setting; empty if all is well."""
    here = [name for _, name in socket.if_nameindex()]
    found = [
        f'interfaces.{key} = "{name}"   no such interface; this machine has '
        + (", ".join(n for n in here if n != "lo") or "none")
        for key, name in (
            ("phones", config.interfaces.phones),
            ("uplink", config.interfaces.uplink),
        )
        if name not in here and not (key == "uplink" and name.startswith(_DIALLED))
    ]
    try:
        tls_context(config)
    except (OSError, ssl.SSLError) as error:
        found.append(
            f'portal.tls_cert = "{config.portal.tls_cert}"   certificate or key cannot be used:'
            f" {error.strerror or error}"
        )
    if config.privacy.profile == "sealed" and find_spec("nacl") is None:
        found.append(
            'privacy.profile = "sealed"   needs PyNaCl; install python3-nacl or, by pip, PyNaCl'
        )
    return found


def block_list(config: Config) -> list[str]:
    """The names that this site blocks.

    Raises:
        ConfigurationError: the file cannot be read, or has something else in it.
    """
    path = config.family_dns.blocklist
    if path is None:
        return []
    try:
        names, wrong = read_block_list(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(str(path), [f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigurationError(str(path), ["is not UTF-8 text; save it as UTF-8"]) from None
    if wrong:
        raise ConfigurationError(str(path), wrong)
    return names


def addresses_of(interface: str) -> list[Address]:
    """The addresses by which phones know the gateway, both families; no link-local ones."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as question:
        asked = struct.pack("16s24x", interface.encode())
        try:
            answer = fcntl.ioctl(question, _SIOCGIFADDR, asked)
        except OSError:  # It has none, or there is no such interface.
            found: list[Address] = []
        else:
            found = [IPv4Address(answer[20:24])]
    table = Path("/proc/net/if_inet6")
    for line in table.read_text(encoding="ascii").splitlines() if table.exists() else ():
        digits, _, _, scope, _, name = line.split()
        if name == interface and scope == _GLOBAL:
            found.append(IPv6Address(bytes.fromhex(digits)))
    return found


def tls_context(config: Config) -> ssl.SSLContext | None:
    """How the API is served over https; None if it is not.

    Raises:
        OSError, ssl.SSLError: the certificate or its key cannot be read, or do not match.
    """
    web = config.portal
    if web.https_port is None or web.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(web.tls_cert, web.tls_key)
    return context


def become_owner_of(folder: Path) -> None:
    """As root, go on as the user whose `folder` it is.

    What root would make there the gateway could not open.

    Raises:
        StartError: there is no such folder.
    """
    if not folder.is_dir():
        raise StartError(f"{folder} is not there; start the gateway once, or make the folder")
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
