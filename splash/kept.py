"""Finished pages in memory: those that were asked for lately, never more than so many bytes.

A page that costs more than its share is not kept, so that one long article does not push out the
front page of everybody.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

ENTRY_BYTES: Final = 1024
"""What a page costs beside its body: its key, and Python's own."""
SHARE: Final = 16
"""A page may cost one part in so many."""

T = TypeVar("T")


class Kept(Generic[T]):
    """At most `most_bytes`, by what `put` is told of each."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.bytes = 0
        """What all of them cost now."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> T | None:
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep `value`, which has `size` bytes, in place of what was asked for longest ago."""
        cost = size + ENTRY_BYTES
        if cost > self._most // SHARE:
            return
        _, before = self._kept.pop(key, (None, 0))
        self._kept[key] = (value, cost)
        self.bytes += cost - before
        while self.bytes > self._most:
            _, (_, freed) = self._kept.popitem(last=False)
            self.bytes -= freed
