"""The place that the pages speak of, out of the configuration."""

from math import ceil

from portal.config import Config
from splash.site import Site


def house_of(config: Config) -> Site:
    who = config.organisation
    return Site(
        name=config.site.name,
        org=who.name,
        unit=who.unit,
        website=who.website,
        phone=who.phone,
        email=who.email,
        address=who.address,
        responsible=who.responsible,
        host=config.portal.host,
        session_minutes=ceil(config.session.length / 60),
        keep_days=config.privacy.keep_days,
        device_mbit=config.fairness.device_down_mbit,
        sealed=config.privacy.profile == "sealed",
    )
