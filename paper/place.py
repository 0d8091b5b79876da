"""The house that a sheet is for, as the configuration has it. A value; nothing is read here."""

from dataclasses import dataclass

from portal.schedule import Schedule
from splash.site import Site


@dataclass(frozen=True, slots=True)
class Place:
    site: Site
    id: str
    code: str
    """What a technician types into a router that is put here."""
    ssid: str
    """Empty if it is not known."""
    week: Schedule | None
    """None if every day is open and without a limit."""
    address: str
    """Where the house stands; empty if it is not known."""
    rooms: int | None
    residents: int | None
