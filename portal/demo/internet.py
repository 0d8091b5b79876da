"""The Internet of the laboratory: every host that phones ask, at a few addresses."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from portal.demo.addresses import CHECKS4, CHECKS6, WEBSITE, WEBSITE4, WEBSITE6


def names() -> Mapping[str, tuple[str, str]]:
    """All names that the Internet's resolver knows, each with an IPv4 and an IPv6 address."""
    return {
        "connectivitycheck.gstatic.com": (CHECKS4, CHECKS6),
        WEBSITE: (WEBSITE4, WEBSITE6),
    }


def main(folder: Path) -> None:
    """Serve until killed."""
    print("ready", flush=True)
    time.sleep(1e6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
