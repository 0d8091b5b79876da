"""Laboratories for tests: each is built for its test and leaves nothing behind."""

from collections.abc import Iterator

import pytest

from portal.demo.lab import API_URI, Lab
from portal.demo.phone import Phone


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An Internet and an access point, on which nothing runs yet."""
    with Lab() as lab:
        yield lab


@pytest.fixture
def site(lab: Lab) -> Lab:
    """A laboratory where everything runs, as it is at a real site."""
    lab.start_internet()
    lab.start_dns_dhcp(api_uri=API_URI)
    lab.start_portal(https=True)
    return lab


@pytest.fixture
def phone(site: Lab) -> Phone:
    """A phone that has joined the site, and has not accepted anything."""
    phone = site.phone()
    phone.join()
    return phone
