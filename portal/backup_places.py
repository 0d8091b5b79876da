"""Where the parts of a backup lie on a machine, and where a backup may put them. Pure."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from portal import uci
from portal.backup import (
    BESIDE,
    CONFIG_NAME,
    NAMED,
    PENDING,
    UCI_NAME,
    BackupProblem,
    document_of,
    problem,
)
from portal.config import Config
from portal.setting_values import absolute_path


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a backup are on this machine, by their names in it."""

    files: Mapping[str, Path]
    folders: Mapping[str, Path]

    def all(self) -> Iterator[tuple[str, Path]]:
        yield from self.folders.items()
        yield from self.files.items()


def places_of(config: Config, source: Path, uci_file: Path) -> Places:
    """Where they are with `config`, which is in the file `source`."""
    data = config.storage.data_dir
    files = {CONFIG_NAME: source, UCI_NAME: uci_file}
    files |= {f"config/{name}": source.with_name(name) for name in BESIDE}
    named = (config.portal.tls_cert, config.portal.tls_key, config.family_dns.blocklist)
    for setting, path in zip(NAMED, named, strict=True):
        if path is not None and not path.is_relative_to(data):
            files[f"named/{setting}"] = path
    folders = {"data": data}
    if not config.content_store.is_relative_to(data):
        folders["content"] = config.content_store
    return Places(files, folders)


def clashes(places: Places) -> list[str]:
    """Parts that would be in each other's way; one line for each."""
    lines, seen = [], dict[Path, str]()
    for name, path in places.all():
        if path in seen:
            lines.append(f"{path} is {seen[path]} and {name}; each needs a place of its own")
        seen[path] = name
        lines += [
            f"{path} ({name}) is in {folder} ({other}); it has to be outside"
            for other, folder in places.folders.items()
            if path != folder and path.is_relative_to(folder)
        ]
    return lines


def outside(places: Places, names: Collection[str], allowed: Collection[Path]) -> list[str]:
    """What would be written to none of the folders `allowed`; one line each.

    A backup says itself where its parts go. Who made it could mean a folder that a portal has no
    business with.
    """
    return [
        f"{path} ({name})"
        for name, path in places.all()
        if name != UCI_NAME
        and any(each == name or each.startswith(f"{name}/") for each in names)
        and not _is_within(path, allowed)
    ]


def outside_uci(text: str, allowed: Collection[Path], home: Path) -> list[str]:
    """What OpenWrt's configuration names outside of `allowed`: the router's scripts make these
    folders as root and give them to the daemon. `home` itself, where portal.toml is, stays root's.

    Raises:
        BackupProblem: the text is no UCI.
    """
    problems: list[str] = []
    sections = uci.read(text, problems)
    if problems:
        raise problem(f"its {UCI_NAME} cannot be read", problems)
    named = ((key, sections.get(key[0], {}).get(key[1])) for key in _path_settings())
    return [
        f"{value} ({UCI_NAME}, {section}.{key})"
        for (section, key), value in named
        if value is not None
        and (Path(str(value)) == home or not _is_within(Path(str(value)), allowed))
    ]


def _path_settings() -> Iterator[tuple[str, str]]:
    for section in fields(Config):
        assert isinstance(section.type, type)
        for entry in fields(section.type):
            if entry.metadata["parse"] is absolute_path:
                yield section.name, entry.name


def _is_within(path: Path, allowed: Collection[Path]) -> bool:
    # The second has what dnsmasq does as root, the last what a restore does.
    plain = not {"..", "dnsmasq.d", PENDING} & set(path.parts) and str(path).isprintable()
    return plain and any(path.is_relative_to(folder) for folder in allowed)


@dataclass(frozen=True, slots=True)
class Swap:
    """`staged` takes the place of `target`, which is kept as `aside`."""

    staged: Path
    target: Path
    aside: Path


def swap_of(target: Path, token: str, stamp: str) -> Swap:
    """All three beside each other: a rename does it."""
    return Swap(
        target.with_name(f"{target.name}.restored-{token}"),
        target,
        target.with_name(f"{target.name}.before-{stamp}"),
    )


def swaps_written(swaps: Collection[Swap]) -> bytes:
    paths = [[str(each.staged), str(each.target), str(each.aside)] for each in swaps]
    return json.dumps({"swaps": paths}).encode()


def swaps_of(data: bytes) -> list[Swap]:
    """Raises BackupProblem: these are none."""
    document = document_of(data)
    try:
        assert document is not None
        return [Swap(*map(Path, paths)) for paths in document["swaps"]]
    except (AssertionError, KeyError, TypeError):
        raise BackupProblem("the note of an unfinished restore is damaged") from None
