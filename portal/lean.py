"""Imports parts of a large package without the rest of it.

`import aiohttp` brings the client with the server: memory that an access point of 256 MiB has
better use for. Its parts import each other by full name and need nothing of the package's own
`__init__`, so the daemon, and nothing but the daemon, enters the package beside it. Every module
of ours imports those parts by name (`aiohttp.web_server`), which works with and without this.
"""

import importlib.util
import sys
from types import ModuleType


def without_init(package: str, **attributes: object) -> None:
    """Have `import package.part` not run `package/__init__.py`.

    `attributes` are what its parts expect to find in it. Does nothing if the package is
    imported already, or is not there: the import of its part will say so.
    """
    found = importlib.util.find_spec(package)
    if package in sys.modules or found is None or found.submodule_search_locations is None:
        return
    module = ModuleType(package)
    module.__spec__ = found
    module.__path__ = list(found.submodule_search_locations)
    for name, value in attributes.items():
        setattr(module, name, value)
    sys.modules[package] = module
