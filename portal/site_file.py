"""Site files: what one house, or each of thousands, has that others have not. Pure, but for `read`.

A site file has the tables of portal.toml and two more: `[router]`, for networks and radio
(`portal.router_settings`), and `[wan]`, for the line. What it does not say stays as the package
ships it: so a site file may be six lines, and `[interfaces]` is usually not among them, because
the package knows the router's.

A file of many houses has those tables for all of them, and one `[[sites]]` for each house: the
keys of `[site]`, and below it the tables in which this house differs. Key by key, the house's
own comes first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any, Final, Literal

from content_cache import toml_file
from content_cache.toml_file import key as setting
from content_cache.toml_file import shown, values
from portal import config, site_code
from portal.config import Config, ConfigurationError
from portal.router_settings import Router
from portal.setting_values import (
    Address,
    address_with_prefix,
    addresses,
    one_address,
    one_of,
    text,
    whole_number,
)
from splash.site import SITE_ID

MANY: Final = "sites"

_OF_LINE: Final = {
    "pppoe": ("username", "password"),
    "static": ("address", "gateway", "dns"),
}
_NEEDED: Final = {"username", "address", "gateway"}
"""The password may be left to the technician: a list of houses is on every router."""

_INTERFACES: Final = {"phones": "br-phones", "uplink": "wan"}
"""For the check alone, where a site file leaves them to the package."""


class SiteFileError(ConfigurationError):
    """The site file cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wan:
    """`[wan]`: the line, which OpenWrt keeps in /etc/config/network."""

    proto: Literal["dhcp", "pppoe", "static"] = setting(
        one_of("dhcp", "pppoe", "static"),
        "dhcp",
        "How the line gives its address: `dhcp` behind a modem, `pppoe`, or `static`.",
    )
    vlan: int | None = setting(
        whole_number(1, 4094), None, "The VLAN of the line, where the provider asks for one."
    )
    username: str = setting(text, "", "The provider's user name, for `pppoe`.")
    password: str = setting(text, "", "The provider's password, for `pppoe`.")
    address: IPv4Interface | None = setting(
        address_with_prefix, None, "The router's address on the line, with its prefix; `static`."
    )
    gateway: IPv4Address | None = setting(one_address, None, "The provider's router, for `static`.")
    dns: tuple[Address, ...] = setting(addresses, (), "Resolvers of the line, for `static`.")


@dataclass(frozen=True, slots=True)
class House:
    """One house, checked. `config` has stand-ins for `[interfaces]` where the file has none."""

    config: Config
    wan: Wan | None
    """None: as it is."""
    document: Mapping[str, Mapping[str, Any]]
    """The file's own tables but for `[wan]`, and nothing that it does not say."""

    @property
    def id(self) -> str:
        return self.config.site.id

    @property
    def code(self) -> str:
        return site_code.code_of(self.id)


def read(path: Path) -> dict[str, Any]:
    """The document in a site file.

    Raises:
        SiteFileError: it cannot be read, or is not TOML.
    """
    return toml_file.read(path, SiteFileError)


def one(document: Mapping[str, Any], source: str) -> House:
    """The house of a file of one.

    Raises:
        SiteFileError: with every problem of the file.
    """
    if MANY in document:
        raise SiteFileError(source, [f"[[{MANY}]]   a file of many houses; say which, by its code"])
    problems: list[str] = []
    house = _house(document, problems)
    if house is None:
        raise SiteFileError(source, sorted(problems))
    return house


def many(document: Mapping[str, Any], source: str) -> tuple[House, ...]:
    """Every house of a file of many, checked; a problem of all of them is told once.

    A list lies on every router of every house, where a password of a line has no business.

    Raises:
        SiteFileError: with every problem of the file.
    """
    documents = entries(document, source)
    whose: defaultdict[str, list[str]] = defaultdict(list)
    houses = []
    for number, entry in enumerate(documents, start=1):
        problems: list[str] = []
        house = _house(entry, problems)
        if house is not None:
            houses.append(house)
            if house.wan is not None and house.wan.password:
                problems.append(
                    "wan.password   would be on every router; leave it out, or give that house an"
                    " image of its own"
                )
        for problem in problems:
            whose[problem].append(_name(entry["site"], number))
    problems = [
        problem if len(names) == len(documents) > 1 else f"{name}: {problem}"
        for problem, names in whose.items()
        for name in (names[:1] if len(names) == len(documents) > 1 else names)
    ]
    counts = Counter(site_code.alike(house.id) for house in houses)
    problems += [
        f'{house.id}: site.id = "{house.id}"   has the code of another house; choose another'
        for house in houses
        if counts[site_code.alike(house.id)] > 1
    ]
    if problems:
        raise SiteFileError(source, sorted(problems))
    return tuple(houses)


def entries(document: Mapping[str, Any], source: str) -> tuple[dict[str, dict[str, Any]], ...]:
    """For each house of a file of many the document of a file of one, not checked yet: on a
    router only the house that somebody has named is.

    Raises:
        SiteFileError: it is no file of many houses.
    """
    listed = document.get(MANY)
    if not isinstance(listed, list) or not listed:
        raise SiteFileError(source, [f"[[{MANY}]] is missing   write one for each house"])
    shared = {name: table for name, table in document.items() if name != MANY}
    problems = [
        f"{MANY}[{number}] = {shown(entry)}   not a section; write [[{MANY}]]"
        for number, entry in enumerate(listed, start=1)
        if not isinstance(entry, dict)
    ]
    problems += [
        f"{name} = {shown(table)}   not a section; write [{name}]"
        for name, table in shared.items()
        if not isinstance(table, dict)
    ]
    if problems:
        raise SiteFileError(source, problems)
    return tuple(_merged(shared, entry) for entry in listed)


def _merged(shared: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of one house: what all have, and before it what this one has."""
    tables = _KNOWN - {"site"}
    own: dict[str, Any] = {name: table for name, table in entry.items() if name in tables}
    own["site"] = {name: value for name, value in entry.items() if name not in tables}
    merged = dict(shared)
    for name, table in own.items():
        both = isinstance(table, dict) and isinstance(shared.get(name), dict)
        merged[name] = {**shared[name], **table} if both else table
    return merged


def _house(document: Mapping[str, Any], problems: list[str]) -> House | None:
    """The house of a document; None after adding to `problems`."""
    _table(Router, "router", document, problems)
    wan = _table(Wan, "wan", document, problems)
    if wan is not None:
        problems += _contradictions(wan)
    rest: dict[str, Any] = {name: table for name, table in document.items() if name not in _OURS}
    interfaces = rest.get("interfaces", {})
    if isinstance(interfaces, dict):
        rest["interfaces"] = _INTERFACES | interfaces
    try:
        found_config = config.parse(rest)
    except ConfigurationError as error:
        problems += error.problems
        return None
    problems += [
        f"{name}.{key} = {shown(value)}   has a control character (a line break?) in it;"
        " write one line"
        for name, table in document.items()
        if isinstance(table, dict)
        for key, value in table.items()
        if isinstance(value, str) and any(ord(character) < 32 for character in value)
    ]
    if problems:
        return None
    return House(
        found_config,
        wan if "wan" in document else None,
        {name: document[name] for name in _ORDER if name in document},
    )


def _table(
    kind: type[Any], name: str, document: Mapping[str, Any], problems: list[str]
) -> Any | None:
    """What a table says; None after adding to `problems`."""
    table = document.get(name, {})
    if not isinstance(table, dict):
        problems.append(f"{name} = {shown(table)}   not a section; write [{name}]")
        return None
    before = len(problems)
    found = values(kind, table, f"{name}.", problems)
    return kind(**found) if len(problems) == before else None


_ORDER: Final = (*(section.name for section in fields(Config)), "router")
_OURS: Final = {"router", "wan"}
_KNOWN: Final = frozenset(_ORDER) | _OURS


def _contradictions(wan: Wan) -> Iterator[str]:
    """Settings of the line that are right alone and wrong together."""
    for proto, names in _OF_LINE.items():
        for name in names:
            given = bool(getattr(wan, name))
            if given and wan.proto != proto:
                yield f'wan.{name}   is for proto = "{proto}"; here it is "{wan.proto}"'
            elif wan.proto == proto and name in _NEEDED and not given:
                yield f'wan.{name} is missing   proto = "{proto}" needs it'


def _name(site: Mapping[str, Any], number: int) -> str:
    id = site.get("id")
    named = isinstance(id, str) and SITE_ID.fullmatch(id)
    return str(id) if named else f"{MANY}[{number}]"
