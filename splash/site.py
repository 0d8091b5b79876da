"""The place the pages speak about. A value of the configuration; nothing is read here."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

SITE_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
"""What a site is called in settings, content, accounts and reports: `hp-001`."""


@dataclass(frozen=True, slots=True)
class Site:
    """Who offers the network, and where. An empty text means: not known, do not mention it."""

    name: str
    """The boarding house, as its residents call it."""
    org: str
    """The federation that pays, and publishes."""
    unit: str
    """The part of the federation that is in charge."""
    website: str
    """The federation's own site, with or without `https://`; empty if there is none."""
    phone: str
    email: str
    address: str
    responsible: str
    """The person who answers for the content."""
    host: str
    """The portal's own name on the phones' network."""
    session_minutes: int
    keep_days: int
    """Days the session log is kept."""
    device_mbit: int | None
    """The ceiling of one device in Mbit/s; None if there is none."""
    sealed: bool = False
    """Whether device addresses are kept too, under seal."""

    @property
    def website_address(self) -> str | None:
        """An absolute http or https address of the federation's site; None without one."""
        text = self.website.strip()
        if not text:
            return None
        address = urlsplit(text if "://" in text else f"https://{text}")
        return address.geturl() if address.scheme in ("http", "https") and address.netloc else None

    @property
    def website_name(self) -> str:
        """The site's address as people say it, without `https://`."""
        return (self.website_address or "").partition("://")[2].rstrip("/")

    def is_on_website(self, url: str) -> bool:
        """Whether an address is one of the federation's site."""
        return bool(self.website_name) and _host(url) == _host(self.website_address or "")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
