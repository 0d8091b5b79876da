"""Routers for tests: each is laid out for its test and leaves nothing behind."""

from collections.abc import Iterator

import pytest

from tests.openwrt.router import Router
from tests.openwrt.router import router as a_router


@pytest.fixture
def router() -> Iterator[Router]:
    """A router as it comes from the factory, with our files and nothing set."""
    with a_router() as made:
        yield made
