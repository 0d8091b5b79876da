"""A staff site for each test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from portal.staff import converter_process, passwords
from portal.staff.converter import DIED, ConversionError, Converter
from portal.staff.words import Said
from tests.unit.staff.world import World


@pytest.fixture(autouse=True)
def _passwords_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", {"n": 2, "r": 8, "p": 1})


@pytest.fixture
def _jobs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work without a process for each; test_converter.py has the process."""

    async def job(_: Converter, job: str, data: bytes) -> dict[str, Any]:
        try:
            answer = converter_process.answer(job, data)
        except ValueError:
            raise ConversionError(DIED) from None
        if "refused" in answer:
            raise ConversionError(Said(*answer["refused"]))
        return answer

    monkeypatch.setattr(Converter, "_job", job)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path) as world:
        yield world
