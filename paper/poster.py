"""What the poster says. Pure; how it looks is in `paper.draw_poster`."""

from collections.abc import Mapping
from dataclasses import dataclass

from paper import words
from paper.place import Place
from splash.texts import Texts
from splash.views import Language


@dataclass(frozen=True, slots=True)
class Poster:
    """Texts in Vietnamese; what ends in `_en` in English. Empty: not known, not printed."""

    ssid: str
    """Byte for byte, for the code."""
    payer: str
    title: str
    title_en: str
    network: str
    scan: str
    scan_en: str
    steps: tuple[str, str, str]
    steps_en: tuple[str, str, str]
    no_page: str
    """What to do if no welcome page comes."""
    facts: tuple[str, ...]
    """How long a turn is, when the network is open."""
    warning: str
    help: str
    """Whom to call."""
    house: str
    foot: str


def poster(place: Place, said: Mapping[Language, Texts]) -> Poster:
    """The poster of a house whose network has a name."""
    site = place.site
    facts = {
        "org": words.one_line(site.org),
        "host": site.host,
        "phone": words.unbroken(site.phone),
    }

    def vi(name: str, **values: object) -> str:
        return words.filled(said["vi"], f"poster.{name}", **facts, **values)

    def en(name: str, **values: object) -> str:
        return words.filled(said["en"], f"poster.{name}", **facts, **values)

    times = (
        vi("turn", time=words.turn(place, "vi")),
        vi("hours", time=words.opening_hours(place, "vi")),
        vi("limit", time=words.limit(place, "vi")),
    )
    return Poster(
        ssid=place.ssid,
        payer=vi("payer"),
        title=vi("title"),
        title_en=en("title"),
        network=vi("network"),
        scan=vi("scan"),
        scan_en=en("scan"),
        steps=(vi("step1"), vi("step2"), vi("step3")),
        steps_en=(en("step1"), en("step2"), en("step3")),
        no_page=vi("step2_more"),
        facts=tuple(filter(None, times)),
        warning=vi("foot"),
        help=vi("help") or vi("help_here"),
        house=words.one_line(site.name),
        foot=words.one_line(" · ".join(filter(None, (site.unit, site.address)))),
    )
