"""How much Hypothesis tries, and where the files of unit tests are.

Little is tried by default, more by `scripts/test` (`--hypothesis-profile=usual`), and much with
`--hypothesis-profile=long`.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("short", max_examples=24, stateful_step_count=40, deadline=None)
settings.register_profile("usual", max_examples=60, stateful_step_count=40, deadline=None)
settings.register_profile("long", max_examples=5000, stateful_step_count=80, deadline=None)
settings.load_profile("short")

IN_MEMORY = Path("/dev/shm")
ENOUGH = 512 * 1024 * 1024


def pytest_configure(config: pytest.Config) -> None:
    """Unit tests write in memory, where there is room: databases that outlive a power cut wait
    for a disk at every step, a third of the run. Laboratories keep the real disk."""
    only_unit = "not netns" in config.option.markexpr
    if only_unit and IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ENOUGH:
        os.environ.setdefault("TMPDIR", str(IN_MEMORY))
        tempfile.tempdir = None  # What was found before is forgotten.


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: not for every collection of garbage to walk through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
