"""People to test with, and a store that costs no program of its own each time."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from splash.content_store import ContentStore
from splash.workflow import Actor, Role

LAN: Final = Actor("lan", frozenset[Role](("author",)))
MINH: Final = Actor("minh", frozenset[Role](("author", "approver")))
TUAN: Final = Actor("tuan", frozenset[Role](("approver",)))
QUYEN: Final = Actor("quyen", frozenset[Role](("administrator",)))
CHU: Final = Actor("chu", frozenset[Role](("house_owner",)), ("hp-001",))
NOBODY: Final = Actor("nobody", frozenset())

EVERYBODY: Final = (LAN, MINH, TUAN, QUYEN, CHU, NOBODY)


@cache
def _empty() -> bytes:
    """An empty store's file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "content.db"
        ContentStore(path).close()
        return path.read_bytes()


def store_in(folder: Path) -> ContentStore:
    """An empty store in `folder`."""
    folder.mkdir(exist_ok=True)
    path = folder / "content.db"
    if not path.exists():
        path.write_bytes(_empty())
    return ContentStore(path)


def copy_of(folder: Path, to: Path) -> ContentStore:
    """The store of `folder` as a power cut would leave it, in another folder."""
    shutil.copytree(folder, to)
    return ContentStore(to / "content.db")
