"""The configuration: `portal.toml` as frozen values, parsed once at the door.

Every setting is a field below; its `doc` is its line in docs/configuration.md (a test compares
them). Reading a file finds all problems at once. Nobody reads settings anywhere else, and what
needs a look at the machine (does this interface exist?) is in `portal.machine`.
"""

from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from content_cache.toml_file import (
    REQUIRED,
    FileProblems,
    did_you_mean,
    read,
    shown,
    values,
    written,
)
from content_cache.toml_file import key as setting
from portal.schedule import ALWAYS, WEEKDAYS, Day, Hours, Schedule, parse_hours
from portal.setting_values import (
    Address,
    Network,
    OtherDay,
    absolute_path,
    address_and_port,
    addresses,
    duration,
    email_address,
    host_name,
    host_names,
    https_address,
    identifier,
    interface_name,
    networks,
    one_of,
    other_day,
    phone_number,
    port,
    public_key,
    ssid,
    text,
    texts,
    web_address,
    web_addresses,
    web_folder,
    whole_number,
    yes_or_no,
)


class ConfigurationError(FileProblems):
    """`portal.toml` cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    id: str = setting(identifier, REQUIRED, "Short name of the site in logs and reports.")
    name: str = setting(text, REQUIRED, "Name of the house as people know it; on every page.")
    former_names: tuple[str, ...] = setting(texts, (), "Names the site had before, for reports.")
    address: str = setting(text, "", "Where the house stands.")
    rooms: int | None = setting(whole_number(1, 10000), None, "Number of rooms, for reports.")
    residents: int | None = setting(whole_number(1, 100000), None, "Number of residents, typed in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    name: str = setting(text, REQUIRED, "Who pays and answers for the Wi-Fi.")
    unit: str = setting(text, REQUIRED, "The unit responsible for what the pages say.")
    website: str = setting(https_address, "", "The federation's website; no link while empty.")
    phone: str = setting(phone_number, "", "Number for questions and complaints.")
    email: str = setting(email_address, "", "Address for questions about personal data.")
    address: str = setting(text, "", "Postal address.")
    responsible: str = setting(text, "", "The person responsible for the content.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    phones: str = setting(interface_name, REQUIRED, "The phones' network, usually a bridge.")
    uplink: str = setting(interface_name, REQUIRED, "The line to the Internet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wifi:
    ssid: str = setting(
        ssid,
        "Wi-Fi Công đoàn",
        "Name of the network that phones join: on the router's radios, on the poster, and what"
        " `portal doctor` listens for.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    host: str = setting(
        host_name, "wifi.congdoan.home.arpa", "Name of the portal; dnsmasq answers it."
    )
    http_port: int = setting(port, 2080, "Where the pages are served; port 80 is redirected here.")
    https_port: int | None = setting(
        port, None, "Where the API (RFC 8908) is served; needs tls_cert and tls_key."
    )
    tls_cert: Path | None = setting(
        absolute_path, None, "Certificate chain for `host`, from an authority phones trust."
    )
    tls_key: Path | None = setting(absolute_path, None, "Private key of the certificate.")


_OTHER = "A table of `length`, `opening_hours`, `daily_limit` that differ on {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    length: float = setting(duration, 240 * 60.0, "How long one turn lasts.")
    max_devices: int = setting(whole_number(1, 50000), 1000, "How many devices pass at once.")
    opening_hours: Hours | None = setting(
        parse_hours, ALWAYS, "When the network is open, in the site's time; or `closed`."
    )
    daily_limit: float | None = setting(
        duration, None, "How long one device may be online in a day, all turns together."
    )
    monday: OtherDay | None = setting(other_day, None, _OTHER.format("Mondays"))
    tuesday: OtherDay | None = setting(other_day, None, _OTHER.format("Tuesdays"))
    wednesday: OtherDay | None = setting(other_day, None, _OTHER.format("Wednesdays"))
    thursday: OtherDay | None = setting(other_day, None, _OTHER.format("Thursdays"))
    friday: OtherDay | None = setting(other_day, None, _OTHER.format("Fridays"))
    saturday: OtherDay | None = setting(other_day, None, _OTHER.format("Saturdays"))
    sunday: OtherDay | None = setting(other_day, None, _OTHER.format("Sundays"))

    @property
    def schedule(self) -> Schedule | None:
        """The week; None if every day is open and without a limit."""
        usual = Day(self.length, self.opening_hours, self.daily_limit)
        days = tuple(_day(usual, getattr(self, name)) for name in WEEKDAYS)
        return None if set(days) == {Day(self.length)} else Schedule(days)


def _day(usual: Day, other: OtherDay | None) -> Day:
    if other is None:
        return usual
    hours = usual.hours if other.opening_hours is None else other.opening_hours
    return Day(
        usual.turn_seconds if other.length is None else other.length,
        None if hours == "closed" else hours,
        usual.limit_seconds if other.daily_limit is None else other.daily_limit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WalledGarden:
    names: tuple[str, ...] = setting(
        host_names, (), "Names that captive devices reach, and those below them; by dnsmasq."
    )
    prefixes: tuple[Network, ...] = setting(
        networks, (), "Networks that captive devices reach on ports 80 and 443."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDns:
    upstream: tuple[Address, ...] = setting(
        addresses, (), "Resolvers that filter; dnsmasq asks these and no others."
    )
    blocklist: Path | None = setting(
        absolute_path, None, "A file of names that lead to a page saying that they are blocked."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    down_mbit: int | None = setting(
        whole_number(1, 10000), None, "What the line carries downwards, or a little less; Mbit/s."
    )
    up_mbit: int | None = setting(
        whole_number(1, 10000), None, "What the line carries upwards, or a little less; Mbit/s."
    )
    device_down_mbit: int | None = setting(
        whole_number(1, 10000), None, "The most that one device may receive; Mbit/s."
    )
    device_up_mbit: int | None = setting(
        whole_number(1, 10000), None, "The most that one device may send; Mbit/s."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    check_urls: tuple[str, ...] = setting(
        web_addresses,
        ("https://dns.google/", "https://one.one.one.one/"),
        "Hosts that are always there, asked in turn whether the line is up; `[]`: nobody looks.",
    )
    names_dir: Path | None = setting(
        absolute_path,
        None,
        "A folder that dnsmasq reads; the names of captive checks are there during an outage.",
    )
    speed_url: str | None = setting(
        web_address, None, "A large file that `portal doctor --speed` loads 25 MB of, at most."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    profile: Literal["minimal", "sealed"] = setting(
        one_of("minimal", "sealed"),
        "minimal",
        "`sealed` also keeps a record of devices that only the keyholders can open.",
    )
    public_key: str | None = setting(
        public_key("portal lawful-keys"),
        None,
        "The keyholders', from `portal lawful-keys`; for `sealed`.",
    )
    keep_days: int = setting(
        whole_number(1, 365), 90, "Days a session's row is kept; then only daily totals are."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    store: Path | None = setting(
        absolute_path, None, "Where releases of the content are kept; else `content` in `data_dir`."
    )
    source_url: str | None = setting(
        web_folder, None, "The folder of a web space that releases are fetched from, over https."
    )
    public_key: str | None = setting(
        public_key("portal content key"),
        None,
        "Whose releases are believed, from `portal content key`; else those made here.",
    )
    max_mb: int = setting(
        whole_number(1, 10000), 100, "The most that one release may have; megabytes."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    listen: tuple[str, int] = setting(
        address_and_port,
        ("127.0.0.1", 2081),
        "Address and port of the pages of staff; never one that phones reach.",
    )
    site: bool = setting(
        yes_or_no, True, "Whether staff sign in there to write and approve; else only numbers are."
    )
    names: tuple[str, ...] = setting(
        host_names, (), "Other names by which staff's browsers reach that address."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    data_dir: Path = setting(absolute_path, Path("/var/lib/portal"), "What outlives a restart.")
    run_dir: Path = setting(absolute_path, Path("/run/portal"), "The control socket and the lock.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    driver: Literal["nftables", "nft", "memory"] = setting(
        one_of("nftables", "nft", "memory"),
        "nftables",
        "`nftables` uses the library, `nft` runs the program, `memory` enforces nothing.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file. Sections that have no required setting may be left out."""

    site: Site
    organisation: Organisation
    interfaces: Interfaces
    wifi: Wifi
    portal: Portal
    session: Turn
    walled_garden: WalledGarden
    family_dns: FamilyDns
    fairness: Fairness
    uplink: Uplink
    privacy: Privacy
    content: Content
    staff: Staff
    storage: Storage
    firewall: Firewall

    @property
    def content_store(self) -> Path:
        """The folder of `content_cache.releases.Releases`."""
        return self.content.store or self.storage.data_dir / "content"


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigurationError: with every problem of the file.
    """
    return parse(read(path, ConfigurationError), str(path))


def parse(document: dict[str, Any], source: str = "portal.toml") -> Config:
    """Turn a parsed TOML document into a configuration.

    Raises:
        ConfigurationError: with every problem of the document.
    """
    problems: list[str] = []
    sections: dict[str, Any] = {}
    known = {section.name: section for section in fields(Config)}
    for name in document.keys() - known.keys():
        problems.append(f"[{written(name)}]{did_you_mean(name, known)}")
    for name, section in known.items():
        sections[name] = _section(section, document.get(name, {}), problems)
    if not problems:
        config = Config(**sections)
        problems += _contradictions(config)
        if not problems:
            return config
    raise ConfigurationError(source, sorted(problems))


def _section(section: "Field[Any]", table: object, problems: list[str]) -> Any:
    """One section's value, or None after adding to `problems`."""
    if not isinstance(table, dict):
        problems.append(f"{section.name} = {shown(table)}   not a section; write [{section.name}]")
        return None
    assert isinstance(section.type, type)
    before = len(problems)
    found = values(section.type, table, f"{section.name}.", problems)
    return section.type(**found) if len(problems) == before else None


def _contradictions(config: Config) -> list[str]:
    """Settings that are right alone and wrong together."""
    problems = []
    web = config.portal
    tls = {"https_port": web.https_port, "tls_cert": web.tls_cert, "tls_key": web.tls_key}
    missing = [f"portal.{key}" for key, value in tls.items() if value is None]
    if missing and len(missing) < len(tls):
        problems.append(f"{missing[0]} is missing   https needs https_port, tls_cert and tls_key")
    if web.https_port == web.http_port:
        problems.append(f"portal.https_port = {web.https_port}   the same as http_port")
    if config.interfaces.phones == config.interfaces.uplink:
        problems.append(
            f'interfaces.uplink = "{config.interfaces.uplink}"   the same as interfaces.phones'
        )
    if config.privacy.profile == "sealed" and config.privacy.public_key is None:
        problems.append("privacy.public_key is missing   make it with `portal lawful-keys`")
    if config.content.source_url is not None and config.content.public_key is None:
        problems.append("content.public_key is missing   copy it from where releases are made")
    return problems
