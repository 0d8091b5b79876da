"""Takes every look of the doctor, in the order in which things depend on each other."""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from portal.config import Config, ConfigurationError, load
from portal.doctor import air, gateway, house, join, kernel, line, speed
from portal.doctor.finding import Finding

Look: TypeAlias = Callable[[Config], Iterator[Finding]]

LOOKS: Final[tuple[Look, ...]] = (
    house.parts,
    house.boot,
    house.kept,
    line.cable,
    line.address,
    line.route,
    line.names,
    line.answers,
    air.modem,
    air.own,
    gateway.rules,
    gateway.table,
    join.join,
    kernel.forwarding,
    kernel.neighbour_tables,
    kernel.false_routers,
    kernel.isolation,
    kernel.offload,
    gateway.names_folder,
    house.health,
    gateway.daemon,
)


def examine(path: Path, *, with_speed: bool = False) -> list[Finding]:
    """Look at everything that can be looked at; never raises for what it finds."""
    try:
        config = load(path)
    except ConfigurationError as error:
        return [Finding("configuration", False, "bad", {"said": error})]
    findings = [Finding("configuration", True, "good", {"said": path})]
    for look in (*LOOKS, *((speed.down,) if with_speed else ())):
        findings.extend(_taken(look, config))
    return findings


def _taken(look: Look, config: Config) -> Iterator[Finding]:
    """What a look found. One that breaks is told, and the others go on."""
    try:
        yield from look(config)
    except Exception as error:  # A machine that nobody has thought of.
        name = f"{look.__module__.rpartition('.')[2]}.{look.__name__}"
        # Not its words: they may have somebody's address in them.
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}, {Path(where.filename).name}:{where.lineno}"
        yield Finding("look", False, "broke", {"look": name, "said": said})
