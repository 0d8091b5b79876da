"""Joins the phones' network as a phone would, where this user may; else looks from the side."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from portal.captive_checks import API_PATH
from portal.config import Config
from portal.doctor import joining, links, phone
from portal.doctor.finding import Finding, unseen
from portal.machine import addresses_of

_PORT: Final = "doctor0"
_MANAGEMENT: Final = (22, 23, 443, 8080, 8443)
"""Where routers are managed, besides port 80, which leads to the portal."""
_ANSWER_SECONDS: Final = 3.0
_TCP_LISTENS: Final = "0A"


def join(config: Config) -> Iterator[Finding]:
    """DHCP, its announcement, a captive check, and what else of the gateway answers phones."""
    phones = config.interfaces.phones
    here = [each for each in addresses_of(phones) if isinstance(each, IPv4Address)]
    if not here:  # `names` says so.
        return
    try:
        seen = _as_a_phone(config)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        for subject in ("dhcp", "announced"):
            yield unseen(subject, "unseen", said=error)
        yield from _from_the_side(config, here)
        return
    yield from joining.judge(seen, here, config.portal.host, _api(config))


def _api(config: Config) -> str | None:
    """What option 114 should say (RFC 8910 §2); None while there is no API over https."""
    return f"https://{config.portal.host}{API_PATH}" if config.portal.https_port else None


def _as_a_phone(config: Config) -> joining.Seen:
    """Have a phone join, and ask it.

    Raises:
        OSError: this user may not, this kernel cannot (no veth: package kmod-veth), or the
            phones' interface is no bridge.
        subprocess.SubprocessError, ValueError: it ended without having seen anything.
    """
    # A made-up address of nobody: locally administered, and of one device.
    mac = bytes([0x02]) + secrets.token_bytes(5)
    command = [sys.executable, "-m", "portal.doctor.phone", config.portal.host, _ports(config)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline().strip()
            if said != phone.READY:
                raise PermissionError(said or "no namespace")
            links.cable(_PORT, config.interfaces.phones, process.pid, phone.INTERFACE, mac)
            # Other phones neither hear it nor are heard.
            Path(f"/sys/class/net/{_PORT}/brport/isolated").write_text("1")
            links.switch_on(_PORT)
            told, _ = process.communicate(f"{mac.hex()}\n", timeout=phone.SECONDS)
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(OSError):  # It goes with the namespace, a moment later.
                links.remove(_PORT)
    return joining.seen_of(told)


def _ports(config: Config) -> str:
    """What should not answer a phone."""
    ports = {*_MANAGEMENT, config.staff.listen[1]}
    if config.portal.https_port is not None:
        ports.discard(443)  # The API's.
    return ",".join(map(str, sorted(ports)))


def _from_the_side(config: Config, here: list[IPv4Address]) -> Iterator[Finding]:
    """What can be seen without a phone: our pages by their own port, and who listens."""
    yield _asked_directly(str(here[0]), config.portal.http_port, config.portal.host)
    listens = _listening(here)
    open_ports = sorted(listens & set(map(int, _ports(config).split(","))))
    if open_ports:  # The rules may refuse it to phones: nobody could try.
        yield unseen("closed", "unseen", ports=", ".join(map(str, open_ports)))
    else:
        yield joining.closed(())


def _asked_directly(address: str, port: int, host: str) -> Finding:
    connection = http.client.HTTPConnection(address, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/generate_204", headers={"Host": phone.CHECK_HOST})
        answer = connection.getresponse()
        check = (answer.status, answer.getheader("Location") or "")
    except (OSError, http.client.HTTPException):
        return Finding("captive", False, "no pages", {"port": port})
    finally:
        connection.close()
    found = joining.captive(check, 200, host)
    return unseen("captive", "pages") if found.good else found


def _listening(here: list[IPv4Address]) -> set[int]:
    """TCP ports on which something listens at one of these addresses, or at all of them."""
    own = {_as_kernel(address) for address in here} | {"0" * 8, "0" * 32}
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                address, _, port = local.partition(":")
                if state == _TCP_LISTENS and address in own:
                    found.add(int(port, 16))
    return found


def _as_kernel(address: IPv4Address) -> str:
    """An address as /proc/net/tcp writes it."""
    return f"{socket.htonl(int(address)):08X}"
