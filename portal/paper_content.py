"""What the sheets of this house say, out of its configuration and of the release that is shown.

Draws nothing, and needs nothing that draws.
"""

from paper.place import Place
from paper.poster import Poster, poster
from paper.rules import Rules, rules
from portal.conditions import conditions_of
from portal.config import Config
from portal.house import house_of
from portal.library import Library
from portal.site_code import code_of
from splash import texts


def place_of(config: Config) -> Place:
    return Place(
        site=house_of(config),
        id=config.site.id,
        code=code_of(config.site.id),
        ssid=config.wifi.ssid,
        week=config.session.schedule,
        address=config.site.address,
        rooms=config.site.rooms,
        residents=config.site.residents,
    )


def poster_of(config: Config) -> Poster:
    return poster(place_of(config), texts.load())


def rules_of(config: Config, wall: float) -> Rules:
    """The rules of the active release at this time (Unix seconds), else the shipped ones."""
    shelf = Library(config.content_store, config.site.id, lambda: wall).first()
    try:
        conditions = conditions_of(config, shelf.edition)
        return rules(place_of(config), texts.load(), shelf.edition, conditions)
    finally:
        shelf.close()
