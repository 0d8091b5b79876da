"""How much memory each daemon of the soak held, from its first minute to its last."""

import os
from dataclasses import dataclass
from pathlib import Path

GROWTH_MIB = 5.0
"""How much a daemon may grow after it has warmed up."""
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@dataclass
class Life:
    """One daemon. RSS in MiB."""

    pid: int
    began: float
    warm_seconds: float
    warm_mib: float | None = None
    """None if it did not live long enough."""
    last_mib: float = 0.0
    most_mib: float = 0.0
    seconds: float = 0.0

    def sample(self, now: float) -> None:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        self.last_mib = pages * _PAGE_MIB
        self.most_mib = max(self.most_mib, self.last_mib)
        self.seconds = now - self.began
        if self.warm_mib is None and self.seconds >= self.warm_seconds:
            self.warm_mib = self.last_mib

    @property
    def growth_mib(self) -> float:
        return 0.0 if self.warm_mib is None else self.last_mib - self.warm_mib
