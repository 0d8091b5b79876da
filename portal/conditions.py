"""Which conditions people agree to here."""

from portal.config import Config
from splash import texts
from splash.edition import PLAIN, Edition


def conditions_of(config: Config, edition: Edition = PLAIN) -> str:
    """Their version, as it is kept with every agreement.

    Rules and privacy notice of staff have versions of their own, and either may be new. The sealed
    record is told of on the pages, so that who agreed to the one notice has not agreed to the
    other.
    """
    shipped = texts.load()["vi"].version
    rules = edition.conditions.version if edition.conditions else shipped
    privacy = edition.privacy.version if edition.privacy else shipped
    version = rules if rules == privacy else f"{rules}+{privacy}"
    return f"{version}-sealed" if config.privacy.profile == "sealed" else version
