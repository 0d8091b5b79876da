"""The part of dnsmasq's configuration that follows from portal.toml. No file, no network.

`portal dnsmasq` prints it, and dnsmasq does the rest: no name is resolved, or seen, by a
program of ours. Addresses for phones (DHCP) stay with the operator; see docs/dnsmasq.md.

Nothing here makes dnsmasq write down a name that was asked for, and nothing answers falsely
because a phone is captive: a phone would keep that answer after it is online.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TypeAlias

from firewall.ports import LAST_PORT
from firewall.ruleset import GARDENS_BY_NAME
from portal.config import Config
from portal.setting_values import host_name

Address: TypeAlias = IPv4Address | IPv6Address

ANSWER_SECONDS = 300
"""How long any answer is good, in dnsmasq's memory and again in the phone's."""

GARDEN_TURN_SECONDS = 6 * 3600.0
"""How often one half of the garden is emptied (`Enforcer.empty_garden`).

Much longer than an answer is good, so no phone has an answer that the garden has forgotten.
"""
assert 2 * ANSWER_SECONDS < GARDEN_TURN_SECONDS


def render(config: Config, blocked: Sequence[str] = (), gateway: Sequence[Address] = ()) -> str:
    """The lines for dnsmasq.

    `blocked` are the names of the block list; they lead to `gateway`, the addresses of the
    phones' interface, where a page says why.
    """
    parts = (
        _portal(config),
        _garden(config.walled_garden.names),
        _upstream(config.family_dns.upstream),
        _blocked(blocked, gateway),
        _outage(config.uplink.names_dir),
        _ports(config),
    )
    return "".join(f"{line}\n" for part in parts for line in part)


def _portal(config: Config) -> Iterator[str]:
    yield "# Made by `portal dnsmasq` from portal.toml: change that, and make this again."
    yield "# No name that is asked for is written down. Do not add log-queries."
    yield ""
    yield "# The portal: this gateway, by whatever addresses the phones' interface has."
    yield f"interface-name={config.portal.host},{config.interfaces.phones}"
    yield f"local=/{config.portal.host}/"
    yield "local=/home.arpa/"


def _garden(names: Sequence[str]) -> Iterator[str]:
    if not names:
        return
    sets = ",".join(
        f"{family}#{where.replace(' ', '#')}"
        for pair in GARDENS_BY_NAME
        for family, where in zip((4, 6), pair, strict=True)
    )
    yield ""
    yield "# The walled garden: these names, those below them, and nothing else of their addresses"
    yield "# than ports 80 and 443. An answer from memory puts nothing there: short memories."
    yield f"nftset=/{'/'.join(names)}/{sets}"
    yield f"max-cache-ttl={ANSWER_SECONDS}"
    yield f"max-ttl={ANSWER_SECONDS}"


def _upstream(resolvers: Sequence[Address]) -> Iterator[str]:
    if not resolvers:
        return
    yield ""
    yield "# A resolver that filters, and no other."
    yield "no-resolv"
    yield from (f"server={resolver}" for resolver in resolvers)


def _blocked(names: Sequence[str], gateway: Sequence[Address]) -> Iterator[str]:
    if not names:
        return
    yield ""
    yield f"# The block list: {len(names)} names, and those below them, lead to our page about it."
    for name in names:
        yield f"local=/{name}/"  # No other kind of answer, and of no other family, either.
        yield from (f"address=/{name}/{address}" for address in gateway)


def _outage(folder: Path | None) -> Iterator[str]:
    if folder is None:
        return
    yield ""
    yield "# While the line is down: captive checks lead to the gateway. The folder must be there."
    yield f"hostsdir={folder}"


def _ports(config: Config) -> Iterator[str]:
    if config.privacy.profile == "minimal":
        return
    yield ""
    yield "# Questions of dnsmasq's own leave by ports that are in no device's block (sealed)."
    yield f"min-port={LAST_PORT + 1}"


def render_outage(checks: Iterable[str], watched: Iterable[str], gateway: Sequence[Address]) -> str:
    """The file for dnsmasq's `hostsdir` while the line is down.

    The names of captive checks lead to `gateway`; but for those that are `watched`, which tell
    when the line is up again.
    """
    names = " ".join(sorted(set(checks) - set(watched)))
    return "".join(f"{address} {names}\n" for address in gateway)


def read_block_list(text: str) -> tuple[list[str], list[str]]:
    """The names of a block list, and a line about each that is none.

    One name a line, or as in /etc/hosts with an address before it; `#` begins a comment.
    """
    names: dict[str, None] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if len(words) > 1 and _is_nowhere(words[0]):
            del words[0]
        for word in words:
            try:
                names[host_name(word)] = None
            except ValueError as error:
                problems.append(f"line {number}: {word[:60]!r} is {error}")
    return _without_those_below(names), problems


def _is_nowhere(word: str) -> bool:
    return word in ("0.0.0.0", "127.0.0.1", "::", "::1")


def _without_those_below(names: Iterable[str]) -> list[str]:
    """A name covers all below it, so that these need no line of their own."""
    wanted = set(names)

    def is_below(name: str) -> bool:
        labels = name.split(".")
        return any(".".join(labels[n:]) in wanted for n in range(1, len(labels)))

    return sorted(name for name in wanted if not is_below(name))
