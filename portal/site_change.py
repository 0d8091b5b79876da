"""From a house to the router's UCI settings, and what has to change for them. Pure.

UCI holds the configuration of a router: `/etc/config/portal` as `portal.uci` reads it, and the
line in `/etc/config/network`. What the site file does not say stays as it is, so nothing that
somebody set by hand is lost.

A router that has been at one house belongs to that house: its sessions, answers and totals are
of people there. Another house has to be asked for by name (`replace`). The same house under
another name is the same house: its old name goes into `former_names`, for the reports.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from portal import uci
from portal.site_file import House, Wan

PACKAGE: Final = "portal"
LINE: Final = "network"

Value: TypeAlias = str | tuple[str, ...]
Sections: TypeAlias = Mapping[str, Mapping[str, Value]]
"""Options by section and name, as UCI has them."""

_ONLY_HERE: Final = ("site", "wifi", "fairness")
"""Sections that say nothing about another house."""
_OF_PROTO: Final = ("username", "password", "ipaddr", "netmask", "gateway", "dns")
"""Options of the line that hold with one `proto` and say nothing with another."""


class AnotherHouse(Exception):
    """The router belongs to a house already, of this id and name."""

    def __init__(self, id: str, name: str) -> None:
        super().__init__(id, name)
        self.id = id
        self.name = name


def settings_of(house: House) -> dict[str, dict[str, Value]]:
    """What the house's file says, as UCI has it."""
    return {section: dict(_options(table)) for section, table in house.document.items()}


def changes(current: Sections, house: House, *, replace: bool = False) -> list[str]:
    """The lines for `uci batch` that make this router the house's; none if it is already.

    Raises:
        AnotherHouse: it is another's, and `replace` was not said.
    """
    before = current.get("site", {})
    other = is_of_another(current, house)
    if other and not replace:
        raise AnotherHouse(_text(before.get("id")), _text(before.get("name")))
    wanted = settings_of(house)
    former = () if other or not before.get("id") else _former_names(before, house)
    if former:
        wanted["site"]["former_names"] = former
    lines: list[str] = []
    if other:
        lines += _forget(current, wanted)
    for section, options in wanted.items():
        if section not in current:
            lines.append(f"set {PACKAGE}.{section}={_quoted(section)}")
        for option, value in options.items():
            known = current.get(section, {}).get(option)
            if known != value:
                lines += _set(f"{PACKAGE}.{section}.{option}", value, known)
    return lines


def is_of_another(current: Sections, house: House) -> bool:
    """Whether the router belongs to a house, and not to this one."""
    return _text(current.get("site", {}).get("id")) not in ("", house.id)


def first_boot(house: House) -> str:
    """The script for /etc/uci-defaults of an image that was made for this house.

    The image is ours alone, so that its first boot sets up networks and radio
    (`router.managed`), unless the file says otherwise. After an upgrade that kept the
    configuration, that counts: this house's later settings, or another house.
    """
    settings = settings_of(house)
    settings.setdefault("router", {}).setdefault("managed", "1")
    lines: list[str] = []
    for section, options in settings.items():
        lines.append(f"set {PACKAGE}.{section}={_quoted(section)}")
        for option, value in options.items():
            # A list that the package ships goes first; where there is none `uci` goes on.
            lines += _set(f"{PACKAGE}.{section}.{option}", value, ())
    after = ""
    if house.wan is not None:
        lines += changes_of_line({"wan6": {}}, house.wan)
        if house.wan.vlan is not None:
            after = _BEHIND_THE_PORT.format(vlan=house.wan.vlan)
    batch = "\n".join([*lines, f"commit {PACKAGE}", f"commit {LINE}"])
    return (
        f"# {house.code}, at the first boot; not where a house was kept\n\n"
        '[ -z "$(uci -q get portal.site.id)" ] || exit 0\n'
        f"uci -q batch <<'END'\n{batch}\nEND\n{after}"
    )


_BEHIND_THE_PORT: Final = """
# Which port that is, the model says.
device=$(uci -q get network.wan.device)
uci set "network.wan.device=${{device%%.*}}.{vlan}"
uci commit network
"""


def changes_of_line(current: Sections, wan: Wan) -> list[str]:
    """The lines for `uci batch` that make the line what the house's file says.

    `current` is what `network` has. A VLAN is put behind the port that the model uses.
    """
    before = current.get("wan", {})
    lines: list[str] = []
    wanted: dict[str, Value] = {"proto": wan.proto}
    device = _text(before.get("device")).partition(".")[0]
    if device:
        wanted["device"] = f"{device}.{wan.vlan}" if wan.vlan else device
    if wan.proto == "pppoe":
        wanted["username"] = wan.username
        if wan.password or before.get("password"):
            wanted["password"] = wan.password or before["password"]
    elif wan.proto == "static":
        assert wan.address is not None
        wanted["ipaddr"] = str(wan.address.ip)
        wanted["netmask"] = str(wan.address.netmask)
        wanted["gateway"] = str(wan.gateway)
        if wan.dns:
            wanted["dns"] = tuple(map(str, wan.dns))
    if "wan" not in current:
        lines.append("set network.wan='interface'")
    lines += [
        f"delete network.wan.{name}" for name in _OF_PROTO if name in before and name not in wanted
    ]
    for name, value in wanted.items():
        if before.get(name) != value:
            lines += _set(f"network.wan.{name}", value, before.get(name))
    if "wan6" in current and current["wan6"].get("device") != "@wan":
        lines.append("set network.wan6.device='@wan'")  # Wherever the line is.
    return lines


def read_export(text: str) -> Sections:
    """The named sections of what `uci export` printed."""
    return {
        section: {
            option: value if isinstance(value, str) else tuple(value)
            for option, value in options.items()
        }
        for section, options in uci.read(text, []).items()
    }


def _former_names(before: Mapping[str, Value], house: House) -> tuple[str, ...]:
    known = before.get("former_names", ())
    names = [*((known,) if isinstance(known, str) else known), *house.config.site.former_names]
    if (name := _text(before.get("name"))) and name != house.config.site.name:
        names.append(name)
    return tuple(dict.fromkeys(names))


def _forget(current: Sections, wanted: Sections) -> Iterator[str]:
    """Take away what is true of the earlier house alone."""
    for section in _ONLY_HERE:
        for option in current.get(section, {}):
            if option not in wanted.get(section, {}):
                yield f"delete {PACKAGE}.{section}.{option}"


def _set(path: str, value: Value, known: Value | None) -> Iterator[str]:
    if isinstance(value, str):
        yield f"set {path}={_quoted(value)}"
        return
    if known is not None:
        yield f"delete {path}"
    yield from (f"add_list {path}={_quoted(item)}" for item in value)


def _options(table: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """The options for the keys of a table; a day of the week has one for each of its own."""
    for key, value in table.items():
        match value:
            case bool():
                yield key, "1" if value else "0"
            case list():
                yield key, tuple(map(str, value)) or ("",)
            case dict():
                yield from ((f"{key}_{inner}", str(each)) for inner, each in value.items())
            case _:
                yield key, str(value)


def _quoted(text: str) -> str:
    """One word for `uci batch`, whatever is in it.

    Raises:
        ValueError: a control character, which would begin another command.
    """
    if any(ord(character) < 32 for character in text):
        raise ValueError(f"a control character in {text!r}")
    return "'" + text.replace("'", "'\\''") + "'"


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
