"""The staff site's own process. The daemon starts it, or `portal staff serve` does."""

import argparse
import asyncio
import logging
import socket
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.staff import privileges


def main(argv: Sequence[str] | None = None) -> int:
    """Serve on a socket that was inherited, until told to end or until the daemon is gone."""
    parser = argparse.ArgumentParser(prog="portal.staff", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--listening", type=int, required=True, metavar="FD")
    parser.add_argument("--parent", type=int, metavar="PID")
    options = parser.parse_args(argv)
    # Before anything else is even imported.
    privileges.give_up()
    if options.parent is not None:
        privileges.end_with(options.parent)

    from content_cache.manifest import BundleError
    from content_cache.sqlite_files import BrokenStore
    from portal.config import ConfigurationError, load
    from portal.discreet import DiscreetFormatter
    from portal.staff.serving import serve
    from splash.content_store import BrokenContent

    stderr = logging.StreamHandler()
    stderr.setFormatter(DiscreetFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[stderr])
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    try:
        listening = socket.socket(fileno=options.listening)
        asyncio.run(serve(load(options.config), options.config, listening))
    except ConfigurationError as error:
        print(f"portal: {error}", file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error, BrokenStore, BrokenContent, BundleError) as error:
        print(f"portal: the staff site cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
