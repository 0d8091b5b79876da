"""Which conditions people agree to here."""

from portal.config import Config
from splash import texts


def conditions_of(config: Config) -> str:
    """Their version, as it is kept with every agreement.

    The sealed record is told of on the pages, so that who agreed to the one notice has not
    agreed to the other.
    """
    version = texts.load()["vi"].version
    return f"{version}-sealed" if config.privacy.profile == "sealed" else version
