"""What a phone that joins should see, and what it means when it sees something else. No look."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from typing import Any, Final
from urllib.parse import urlsplit

from portal.doctor.finding import Finding

_LED: Final = (302, 303, 307, 511)
_PASSES: Final = 204
_MOST_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class Offered:
    """What DHCP offered; addresses as text."""

    server: str
    routers: tuple[str, ...]
    resolvers: tuple[str, ...]
    portal: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the doctor's own phone saw. `None` where nothing came."""

    offered: Offered | None = None
    check: tuple[int, str] | None = None
    """Status and Location of the answer to a captive check."""
    page: int | None = None
    """Status of the page that it leads to."""
    open_ports: tuple[int, ...] = ()
    """Ports of the gateway that answered and are not the portal's."""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def seen_of(text: str) -> Seen:
    """The same again.

    Raises:
        ValueError: it is none.
    """
    try:
        row: Mapping[str, Any] = json.loads(text)
        offered, check = row["offered"], row["check"]
        return Seen(
            offered
            and Offered(
                offered["server"],
                tuple(offered["routers"]),
                tuple(offered["resolvers"]),
                offered["portal"],
            ),
            check and (check[0], check[1]),
            row["page"],
            tuple(row["open_ports"]),
        )
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"not what a phone saw: {error!r}") from None


def judge(
    seen: Seen, here: Collection[IPv4Address], host: str, api: str | None
) -> Iterator[Finding]:
    """What to think of it. `here` are the gateway's addresses, `api` what it should announce."""
    own = {str(address) for address in here}
    offered = seen.offered
    if offered is None:
        yield Finding("dhcp", False, "silent")
        return
    yield _dhcp(offered, own)
    yield _announced(offered.portal, api)
    yield captive(seen.check, seen.page, host)
    yield closed(seen.open_ports)


def _dhcp(offered: Offered, own: Collection[str]) -> Finding:
    values = {"server": offered.server}
    if offered.server not in own:
        return Finding("dhcp", False, "other", values)
    if not offered.routers or not set(offered.routers) <= set(own):
        return Finding("dhcp", False, "astray", values)
    if not offered.resolvers or not set(offered.resolvers) <= set(own):
        return Finding("dhcp", False, "resolver", values)
    return Finding("dhcp", True, "offered", values)


def _announced(portal: str | None, api: str | None) -> Finding:
    values = {"api": api, "said": _shown(portal or "")}
    if portal == api:
        return Finding("announced", True, "same" if api else "needless", values)
    if api is None:
        return Finding("announced", False, "dead", values)
    return Finding("announced", False, "missing" if portal is None else "other", values)


def captive(check: tuple[int, str] | None, page: int | None, host: str) -> Finding:
    """What a phone that has not tapped hears when it looks whether it is online."""
    if check is None:
        return Finding("captive", False, "silent")
    status, location = check
    values = {"status": status, "page": page or "-", "location": _shown(location), "host": host}
    if status == _PASSES:
        return Finding("captive", False, "passes", values)
    if status not in _LED or host_of(location) != host:
        return Finding("captive", False, "other", values)
    good = page == 200
    return Finding("captive", good, "led" if good else "no page", values)


def host_of(location: str) -> str | None:
    """The name in a Location, which anybody may have made."""
    try:
        return urlsplit(location).hostname
    except ValueError:  # `http://[`
        return None


def closed(ports: Sequence[int]) -> Finding:
    """Whether anything of the gateway but the portal answers phones."""
    values = {"ports": ", ".join(map(str, ports))}
    return Finding("closed", not ports, "open" if ports else "shut", values)


def _shown(text: str) -> str:
    """Another program's words, short and printable."""
    return "".join(c if c.isprintable() else "?" for c in text[:_MOST_SHOWN])
