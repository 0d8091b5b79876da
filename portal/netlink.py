"""pyroute2's asynchronous rtnetlink, without the rest of pyroute2.

`import pyroute2` reads some 160 modules, for databases, nl80211 and 9p among others, and keeps
4 MiB that an access point of 256 MiB has better use for. Its parts are whole by themselves, so
the package is entered here by its path and its own `__init__` is left out. This is the only
file that imports pyroute2.
"""

import importlib.util
import sys
from types import ModuleType

if "pyroute2" not in sys.modules:
    _spec = importlib.util.find_spec("pyroute2")
    if _spec is None:
        raise ModuleNotFoundError("No module named 'pyroute2'", name="pyroute2")
    _package = ModuleType("pyroute2")
    _package.__spec__ = _spec
    _package.__path__ = list(_spec.submodule_search_locations or ())
    sys.modules["pyroute2"] = _package

from pyroute2.iproute.linux import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTMGRP_LINK, RTMGRP_NEIGH

__all__ = ["RTMGRP_LINK", "RTMGRP_NEIGH", "AsyncIPRoute", "NetlinkError"]
